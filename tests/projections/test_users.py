"""Users and grants as views: who could act in which role, as of two times, and who said so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from ledger.commands.identities import (
    LinkSingleSignOn,
    UnlinkSingleSignOn,
    link_single_sign_on,
    unlink_single_sign_on,
)
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
from ledger.users import SignIn, SignInMethod, User
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


async def came_in(ledger: Ledger, user_id: UUID, minute: int) -> None:
    by = replace(admin(), actor_id=user_id, at=admin().at + timedelta(minutes=minute))
    method = SignInMethod.PASSWORD
    await ledger.save(
        SignIn.succeed(by, user_id=user_id, method=method, has_second_factor=False, grant_id=None)
    )


async def test_grants_are_seen_as_they_were_and_by_whom_they_ended(
    ledger: Ledger, store_dsn: str
) -> None:
    user = (await open_user(OpenUser(), ledger, admin())).id
    other = (await open_user(OpenUser(user_id=uuid4()), ledger, admin())).id
    await grant_role(GrantRole(user_id=user, role="street", post="leader"), ledger, admin())
    command = GrantRole(user_id=other, role="auditor", until_on=date(2030, 1, 1))
    await grant_role(command, ledger, replace(admin(), proposed_by=(uuid4(),)))
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
    await came_in(ledger, user, 1)
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


async def test_it_is_seen_when_somebody_came_in_last_and_through_how_many_issuers(
    ledger: Ledger, store_dsn: str
) -> None:
    user_id = (await open_user(OpenUser(), ledger, admin())).id
    silent_id = (await open_user(OpenUser(), ledger, admin())).id
    linking = LinkSingleSignOn(user_id=user_id, issuer="https://login.example.org", subject="a")
    await link_single_sign_on(linking, ledger, admin())
    before = await last_recorded_at(ledger)
    await came_in(ledger, user_id, 1)
    await came_in(ledger, user_id, 2)
    unlinking = UnlinkSingleSignOn(user_id=user_id, issuer="https://login.example.org", subject="a")
    now = await ask(ledger, view, user_by_id, UserAt(user_id=user_id))
    assert (now["identities_count"], now["last_sign_in_at"]) == (
        1,
        admin().at + timedelta(minutes=2),
    )
    await unlink_single_sign_on(unlinking, ledger, admin(REASON))
    then = await ask(ledger, view, user_by_id, UserAt(user_id=user_id, known_at=before))
    assert (then["identities_count"], then["last_sign_in_at"]) == (1, None)
    page = await ask(ledger, view, user_register, UserQuery(user_ids=(user_id, silent_id)))
    last = {row["user_id"]: row["last_sign_in_at"] for row in page.rows}
    assert last == {user_id: now["last_sign_in_at"], silent_id: None}
    assert {row["identities_count"] for row in page.rows} == {0}
