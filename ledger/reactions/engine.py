"""The engine that turns time and events into due events, exactly once.

Each reaction reads the log in batches. Its events, its timers and its position
change in one append, which checks that the position is still where this process
believes it to be: of two processes that run the same reaction, one is told so
and takes up the other's state. While a batch has nothing to record, the
position stays in memory: reading an entry again that led to nothing is harmless.

Timers fire only when the reaction has read the whole log: what happened in time
but was recorded later in the log counts as in time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

import asyncpg

from ledger.core.clock import Clock
from ledger.core.codec import KindUnknown, is_newer
from ledger.core.entry import Entry
from ledger.core.errors import Conflict
from ledger.core.log_lines import kind_and_place
from ledger.reactions.reaction import CLOCK_JUMPED, Reaction, Work, timers_by_key
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.errors import Unavailable
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from ledger.storage.requests import Timer, Tracking

log = logging.getLogger(__name__)

BATCH_ENTRIES = 500
BATCH_TIMERS = 200
UNTRACKED_ENTRIES_MAX = 5_000
RECENT_ENTRIES_MAX = 4_000
LOOK_EVERY_SECONDS = 0.5
CLOCK_TOLERANCE = timedelta(minutes=5)

_TIMERS = """
    SELECT reaction, key, due_at, cause FROM timers
    WHERE ledger_id = $1 AND reaction = $2 AND due_at BETWEEN '0001-01-02' AND '9999-12-30'
"""
_TIMERS_OF_NO_DAY = """
    SELECT key FROM timers
    WHERE ledger_id = $1 AND reaction = $2 AND due_at NOT BETWEEN '0001-01-02' AND '9999-12-30'
"""
_POSITION = "SELECT position FROM trackings WHERE ledger_id = $1 AND name = $2"


@dataclass(slots=True)
class Follower:
    """Where one reaction stands in this process."""

    reaction: Reaction
    position: int = -1  # of the last entry read
    tracked: int = -1  # as the database has it
    timers: dict[str, Timer] | None = None  # None: take up the state from the database first
    failure: str | None = None
    set_aside: set[str] = field(default_factory=set)  # keys of timers for nobody that can be asked

    def note_set_aside(self, reasons: Mapping[str, str]) -> None:
        """Say once of each timer that it is passed over."""
        for key, why in reasons.items():
            if key not in self.set_aside:
                log.error("%s passes over the timer %s: %s", self.name, key, why)
                self.set_aside.add(key)

    @property
    def name(self) -> str:
        return f"reaction:{self.reaction.name}"


class JumpingClock:
    """Notices when the wall clock moves otherwise than time does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_at, self._began = clock(), time.monotonic()

    def look(self) -> tuple[datetime, datetime]:
        """Return the clock's present, and the present as the steady clock counts it."""
        elapsed = timedelta(seconds=time.monotonic() - self._began)
        now, steady = self._clock(), self._began_at + elapsed
        return now, steady if abs(now - steady) > CLOCK_TOLERANCE else now


@dataclass(slots=True)
class Reactions:
    """Runs reactions over one ledger; as ``async with`` in the background until the block ends."""

    ledger: Ledger
    reactions: Sequence[Reaction]
    followers: list[Follower] = field(init=False)
    _clock: JumpingClock = field(init=False)
    _recent: dict[int, Entry] = field(init=False, default_factory=dict)
    _task: asyncio.Task[None] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.followers = [Follower(reaction) for reaction in self.reactions]
        self._clock = JumpingClock(self.ledger.clock)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="reactions")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self.catch_up()
            except (Unavailable, asyncpg.PostgresError, *LOST_CONNECTION) as error:
                log.warning("reactions wait for the database: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def catch_up(self, *, now: datetime | None = None) -> None:
        """Answer all that is in the log, then fire what is due (at ``now`` instead of the clock's).

        A reaction that fails stops where it is and says why; the others go on.
        """
        for follower in self.followers:
            if follower.failure is None:
                await self._catch_up_one(follower, now)

    async def _catch_up_one(self, follower: Follower, now: datetime | None) -> None:
        while True:
            try:
                if not await self._step(follower, now):
                    return
            except Conflict:
                follower.timers = None  # another process or a command was first: look again
            except (Unavailable, asyncpg.PostgresError, *LOST_CONNECTION):
                follower.timers = None
                raise
            except Exception as error:
                follower.failure = kind_and_place(error)
                log.exception("%s stopped after position %d", follower.name, follower.position)
                return

    async def _step(self, follower: Follower, now: datetime | None) -> bool:
        """Answer the next batch, or fire due timers; return whether there was anything to do."""
        if follower.timers is None:
            await self._take_up(follower)
        ledger = self.ledger
        start = follower.position + 1
        entries = await self._read(start)
        work = Work(ledger.for_request(), follower.reaction, follower.timers or {})
        if not entries:
            return await self._fire_due(follower, work, now)
        topics = follower.reaction.topics
        for entry in entries:
            if entry.topic in topics:
                await follower.reaction.answer(work, entry)
        await self._append(follower, work, entries[-1].position)
        return True

    async def _read(self, start: int) -> list[Entry]:
        """Return the next entries; each is read and decoded once for all reactions.

        None is passed over that only a newer version understands (``KindUnknown``): what it sets
        or ends would be lost for good, also to that version.
        """
        recent, position = self._recent, start
        while position in recent and position - start < BATCH_ENTRIES:
            position += 1
        if position > start:
            return [recent[number] for number in range(start, position)]
        ledger = self.ledger
        entries = await read_entries(ledger.pool, ledger.id, start=start, limit=BATCH_ENTRIES)
        newer = next((n for n, entry in enumerate(entries) if is_newer(entry.topic)), None)
        if newer == 0:
            raise KindUnknown(position=start, topic=entries[0].topic)
        entries = entries[:newer]
        recent.update((entry.position, entry) for entry in entries)
        while len(recent) > RECENT_ENTRIES_MAX:
            del recent[next(iter(recent))]
        return entries

    async def _fire_due(self, follower: Follower, work: Work, now: datetime | None) -> bool:
        clock_now, steady_now = self._clock.look()
        due = sorted(
            (t for t in work.timers.values() if t.due_at <= (now or clock_now)),
            key=lambda timer: (timer.due_at, timer.key),
        )[:BATCH_TIMERS]
        for timer in due:
            jumped = now is None and timer.due_at > steady_now
            breaches = (CLOCK_JUMPED,) if jumped else ()
            await follower.reaction.fire(work, timer, breaches=breaches)
        if due:
            await self._append(follower, work, follower.position)
        return bool(due)

    async def _append(self, follower: Follower, work: Work, position: int) -> None:
        is_far = position - follower.tracked >= UNTRACKED_ENTRIES_MAX
        if work.changes_something or is_far:
            moves = position > follower.tracked
            tracking = Tracking(name=follower.name, position=position, after=follower.tracked)
            beside = work.beside(tracking if moves else None)
            await work.ledger.save(*work.changed(), beside=beside)
            follower.tracked = max(position, follower.tracked)
        work.ledger.give_back(*work.aggregates.values())
        follower.position = position
        follower.timers = work.timers
        follower.note_set_aside(work.set_aside)

    async def _take_up(self, follower: Follower) -> None:
        pool, name = self.ledger.pool, follower.reaction.name
        async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            tracked = await db.fetchval(_POSITION, self.ledger.id, follower.name)
            rows = await db.fetch(_TIMERS, self.ledger.id, name)
            of_no_day = await db.fetch(_TIMERS_OF_NO_DAY, self.ledger.id, name)
        follower.note_set_aside({row["key"]: "its moment is on no day" for row in of_no_day})
        follower.tracked = follower.position = -1 if tracked is None else tracked
        follower.timers = timers_by_key(Timer(**dict(row)) for row in rows)
