"""One view that follows one ledger's log.

    lock checkpoint ► handlers change rows ► write rows ► move checkpoint ► commit

Rows and checkpoint change in one transaction, so every entry counts exactly
once, whatever dies and however many workers there are. An entry that the view
cannot apply stops this view there: what came before is kept, nothing is skipped,
and the reason stands in the checkpoint until a restart with the mistake mended,
or a rebuild.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

import asyncpg

from ledger.core.codec import KindUnknown, read_uuid
from ledger.core.entry import Entry
from ledger.core.errors import LedgerError
from ledger.core.log_lines import kind_and_place
from ledger.core.reversing import StepReversed
from ledger.storage.connect import LOST_CONNECTION, Connection
from projections.engine.batches import Batch, Found
from projections.engine.checkpoints import (
    NOWHERE,
    Checkpoint,
    lock_checkpoint,
    move_checkpoint,
    note_failure,
    pass_over,
)
from projections.engine.replaying import Replay
from projections.engine.rows import CACHE_ROWS_MAX, Cache, Layout, Rows, read_layout
from projections.engine.view import Key, Table, View

log = logging.getLogger(__name__)

PASSING = (
    *LOST_CONNECTION,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
)
"""What says nothing about the entry: trying again later helps."""


class EntryNotApplied(LedgerError):
    """A view cannot apply this entry, and has stopped before it.

    视图无法处理这一条记录，已在此停止。
    """

    def __init__(self, position: int, topic: str, cause: BaseException) -> None:
        super().__init__(position=position, topic=topic)
        self.position = position
        self.topic = topic
        self.cause = cause


def is_passing(error: BaseException) -> bool:
    """Tell whether the database is the trouble, rather than the entry."""
    return isinstance(error, PASSING)


class Follower:
    """Applies entries to the rows of one view."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        ledger_id: str,
        view: View,
        *,
        checkpoint: Checkpoint | None = None,
        cache_rows_max: int = CACHE_ROWS_MAX,
    ) -> None:
        self.view = view
        self.position = NOWHERE if checkpoint is None else checkpoint.position
        self.failure: EntryNotApplied | None = None
        self.cache = Cache(cache_rows_max)
        self._pool = pool
        self._ledger_id = ledger_id
        self._layout: Layout | None = None

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on where the checkpoint says, after another worker moved or mended it."""
        if self.failure and checkpoint.failed_position is None:
            self.failure = None
        if self.position != checkpoint.position:
            self.position = checkpoint.position
            self.cache.clear()

    async def apply(self, batch: Batch) -> None:
        """Apply a stretch of the log, or stop at the first entry that cannot be applied."""
        if self.failure or batch.end <= self.position:
            return
        if batch.newer is not None and batch.newer[1].position > self.position:
            topic, entry = batch.newer
            unknown = KindUnknown(topic=topic)
            await self._stop_before(batch, EntryNotApplied(entry.position, topic, unknown))
            return
        entries = batch.wanted(self.view, self.position)
        if not entries and await self._pass(batch.end):
            return
        try:
            await self._transact(batch, entries)
        except BaseException as error:  # also when told to stop: nothing of it was written
            self.cache.clear()
            if not isinstance(error, Exception) or is_passing(error):
                raise
            await self._stop_in(batch, entries, error)

    async def _pass(self, end: int) -> bool:
        """Move over a batch that does not concern the view, if it stands where we left it."""
        passed = await pass_over(
            self._pool, self._ledger_id, self.view, position=self.position, to_position=end
        )
        if passed:
            self.position = end
        return passed

    async def _transact(self, batch: Batch, entries: Sequence[Found]) -> None:
        async with self._pool.acquire() as db, db.transaction():
            position = (await lock_checkpoint(db, self._ledger_id, self.view)).position
            if position != self.position:  # another worker was here: our rows are old
                self.cache.clear()
                entries = [one for one in entries if one[1].position > position]
            if batch.start <= position + 1 <= batch.end:
                if entries:
                    await self._apply_on(db, entries)
                position = batch.end
                await move_checkpoint(db, self._ledger_id, self.view, position)
        self.position = position
        self.cache.age()

    async def _apply_on(self, db: Connection, entries: Sequence[Found]) -> None:
        if self._layout is None:
            self._layout = await read_layout(db, self.view)
        rows = Rows(db, self._ledger_id, self._layout, self.cache)
        await self._read_ahead(rows, entries)
        for topic, entry in entries:
            rows.begin(entry)
            try:
                await self._apply_one(rows, topic, entry)
            except Exception as error:
                if is_passing(error):
                    raise
                raise EntryNotApplied(entry.position, topic, error) from error
        await rows.write()

    async def _apply_one(self, rows: Rows, topic: str, entry: Entry) -> None:
        view = self.view
        if view.every is not None:
            await view.every(rows, entry)
        if topic in view.reversing:
            await Replay(view, rows).take_back(cast(StepReversed, entry.event))
        elif (handler := view.handlers.get(topic)) is not None:
            await handler(rows, entry.event, entry)
            if rows.is_out_of_order or self._is_before_its_record(rows, entry):
                await Replay(view, rows).tell_late()

    def _is_before_its_record(self, rows: Rows, entry: Entry) -> bool:
        """Tell whether something of the entry's record is known to have happened later."""
        if entry.version <= 1:
            return False
        stream_id = read_uuid(entry.stream_id)
        for table in self.view.tables:
            if table.history and table.is_per_stream:
                row = rows.cache.get((table.name, (stream_id,)))
                if row is not None and row["occurred_at"] > entry.occurred_at:
                    return True
        return False

    async def _read_ahead(self, rows: Rows, entries: Sequence[Found]) -> None:
        """Read at once the rows that the batch will ask for."""
        view = self.view
        tables = [table for table in view.tables if table.is_per_stream]
        if tables:
            headers = [entry.header for topic, entry in entries if topic in view.handlers]
            begun = {header["stream"] for header in headers if header["version"] <= 1}
            streams = {header["stream"] for header in headers} - begun
            keys: list[Key] = [(read_uuid(stream_id),) for stream_id in sorted(streams)]
            for table in tables:
                await rows.read(table, keys)
        asked: dict[str, tuple[Table, list[Key]]] = {}
        for topic, entry in entries if view.read_aheads else ():
            for ahead in view.read_aheads.get(topic, ()):
                _, keys = asked.setdefault(ahead.table.name, (ahead.table, []))
                keys.append(ahead.key_of(entry.event))
        for table, keys in asked.values():
            await rows.read(table, keys)

    async def _stop_in(self, batch: Batch, entries: Sequence[Found], error: Exception) -> None:
        """Apply what comes before the entry that is to blame, then stop there."""
        if isinstance(error, EntryNotApplied):
            await self._stop_before(batch, error)
        elif len(entries) == 1:
            ((topic, entry),) = entries
            await self._stop_before(batch, EntryNotApplied(entry.position, topic, error))
        elif entries:  # the rows could not be written: find out whose
            await self.apply(batch.until(entries[len(entries) // 2][1].position - 1))
            await self.apply(batch)
        else:
            raise error

    async def _stop_before(self, batch: Batch, failure: EntryNotApplied) -> None:
        if failure.position > batch.start:
            await self.apply(batch.until(failure.position - 1))
        if self.position == failure.position - 1 and not self.failure:
            await self._stop(failure)

    async def _stop(self, failure: EntryNotApplied) -> None:
        self.failure = failure
        position, cause = failure.position, failure.cause
        log.error(
            "the view %s cannot apply the entry at %d of %s and stops there",
            self.view.name,
            position,
            self._ledger_id,
            exc_info=cause,
        )
        # Everybody may read how the views stand, and an error's values may be about somebody.
        text = f"{kind_and_place(cause)}, at {failure.topic}"
        await note_failure(self._pool, self._ledger_id, self.view, position=position, failure=text)
