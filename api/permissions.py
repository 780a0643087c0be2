"""Who may do what: one table, deny by default.

A row names an operation (the function that a route calls) and the roles that may
ask for it. A route that has no row stops the start, and so does a row without a
route: nothing is open by omission. Rules that depend on the record (who applied
must not approve) are the domain's, not this table's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """In which capacity someone acts."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    COMMUNITY = "community"
    COMPANY = "company"
    COUNTY = "county"
    DEPARTMENT = "department"
    DISCIPLINE = "discipline"
    EFFICIENCY_OFFICE = "efficiency_office"
    HOTLINE = "hotline"
    ORGANISER = "organiser"
    OWNER = "owner"
    OWNERS_COMMITTEE = "owners_committee"
    SHOP = "shop"
    STREET = "street"
    SUPERVISOR = "supervisor"
    VOLUNTEER = "volunteer"


ROLE_NAMES_ZH: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "系统管理员",
    Role.AUDITOR: "审计",
    Role.COMMUNITY: "社区",
    Role.COMPANY: "物业企业",
    Role.COUNTY: "县级主管",
    Role.DEPARTMENT: "县直部门",
    Role.DISCIPLINE: "纪检监察",
    Role.EFFICIENCY_OFFICE: "效能办",
    Role.HOTLINE: "热线",
    Role.ORGANISER: "活动组织者",
    Role.OWNER: "业主",
    Role.OWNERS_COMMITTEE: "业主委员会",
    Role.SHOP: "积分超市",
    Role.STREET: "街道",
    Role.SUPERVISOR: "监督员",
    Role.VOLUNTEER: "志愿者",
}

EVERYONE = frozenset(Role)
OVERSIGHT = frozenset({Role.AUDITOR, Role.DISCIPLINE, Role.COUNTY, Role.EFFICIENCY_OFFICE})
GOVERNMENT = frozenset({Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COUNTY})
AUDIT_READERS = OVERSIGHT | GOVERNMENT | {Role.OWNERS_COMMITTEE}


def _only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


ORGANISATIONS: Mapping[str, frozenset[Role]] = {
    "establish_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "rename_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "reparent_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "dissolve_organisation": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "fill_post": _only(Role.ADMINISTRATOR, Role.COUNTY, Role.STREET),
    "vacate_post": _only(Role.ADMINISTRATOR, Role.COUNTY, Role.STREET),
    "organisation_on": EVERYONE,
}

POLICIES: Mapping[str, frozenset[Role]] = {
    "adopt_standard_policies": _only(Role.ADMINISTRATOR, Role.COUNTY),
    "set_policy_value": _only(Role.COUNTY),
    "publish_policy_list": _only(Role.COUNTY),
    "withdraw_policy_entry": _only(Role.COUNTY),
    "publish_calendar_year": _only(Role.COUNTY),
    "policies_in_force": EVERYONE,
    "policy_history": EVERYONE,
    "due_date": EVERYONE,
}

EVENTS: Mapping[str, frozenset[Role]] = {
    "audit_trail": AUDIT_READERS,
    "event": AUDIT_READERS,
    "consequences": AUDIT_READERS,
    "stream_events": AUDIT_READERS,
}

OPERATIONS: Mapping[str, frozenset[Role]] = {"read_metrics": OVERSIGHT | {Role.ADMINISTRATOR}}

TABLES: tuple[Mapping[str, frozenset[Role]], ...] = (
    ORGANISATIONS,
    POLICIES,
    EVENTS,
    OPERATIONS,
)
"""All rows, context by context."""

MAY: Mapping[str, frozenset[Role]] = {
    name: roles for table in TABLES for name, roles in table.items()
}


class PermissionsIncomplete(Exception):
    """The table and the routes do not match: the program must not start."""


def check_complete(operations: Collection[str], may: Mapping[str, frozenset[Role]]) -> None:
    """Refuse to go on when a route has no row, or a row no route."""
    missing = sorted(set(operations) - may.keys())
    left_over = sorted(may.keys() - set(operations))
    if missing or left_over:
        raise PermissionsIncomplete(f"no row for {missing}, no route for {left_over}")


def is_allowed(role: str, operation: str, may: Mapping[str, frozenset[Role]]) -> bool:
    """Tell whether a role may ask for an operation; what is not in the table is not allowed."""
    return role in may.get(operation, frozenset())
