"""Entries as a newer version would write them, of kinds that this one does not know."""

from __future__ import annotations

import os
from dataclasses import replace

from uuid_utils.compat import uuid7

from ledger.core.aggregate import Aggregate
from ledger.core.clock import utc_now
from ledger.core.entry import new_entry
from ledger.core.errors import LedgerError
from ledger.storage.group import append_group
from ledger.storage.known import Remembered
from ledger.storage.ledger import Ledger
from ledger.storage.requests import Append


async def append_newer(ledger: Ledger, aggregate: Aggregate, topic: str) -> int:
    """Append what a record has pending, as entries of another kind; return the first position."""
    entries = []
    for event in aggregate.collect_events():
        entry = new_entry(event, event_id=uuid7(), nonce=os.urandom(16))  # type: ignore[arg-type]
        entries.append(replace(entry, topic=topic, header=entry.header | {"topic": topic}))
    async with ledger.pool.acquire() as db, db.transaction():
        appends = [Append(entries=entries)]
        remembered, macs = Remembered(), ledger.appender.macs
        (outcome,) = await append_group(db, ledger.id, appends, utc_now, remembered, macs)
    if isinstance(outcome, LedgerError):
        raise outcome
    return outcome.first_position
