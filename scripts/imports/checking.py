"""All checks of a file before anything of it is stored; every row is looked at."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from ledger.commands.policies import policies_of
from ledger.commands.references import ReferenceLooksPersonal, is_confirmed
from ledger.core.aggregate import Aggregate
from ledger.policies import PolicyBook, PolicyMissing
from ledger.sealing import kind_in_reference
from ledger.storage.errors import IdempotencyMismatch
from ledger.storage.ledger import Ledger
from ledger.storage.requests import Append
from scripts.imports import rules
from scripts.imports.columns import Reading, read_row, references_of
from scripts.imports.plan import NumberedRow, PlannedRow, PlannedStep, plan
from scripts.imports.problems import Problem, problem
from scripts.imports.records import At, Found, ImportRow, Step, person_id
from scripts.imports.tables import Table

AT_ONCE = 64

Progress = Callable[[int], None]


def read_rows(
    kind: type[ImportRow], table: Table, reading: Reading, progress: Progress
) -> tuple[list[NumberedRow], list[Problem]]:
    """Read every row's cells; return the readable rows and what is wrong with the others."""
    rows: list[NumberedRow] = []
    problems: list[Problem] = []
    for line in table.lines:
        values, wrong = read_row(kind, line, reading)
        problems += wrong
        if not wrong:
            rows.append(NumberedRow(line.number, kind(**values)))
        progress(1)
    return rows, problems


class Checks:
    """The checks of rows against each other and against the ledger."""

    def __init__(self, ledger: Ledger, labels: Mapping[str, str], progress: Progress) -> None:
        self._ledger = ledger
        self._labels = labels
        self._progress = progress
        self._wrong: defaultdict[int, list[At]] = defaultdict(list)

    async def check(self, rows: Sequence[NumberedRow]) -> tuple[list[PlannedRow], list[Problem]]:
        """Return the rows that can be recorded, and what is wrong with the others.

        ``there_count`` says of each how many of its steps an earlier import has recorded.
        """
        found = await look_up(self._ledger, rows)
        self._check_rows(rows, found)
        planned = plan([one for one in rows if one.number not in self._wrong], found)
        book = await policies_of(self._ledger)
        now = self._ledger.clock()
        for row in planned:
            self._note(row.number, _time_problems(row, book, now))
        sound = self._sound(planned)
        await _side_by_side(self._ask_what_is_there(row) for row in sound)
        await _side_by_side(self._ask_who_confirmed(row) for row in sound)
        for row in sound:
            if row.there_count == 0 and (refused := row.row.recorded(found)):
                self._note(row.number, [refused])
        return self._sound(planned), self._problems()

    def _check_rows(self, rows: Sequence[NumberedRow], found: Found) -> None:
        begun: dict[object, int] = {}
        for numbered in rows:
            self._note(numbered.number, numbered.row.problems(found))
            once = numbered.row.stands_once()
            if once is None:
                continue
            first = begun.setdefault(once, numbered.number)
            if first != numbered.number:
                self._note(numbered.number, [("", rules.RowRepeated(row=first))])

    async def _ask_what_is_there(self, row: PlannedRow) -> None:
        """Find the steps that an earlier import recorded; they must be the row's first ones."""
        for count, planned in enumerate(row.steps):
            try:
                record_id = await _recorded_before(self._ledger, planned)
            except IdempotencyMismatch:
                self._note(row.number, [_altered(planned)])
                continue
            if record_id is None:
                if count == 0:
                    break
            elif count == row.there_count:
                row.there_count += 1
                row.record_id = row.record_id or record_id
            else:
                self._note(row.number, [_altered(row.steps[row.there_count])])
        self._progress(1)

    async def _ask_who_confirmed(self, row: PlannedRow) -> None:
        """Find references that look like personal numbers, and that nobody else confirmed."""
        if row.there_count == len(row.steps):
            return
        actors = frozenset(person_id(one.step.actor) for one in row.steps if one.step.actor)
        for name, text in references_of(row.row):
            if not await is_confirmed(self._ledger, actors, text):
                refused = ReferenceLooksPersonal(kind=kind_in_reference(text))
                self._note(row.number, [(name, refused)])

    def _note(self, number: int, wrong: Iterable[At]) -> None:
        if found := list(wrong):
            self._wrong[number] += found

    def _sound(self, planned: Sequence[PlannedRow]) -> list[PlannedRow]:
        return [row for row in planned if row.number not in self._wrong]

    def _problems(self) -> list[Problem]:
        return [
            problem(error, row=number, column=self._labels.get(name, name))
            for number, wrong in sorted(self._wrong.items())
            for name, error in wrong
        ]


async def look_up(ledger: Ledger, rows: Sequence[NumberedRow]) -> Found:
    """Fetch all that the rows refer to, each record once."""
    needs = {need for numbered in rows for need in numbered.row.needs()}
    found = Found(begun={one for n in rows if (one := n.row.begins()) is not None})

    async def fetch(kind: type[Aggregate], record_id: UUID) -> None:
        if (aggregate := await ledger.find(kind, record_id)) is not None:
            found.aggregates[record_id] = aggregate

    await _side_by_side(fetch(kind, record_id) for kind, record_id in needs)
    return found


def _time_problems(row: PlannedRow, book: PolicyBook, now: datetime) -> Iterator[At]:
    earlier: Step | None = None
    for planned in row.steps:
        step = planned.step
        if earlier is not None and step.when.before(earlier.when):
            yield step.column, rules.DaysOutOfOrder(earlier=earlier.name, step=step.name)
        if step.when.at > now:
            yield step.column, rules.DayInFuture()
        else:
            try:
                book.value(row.row.PROBE, on=step.when.day)
            except PolicyMissing as error:
                yield step.column, error
        earlier = step


async def _recorded_before(ledger: Ledger, planned: PlannedStep) -> UUID | None:
    """Return the record that a step was recorded for; asks the log itself, writes nothing."""
    appended = await ledger.appender.append(Append(once=planned.once))
    return UUID(appended.stream_id) if appended.replayed else None


def _altered(planned: PlannedStep) -> At:
    return planned.step.column, rules.RowAltered(step=planned.step.name)


async def _side_by_side(tasks: Iterator[object]) -> None:
    """Run coroutines, as many at once as one append of the ledger can take."""
    while batch := list(islice(tasks, AT_ONCE * 4)):
        await asyncio.gather(*batch)  # type: ignore[call-overload]
