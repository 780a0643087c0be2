"""Three administrators apart (三员分立), by a walk over the whole table of permissions.

Whoever runs the service audits nothing, whoever audits runs nothing; neither in one role nor in
two roles that one person may hold.
"""

from __future__ import annotations

from itertools import combinations

import pytest

from api.permissions import AUDIT, MAY, SYSTEM
from api.reach import Within
from api.roles import Role
from ledger.users.roles import stands_against

DUTIES = {"system": SYSTEM, "audit": AUDIT}
ACCOUNTS_READ_BY_BOTH = {"grant_register", "user_by_id", "user_register"}
"""Who holds what: administrators must know it to grant, auditors to see what was granted."""


def duties_of(role: Role) -> set[str]:
    """Return the duties of which a role may do something that concerns others."""
    return {
        duty
        for duty, operations in DUTIES.items()
        for operation in operations
        if MAY[operation].reach.get(role, Within.SELF) is not Within.SELF
        and not MAY[operation].is_public
    }


def test_every_operation_of_a_duty_is_a_row_of_the_table() -> None:
    assert MAY.keys() >= SYSTEM
    assert MAY.keys() >= AUDIT
    assert SYSTEM.isdisjoint(AUDIT)


@pytest.mark.parametrize("role", list(Role))
def test_no_role_both_runs_the_service_and_audits(role: Role) -> None:
    assert len(duties_of(role)) <= 1, duties_of(role)


def test_no_two_roles_of_one_person_do_either() -> None:
    together = [
        (one, other)
        for one, other in combinations(Role, 2)
        if stands_against(one, [other]) is None or stands_against(other, [one]) is None
    ]
    assert len(together) > 50
    both = [pair for pair in together if len(set.union(*map(duties_of, pair))) > 1]
    assert both == []


def test_all_that_only_an_administrator_does_is_the_duty_of_the_system() -> None:
    """A new operation of administrators that nobody put among the duties would go unwatched."""
    own = {
        name
        for name, row in MAY.items()
        if not row.is_public and row.reach.get(Role.ADMINISTRATOR, Within.SELF) is not Within.SELF
    }
    assert own == SYSTEM | ACCOUNTS_READ_BY_BOTH
    assert {name for name in SYSTEM if set(MAY[name].reach) != {Role.ADMINISTRATOR}} == set()


def test_the_duties_exist() -> None:
    assert duties_of(Role.ADMINISTRATOR) == {"system"}
    assert duties_of(Role.AUDITOR) == {"audit"}
    assert duties_of(Role.DATA_PROTECTION_OFFICER) == {"audit"}
