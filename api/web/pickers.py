"""What people pick from in forms: organisations by name or code, never by an id they must type."""

from __future__ import annotations

from uuid import UUID

from api.web.site import Visit
from ledger.core.errors import InvalidValue
from projections.engine import Row
from projections.organisations import OrganisationQuery, organisation_register

OFFERED_MAX = 1_000
BETWEEN = " · "


class NoSuchOrganisation(InvalidValue):
    """There is no organisation with this name or code: pick one from the list.

    没有这个名称或代码的组织机构，请从列表中选择。
    """


class SeveralOrganisations(InvalidValue):
    """Several organisations have this name: pick one from the list, where its code stands beside.

    有多个组织机构使用这个名称，请从列表中选择带代码的一项。
    """


async def organisations_offered(visit: Visit) -> list[tuple[str, str]]:
    """Return what to type for each organisation, and what it is called."""
    query = OrganisationQuery(page_size=OFFERED_MAX)
    rows = (await visit.read(organisation_register, query)).rows
    return [(_called(visit, row), row["code"]) for row in rows]


async def organisation_picked(visit: Visit, typed: str, *, field: str) -> UUID | None:
    """Return the organisation that was picked or typed; nothing typed is none.

    Refuses with ``NoSuchOrganisation`` and ``SeveralOrganisations``.
    """
    given = typed.strip()
    if not given:
        return None
    _, between, code = given.rpartition(BETWEEN)
    by_code = await visit.read(organisation_register, OrganisationQuery(code=code or given))
    found = [row for row in by_code.rows if row["code"] == (code or given)]
    if not found and not between:
        named = await visit.read(organisation_register, OrganisationQuery(name=given))
        found = [row for row in named.rows if given in (row["name_zh"], row["name_en"])]
    if not found:
        raise NoSuchOrganisation(field=field)
    if len(found) > 1:
        raise SeveralOrganisations(field=field)
    return UUID(str(found[0]["organisation_id"]))


def _called(visit: Visit, row: Row) -> str:
    return f"{visit.words.pick(row['name_zh'], row['name_en'])}{BETWEEN}{row['code']}"
