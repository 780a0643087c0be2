"""A step of the demo: one command, as somebody gives it at a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.values import derived_id
from ledger.storage.ledger import Ledger, Recorded
from scripts.demonstration.documents import Document
from scripts.demonstration.people import Person
from scripts.demonstration.working_time import after

Run: TypeAlias = Callable[[Any, Ledger, By], Awaitable[Recorded]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Steps of one ``lane`` are taken one after another, those of different lanes side by side.

    ``names`` is the id by which later commands call what this one creates, where the ledger
    chooses the real id. Before a step that ``awaits_reactions``, the reactions answer all that
    happened so far. ``documents`` are brought by whoever takes the step, just before it.
    """

    lane: str
    run: Run
    command: Any
    by: By
    names: UUID | None = None
    awaits_reactions: bool = False
    documents: tuple[Document, ...] = ()


def alias(kind: str, key: str) -> UUID:
    """Return the id by which the plan calls something that does not exist yet."""
    return derived_id(f"demo-{kind}", key)


class Story:
    """Writes steps one after another, each some working minutes after the one before."""

    def __init__(self, lane: str, begins_at: datetime) -> None:
        self.lane = lane
        self.at = begins_at
        self.steps: list[Step] = []

    def do(  # noqa: PLR0913
        self,
        run: Run,
        command: Any,
        person: Person,
        minutes: int = 0,
        *,
        reason: str = "",
        documents: Sequence[Document] = (),
        names: UUID | None = None,
        second: Person | None = None,
    ) -> None:
        """Take a step; where two have to, ``person`` proposed it and ``second`` carries it out."""
        self.at = after(self.at, minutes) if minutes else self.at
        evidence = [document.evidence for document in documents]
        by = (second or person).by(self.at, reason, evidence)
        if second is not None:
            by = replace(by, proposed_by=(person.id,))
        step = Step(
            lane=self.lane,
            run=run,
            command=command,
            by=by,
            names=names,
            documents=tuple(documents),
        )
        self.steps.append(step)
