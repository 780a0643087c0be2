"""The log's public keys, recorded in the log itself: the first one and each that follows."""

from __future__ import annotations

from datetime import datetime

from ledger.core.aggregate import By
from ledger.core.errors import Conflict, LedgerError
from ledger.core.values import derived_id
from ledger.log_history import LOG_HISTORY_ID, LogHistory
from ledger.publishing.log_keys import LogKeys
from ledger.storage.checking_macs import bind_trackings
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.ledger import Ledger
from ledger.storage.requests import Beside
from ledger.storage.stops import key_check_of

PUBLISHER = derived_id("actor", "minzhang publisher")
TRIES = 3


class KeyForeign(LedgerError):
    """The log says that another key signs it: bring that key, or rotate from it.

    日志所载的签名密钥是另一把：请提供该密钥，或由该密钥更换。
    """


def by_publisher(now: datetime, *, reason: str = "") -> By:
    """Return the publisher as who decides."""
    return By(actor_id=PUBLISHER, at=now, role="system", reason=reason)


async def announce_keys(ledger: Ledger, keys: LogKeys) -> bool:
    """Record the current key if the log does not know it yet; return whether it was recorded.

    A key that neither is what the log names nor follows it is refused (``KeyForeign``).
    """
    for _ in range(TRIES):
        history = await history_of(ledger) or LogHistory.begin(by_publisher(ledger.clock()))
        if history.current and history.current.vkey == str(keys.current.verifying):
            return False
        announce(history, keys, by_publisher(ledger.clock()))
        try:
            await ledger.save(history)
        except Conflict:  # another process was quicker: look at what it said
            continue
        return True
    raise Conflict(id=str(LOG_HISTORY_ID))


def announce(history: LogHistory, keys: LogKeys, by: By) -> None:
    """Let the history name the current key: as the first, or as the next after a former one."""
    vkey, known = str(keys.current.verifying), history.current
    if known is None:
        history.introduce_key(by, origin=keys.origin, vkey=vkey)
        return
    for former in keys.former:
        if str(former.key.verifying) == known.vkey:
            history.rotate_key(by, vkey=vkey, former_vkey=known.vkey, former_until_at=former.until)
            return
    raise KeyForeign(vkey=vkey, log_says=known.vkey)


async def name_service_key(ledger: Ledger, *, reason: str = "") -> bool:
    """Let the log name the service's key, if it names none or the one before it.

    From that entry on every entry has a code by this key. A key that replaces one that is lost
    needs a reason (``ReasonMissing``).
    """
    macs = EntryMacs(ledger.key, ledger.id)
    for _ in range(TRIES):
        history = await history_of(ledger) or LogHistory.begin(by_publisher(ledger.clock()))
        named = history.service_key_check
        if named == macs.check.hex() and await key_check_of(ledger.pool, ledger.id) is not None:
            return False
        by = by_publisher(ledger.clock(), reason=reason.strip())
        by_former = _word_of_former(ledger, named)
        history.name_service_key(by, key_check=macs.check.hex(), by_former=by_former)
        try:
            await ledger.save(history, beside=Beside(key_check=macs.check))
        except Conflict:  # another process was quicker: look at what it said
            continue
        async with ledger.pool.acquire() as db:
            await bind_trackings(db, macs)
        return True
    raise Conflict(id=str(LOG_HISTORY_ID))


def _word_of_former(ledger: Ledger, named: str) -> str:
    """Return the code by which the key that the log names speaks for ours; empty if it is gone."""
    own = EntryMacs(ledger.key, ledger.id)
    for key in ledger.key.former:
        former = EntryMacs(key, ledger.id)
        if former.check.hex() == named:
            return own.answers_for(former).hex()
    return ""


async def history_of(ledger: Ledger) -> LogHistory | None:
    """Return what the log says about itself; ``None`` if nothing yet."""
    return await ledger.find(LogHistory, LOG_HISTORY_ID)
