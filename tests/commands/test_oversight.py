"""Who oversees or administers is let in by two persons, or at the machine, for all to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ledger.belonging import BELONGS
from ledger.commands.users import (
    AllowEntry,
    GrantRole,
    OpenUser,
    RemoveSecondFactor,
    allow_entry,
    grant_role,
    invite_user,
    open_user,
    remove_second_factor,
)
from ledger.core.aggregate import By
from ledger.core.errors import SamePersonTwice, SecondPersonNeeded
from ledger.storage.ledger import Ledger
from ledger.users import MACHINE, MachineSide, User
from ledger.users.roles import BY_TWO, ROLES
from ledger.users.rules import EntryNotAllowed
from tests.examples import by

ONE = by(9, role="administrator", reason="岗位调整")
TWO = replace(ONE, proposed_by=(uuid4(),))
AT_THE_MACHINE = replace(ONE, role=MACHINE, actor_id=uuid4())


async def a_user(ledger: Ledger, role: str = "") -> UUID:
    user_id = (await open_user(OpenUser(), ledger, ONE)).id
    if role:
        await grant_role(GrantRole(user_id=user_id, role=role), ledger.for_request(), TWO)
    return user_id


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_an_oversight_role_is_granted_by_two(ledger: Ledger, role: str) -> None:
    user_id = await a_user(ledger)
    command = GrantRole(user_id=user_id, role=role)
    if role not in BY_TWO:
        await grant_role(command, ledger, ONE)
        return
    with pytest.raises(SecondPersonNeeded):
        await grant_role(command, ledger, ONE)
    stand_in = replace(ONE, proposed_by=(uuid4(),), on_behalf_of=None)
    same = replace(stand_in, on_behalf_of=stand_in.proposed_by[0])
    with pytest.raises(SamePersonTwice):
        await grant_role(command, ledger, same)
    recorded = await grant_role(command, ledger.for_request(), TWO)
    assert [type(event) for event in recorded.events] == [User.RoleGranted]


@pytest.mark.parametrize("role", sorted(BY_TWO))
async def test_at_the_machine_it_is_told_to_everybody(ledger: Ledger, role: str) -> None:
    user_id = (await open_user(OpenUser(), ledger, ONE)).id
    recorded = await grant_role(
        GrantRole(user_id=user_id, role=role), ledger.for_request(), AT_THE_MACHINE
    )
    granted, told = recorded.events
    assert isinstance(granted, User.RoleGranted)
    assert isinstance(told, MachineSide.Acted)
    assert (told.operation, told.user_id, told.role) == ("grant_role", user_id, role)
    assert BELONGS[MachineSide.Acted.TOPIC].is_open


async def test_an_overseer_gets_no_new_way_in_by_one_person(ledger: Ledger) -> None:
    user_id = await a_user(ledger, "auditor")

    async def invited(who: By) -> str:
        return await invite_user(ledger.for_request(), who, user_id=user_id, login_name="li.min")

    with pytest.raises(EntryNotAllowed):
        await invited(ONE)
    with pytest.raises(SecondPersonNeeded):
        await allow_entry(AllowEntry(user_id=user_id), ledger.for_request(), ONE)
    await allow_entry(AllowEntry(user_id=user_id), ledger.for_request(), TWO)
    with pytest.raises(EntryNotAllowed):  # the word is good for a day
        await invited(replace(ONE, at=ONE.at + timedelta(days=1, seconds=1)))
    assert await invited(ONE)
    with pytest.raises(EntryNotAllowed):  # and for one way in
        await invited(ONE)


async def test_an_overseers_second_factor_is_removed_by_two(ledger: Ledger) -> None:
    user_id = await a_user(ledger, "discipline")
    user = await ledger.load(User, user_id)
    user.enrol_second_factor(By(actor_id=user_id, at=ONE.at, role="nobody"))
    await ledger.save(user)
    command = RemoveSecondFactor(user_id=user_id)
    with pytest.raises(SecondPersonNeeded):
        await remove_second_factor(command, ledger.for_request(), ONE)
    recorded = await remove_second_factor(command, ledger.for_request(), AT_THE_MACHINE)
    assert [type(event) for event in recorded.events] == [
        User.SecondFactorRemoved,
        MachineSide.Acted,
    ]


async def test_others_are_let_in_by_one(ledger: Ledger) -> None:
    user_id = await a_user(ledger, "grid_worker")
    assert await invite_user(ledger.for_request(), ONE, user_id=user_id, login_name="wang.fang")
