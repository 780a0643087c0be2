"""Which steps a file asks for, each with the key by which it happens once.

A key follows from what a row says, not from how the file says it: the kind, the step, what the
row says about its first step, and a number among rows that begin alike. Columns in another order,
another encoding, a spreadsheet instead of CSV give the same keys. A row to which later steps were
added has the old keys for its old steps; a step that says something else than it did when it was
recorded is found out by its digest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import orjson

from ledger.storage.requests import Once
from scripts.imports.records import Found, ImportRow, Step

CALLER = "import"


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A row and where it stands in its file, from 1."""

    number: int
    row: ImportRow


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step, when it counts as taken, and its key."""

    step: Step
    at: datetime
    once: Once


@dataclass(slots=True)
class PlannedRow:
    """A row with its steps; ``there_count`` of them are in the ledger already.

    ``record_id`` is what the first step began or addressed, once that is known.
    """

    number: int
    row: ImportRow
    key: str
    steps: list[PlannedStep]
    there_count: int = 0
    record_id: UUID | None = None
    is_refused: bool = field(default=False)


def plan(rows: Sequence[NumberedRow], found: Found) -> list[PlannedRow]:
    """Return the steps of all rows, which must be sound."""
    planned = []
    for numbered, occurrence in _occurrences(rows):
        row = numbered.row
        begin = _digest(row, _first_fields(row), occurrence)
        steps = row.steps(found, begin.hex())
        taken = list(_planned_steps(row, steps, begin))
        planned.append(PlannedRow(numbered.number, row, begin.hex(), taken))
    return sorted(planned, key=lambda one: one.number)


def _planned_steps(row: ImportRow, steps: Sequence[Step], begin: bytes) -> Iterable[PlannedStep]:
    latest: datetime | None = None
    for step in steps:
        # A day without its time counts as its start, but never as before the step before it.
        latest = step.when.at if latest is None else max(latest, step.when.at)
        key = f"{row.KIND}:{step.name}:{begin.hex()}"
        said = _digest(row, row.later().get(step.name, _first_fields(row)), 0)
        yield PlannedStep(step, latest, Once(caller=CALLER, key=key, request_digest=said))


def _occurrences(rows: Sequence[NumberedRow]) -> Iterable[tuple[NumberedRow, int]]:
    """Yield each row with its number among those that begin alike, whatever their order."""
    alike: defaultdict[bytes, list[NumberedRow]] = defaultdict(list)
    for numbered in rows:
        alike[_digest(numbered.row, _first_fields(numbered.row), 0)].append(numbered)
    for group in alike.values():
        group.sort(key=lambda one: _dumped(one.row.content))
        for occurrence, numbered in enumerate(group):
            yield numbered, occurrence


def _first_fields(row: ImportRow) -> Sequence[str]:
    later = {name for names in row.later().values() for name in names}
    return [name for name in row.content if name not in later]


def _digest(row: ImportRow, names: Iterable[str], occurrence: int) -> bytes:
    content = row.content
    said = {name: content[name] for name in names if name in content}
    return sha256(_dumped([row.KIND, occurrence, said])).digest()


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
