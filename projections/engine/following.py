"""All views of a ledger together: a batch is read and decoded once and handed to each.

A view that stopped holds nobody back, and one that is behind (new, or rebuilt)
gets batches of its own until it stands with the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import asyncpg

from ledger.core.errors import LedgerError, NotFound
from ledger.storage.connect import Database
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from projections.engine.batches import read_batch
from projections.engine.checkpoints import read_checkpoints
from projections.engine.collecting import collected_rarely
from projections.engine.follower import Follower
from projections.engine.install import install_missing
from projections.engine.view import View

BATCH_ENTRIES = 2_000
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
    """The followers of one ledger in one process."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        ledger_id: str,
        views: Sequence[View],
        *,
        batch_entries: int = BATCH_ENTRIES,
    ) -> None:
        self.batch_entries = batch_entries
        self.followers = [Follower(pool, ledger_id, view) for view in views]
        self._views = tuple(views)
        self._pool = pool
        self._ledger_id = ledger_id

    async def catch_up(self, up_to: int | None = None) -> None:
        """Apply what the log has beyond each view, until none that runs is behind.

        ``up_to``: a position to stop after instead of the log's end.
        """
        await self._look()
        while behind := self._behind(size := await self._size(up_to)):
            with collected_rarely() if size - min(behind) > FAR_ENTRIES else nullcontext():
                for start, followers in behind.items():
                    end = min(start + self.batch_entries, size) - 1
                    await self._step(start, end, followers)

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
            if follower.position + 1 < size and not follower.failure:
                behind.setdefault(follower.position + 1, []).append(follower)
        return behind

    async def _step(self, start: int, end: int, followers: list[Follower]) -> None:
        views = [follower.view for follower in followers]
        batch = await read_batch(self._pool, self._ledger_id, views, start=start, end=end)
        outcomes = await asyncio.gather(
            *(follower.apply(batch) for follower in followers), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


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
