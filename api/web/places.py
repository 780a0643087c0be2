"""What the organisations and places on a page are called."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from api.web.site import Visit
from projections.organisations import organisation_names


async def names_of(visit: Visit, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return what organisations are called now, in the page's language, where known."""
    wanted = {organisation_id for organisation_id in ids if organisation_id is not None}
    found = await visit.read(organisation_names, wanted) if wanted else {}
    return {
        organisation_id: visit.words.pick(row["name_zh"], row["name_en"])
        for organisation_id, row in found.items()
    }
