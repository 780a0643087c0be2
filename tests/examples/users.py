"""An administrator opens an account for a street official, who comes in; somebody else does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from ledger.core.aggregate import By, Event
from ledger.users import (
    MACHINE,
    AccessToken,
    Denial,
    MachineSide,
    PasswordSource,
    SignIn,
    SignInMethod,
    SignOutReason,
    User,
    user_id_of,
)
from tests.examples import AT, by

USER = UUID(int=900)
GRANT = UUID(int=901)
STREET = UUID(int=902)
TOKEN = UUID(int=903)
SESSION = UUID(int=904)
ATTEMPTS = UUID(int=905)
DENIAL = UUID(int=906)
REASON = "岗位调整"
FROM_ON = date(2026, 3, 1)
UNTIL_ON = date(2027, 2, 28)
EXPIRES_AT = datetime(2026, 6, 1, tzinfo=UTC)


def _fields(stream_id: UUID, version: int, decided: By) -> dict[str, Any]:
    return {
        "originator_id": stream_id,
        "originator_version": version,
        "timestamp": decided.at,
        "by": decided,
    }


def admin(reason: str = "") -> By:
    """The administrator decides."""
    return by(9, role="administrator", reason=reason)


def own() -> By:
    """The user decides."""
    return By(actor_id=USER, at=AT, role="nobody")


def entry_allowed() -> User.EntryAllowed:
    two = replace(admin("设备遗失，本人到场核实"), proposed_by=(UUID(int=907),))
    return User.EntryAllowed(**_fields(USER, 3, two))


def at_the_machine() -> MachineSide.Acted:
    who = By(actor_id=UUID(int=908), at=AT, role=MACHINE, reason="首位管理员")
    return MachineSide.Acted(
        **_fields(UUID(int=909), 1, who),
        originator_topic=MachineSide.TOPIC,
        operation="grant_role",
        user_id=USER,
        role="administrator",
    )


def opened_for_person() -> User.OpenedForPerson:
    fields = _fields(user_id_of(USER), 1, admin())
    return User.OpenedForPerson(**fields, originator_topic=User.TOPIC, person_id=USER)


def opened() -> User.Opened:
    return User.Opened(**_fields(USER, 1, admin()), originator_topic=User.TOPIC)


def role_granted(version: int = 2, decided: By | None = None, **changed: Any) -> User.RoleGranted:
    given: dict[str, Any] = {
        "grant_id": GRANT,
        "role": "street",
        "organisation_id": STREET,
        "post": "leader",
        "from_on": FROM_ON,
        "until_on": UNTIL_ON,
    }
    return User.RoleGranted(**_fields(USER, version, decided or admin()), **given | changed)


def role_revoked(version: int = 3) -> User.RoleRevoked:
    return User.RoleRevoked(**_fields(USER, version, admin(REASON)), grant_id=GRANT, role="street")


def invited(version: int = 2) -> User.Invited:
    return User.Invited(**_fields(USER, version, admin()))


def password_set(version: int = 2) -> User.PasswordSet:
    return User.PasswordSet(**_fields(USER, version, own()), source=PasswordSource.SET_UP)


def second_factor_enrolled(version: int = 2) -> User.SecondFactorEnrolled:
    return User.SecondFactorEnrolled(**_fields(USER, version, own()))


def second_factor_removed(version: int = 3, decided: By | None = None) -> User.SecondFactorRemoved:
    return User.SecondFactorRemoved(**_fields(USER, version, decided or admin(REASON)))


def recovery_code_used(version: int = 3) -> User.RecoveryCodeUsed:
    return User.RecoveryCodeUsed(**_fields(USER, version, own()), left_count=9)


def single_sign_on_linked(version: int = 2) -> User.SingleSignOnLinked:
    return User.SingleSignOnLinked(
        **_fields(USER, version, own()), issuer="https://login.example.org"
    )


def single_sign_on_unlinked(version: int = 3) -> User.SingleSignOnUnlinked:
    return User.SingleSignOnUnlinked(
        **_fields(USER, version, admin(REASON)), issuer="https://login.example.org"
    )


def disabled(version: int = 2) -> User.Disabled:
    return User.Disabled(**_fields(USER, version, admin(REASON)))


def enabled(version: int = 3) -> User.Enabled:
    return User.Enabled(**_fields(USER, version, admin(REASON)))


def issued() -> AccessToken.Issued:
    return AccessToken.Issued(
        **_fields(TOKEN, 1, own()),
        originator_topic=AccessToken.TOPIC,
        holder_id=USER,
        role="street",
        organisation_id=STREET,
        post="leader",
        operations=("audit_trail", "deposit_register"),
        expires_at=EXPIRES_AT,
    )


def revoked() -> AccessToken.Revoked:
    return AccessToken.Revoked(**_fields(TOKEN, 2, own()))


def succeeded() -> SignIn.Succeeded:
    return SignIn.Succeeded(
        **_fields(SESSION, 1, By(actor_id=USER, at=AT, role="street", organisation_id=STREET)),
        originator_topic=SignIn.TOPIC,
        user_id=USER,
        method=SignInMethod.PASSWORD,
        has_second_factor=True,
        grant_id=GRANT,
    )


def ended() -> SignIn.Ended:
    return SignIn.Ended(**_fields(SESSION, 2, own()), why=SignOutReason.SIGNED_OUT)


def failed(version: int = 1) -> SignIn.Failed:
    return SignIn.Failed(
        **_fields(ATTEMPTS, version, own()),
        originator_topic=SignIn.TOPIC,
        user_id=USER,
        method=SignInMethod.PASSWORD,
        attempts_count=4,
        since=AT,
    )


def blocked() -> SignIn.Blocked:
    return SignIn.Blocked(
        **_fields(ATTEMPTS, 1, own()),
        originator_topic=SignIn.TOPIC,
        user_id=None,
        method=SignInMethod.TOKEN,
        attempts_count=64,
        since=AT,
    )


def counted() -> Denial.Counted:
    return Denial.Counted(
        **_fields(DENIAL, 1, by(role="owner")),
        originator_topic=Denial.TOPIC,
        operation="grant_role",
        attempts_count=1,
        since=AT,
    )


EXAMPLES: tuple[Event, ...] = (
    entry_allowed(),
    at_the_machine(),
    opened(),
    opened_for_person(),
    role_granted(),
    role_revoked(),
    invited(),
    password_set(),
    second_factor_enrolled(),
    second_factor_removed(),
    recovery_code_used(),
    single_sign_on_linked(),
    single_sign_on_unlinked(),
    disabled(),
    enabled(),
    issued(),
    revoked(),
    succeeded(),
    ended(),
    failed(),
    blocked(),
    counted(),
)
