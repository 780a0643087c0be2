"""Trials, and the rounds in which they take turns.

A machine that others use too is quicker now and slower then; trials that take turns share
that, so their ratios mean more than their figures.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from scripts.benchmarks.rows import Row, Sample, row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where trials run: a database of their own with the store's tables, and how much they do.

    ``scale`` multiplies the number of calls (1: figures worth reading; less: a quick look).
    ``grown_events`` is how long the long log of the case `growth` is.
    """

    dsn: str
    rounds: int = 5
    scale: float = 1.0
    grown_events: int = 1_000_000

    def count(self, whole: int) -> int:
        """Return how many calls to make where ``whole`` are wanted at scale 1."""
        return max(2, int(whole * self.scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One system in one case; ``run`` measures it once."""

    case: str
    system: str
    writers: int
    run: Callable[[Place], Awaitable[Sample]]


@dataclass(slots=True)
class Times:
    """The times of calls that go on at once."""

    call_seconds: list[float] = field(default_factory=list)

    def take(self, began: float) -> None:
        """Note a call that began at ``began`` (``time.perf_counter()``) and ends now."""
        self.call_seconds.append(time.perf_counter() - began)


async def run_rounds(
    trials: Sequence[Trial], place: Place, told: Callable[[Trial], None]
) -> list[Row]:
    """Run each trial once a round, in turn; return the medians."""
    samples: list[list[Sample]] = [[] for _ in trials]
    for _ in range(place.rounds):
        for trial, seen in zip(trials, samples, strict=True):
            told(trial)
            gc.collect()
            seen.append(await trial.run(place))
    return [
        row_of(trial.case, trial.system, trial.writers, seen)
        for trial, seen in zip(trials, samples, strict=True)
    ]


async def race(writers: Sequence[Awaitable[int]], times: Times) -> Sample:
    """Let all writers go at once; each returns how many events were acknowledged to it."""
    began = time.perf_counter()
    counts = await asyncio.gather(*writers)
    return Sample(sum(counts), time.perf_counter() - began, times.call_seconds)
