"""The four kinds of commands: who says when something happened.

    decision    somebody decides: it happens when it is recorded, by the service's clock
    fact        something happened out there: it may be told late, bounded and marked
    statement   what a party says: when they say it, or when their paper was received
    reaction    what time does by itself: its due moment

Each function that records says its kind where it is written, so that every entrance (the
API, a page, an import, a stand-in) finds it there:

    @fact(after="the approval", undo="reverse_expense_payment")
    async def pay_expense(command: PayExpense, ledger: Ledger, by: By) -> Recorded: ...

``docs/times.md`` lists them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

FACT_TERM = "entry.fact_days"
STATEMENT_TERM = "entry.statement_days"
ITS_RECORD = "the beginning of its record"
_ATTRIBUTE = "__timing__"


class Kind(StrEnum):
    """Who says when it happened."""

    DECISION = "decision"
    FACT = "fact"
    STATEMENT = "statement"
    REACTION = "reaction"


@dataclass(frozen=True, slots=True)
class NoUndo:
    """Why nothing takes a step back: it is itself how something is put right, or must stay."""

    why: str


NOT_YET = NoUndo("nothing yet: who notices a mistake says so in a new record")
"""Said of steps for which no way back has been built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What a command says about itself.

    ``after`` names the step that bounds a fact or a statement, ``term`` the policy that says
    within how many days it may be told late. ``undo`` is the operation that takes it back.
    ``by_two``: it is proposed by one person and carried out by another. ``by_paper``: a party may
    have taken the step on paper, which somebody else records (a statement always may).
    """

    kind: Kind
    undo: str | NoUndo
    after: str = ""
    term: str = ""
    by_two: bool = False
    by_paper: bool = False

    @property
    def takes_paper(self) -> bool:
        """Whether somebody else may record a party's paper, with ``said_by``."""
        return self.by_paper or self.kind is Kind.STATEMENT

    @property
    def may_be_told_late(self) -> bool:
        """Whether another moment than the present may be given."""
        return self.kind in (Kind.FACT, Kind.STATEMENT)


class TimingMissing(Exception):
    """A function that records does not say which kind of command it is."""


def timing_of(function: Callable[..., Any]) -> Timing:
    """Return what a command says about itself (refuses with ``TimingMissing``)."""
    timing = getattr(function, _ATTRIBUTE, None)
    if not isinstance(timing, Timing):
        raise TimingMissing(f"{function.__module__}.{function.__qualname__} has no kind of time")
    return timing


def decision(
    *, undo: str | NoUndo, by_two: bool = False, by_paper: bool = False
) -> Callable[[F], F]:
    """Declare: somebody decides, at the moment of recording."""
    return _declare(Timing(kind=Kind.DECISION, undo=undo, by_two=by_two, by_paper=by_paper))


def fact(
    *,
    undo: str | NoUndo,
    after: str = ITS_RECORD,
    term: str = FACT_TERM,
    by_two: bool = False,
    by_paper: bool = False,
) -> Callable[[F], F]:
    """Declare: something happened, after a step, and may be told within a term."""
    timing = Timing(
        kind=Kind.FACT, undo=undo, after=after, term=term, by_two=by_two, by_paper=by_paper
    )
    return _declare(timing)


def statement(
    *, undo: str | NoUndo, after: str = ITS_RECORD, term: str = STATEMENT_TERM
) -> Callable[[F], F]:
    """Declare: a party says something; on paper it counts from its receipt."""
    return _declare(Timing(kind=Kind.STATEMENT, undo=undo, after=after, term=term))


def like(other: Callable[..., Any]) -> Callable[[F], F]:
    """Declare: the same as another function, which it calls."""
    return _declare(timing_of(other))


def reaction() -> Callable[[F], F]:
    """Declare: time does it, at the moment when it is due."""
    undo = NoUndo("it follows from what was told, and is withdrawn with it")
    return _declare(Timing(kind=Kind.REACTION, undo=undo))


def _declare(timing: Timing) -> Callable[[F], F]:
    def declare(function: F) -> F:
        setattr(function, _ATTRIBUTE, timing)
        return function

    return declare
