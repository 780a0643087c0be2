"""Users and grants as views: who could act in which role, as of two times, and who said so."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from ledger.commands.users import (
    DisableUser,
    EnableUser,
    GrantRole,
    OpenUser,
    RevokeRole,
    UserExists,
    disable_user,
    enable_user,
    grant_role,
    open_user,
    revoke_role,
)
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from ledger.users import User
from projections.users import (
    GrantQuery,
    UserAt,
    UserQuery,
    grant_register,
    user_by_id,
    user_register,
    view,
)
from tests.examples.users import REASON, admin
from tests.projections.asking import ask, assert_rebuilds_the_same, last_recorded_at


async def test_grants_are_seen_as_they_were_and_by_whom_they_ended(
    ledger: Ledger, store_dsn: str
) -> None:
    user = (await open_user(OpenUser(), ledger, admin())).id
    other = (await open_user(OpenUser(user_id=uuid4()), ledger, admin())).id
    await grant_role(GrantRole(user_id=user, role="street", post="leader"), ledger, admin())
    command = GrantRole(user_id=other, role="auditor", until_on=date(2030, 1, 1))
    await grant_role(command, ledger, admin())
    before = await last_recorded_at(ledger)
    (grant_id,) = (await ledger.load(User, user)).grants
    await revoke_role(RevokeRole(user_id=user, grant_id=grant_id), ledger, admin(REASON))
    await disable_user(DisableUser(user_id=other), ledger, admin(REASON))

    now = await ask(ledger, view, user_by_id, UserAt(user_id=user))
    then = await ask(ledger, view, user_by_id, UserAt(user_id=user, known_at=before))
    assert (now["roles"], then["roles"]) == ([], ["street"])
    assert now["grants"][0]["revoked_by"] == admin().actor_id
    assert now["grants"][0]["reason"] == REASON
    assert then["grants"][0]["revoked_at"] is None
    disabled = await ask(ledger, view, user_register, UserQuery(is_disabled=True))
    assert [row["user_id"] for row in disabled.rows] == [other]
    auditors = await ask(ledger, view, user_register, UserQuery(role="auditor"))
    assert [row["user_id"] for row in auditors.rows] == [other]
    grants = await ask(ledger, view, grant_register, GrantQuery(role="street"))
    assert [row["grant_id"] for row in grants.rows] == [grant_id]
    await enable_user(EnableUser(user_id=other), ledger, admin(REASON))
    await assert_rebuilds_the_same(ledger, store_dsn, view)


async def test_what_is_not_there_is_refused(ledger: Ledger) -> None:
    user = (await open_user(OpenUser(), ledger, admin())).id
    with pytest.raises(UserExists):
        await open_user(OpenUser(user_id=user), ledger, admin())
    with pytest.raises(NotFound):
        await grant_role(
            GrantRole(user_id=user, role="street", organisation_id=UUID(int=7)), ledger, admin()
        )
    with pytest.raises(NotFound):
        await disable_user(DisableUser(user_id=UUID(int=7)), ledger, admin(REASON))
    with pytest.raises(NotFound):
        await ask(ledger, view, user_by_id, UserAt(user_id=UUID(int=7)))
