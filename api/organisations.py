"""/v1/organisations: enter, rename, move and end organisations; fill and vacate posts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from api.routing import Routes
from ledger.commands.organisations import (
    DissolveOrganisation,
    EstablishOrganisation,
    FillPost,
    RenameOrganisation,
    ReparentOrganisation,
    VacatePost,
    dissolve_organisation,
    establish_organisation,
    fill_post,
    organisation_of,
    rename_organisation,
    reparent_organisation,
    vacate_post,
)
from ledger.core.clock import local_day
from ledger.core.values import Day
from ledger.organisations import Organisation
from ledger.storage.ledger import Ledger

routes = Routes("organisations", zh="组织机构", en="Organisations")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationOn:
    """One organisation as it is on a day (today, unless said)."""

    organisation_id: UUID
    on: Day | None = None


async def organisation_on(query: OrganisationOn, ledger: Ledger) -> dict[str, Any]:
    """Show an organisation: its names, where it belongs, who holds its posts."""
    organisation: Organisation = await organisation_of(ledger, query.organisation_id)
    day = query.on or local_day(ledger.clock())
    named = organisation.name_on(day)
    return {
        "id": organisation.id,
        "code": organisation.code,
        "kind": organisation.kind,
        "version": organisation.version,
        "on": day,
        "exists": organisation.lives_on(day),
        "valid_from": organisation.valid_from,
        "until_on": organisation.until_on,
        "name_zh": named.zh,
        "name_en": named.en,
        "parent_id": organisation.parent_on(day),
        "posts": [asdict(tenure) for tenure in organisation.tenures if tenure.covers(day)],
    }


ONE = "/v1/organisations/{organisation_id}"

routes.command("/v1/organisations", EstablishOrganisation, establish_organisation, zh="设立组织")
routes.command(ONE + "/names", RenameOrganisation, rename_organisation, zh="更改组织名称")
routes.command(ONE + "/parents", ReparentOrganisation, reparent_organisation, zh="调整隶属关系")
routes.command(ONE + "/post-terms", FillPost, fill_post, zh="任职")
routes.command(ONE + "/post-endings", VacatePost, vacate_post, zh="离任")
routes.command(ONE + "/dissolutions", DissolveOrganisation, dissolve_organisation, zh="撤销组织")
routes.consult(ONE, OrganisationOn, organisation_on, zh="查看组织")
