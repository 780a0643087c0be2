"""Ask a view on a real ledger: bring it up to date first, and check it against a rebuild."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries, read_head
from projections.engine import View, catch_up, install_missing, verify
from projections.engine.following import Following

T = TypeVar("T")


async def ask(ledger: Ledger, view: View, function: Callable[..., Awaitable[T]], query: Any) -> T:
    """Return what a read function of the view answers, now that the view has read everything."""
    await catch_up(ledger, [view])
    return await function(ledger.pool, ledger.id, query)


async def recorded_at(ledger: Ledger, position: int) -> datetime:
    """Return when the entry at a position was recorded."""
    (entry,) = await read_entries(ledger.pool, ledger.id, start=position, limit=1)
    return entry.recorded_at


async def last_recorded_at(ledger: Ledger) -> datetime:
    """Return when the last entry so far was recorded."""
    return await recorded_at(ledger, (await read_head(ledger.pool, ledger.id)).size - 1)


async def topics_at(ledger: Ledger, positions: list[int]) -> list[str]:
    """Return the topics of the entries at these positions."""
    found = [
        await read_entries(ledger.pool, ledger.id, start=position, limit=1)
        for position in positions
    ]
    return [entries[0].topic for entries in found]


async def assert_rebuilds_the_same(
    ledger: Ledger, store_dsn: str, view: View, *, batch_entries: int = 3
) -> None:
    """Follow the log in small steps, then compare every row with a rebuild in large ones."""
    await install_missing(ledger.pool, (view,))
    following = Following(ledger.pool, ledger.id, [view], batch_entries=batch_entries)
    await following.catch_up()
    if stopped := following.stopped():
        raise stopped
    verified = await verify(store_dsn, ledger.id, view)
    assert verified.is_right, verified.difference
    assert all(table.row_count for table in verified.live.tables), "an empty table proves nothing"
