"""All views of a ledger together: a batch is read and decoded once and handed to each.

Each view goes through the batches at its own pace, so that one computes while the rows of
another are written; nobody is more than two batches ahead, so memory stays flat. A view that
stopped holds nobody back, and one that is behind (new, or rebuilt) gets batches of its own
until it stands with the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import asyncpg

from ledger.core.errors import LedgerError, NotFound
from ledger.storage.connect import Database
from ledger.storage.ledger import Ledger
from ledger.storage.plans import PlansAge
from ledger.storage.reading import read_head
from projections.engine.batches import Batch, read_batch
from projections.engine.checkpoints import read_checkpoints
from projections.engine.collecting import collected_rarely
from projections.engine.follower import Follower
from projections.engine.install import install_missing
from projections.engine.view import View

BATCH_ENTRIES = 2_000
BATCHES_AHEAD = 2
FAR_ENTRIES = 500
WAIT_STEP_SECONDS = 0.02


class ViewStopped(LedgerError):
    """A view could not apply an entry and stopped before it; the others went on.

    一个视图无法处理某条记录，已在该处停止；其他视图不受影响。
    """


class ViewBehind(LedgerError):
    """The view has not reached this position yet; try again shortly.

    视图尚未更新到该位置，请稍后重试。
    """


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """Where a view stands: ``lag`` entries behind the log's end, or stopped and why."""

    name: str
    version: int
    position: int
    lag: int
    failed_position: int | None
    failure: str | None


class Following:
    """The followers of one ledger in one process.

    ``reach_entries``: views that are further behind are left to others; ``None``: none is.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        ledger_id: str,
        views: Sequence[View],
        *,
        batch_entries: int = BATCH_ENTRIES,
    ) -> None:
        self.batch_entries = batch_entries
        self.reach_entries: int | None = None
        self.followers = [Follower(pool, ledger_id, view) for view in views]
        self._views = tuple(views)
        self._pool = pool
        self._ledger_id = ledger_id
        self._applied = 0
        self._plans = PlansAge()

    async def catch_up(self, up_to: int | None = None) -> None:
        """Apply what the log has beyond each view, until none that runs is behind.

        ``up_to``: a position to stop after instead of the log's end.
        """
        await self._look()
        while behind := self._behind(size := await self._size(up_to)):
            with collected_rarely() if size - min(behind) > FAR_ENTRIES else nullcontext():
                await _all_of(
                    self._follow(start, size, followers) for start, followers in behind.items()
                )

    def stopped(self) -> ViewStopped | None:
        """Return what stopped the first view that stands before an entry, if one does."""
        for follower in self.followers:
            if failure := follower.failure:
                stopped = ViewStopped(view=follower.view.name, position=failure.position)
                stopped.__cause__ = failure.cause
                return stopped
        return None

    async def _size(self, up_to: int | None) -> int:
        size = (await read_head(self._pool, self._ledger_id)).size
        return size if up_to is None else min(size, up_to + 1)

    async def _look(self) -> None:
        """Take the checkpoints from the database: other workers may have moved or mended them."""
        found = await read_checkpoints(self._pool, self._ledger_id, self._views)
        for follower in self.followers:
            follower.resume(found[follower.view.name])

    def _behind(self, size: int) -> dict[int, list[Follower]]:
        behind: dict[int, list[Follower]] = {}
        for follower in self.followers:
            lag = size - 1 - follower.position
            is_in_reach = self.reach_entries is None or lag <= self.reach_entries
            if lag > 0 and is_in_reach and not follower.failure:
                behind.setdefault(follower.position + 1, []).append(follower)
        return behind

    async def _follow(self, start: int, size: int, followers: Sequence[Follower]) -> None:
        """Bring followers that stand at the same place up to ``size``, batch by batch."""
        waiting = [asyncio.Queue[Batch | None](BATCHES_AHEAD) for _ in followers]
        applying = zip(followers, waiting, strict=True)
        await _all_of(
            [self._read(start, size, followers, waiting), *(_apply(*one) for one in applying)]
        )

    async def _read(
        self,
        start: int,
        size: int,
        followers: Sequence[Follower],
        waiting: Sequence[asyncio.Queue[Batch | None]],
    ) -> None:
        views = [follower.view for follower in followers]
        for first in range(start, size, self.batch_entries):
            last = min(first + self.batch_entries, size) - 1
            batch = await read_batch(self._pool, self._ledger_id, views, start=first, end=last)
            for queue in waiting:
                await queue.put(batch)
            self._applied += last - first + 1
            if self._plans.are_old(self._applied):
                await self._pool.expire_connections()
        for queue in waiting:
            await queue.put(None)


async def _apply(follower: Follower, waiting: asyncio.Queue[Batch | None]) -> None:
    while (batch := await waiting.get()) is not None:
        await follower.apply(batch)


async def _all_of(works: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all of it at once; when one fails, stop the others and raise what it raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def catch_up(ledger: Ledger, views: Sequence[View]) -> None:
    """Bring the views up to the log's end now, creating their tables where they are missing.

    For tests, the demo and the command line; ``Projector`` does it continuously. Raises
    ``ViewStopped`` for the first that could not, after all the others have.
    """
    await install_missing(ledger.pool, tuple(views))
    following = Following(ledger.pool, ledger.id, views)
    await following.catch_up()
    if stopped := following.stopped():
        raise stopped


async def status(db: Database, ledger_id: str, views: Sequence[View]) -> list[ViewStatus]:
    """Return where each view stands."""
    found = await read_checkpoints(db, ledger_id, tuple(views))
    size = (await read_head(db, ledger_id)).size
    return [
        ViewStatus(
            name=view.name,
            version=view.version,
            position=found[view.name].position,
            lag=max(size - 1 - found[view.name].position, 0),
            failed_position=found[view.name].failed_position,
            failure=found[view.name].failure,
        )
        for view in views
    ]


async def wait_for(
    db: Database, ledger_id: str, view: View, position: int, timeout_seconds: float = 5.0
) -> int:
    """Wait until the view has applied the entry at ``position``; return where it stands.

    Raises ``ViewStopped`` when it stands before an entry that it cannot apply, ``ViewBehind``
    when the time is over.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        checkpoint = (await read_checkpoints(db, ledger_id, (view,)))[view.name]
        if checkpoint.position >= position:
            return checkpoint.position
        if checkpoint.failed_position is not None:
            raise ViewStopped(view=view.name, position=checkpoint.failed_position)
        if time.monotonic() > deadline:
            raise ViewBehind(view=view.name, position=checkpoint.position, asked=position)
        await asyncio.sleep(WAIT_STEP_SECONDS)


def view_named(views: Sequence[View], name: str) -> View:
    """Return the view with this name (refuses with ``NotFound``)."""
    for view in views:
        if view.name == name:
            return view
    raise NotFound(kind="view", id=name)
