"""A record's past, told again when something of it is told late or was taken back.

    log of a record        what the view showed, and shows once position 9 is known
    3  1 March  filed      1 March ── 5 March ──────────── 8 March ──
    5  5 March  accepted              accepted             answered
    7  8 March  answered
    9  3 March  visited    1 March ── 3 March ── 5 March ─ 8 March ──
       (told late)                    visited    + visited + visited

What a view shows at two times is what its handlers make of the record's entries that were known
by then and had happened by then, in the order of the log: the order in which the record itself
was folded when each was decided. So an entry that happened before others of its record changes
what was shown from its moment on, and a reversal what was shown since the steps that it names.
From that moment on the record is folded again, moment by moment, and an image is written
wherever a reader would otherwise still see the old one. They are all of the entry that was the
cause: who asks for what was known earlier still gets the images from before.

An entry can only be out of order in an old record, whose caller said when it happened. Where it
then stands before what it rests on, it is left out until that has happened too.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from ledger.core.codec import read_uuid
from ledger.core.entry import Entry
from ledger.core.reversing import StepReversed
from ledger.storage.connect import LOST_CONNECTION
from projections.engine import statements
from projections.engine.rows import IMAGE_OWN, Place, Rows
from projections.engine.view import Lines, Row, Table, View

_STREAM = """
    SELECT position, topic, entry FROM events
    WHERE ledger_id = $1 AND stream_id = $2 AND position <= $3 ORDER BY position
"""
APART = frozenset({"ledger_id", "position", "occurred_at", "recorded_at", *IMAGE_OWN})
"""Columns of an image that say when it counts, not what it shows."""

Step: TypeAlias = tuple[int, str, Entry]
"""Position, topic and entry."""
State: TypeAlias = dict[Place, Row]


class Fold(Rows):
    """The rows that one stream makes, while its events are applied again to nothing.

    Rows of other streams are read as they are and never changed. ``kept`` is what the events
    so far make in order; ``tried`` lies over it: what those add that a later position made.
    """

    def __init__(self, live: Rows, stream_id: UUID) -> None:
        super().__init__(live.db, live.ledger_id, live.layout, live.cache, live.absent)
        self._live = live
        self._stream_id = stream_id
        self.kept: State = {}
        self.tried: State = {}
        self.is_trying = False
        self.lines: list[tuple[Lines, Row]] = []

    def state(self) -> State:
        """Return the rows as they stand."""
        return {**self.kept, **self.tried}

    async def find(self, table: Table, *key: Hashable) -> Row | None:
        """Return a copy of the row with this key, or ``None``."""
        row = self._own((table.name, key))
        if row is not None:
            return self.layout.shapes[table.name].copy(row)
        found = await self._live.find(table, *key)
        if found is not None and table.stream and found[table.stream] == self._stream_id:
            return None
        return found

    def put(self, table: Table, row: Row) -> None:
        """Write a row, if it is of this stream alone."""
        if not table.stream:
            return
        full = self.layout.shapes[table.name].full(row)
        place = (table.name, self.layout.key_of[table.name](full))
        self._complete(table, full, self._own(place))
        (self.tried if self.is_trying else self.kept)[place] = full

    def add(self, lines: Lines, row: Row) -> None:
        """Remember a line; only those of the entry that is the cause will be written."""
        self.lines.append((lines, row))

    def _own(self, place: Place) -> Row | None:
        return self.tried.get(place) or self.kept.get(place)


class Replay:
    """Makes what a view shows of one record right, because of one entry."""

    def __init__(self, view: View, rows: Rows) -> None:
        self._view = view
        self._rows = rows
        self._cause = rows.entry
        self._stream_id = read_uuid(rows.entry.stream_id)
        self._tables = {table.name: table for table in view.tables if table.stream}
        self._fold = Fold(rows, self._stream_id)

    async def tell_late(self) -> None:
        """Show the entry at hand, which was applied, from its own moment on."""
        self._rows.forget_images()
        await self._rows.write()
        steps = await self._steps()
        await self._retell(steps, self._cause.occurred_at)

    async def take_back(self, event: StepReversed) -> None:
        """Apply a reversal: as if the steps that it names had not happened."""
        await self._rows.write()
        steps = await self._steps()
        taken = [e for _, _, e in steps if e.version in event.versions_reversed]
        await self._retell(steps, min(e.occurred_at for e in (*taken, self._cause)))
        await self._settle_rows()
        positions = [entry.position for entry in taken]
        for lines, row in self._fold.lines:
            voids = "voids" in self._rows.layout.shapes[lines.name].types
            self._rows.add(lines, row | ({"voids": positions} if voids else {}))
        await self._add_opposites(positions)

    def _counting(self, steps: Sequence[Step]) -> list[Step]:
        """Return the steps that were not taken back, the reversals themselves included."""
        gone: set[int] = set()
        for _, topic, entry in steps:
            if topic in self._view.reversing:
                gone.update(_reversal(entry).versions_reversed)
        return [step for step in steps if step[2].version not in gone]

    async def _steps(self) -> list[Step]:
        found = await self._rows.db.fetch(
            _STREAM, self._rows.ledger_id, self._cause.stream_id, self._cause.position
        )
        entries = [(topic, Entry(position, data)) for position, topic, data in found]
        return [(e.position, topic, e) for topic, e in entries if self._view.wants(topic)]

    # Moment by moment -------------------------------------------------------------------------

    async def _retell(self, steps: Sequence[Step], since: datetime) -> None:
        shown = await self._images()
        picked: State = {}
        written: dict[str, list[Row]] = {}
        at: dict[datetime, list[tuple[Step, bool]]] = {
            entry.occurred_at: [] for _, _, entry in steps
        }
        for step, is_in_order in _ordered(self._counting(steps)):
            at[step[2].occurred_at].append((step, is_in_order))
        waiting: list[Step] = []
        last = max(at)
        for moment in sorted(at):
            await self._advance(at[moment], waiting)
            while shown and shown[-1][0] <= moment:
                _, place, image = shown.pop()
                picked[place] = image
            if moment >= since:
                await self._try(waiting, is_whole=moment == last)
                self._compare(moment, picked, written)
        for name, images in written.items():
            await self._rows.copy_images(name, ((image, self._cause) for image in images))

    async def _advance(self, fresh: Iterable[tuple[Step, bool]], waiting: list[Step]) -> None:
        """Apply what happened at a moment: in the log's order, so some of it has to wait."""
        self._fold.tried.clear()
        for step, is_in_order in fresh:
            insort(waiting, step, key=lambda one: one[0])
            if is_in_order:
                while waiting and waiting[0][0] <= step[0]:
                    await self._apply(waiting.pop(0))

    async def _try(self, waiting: Sequence[Step], *, is_whole: bool) -> None:
        """Apply over the rest what a later position made, as far as what it rests on is there."""
        fold = self._fold
        fold.is_trying = True
        try:
            for step in waiting:
                before = dict(fold.tried)
                try:
                    await self._apply(step)
                except LOST_CONNECTION:
                    raise
                except Exception:
                    if is_whole:
                        raise
                    fold.tried = before
        finally:
            fold.is_trying = False

    async def _apply(self, step: Step) -> None:
        position, topic, entry = step
        fold = self._fold
        fold.begin(entry)
        if position == self._cause.position:
            fold.lines = []
        kept = len(fold.lines)
        handler = self._view.handlers.get(topic)
        if handler is not None:
            await handler(fold, entry.event, entry)
        else:
            await self._touch()
        if position != self._cause.position:
            del fold.lines[kept:]

    async def _touch(self) -> None:
        """Note a reversal that the view has no handler for in the record's own row."""
        for table in self._tables.values():
            if table.is_per_stream and (row := await self._fold.find(table, self._stream_id)):
                self._fold.put(table, row)

    # What readers see -------------------------------------------------------------------------

    async def _images(self) -> list[tuple[datetime, Place, Row]]:
        """Return the images so far, in the order in which they count, the first one last."""
        images: list[tuple[datetime, Place, Row]] = []
        for table in self._tables.values():
            if table.history:
                shape = self._rows.layout.shapes[table.history]
                select = statements.rows_of_stream(table.history, table.stream)
                for record in await self._fetch(select):
                    row = shape.read(record)
                    place = (table.name, self._rows.layout.key_of[table.name](row))
                    images.append((row["occurred_at"], place, row))
        images.sort(key=_when_it_counts, reverse=True)
        return images

    def _compare(self, moment: datetime, picked: State, written: dict[str, list[Row]]) -> None:
        """Write an image of every row of which a reader would see something else."""
        state = self._fold.state()
        for place in {**picked, **state}:
            history = self._tables[place[0]].history
            if not history:
                continue
            row, seen = state.get(place), picked.get(place)
            if _is_shown(row, seen):
                continue
            images = written.setdefault(history, [])
            image = dict(row or seen or {})
            image |= {"occurred_at": moment, "image_no": len(images), "is_gone": row is None}
            picked[place] = image
            images.append(image)

    async def _settle_rows(self) -> None:
        """Bring the rows as they are now to what the events that count make of them."""
        state = self._fold.state()
        rows = self._rows
        for table in self._tables.values():
            key_of = rows.layout.key_of[table.name]
            select = statements.rows_of_stream(table.name, table.stream)
            for record in await self._fetch(select):
                row = rows.layout.shapes[table.name].read(record)
                key = key_of(row)
                rows.cache.put((table.name, key), row)
                if (table.name, key) not in state:
                    await rows.remove(table, key)
        for (name, key), row in state.items():
            if rows.cache.get((name, key)) != row:
                rows.set(self._tables[name], key, row)

    async def _add_opposites(self, positions: Sequence[int]) -> None:
        """Take back what lines of the reversed steps added up to, on the days of those lines."""
        rows = self._rows
        for lines in self._view.all_lines:
            if not lines.sums:
                continue
            shape = rows.layout.shapes[lines.name]
            found = await rows.db.fetch(
                statements.lines_at(lines.name), rows.ledger_id, list(positions)
            )
            for line in map(shape.read, found):
                if any(line[name] for name in lines.sums):
                    opposite = line | {name: -line[name] for name in lines.sums}
                    opposite["reverses"] = opposite.pop("position")
                    del opposite["line_no"], opposite["recorded_at"], opposite["ledger_id"]
                    rows.add(lines, opposite)

    async def _fetch(self, select: str) -> list[Row]:
        return list(await self._rows.db.fetch(select, self._rows.ledger_id, self._stream_id))


def _ordered(steps: Sequence[Step]) -> Iterable[tuple[Step, bool]]:
    """Tell of each step, by position, whether it did not happen before an earlier position."""
    latest: datetime | None = None
    for step in steps:
        moment = step[2].occurred_at
        is_in_order = latest is None or moment >= latest
        latest = moment if latest is None else max(latest, moment)
        yield step, is_in_order


def _reversal(entry: Entry) -> StepReversed:
    event = entry.event
    assert isinstance(event, StepReversed)  # noqa: S101 - its topic says so
    return event


def _when_it_counts(image: tuple[datetime, Place, Row]) -> tuple[datetime, int, int]:
    moment, _, row = image
    return moment, row["position"], row["image_no"]


def _is_shown(row: Row | None, seen: Row | None) -> bool:
    if seen is None or seen.get("is_gone"):
        return row is None
    if row is None:
        return False
    return all(seen[name] == value for name, value in row.items() if name not in APART)
