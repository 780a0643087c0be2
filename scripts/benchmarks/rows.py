"""Measurements: one row a case, system and number of writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one system did in one case.

    ``events_per_s`` counts events that are durable and acknowledged. The times are of one
    call from its start to its answer: an append, a batch of 1,000, a command.
    """

    case: str
    system: str
    writers: int
    events_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    p999_ms: float


FIGURES = ("events_per_s", "p50_ms", "p95_ms", "p99_ms", "p999_ms")


@dataclass(frozen=True, slots=True)
class Sample:
    """What was seen in one round: events acknowledged, seconds in all, seconds of each call."""

    event_count: int
    seconds: float
    call_seconds: Sequence[float]


def row_of(case: str, system: str, writers: int, samples: Sequence[Sample]) -> Row:
    """Return the medians over all rounds."""
    rounds = [_figures(sample) for sample in samples]
    middle = {name: round(median(one[name] for one in rounds), 3) for name in FIGURES}
    return Row(case=case, system=system, writers=writers, **middle)


def _figures(sample: Sample) -> dict[str, float]:
    ordered = sorted(sample.call_seconds)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000

    return {
        "events_per_s": sample.event_count / sample.seconds,
        "p50_ms": at(0.5),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "p999_ms": at(0.999),
    }
