"""The second factor: one-time codes of a device (RFC 6238), and recovery codes for its loss.

The seed is kept sealed with the service's key; a code works once, within half a minute before and
after its own; ten recovery codes work once each and are kept as digests.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from hashlib import sha256
from uuid import UUID

from pyotp import TOTP, random_base32

from ledger.commands.refusals import note_failed_sign_in
from ledger.commands.sign_ins import (
    CredentialsWrong,
    Door,
    Opened,
    Visitor,
    admit_attempt,
    open_for_user,
)
from ledger.commands.users import end_sessions_of
from ledger.core.aggregate import By
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from ledger.storage.sessions import Session, end_sessions
from ledger.storage.sign_in_counters import counters_of, take_back
from ledger.storage.user_logins import (
    Login,
    confirm_second_factor,
    keep_second_factor,
    login_of,
    use_recovery_code,
    use_step,
)
from ledger.users import SignInMethod, User, rules
from ledger.users.attempts import NOBODY

ISSUER = "民账 Minzhang"
SEED_CHARACTERS = 32
STEP_SECONDS = 30
STEPS_AROUND = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
PURPOSE = "second factor"
_CODE = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"[A-Z2-7]{16}")


async def begin_second_factor(ledger: Ledger, door: Door, user_id: UUID) -> str:
    """Make a seed and return it as the address that a device reads; it does not count yet."""
    user = await ledger.load(User, user_id)
    login = await _login(ledger, user_id)
    if user.has_second_factor:
        raise rules.SecondFactorEnrolledAlready()
    seed = random_base32(SEED_CHARACTERS)
    sealed = door.key.seal(PURPOSE, user_id.bytes, seed.encode())
    await keep_second_factor(ledger.pool, ledger.id, user_id, sealed)
    return TOTP(seed).provisioning_uri(name=login.login_name, issuer_name=ISSUER)


async def finish_second_factor(
    ledger: Ledger, door: Door, visitor: Visitor, *, user_id: UUID, code: str
) -> list[str]:
    """Take the device's first code; return the recovery codes, which are never shown again."""
    user = await ledger.load(User, user_id)
    login = await _login(ledger, user_id)
    if user.has_second_factor:
        raise rules.SecondFactorEnrolledAlready()
    await _check(ledger, door, visitor, login, code, takes_recovery=False)
    codes = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    user.enrol_second_factor(_own(ledger, user_id))
    await ledger.for_request().save(user)
    digests = [_digest(one) for one in codes]
    now = ledger.clock()
    await confirm_second_factor(ledger.pool, ledger.id, user_id, digests, now=now)
    return ["-".join(one[i : i + 4] for i in range(0, 16, 4)) for one in codes]


async def give_code(
    ledger: Ledger, door: Door, visitor: Visitor, *, session: Session, code: str
) -> Opened:
    """Turn a pending session into one that opens something: a new one, the old one is dead.

    Refuses with ``CredentialsWrong`` and ``TooManyAttempts``, like the password before.
    """
    user = await ledger.find(User, session.user_id)
    login = await login_of(ledger.pool, ledger.id, session.user_id)
    if user is None or login is None or user.is_disabled or not user.has_second_factor:
        raise CredentialsWrong()
    await _check(ledger, door, visitor, login, code, takes_recovery=True)
    method = SignInMethod(session.method)
    opened = await open_for_user(ledger, visitor, user, method=method, has_second_factor=True)
    now = ledger.clock()
    await end_sessions(ledger.pool, ledger.id, [session.session_id], now=now)
    return opened


async def drop_second_factor(
    ledger: Ledger, door: Door, visitor: Visitor, *, user_id: UUID, code: str
) -> None:
    """Forget one's own device, showing that one still has it; all sessions end."""
    user = await ledger.load(User, user_id)
    if not user.has_second_factor:
        raise rules.SecondFactorMissing()
    login = await _login(ledger, user_id)
    await _check(ledger, door, visitor, login, code, takes_recovery=True)
    user = await ledger.load(User, user_id)
    user.remove_second_factor(_own(ledger, user_id))
    await ledger.for_request().save(user)
    await keep_second_factor(ledger.pool, ledger.id, user_id, None)
    await end_sessions_of(ledger, user_id)


async def _check(  # noqa: PLR0913
    ledger: Ledger,
    door: Door,
    visitor: Visitor,
    login: Login,
    code: str,
    *,
    takes_recovery: bool,
) -> None:
    """Take a code that is right and was not used (refuses with ``CredentialsWrong``)."""
    key = door.key.for_purpose("counters")
    counters = counters_of(key, f"code\0{login.user_id}", visitor.address)
    await admit_attempt(ledger, counters, login.user_id, SignInMethod.SECOND_FACTOR)
    given = code.replace(" ", "").replace("-", "").upper()
    is_right = await _takes_code(ledger, door, login, given) or (
        takes_recovery and await _takes_recovery_code(ledger, login.user_id, given)
    )
    if not is_right:
        method = SignInMethod.SECOND_FACTOR
        await note_failed_sign_in(ledger, user_id=login.user_id, method=method)
        raise CredentialsWrong()
    await take_back(ledger.pool, ledger.id, counters, now=ledger.clock())


async def _takes_code(ledger: Ledger, door: Door, login: Login, given: str) -> bool:
    if login.second_factor is None or not _CODE.fullmatch(given):
        return False
    seed = door.key.unseal(PURPOSE, login.user_id.bytes, login.second_factor)
    if seed is None:  # another service's key: the factor must be set up anew
        return False
    now = int(ledger.clock().timestamp()) // STEP_SECONDS
    totp = TOTP(seed.decode())
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if secrets.compare_digest(totp.at(step * STEP_SECONDS), given):
            return await use_step(ledger.pool, ledger.id, login.user_id, step)
    return False


async def _takes_recovery_code(ledger: Ledger, user_id: UUID, given: str) -> bool:
    if not _RECOVERY.fullmatch(given):
        return False
    now = ledger.clock()
    left = await use_recovery_code(ledger.pool, ledger.id, user_id, _digest(given), now=now)
    if left is None:
        return False
    user = await ledger.load(User, user_id)
    user.use_recovery_code(_own(ledger, user_id), left_count=left)
    await ledger.for_request().save(user)
    return True


async def _login(ledger: Ledger, user_id: UUID) -> Login:
    login = await login_of(ledger.pool, ledger.id, user_id)
    if login is None:
        raise NotFound(kind=User.TOPIC, id=str(user_id))
    return login


def _own(ledger: Ledger, user_id: UUID) -> By:
    return By(actor_id=user_id, at=ledger.clock(), role=NOBODY)


def _digest(code: str) -> bytes:
    return sha256(code.encode()).digest()
