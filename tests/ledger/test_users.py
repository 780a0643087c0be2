"""The rules of users' accounts and passwords, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import cast
from uuid import UUID

import pytest

from api.permissions import Role
from ledger.core.aggregate import By, Event
from ledger.core.errors import LedgerError, ReasonMissing
from ledger.users import ROLES, Grant, PasswordSource, User, needs_second_factor, rules
from ledger.users.passwords import (
    CHARACTERS_MAX,
    PasswordKnown,
    PasswordOfContext,
    PasswordTooLong,
    PasswordTooShort,
    check_password,
    known_passwords,
)
from ledger.users.roles import OVERSEERS, stands_against
from tests.examples import users as u
from tests.given import given, replay, state_of
from tests.story import numbered, story

Action = Callable[[User], None]


def a_grant(grant_id: UUID = u.GRANT, **changed: object) -> Grant:
    grant = Grant(
        grant_id=grant_id,
        role="street",
        organisation_id=u.STREET,
        post="leader",
        from_on=u.FROM_ON,
        until_on=u.UNTIL_ON,
    )
    return replace(grant, **changed)  # type: ignore[arg-type]


def grant(by: By | None = None, **changed: object) -> Action:
    return lambda user: user.grant_role(by or u.admin(), a_grant(**changed))  # type: ignore[arg-type]


def test_an_account_is_opened_for_a_pseudonym() -> None:
    (event,) = User.open(u.admin()).collect_events()
    assert event == replace(u.opened(), originator_id=event.originator_id)


def test_a_person_whom_the_log_knows_has_an_account_beside_their_record() -> None:
    account = User.open(u.admin(), person_id=u.USER)
    (event,) = account.collect_events()
    assert event == u.opened_for_person()
    assert account.id != u.USER and account.person_id == u.USER
    with pytest.raises(rules.NotToOneself):
        account.grant_role(replace(u.admin(), actor_id=u.USER), a_grant())


def test_a_role_is_granted_for_a_time_and_revoked_at_once() -> None:
    given(u.opened()).when(grant()).then(u.role_granted())
    story(u.opened(), u.role_granted()).when(
        lambda user: user.revoke_role(u.admin(u.REASON), grant_id=u.GRANT)
    ).then(u.role_revoked())
    user = replay(numbered((u.opened(), u.role_granted())))
    assert [one.role for one in user.grants_on(u.UNTIL_ON)] == ["street"]
    assert user.grants_on(u.FROM_ON - timedelta(days=1)) == ()
    assert user.grants_on(u.UNTIL_ON + timedelta(days=1)) == ()


@pytest.mark.parametrize(
    ("action", "error", "facts"),
    [
        (grant(u.own()), rules.NotToOneself, {"user_id": str(u.USER)}),
        (grant(role="emperor"), rules.RoleUnknown, {"role": "emperor"}),
        (
            grant(until_on=u.FROM_ON),
            rules.GrantEndsTooSoon,
            {"from_on": "2026-03-01", "until_on": "2026-03-01"},
        ),
        (
            grant(grant_id=UUID(int=1), from_on=u.UNTIL_ON, until_on=None),
            rules.GrantHeldAlready,
            {"role": "street", "post": "leader"},
        ),
        (
            grant(grant_id=UUID(int=1), role="administrator"),
            rules.RolesApart,
            {"role": "administrator", "held": "street"},
        ),
        (
            grant(grant_id=UUID(int=1), role="auditor"),
            rules.RolesApart,
            {"role": "auditor", "held": "street"},
        ),
        (
            lambda user: user.revoke_role(u.admin(), grant_id=u.GRANT),
            ReasonMissing,
            {},
        ),
        (
            lambda user: user.revoke_role(u.admin(u.REASON), grant_id=UUID(int=1)),
            rules.GrantUnknown,
            {"grant_id": str(UUID(int=1))},
        ),
        (
            lambda user: user.revoke_role(replace(u.own(), reason=u.REASON), grant_id=u.GRANT),
            rules.NotToOneself,
            {"user_id": str(u.USER)},
        ),
    ],
)
def test_what_is_not_granted(
    action: Action, error: type[LedgerError], facts: dict[str, str]
) -> None:
    given(u.opened(), u.role_granted()).when(action).then_refused(error, **facts)


def test_the_same_role_can_follow_itself() -> None:
    after = date(2027, 3, 1)
    given(u.opened(), u.role_granted()).when(
        grant(grant_id=UUID(int=1), from_on=after, until_on=None)
    ).then(u.role_granted(3, grant_id=UUID(int=1), from_on=after, until_on=None))


def test_who_is_disabled_can_do_nothing_until_enabled_by_somebody_else() -> None:
    story(u.opened()).when(lambda user: user.disable(u.admin(u.REASON))).then(u.disabled())
    before = numbered((u.opened(), u.disabled()))
    for action in (
        lambda user: user.disable(u.admin(u.REASON)),
        lambda user: user.invite(u.admin()),
        lambda user: user.set_password(u.own(), source=PasswordSource.SET_UP),
        lambda user: user.enrol_second_factor(u.own()),
        lambda user: user.link_single_sign_on(u.own(), issuer="https://login.example.org"),
    ):
        given(*before).when(action).then_refused(rules.UserDisabled, user_id=str(u.USER))
    given(*before).when(lambda user: user.enable(u.admin(u.REASON))).then(u.enabled())
    given(*before).when(lambda user: user.enable(replace(u.own(), reason=u.REASON))).then_refused(
        rules.NotToOneself, user_id=str(u.USER)
    )
    given(u.opened()).when(lambda user: user.enable(u.admin(u.REASON))).then_refused(
        rules.UserNotDisabled
    )


def test_a_second_factor_is_set_up_once_and_removed_with_a_reason() -> None:
    with_factor = numbered((u.opened(), u.second_factor_enrolled()))
    given(u.opened()).when(lambda user: user.enrol_second_factor(u.own())).then(
        u.second_factor_enrolled()
    )
    given(*with_factor).when(lambda user: user.enrol_second_factor(u.own())).then_refused(
        rules.SecondFactorEnrolledAlready
    )
    given(*with_factor).when(lambda user: user.remove_second_factor(u.admin())).then_refused(
        ReasonMissing
    )
    given(*with_factor).when(lambda user: user.remove_second_factor(u.own())).then(
        u.second_factor_removed(decided=u.own())
    )
    given(u.opened()).when(lambda user: user.remove_second_factor(u.admin(u.REASON))).then_refused(
        rules.SecondFactorMissing
    )


def test_replay_equals_live() -> None:
    live = User.open(u.admin(), person_id=u.USER)
    live.grant_role(u.admin(), a_grant())
    live.set_password(u.own(), source=PasswordSource.SET_UP)
    live.enrol_second_factor(u.own())
    live.disable(u.admin(u.REASON))
    events = cast(list[Event], list(live.collect_events()))
    assert state_of(replay(events)) == state_of(live)


def test_the_roles_that_can_be_granted_are_those_of_the_table_of_permissions() -> None:
    assert {role.value for role in Role} == ROLES


def test_administration_oversight_and_business_stay_apart() -> None:
    for role in ROLES:
        for other in ROLES - {role}:
            kinds = {_kind(role), _kind(other)}
            assert (stands_against(role, [other]) is None) == (
                len(kinds) == 1 and kinds != {"administration"}
            ), (role, other)
    assert {role for role in ROLES if needs_second_factor(role)} == {
        "administrator",
        "auditor",
        "community",
        "county",
        "data_protection_officer",
        "discipline",
        "street",
    }


def _kind(role: str) -> str:
    if role == "administrator":
        return "administration"
    return "oversight" if role in OVERSEERS else "business"


# Passwords -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "白日依山尽，黄河入海流",
        "x" * 7 + "yz Qr 8",
        "ａｂｃｄｅｆｇ１２３４５６７８９０",
        "🙂 drei Wörter Ω",
        "long " * (CHARACTERS_MAX // 5),
    ],
)
def test_a_long_password_of_any_characters_is_good(password: str) -> None:
    assert check_password(password)


def test_one_password_is_one_however_it_is_typed() -> None:
    assert check_password("ﬁve ① wide　ＷＯＲＤＳ") == check_password("five 1 wide WORDS")


@pytest.mark.parametrize(
    ("password", "error"),
    [
        ("", PasswordTooShort),
        ("seven77", PasswordTooShort),
        ("七个汉字的口令", PasswordTooShort),
        ("x1" * 129, PasswordTooLong),
        ("password", PasswordKnown),
        ("PassWord1", PasswordKnown),
        ("ｑｗｅｒｔｙｕｉｏｐ", PasswordKnown),
        ("woaini1314", PasswordKnown),
        ("aaaaaaaaaaaa", PasswordKnown),
        ("minzhang2026", PasswordOfContext),
        ("Minzhang民账1", PasswordOfContext),
        ("wang.fang1", PasswordOfContext),
        ("WANG.FANGwang.fang", PasswordOfContext),
    ],
)
def test_what_everybody_tries_first_is_refused(password: str, error: type[LedgerError]) -> None:
    with pytest.raises(error) as refused:
        check_password(password, context=("wang.fang",))
    assert refused.value.facts.keys() <= {"field", "characters_min", "characters_max"}


def test_a_name_within_a_long_password_does_no_harm() -> None:
    assert check_password("wang.fang likes tea at four", context=("wang.fang",))


def test_the_list_of_known_passwords_is_long_enough() -> None:
    assert len([one for one in known_passwords() if len(one) >= 8]) > 3_000


def link(by: By) -> Action:
    return lambda user: user.link_for_another(by, issuer="https://login.example.org")


def unlink(by: By) -> Action:
    return lambda user: user.unlink_single_sign_on(by, issuer="https://login.example.org")


def test_an_identity_is_linked_for_another_and_unlinked_for_a_reason() -> None:
    linked = replace(u.single_sign_on_linked(), by=u.admin())
    given(u.opened()).when(link(u.admin())).then(linked)
    story(u.opened(), u.single_sign_on_linked()).when(unlink(u.admin(u.REASON))).then(
        u.single_sign_on_unlinked()
    )


@pytest.mark.parametrize(
    ("events", "action", "error"),
    [
        ((), link(u.own()), rules.NotToOneself),
        ((), lambda user: user.invite(u.own()), rules.NotToOneself),
        ((u.disabled(),), link(u.admin()), rules.UserDisabled),
        ((u.single_sign_on_linked(),), unlink(u.admin()), ReasonMissing),
        ((), unlink(u.admin(u.REASON)), rules.IdentityNotLinked),
        (
            (u.single_sign_on_linked(), u.single_sign_on_unlinked()),
            unlink(u.admin(u.REASON)),
            rules.IdentityNotLinked,
        ),
    ],
)
def test_what_is_not_linked(
    events: tuple[Event, ...], action: Action, error: type[LedgerError]
) -> None:
    user = replay(numbered((u.opened(), *events)))
    with pytest.raises(error):
        action(user)
