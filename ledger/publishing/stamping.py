"""Time stamps over what was published: each authority is asked by itself, and not too often.

An authority is somebody else's machine, often with a quota: at most one stamp an interval, over
the newest published checkpoint. One that fails is asked again later and later; the others and
the publisher do not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from ledger.core.errors import LedgerError
from ledger.publishing.authorities import Authority
from ledger.publishing.outgoing import Outgoing
from ledger.publishing.status import StampFigures, Status
from ledger.storage.checkpoints import (
    KeptCheckpoint,
    KeptTimeStamp,
    keep_time_stamp,
    latest_published,
    time_stamps_of,
)
from ledger.storage.connect import LOST_CONNECTION, Database

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 600.0
RETRY_SECONDS_MIN = 2.0
RETRY_SECONDS_MAX = 300.0


@dataclass(slots=True)
class _Turn:
    """One authority and when its turn comes."""

    authority: Authority
    figures: StampFigures
    not_before: float = 0.0  # monotonic
    failures: int = 0
    is_busy: bool = False


@dataclass(slots=True)
class Stamping:
    """Asks authorities for stamps; ``look`` is called again and again, and returns at once."""

    db: Database
    ledger_id: str
    authorities: Sequence[Authority]
    outgoing: Outgoing
    status: Status
    interval_seconds: float = INTERVAL_SECONDS
    _turns: list[_Turn] = field(init=False)
    _tasks: set[asyncio.Task[None]] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._turns = [_Turn(one, StampFigures(one.name)) for one in self.authorities]
        self.status.authorities = [turn.figures for turn in self._turns]

    def look(self) -> None:
        """Begin to ask those whose turn it is, if something was published since."""
        for turn in self._turns:
            is_new = turn.figures.stamped_size < self.status.published_size
            if is_new and not turn.is_busy and time.monotonic() >= turn.not_before:
                turn.is_busy = True
                task = asyncio.create_task(self._ask(turn))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Let go of what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, turn: _Turn) -> None:
        try:
            kept = await latest_published(self.db, self.ledger_id)
            if kept is not None:
                await self._stamp(turn, kept)
            turn.not_before = time.monotonic() + self.interval_seconds
            turn.failures, turn.figures.problem = 0, None
        except (*LOST_CONNECTION, asyncpg.PostgresError, LedgerError) as error:
            self._failed(turn, error)
        finally:
            turn.is_busy = False

    async def _stamp(self, turn: _Turn, kept: KeptCheckpoint) -> None:
        authority, size = turn.authority, kept.checkpoint.size
        held = await time_stamps_of(self.db, self.ledger_id, size)
        if authority.name not in {one.authority for one in held}:
            note = str(kept.note)
            token, at = await authority.stamp(note.encode(), self.outgoing)
            stamp = KeptTimeStamp(size, authority.name, note, token, at)
            await keep_time_stamp(self.db, self.ledger_id, stamp)
        turn.figures.stamped_size = size

    def _failed(self, turn: _Turn, error: Exception) -> None:
        turn.failures += 1
        turn.figures.failures_total += 1
        facts = error.facts if isinstance(error, LedgerError) else ""
        turn.figures.problem = f"{type(error).__name__} {facts}".rstrip()
        seconds = RETRY_SECONDS_MIN * 2 ** min(turn.failures - 1, 10)
        turn.not_before = time.monotonic() + min(seconds, RETRY_SECONDS_MAX)
        log.warning("no time stamp by %s: %s", turn.authority.name, turn.figures.problem)
