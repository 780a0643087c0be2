"""What the ledger itself must know about roles: which exist, which need a second factor, which
one person may not hold together.
"""

from __future__ import annotations

from collections.abc import Iterable

ADMINISTRATOR = "administrator"
AUDITOR = "auditor"
COMMUNITY = "community"
COUNTY = "county"
DATA_PROTECTION_OFFICER = "data_protection_officer"
DISCIPLINE = "discipline"
STREET = "street"

ROLES = frozenset(
    {
        ADMINISTRATOR,
        AUDITOR,
        COUNTY,
        DATA_PROTECTION_OFFICER,
        DISCIPLINE,
        COMMUNITY,
        STREET,
        "company",
        "department",
        "efficiency_office",
        "grid_worker",
        "hotline",
        "organiser",
        "owner",
        "owners_committee",
        "resident",
        "shop",
        "supervisor",
        "volunteer",
    }
)
"""The roles that can be granted; what each may do is the table of permissions."""

SECOND_FACTOR = frozenset(
    {ADMINISTRATOR, AUDITOR, COMMUNITY, COUNTY, DATA_PROTECTION_OFFICER, DISCIPLINE, STREET}
)
"""Who administers, watches, or reviews and approves what public money is spent on: a password
alone opens nothing for them."""

OVERSEERS = frozenset({AUDITOR, DATA_PROTECTION_OFFICER, DISCIPLINE})
BY_TWO = OVERSEERS | {ADMINISTRATOR}
"""Roles that one person alone lets nobody into: who oversees, and who lets others in."""


def needs_second_factor(role: str) -> bool:
    """Tell whether a role is only exercised after a second factor."""
    return role in SECOND_FACTOR


def stands_against(role: str, held: Iterable[str]) -> str | None:
    """Return a held role that must not be together with ``role`` in one person.

    Who administers the system does no business in it and watches over nobody; who watches
    over the business takes no part in it.
    """
    others = sorted(set(held) - {role})
    if role == ADMINISTRATOR:
        return others[0] if others else None
    if ADMINISTRATOR in others:
        return ADMINISTRATOR
    if role in OVERSEERS:
        return next((one for one in others if one not in OVERSEERS), None)
    return next((one for one in others if one in OVERSEERS), None)


SYSTEM_OPERATIONS = frozenset(
    {
        "allow_entry",
        "disable_user",
        "enable_user",
        "end_user_sessions",
        "grant_role",
        "invite_user",
        "link_single_sign_on",
        "login_register",
        "open_user",
        "remove_second_factor",
        "revoke_access_token",
        "revoke_role",
        "unlink_single_sign_on",
        "user_login",
    }
)
"""Commands and questions about users and their roles: for administrators alone."""
