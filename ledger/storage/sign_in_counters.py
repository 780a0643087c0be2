"""How often signing in failed, counted for all processes: by account and address together, by
account, and by address.

An attempt counts as failed before it is looked at, so that a thousand at once are a thousand, and
is taken back when it succeeds. After five failures of an account from an address, that pair waits:
10 seconds, then twice as long each time, 15 minutes at most. After 50 within 15 minutes an
address waits 10 seconds between attempts for accounts that never came in from there: an office may
stand behind it, and whoever is known there waits for nobody. 50 for one account from anywhere close
it to addresses from which it never came in; its owner, at the usual place, still gets through.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import asyncpg

from ledger.core.errors import LedgerError

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=10)
WAIT_MAX = timedelta(minutes=15)
WINDOW = timedelta(minutes=15)
PAIR_WINDOW = timedelta(days=1)
FAILURES_MAX = 50
BETWEEN = timedelta(seconds=10)
KNOWN_FOR = timedelta(days=90)
"""How long an address counts as one from which the account came in."""
FORGET_AFTER = timedelta(days=90)


class TooManyAttempts(LedgerError):
    """Too many sign-ins failed; wait before the next one.

    登录失败次数过多，请稍后再试。
    """


@dataclass(frozen=True, slots=True)
class Counters:
    """The three counters of an attempt, as keyed digests: nobody can read names back."""

    pair: bytes
    account: bytes
    address: bytes

    def ordered(self) -> list[bytes]:
        """In the order in which all attempts lock them."""
        return sorted({self.pair, self.account, self.address})


def counters_of(key: bytes, account: str, address: str) -> Counters:
    """Return which counters an attempt is counted in."""

    def digest(*parts: str) -> bytes:
        return hmac.digest(key, "\0".join(("sign-in", *parts)).encode(), sha256)

    return Counters(
        pair=digest("pair", account, address),
        account=digest("account", account),
        address=digest("address", address),
    )


async def admit(pool: asyncpg.Pool, ledger_id: str, counters: Counters, *, now: datetime) -> None:
    """Count an attempt, or turn it away unread (``TooManyAttempts``)."""
    seen = {row["counter"]: row for row in await pool.fetch(_LOOK, ledger_id, counters.ordered())}
    _guard_open(counters, seen, now)  # a flood is turned away without a lock
    async with pool.acquire() as db, db.transaction():
        await db.execute(_BEGIN, ledger_id, counters.ordered(), now)
        locked = await db.fetch(_LOCK, ledger_id, counters.ordered())
        rows = {row["counter"]: row for row in locked}
        _guard_open(counters, rows, now)
        for counter in counters.ordered():
            row, is_pair = rows[counter], counter == counters.pair
            window = PAIR_WINDOW if is_pair else WINDOW
            is_over = now - row["started_at"] >= window
            failures = 1 if is_over else row["failures"] + 1
            started_at = now if is_over else row["started_at"]
            closed = _closing(counters, counter, failures, started_at, now)
            await db.execute(_COUNT, ledger_id, counter, failures, started_at, closed)


async def take_back(
    pool: asyncpg.Pool, ledger_id: str, counters: Counters, *, now: datetime
) -> None:
    """Note that the attempt succeeded: the pair starts anew, and is known from now on."""
    await pool.execute(_SUCCEEDED, ledger_id, counters.ordered(), counters.pair, now)


async def forget_counters(pool: asyncpg.Pool, ledger_id: str, *, now: datetime) -> None:
    """Drop what no longer counts for anything."""
    await pool.execute(
        "DELETE FROM sign_in_counters WHERE ledger_id = $1 AND started_at < $2"
        " AND coalesce(succeeded_at, started_at) < $2",
        ledger_id,
        now - FORGET_AFTER,
    )


def _guard_open(counters: Counters, rows: dict[bytes, asyncpg.Record], now: datetime) -> None:
    """Turn away what one of the counters is closed to; rows that are not there yet are open."""
    pair = rows.get(counters.pair)
    known_at = None if pair is None else pair["succeeded_at"]
    closing = {counters.pair}
    if known_at is None or now - known_at >= KNOWN_FOR:
        closing |= {counters.account, counters.address}
    until = max((row["closed_until"] for key, row in rows.items() if key in closing), default=now)
    if until > now:
        raise TooManyAttempts(retry_after_seconds=int((until - now).total_seconds()) + 1)


def _closing(
    counters: Counters, counter: bytes, failures: int, started_at: datetime, now: datetime
) -> datetime:
    """Return until when the next attempt waits, should this one fail."""
    if counter == counters.pair:
        over = failures - FREE_FAILURES
        return now if over < 0 else now + min(FIRST_WAIT * 2 ** min(over, 20), WAIT_MAX)
    if failures < FAILURES_MAX:
        return now
    return now + BETWEEN if counter == counters.address else started_at + WINDOW


_BEGIN = """
    INSERT INTO sign_in_counters (ledger_id, counter, failures, started_at, closed_until)
    SELECT $1, counter, 0, $3, $3 FROM unnest($2::bytea[]) AS counters (counter)
    ON CONFLICT DO NOTHING
"""
_LOOK = """
    SELECT counter, failures, started_at, closed_until, succeeded_at FROM sign_in_counters
    WHERE ledger_id = $1 AND counter = ANY($2)
"""
_LOCK = _LOOK + " ORDER BY counter FOR UPDATE"
_COUNT = """
    UPDATE sign_in_counters SET failures = $3, started_at = $4, closed_until = $5
    WHERE ledger_id = $1 AND counter = $2
"""
_SUCCEEDED = """
    UPDATE sign_in_counters SET
        failures = CASE WHEN counter = $3 THEN 0 ELSE greatest(failures - 1, 0) END,
        closed_until = CASE WHEN counter = $3 THEN $4 ELSE closed_until END,
        succeeded_at = CASE WHEN counter = $3 THEN $4 ELSE succeeded_at END
    WHERE ledger_id = $1 AND counter = ANY($2)
"""
