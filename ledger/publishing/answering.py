"""Entries by which somebody answers for a stopped log, each in one transaction with what it ends.

memory of the signer gone ► SignerMemoryReplaced, then the file is written again
clock ahead               ► time of the head put right, ClockPutRight, then the signer's
"""

from __future__ import annotations

import os
from datetime import datetime

from uuid_utils.compat import uuid7

from ledger.core.clock import Clock
from ledger.core.entry import new_entry
from ledger.core.errors import LedgerError
from ledger.log_history import LogHistory
from ledger.publishing.announcing import by_publisher
from ledger.publishing.checking import Standpoint, look_at_log
from ledger.publishing.log_keys import KeySource
from ledger.publishing.signer import Signed, Signer, nothing_signed
from ledger.publishing.stopping import forget_stop
from ledger.storage.connect import Connection
from ledger.storage.ended import lock_head, put_time_back
from ledger.storage.entry_macs import EntryMacs
from ledger.storage.group import append_group
from ledger.storage.known import HeadRow, Remembered
from ledger.storage.requests import Append
from ledger.storage.stops import lift_stop


async def append_history(  # noqa: PLR0913, PLR0917 - an append in somebody else's transaction
    db: Connection,
    ledger_id: str,
    history: LogHistory,
    clock: Clock,
    macs: EntryMacs | None,
    head: HeadRow | None = None,
) -> None:
    """Append in the caller's transaction; with ``head``, the row it left, it is not doubted."""
    entries = [
        new_entry(event, event_id=uuid7(), nonce=os.urandom(16))  # type: ignore[arg-type]
        for event in history.collect_events()
    ]
    request, remembered = Append(entries=entries), Remembered(head=head)
    (outcome,) = await append_group(db, ledger_id, [request], clock, remembered, macs)
    if isinstance(outcome, LedgerError):
        raise outcome


async def replace_signer_memory(  # noqa: PLR0913, PLR0917 - what is answered for, each by name
    db: Connection,
    ledger_id: str,
    source: KeySource,
    reason: str,
    clock: Clock,
    macs: EntryMacs | None,
) -> Signed:
    """Let the signer begin again from the newest checkpoint that the database has."""
    async with db.transaction():
        await lock_head(db, ledger_id)
        here = await look_at_log(db, ledger_id, source)
        taken = _newest(here, source, clock())
        history = here.history or LogHistory.begin(by_publisher(clock()))
        by = by_publisher(clock(), reason=reason.strip())
        history.replace_signer_memory(by, checkpoint=str(taken.note))
        await lift_stop(db, ledger_id)
        await append_history(db, ledger_id, history, clock, macs)
    Signer(source.folder).adopt(taken, after=None, proof=())
    forget_stop(source.folder)
    return taken


def _newest(here: Standpoint, source: KeySource, now: datetime) -> Signed:
    if here.kept is None:
        return nothing_signed(source.read(), now)
    return Signed(here.kept.note, here.kept.checkpoint, min(here.kept.signed_at, now))


async def put_clock_right(  # noqa: PLR0913, PLR0917 - what is answered for, each by name
    db: Connection,
    ledger_id: str,
    source: KeySource,
    reason: str,
    clock: Clock,
    macs: EntryMacs | None,
) -> datetime:
    """Let log and signer go on from the clock's present; return the time that was wrong."""
    signer, now = Signer(source.folder), clock()
    async with db.transaction():
        await lock_head(db, ledger_id)
        here = await look_at_log(db, ledger_id, source)
        head = await put_time_back(db, ledger_id, now)
        wrong = [here.head.recorded_at] if here.head.size else []
        wrong += [here.signed.signed_at] if here.signed else []
        wrong_at = max((one for one in wrong if one.tzinfo is not None), default=now)
        history = here.history or LogHistory.begin(by_publisher(now))
        history.put_clock_right(by_publisher(now, reason=reason.strip()), signed_at=wrong_at)
        await lift_stop(db, ledger_id)
        await append_history(db, ledger_id, history, clock, macs, head)
    signer.put_clock_right(now)
    forget_stop(source.folder)
    return wrong_at
