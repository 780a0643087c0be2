"""Records what a file asks for: rows about different records side by side, others in order.

Every step is asked for with its key. Whatever dies in between, asking again records what is
missing and nothing twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.codec import topic_of
from ledger.core.errors import Conflict, LedgerError
from ledger.core.values import derived_id
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.errors import IdempotencyMismatch, Unavailable
from ledger.storage.ledger import Ledger, Recorded
from scripts.imports import rules
from scripts.imports.plan import PlannedRow, PlannedStep
from scripts.imports.problems import Problem, problem
from scripts.imports.records import person_id, unrecorded_person_id
from scripts.imports.tables import Source

AT_ONCE = 64
DECISIONS_MAX = 50
WAITS_MAX = 60
WAIT_SECONDS = 0.5
UNRECORDED = "unrecorded"
NOBODY = UUID(int=0)

Lane: TypeAlias = "deque[tuple[PlannedRow, PlannedStep]]"


@dataclass(slots=True)
class Recording:
    """What was recorded: steps and events by topic, breaches by rule with their rows."""

    steps_count: int = 0
    rows: set[int] = field(default_factory=set)
    replayed_rows: set[int] = field(default_factory=set)
    """Rows of which somebody else recorded a step while this import ran."""
    topics: Counter[str] = field(default_factory=Counter)
    breaches: Counter[str] = field(default_factory=Counter)
    breach_rows: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    problems: list[Problem] = field(default_factory=list)

    def add(self, row: PlannedRow, recorded: Recorded) -> None:
        """Count what a step recorded; what another import had recorded meanwhile is not ours."""
        if recorded.replayed:
            self.replayed_rows.add(row.number)
            return
        self.steps_count += 1
        self.rows.add(row.number)
        for event in recorded.events:
            self.topics[topic_of(event)] += 1
            for rule in event.by.breaches:
                self.breaches[rule] += 1
                self.breach_rows[rule].add(row.number)


class Recorder:
    """Records the rows of one file."""

    def __init__(self, ledger: Ledger, source: Source, progress: Callable[[int], None]) -> None:
        self._ledger = ledger
        self._source = source
        self._progress = progress
        self._done = Recording()
        self._stopped: LedgerError | None = None

    async def record(self, rows: Sequence[PlannedRow]) -> Recording:
        """Record all steps that are not there yet.

        A step that is refused ends its row and is reported; raises ``ImportStopped`` when the
        database is gone for too long.
        """
        lanes = _lanes(rows)
        await asyncio.gather(*(self._work(lanes) for _ in range(AT_ONCE)))
        if self._stopped is not None:
            raise self._stopped
        return self._done

    async def _work(self, lanes: deque[Lane]) -> None:
        while lanes and self._stopped is None:
            lane = lanes.popleft()
            while lane and self._stopped is None:
                await self._take(*lane.popleft())

    async def _take(self, row: PlannedRow, planned: PlannedStep) -> None:
        if row.is_refused:
            return
        try:
            recorded = await self._ask(row, planned)
        except rules.ImportStopped as stopped:
            self._stopped = stopped
            return
        except LedgerError as refused:
            row.is_refused = True
            refusal = problem(refused, row=row.number, column=planned.step.name)
            self._done.problems.append(refusal)
            return
        row.record_id = row.record_id or recorded.id
        self._done.add(row, recorded)
        self._progress(1)

    async def _ask(self, row: PlannedRow, planned: PlannedStep) -> Recorded:
        by = self._by(row, planned)
        command = planned.step.command(row.record_id or NOBODY)
        waits = 0
        for _ in range(DECISIONS_MAX + WAITS_MAX):
            handle = self._ledger.for_request(once=planned.once)
            try:
                return await self._decide(planned, command, handle, by)
            except Conflict:
                continue  # somebody else changed it meanwhile: decide again
            except (Unavailable, *LOST_CONNECTION) as error:
                waits += 1
                if waits == WAITS_MAX:
                    raise rules.ImportStopped(problem=type(error).__name__) from error
                await asyncio.sleep(WAIT_SECONDS)
        raise Conflict(row=row.number)

    async def _decide(
        self, planned: PlannedStep, command: object, handle: Ledger, by: By
    ) -> Recorded:
        try:
            return await planned.step.run(command, handle, by)
        except (Conflict, Unavailable, IdempotencyMismatch):
            raise
        except LedgerError:
            # Perhaps this very step was recorded a moment ago, or what was remembered is old.
            if (replayed := await handle.replay()) is not None:
                return replayed
            return await planned.step.run(command, handle, by)

    def _by(self, row: PlannedRow, planned: PlannedStep) -> By:
        step, source = planned.step, self._source
        origin = (
            f"历史导入 Imported history: {source.name}, SHA-256 {source.sha256}, row {row.number}"
        )
        return By(
            actor_id=person_id(step.actor)
            if step.actor
            else unrecorded_person_id(row.key, step.name),
            at=planned.at,
            role=step.role,
            organisation_id=step.organisation_id,
            post="" if step.actor else UNRECORDED,
            correlation=derived_id("import", source.sha256),
            reason=f"{step.note}\n{origin}" if step.note else origin,
            evidence=step.evidence,
            is_history=True,
        )


def _lanes(rows: Sequence[PlannedRow]) -> deque[Lane]:
    """Return the missing steps by record, each record's in the order in which they happened."""
    lanes: defaultdict[object, list[tuple[PlannedRow, PlannedStep]]] = defaultdict(list)
    for row in rows:
        lane = row.row.lane() or f"row {row.number}"
        lanes[lane] += [(row, planned) for planned in row.steps[row.there_count :]]
    ordered = [deque(sorted(lane, key=_moment)) for lane in lanes.values() if lane]
    return deque(sorted(ordered, key=lambda lane: _moment(lane[0])))


def _moment(taken: tuple[PlannedRow, PlannedStep]) -> tuple[bool, datetime, int]:
    row, planned = taken
    return not planned.step.opens, planned.at, row.number
