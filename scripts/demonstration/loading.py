"""Gives a plan to a ledger, command by command, as its people would have.

Steps are taken in order of time, many side by side where they have nothing to do with each
other. Each week, and where a step waits for it, the reactions answer what happened and what
fell due by then. Every command carries a key, so a load that was killed goes on where it
stopped: what is in the log already is skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from ledger.core.errors import Conflict, LedgerError
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.storage.evidence import EvidenceStore
from ledger.storage.ledger import Ledger
from ledger.storage.receipts import first_key, has_receipt, read_receipts
from ledger.storage.requests import Once
from scripts.demonstration.people import DEMO
from scripts.demonstration.plan import FULL, Plan, Scale
from scripts.demonstration.steps import Step
from scripts.demonstration.working_time import at

VERSION = 5
"""Counts up when the plan changes, so that two versions never mix in one ledger."""

AT_ONCE = 512
ATTEMPTS_MAX = 5
WEEK = timedelta(days=7)
COMPLETE = "complete"
NAMED_BY_THE_LEDGER = frozenset({"finding_id", "expense_id", "activity_id", "lease_id", "cause_id"})


class StepRefused(Exception):
    """The ledger refused a step of the demo: the plan breaks a rule, which is a mistake in it."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Which plan a ledger holds; written before the number of each command's key."""

    version: int
    end: date
    scale: Scale

    def __str__(self) -> str:
        return f"{self.version}/{self.end.isoformat()}/{self.scale.name}"


@dataclass(frozen=True, slots=True)
class Found:
    """What of a demo a ledger holds; ``edition`` is ``None`` if another version wrote it."""

    edition: Edition | None
    is_complete: bool


async def found_in(ledger: Ledger) -> Found | None:
    """Return which demo was begun in a ledger, if any."""
    key = await first_key(ledger.pool, ledger.id, DEMO)
    if key is None:
        return None
    written, _, _ = key.partition(":")
    is_complete = await has_receipt(ledger.pool, ledger.id, DEMO, f"{written}:{COMPLETE}")
    version, _, rest = written.partition("/")
    if version != str(VERSION):
        return Found(None, is_complete)
    day, scale = rest.split("/")
    return Found(Edition(VERSION, date.fromisoformat(day), Scale.named(scale)), is_complete)


class Loading:
    """One load; ``advanced`` is told how many steps were taken or skipped.

    Without ``documents`` only their digests are there.
    """

    def __init__(
        self,
        ledger: Ledger,
        plan: Plan,
        scale: Scale = FULL,
        *,
        advanced: Callable[[int], object] = lambda _: None,
        documents: EvidenceStore | None = None,
    ) -> None:
        self._ledger = ledger
        self._plan = plan
        self._edition = Edition(VERSION, plan.end, scale)
        self._advanced = advanced
        self._documents = documents
        self._reactions = Reactions(ledger, REACTIONS)
        self._ids: dict[UUID, UUID] = {}
        self._done: dict[str, UUID] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def load(self) -> None:
        """Take all steps that were not taken yet; the last one says that the demo is complete."""
        self._done = await read_receipts(self._ledger.pool, self._ledger.id, DEMO)
        *steps, last = enumerate(self._plan.steps)
        for until, chunk in _chunks(steps, at(self._plan.start, 0)):
            await self._take_all(chunk)
            await self._react(until)
        await self._react(at(self._plan.until, 0))
        await self._take(COMPLETE, last[1], None)

    async def _take_all(self, chunk: Sequence[tuple[int, Step]]) -> None:
        """Take the steps side by side, those of one lane one after another."""
        lanes: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            for number, step in chunk:
                await self._slots.acquire()
                before = lanes.get(step.lane)
                task = group.create_task(self._take(str(number), step, before))
                task.add_done_callback(lambda _: self._slots.release())
                lanes[step.lane] = task
        self._advanced(len(chunk))

    async def _take(self, name: str, step: Step, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        key = f"{self._edition}:{name}"
        made = self._done.get(key)
        if made is None:
            once = Once(caller=DEMO, key=key, request_digest=sha256(key.encode()).digest())
            await self._bring(step)
            command = self._real(step.command)
            made = await self._give(step, command, once)
        if step.names is not None:
            self._ids[step.names] = made

    async def _bring(self, step: Step) -> None:
        """Store the step's documents; those that were stored already stay as they are."""
        if self._documents is not None:
            for document in step.documents:
                await self._documents.take(document.chunks(), document.name, step.by.actor_id)

    async def _give(self, step: Step, command: Any, once: Once) -> UUID:
        """Give the command; decide again where something it relied on changed meanwhile.

        What is refused may have been recorded before this process began: then that counts.
        """
        for attempt in range(1, ATTEMPTS_MAX + 1):
            ledger = self._ledger.for_request(once=once)
            try:
                return (await step.run(command, ledger, step.by)).id
            except LedgerError as error:
                if before := await ledger.replay():
                    return before.id
                if not isinstance(error, Conflict) or attempt == ATTEMPTS_MAX:
                    raise StepRefused(f"{once.key} {command}") from error
        raise AssertionError("the last attempt returns or raises")

    def _real(self, command: Any) -> Any:
        """Put the ids that the ledger chose in the place of those that the plan uses."""
        changes = {
            name: self._ids[value]
            for name in _id_fields(command.__class__)
            if (value := getattr(command, name)) in self._ids
        }
        return replace(command, **changes) if changes else command

    async def _react(self, now: datetime) -> None:
        await self._reactions.catch_up(now=now)
        for follower in self._reactions.followers:
            if follower.failure is not None:
                raise StepRefused(f"{follower.name}: {follower.failure}")


@cache
def _id_fields(kind: type) -> tuple[str, ...]:
    """Return the fields of a command that may name what the ledger gave an id of its own."""
    return tuple(field.name for field in fields(kind) if field.name in NAMED_BY_THE_LEDGER)


def _chunks(
    steps: Sequence[tuple[int, Step]], start: datetime
) -> Iterator[tuple[datetime, list[tuple[int, Step]]]]:
    """Yield the steps up to each moment at which the reactions are to answer."""
    until = start + WEEK
    chunk: list[tuple[int, Step]] = []
    for number, step in steps:
        moment = step.by.at
        if chunk and (moment >= until or step.awaits_reactions):
            yield min(until, moment), chunk
            chunk = []
        while moment >= until:
            until += WEEK
        chunk.append((number, step))
    if chunk:
        yield chunk[-1][1].by.at, chunk
