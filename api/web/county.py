"""/ and /organisations: the county, its streets and communities, and any organisation."""

from __future__ import annotations

from typing import Any

from api.web.labels_organisations import KINDS
from api.web.site import Pages, Visit
from projections.organisations import OrganisationAt, TreeQuery, organisation_by_id
from projections.overview import overview

pages = Pages()


@pages.page("/", "county.jinja2", is_public=True)
async def county(visit: Visit) -> dict[str, Any]:
    """Show the county with its streets and communities."""
    seen = await visit.read(overview, TreeQuery())
    tops = [place for place in seen.tops if place.kind == "county"]
    return {"counties": tops, "position": seen.position}


@pages.page("/organisations/{organisation_id}", "organisation.jinja2", is_public=True)
async def organisation(visit: Visit) -> dict[str, Any]:
    """Show an organisation: where it belongs, what stands below it, who holds its posts."""
    organisation_id = visit.id_in_path("organisation_id")
    on = visit.day_asked("on")
    asked = OrganisationAt(organisation_id=organisation_id, on=on)
    row = await visit.read(organisation_by_id, asked)
    seen = await visit.read(overview, TreeQuery(below=organisation_id, on=on))
    return {"row": row, "place": seen.tops[0], "kinds": KINDS, "position": seen.position}
