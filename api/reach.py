"""Whose records a role reaches: the kinds of scope, and which is a role's usual one.

    row = frozenset({Role.STREET, Role.COUNTY})                    # each within its usual reach
    row = reaching(FINDING_READERS, {Role.DEPARTMENT: Within.AREA})  # one of them within another
    row = PUBLIC                                                   # for everybody, also unknown

Reach is counted from the organisation that a person acts for, in the tree as it is
now for acting and as it was then for history. Who acts for no organisation reaches
only what needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from api.roles import Role


class Within(StrEnum):
    """Whose records."""

    COUNTY = "county"  # the whole ledger
    AREA = "area"  # what the organisation above one's own has below it
    OWN = "own"  # one's own organisation and all below it
    COMMUNITY = "community"  # the community that one's organisation is or belongs to
    ESTATE = "estate"  # the estate that one's organisation is or belongs to
    PARTY = "party"  # records in which one's own organisation takes part
    SELF = "self"  # records about oneself


WITHIN_ZH: Mapping[Within, str] = {
    Within.COUNTY: "全县",
    Within.AREA: "主管区域",
    Within.OWN: "本级及下级",
    Within.COMMUNITY: "本社区",
    Within.ESTATE: "本小区",
    Within.PARTY: "本单位参与的",
    Within.SELF: "本人的",
}

USUAL: Mapping[Role, Within] = {
    Role.ADMINISTRATOR: Within.COUNTY,
    Role.AUDITOR: Within.COUNTY,
    Role.COMMUNITY: Within.OWN,
    Role.COMPANY: Within.PARTY,
    Role.COUNTY: Within.COUNTY,
    Role.DATA_PROTECTION_OFFICER: Within.COUNTY,
    Role.DEPARTMENT: Within.PARTY,
    Role.DISCIPLINE: Within.COUNTY,
    Role.EFFICIENCY_OFFICE: Within.COUNTY,
    Role.GRID_WORKER: Within.COMMUNITY,
    Role.HOTLINE: Within.COUNTY,
    Role.ORGANISER: Within.COMMUNITY,
    Role.OWNER: Within.ESTATE,
    Role.OWNERS_COMMITTEE: Within.ESTATE,
    Role.RESIDENT: Within.SELF,
    Role.SHOP: Within.OWN,
    Role.STREET: Within.OWN,
    Role.SUPERVISOR: Within.OWN,
    Role.VOLUNTEER: Within.SELF,
}
"""Each role's reach, where a row says no other."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation's row: the roles that may ask for it, each with its reach.

    ``is_own_too``: whoever may ask reaches records about themselves as well, wherever they are.
    """

    reach: Mapping[Role, Within]
    is_public: bool = False
    is_own_too: bool = False

    def __contains__(self, role: object) -> bool:
        return role in self.reach

    def __iter__(self) -> Iterator[Role]:
        return iter(self.reach)

    def __len__(self) -> int:
        return len(self.reach)


Table: TypeAlias = "Mapping[str, Row | frozenset[Role]]"
"""A table as it is written: a set of roles means each within its usual reach."""
PUBLIC = Row(dict.fromkeys(Role, Within.COUNTY), is_public=True)
"""What everybody may see: public disclosure, rules, the tree of organisations."""


def reaching(roles: frozenset[Role], other: Mapping[Role, Within] | None = None) -> Row:
    """Return a row: these roles within their usual reach, those of ``other`` within another."""
    changed = other or {}
    return Row({role: changed.get(role, USUAL[role]) for role in sorted(roles | changed.keys())})


def own_and(roles: frozenset[Role]) -> Row:
    """Return a row: everybody reaches what is about themselves, these roles their usual reach."""
    reach = {role: USUAL[role] if role in roles else Within.SELF for role in Role}
    return Row(reach, is_own_too=True)


def as_row(given: Row | frozenset[Role]) -> Row:
    """Return a row; a set of roles means their usual reach."""
    return given if isinstance(given, Row) else reaching(given)
