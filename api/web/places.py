"""What the organisations and places on a page are called."""

from __future__ import annotations

from uuid import UUID

from api.web.site import Visit
from projections.engine.reading import PAGE_SIZE_MAX
from projections.organisations import OrganisationQuery, organisation_register


async def names_of_places(visit: Visit) -> dict[UUID, str]:
    """Return what each organisation is called today, in the page's language."""
    names: dict[UUID, str] = {}
    cursor: str | None = None
    while True:
        query = OrganisationQuery(cursor=cursor, page_size=PAGE_SIZE_MAX)
        page = await visit.read(organisation_register, query)
        for row in page.rows:
            names[row["organisation_id"]] = visit.words.pick(row["name_zh"], row["name_en"])
        cursor = page.next_cursor
        if cursor is None:
            return names
