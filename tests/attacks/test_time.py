"""Attacks on time: what others dated bounds what the ledger may claim."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from ledger.core.entry import Entry
from ledger.publishing.intervals import interval_of
from ledger.storage.ledger import open_ledger
from tests.attacks.rewriting import date_back, entry_at
from tests.attacks.world import SIZE, STREET_KEY, World, record

LAST = SIZE + 4  # of the entries that come after the published checkpoint


async def grown(world: World) -> datetime:
    """Let five more entries come in; return when the last one before was taken."""
    async with open_ledger(world.dsn, world.ledger_id, pool_size_max=2) as ledger:
        await record(ledger, LAST + 1)
    last = await entry_at(world.db, world.ledger_id, SIZE - 1)
    return Entry(SIZE - 1, last).recorded_at


async def claim_is_possible(world: World, position: int) -> bool:
    """Compare what an entry claims with what the street's witness dated."""
    found = await interval_of(world.db, world.ledger_id, position, witnesses=[STREET_KEY.verifying])
    assert found.not_before is not None and found.not_before.size == SIZE
    assert found.not_after is not None and found.not_after.size == LAST + 1
    entry = await entry_at(world.db, world.ledger_id, position)
    return found.contains(Entry(position, entry).recorded_at)


async def test_an_honest_time_lies_within_what_the_witness_dated(world: World) -> None:
    await grown(world)
    await world.publish()
    assert await claim_is_possible(world, LAST)


@pytest.mark.parametrize("hours", [0, -1, 1_000])
async def test_an_entry_is_dated_back_or_ahead(world: World, hours: int) -> None:
    """Attack 13. Detected by the interval: the witness dated a checkpoint that lacks the entry.

    With ``hours`` 0 the claim is a microsecond after the entry before, so times still rise and no
    check of the database alone can object.
    """
    before = await grown(world)
    claimed = before + timedelta(hours=hours, microseconds=1)
    for position in range(SIZE, LAST + 1):
        at = claimed + timedelta(microseconds=position - SIZE)
        await date_back(world.db, world.ledger_id, position, at)
    await world.publish()  # neither signer nor witness looks into entries
    assert not await claim_is_possible(world, LAST)
