"""The targets: which ratio of which rows, and what it should reach. A miss is shown, not hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scripts.benchmarks.rows import Row

Key: TypeAlias = tuple[str, str, int]
"""Case, system and writers of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A rate beside another, in the same run; or a time, or a rate alone."""

    zh: str
    en: str
    of: Key
    beside: Key | None = None
    figure: str = "events_per_s"
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target's figure turned out to be."""

    target: Target
    value: float

    @property
    def is_met(self) -> bool:
        low, high = self.target.at_least, self.target.at_most
        return (low is None or self.value >= low) and (high is None or self.value <= high)


def _ours(case: str, writers: int) -> Key:
    return (case, "minzhang", writers)


def _copy(case: str) -> Key:
    return (case, "copy", 1)


TARGETS = (
    Target(
        zh="32 个写入者，对比库的默认记录器",
        en="32 writers beside the library's default recorder",
        of=_ours("append", 32),
        beside=("append", "eventsourcing", 32),
        at_least=30,
    ),
    Target(
        zh="32 个写入者，p99 毫秒",
        en="32 writers, p99 in ms",
        of=_ours("append", 32),
        figure="p99_ms",
        at_most=25,
    ),
    Target(
        zh="32 个写入者，对比库的函数模式（不保证读者顺序）",
        en="32 writers beside the library's functions mode (unsafe for readers)",
        of=_ours("append", 32),
        beside=("append", "eventsourcing-functions", 32),
        at_least=8,
    ),
    Target(
        zh="1 个写入者，对比库的默认记录器",
        en="1 writer beside the library's default recorder",
        of=_ours("append", 1),
        beside=("append", "eventsourcing", 1),
        at_least=2,
    ),
    Target(
        zh="256 个写入者，对比 COPY",
        en="256 writers beside COPY",
        of=_ours("append", 256),
        beside=_copy("append"),
        at_least=0.35,
    ),
    Target(
        zh="批量写入（每次 1000 条），对比 COPY",
        en="bulk (1,000 events a call) beside COPY",
        of=_ours("bulk", 1),
        beside=_copy("bulk"),
        at_least=0.5,
    ),
    Target(
        zh="10% 冲突，对比无冲突",
        en="10% conflicts beside none",
        of=_ours("conflicts-10%", 32),
        beside=_ours("conflicts-0%", 32),
        at_least=0.8,
    ),
    Target(
        zh="32 个写入者，对比 UmaDB",
        en="32 writers beside UmaDB",
        of=_ours("append", 32),
        beside=("append", "umadb", 32),
        at_least=1.5,
    ),
    Target(
        zh="命令（进程内），每秒",
        en="commands in the process, a second",
        of=_ours("commands", 64),
        at_least=2_000,
    ),
    Target(
        zh="命令（进程内），p99 毫秒",
        en="commands in the process, p99 in ms",
        of=_ours("commands", 64),
        figure="p99_ms",
        at_most=80,
    ),
    Target(
        zh="视图追赶，每秒事件",
        en="catch-up of all views, events a second",
        of=_ours("projections", 1),
        at_least=20_000,
    ),
)


def growth_target(grown_events: int) -> Target:
    """Return the target for the long log, which may be of any length."""
    return Target(
        zh=f"账本有 {grown_events:,} 条事件，对比 10,000 条（每次写入的代价）",
        en=f"cost of an append at {grown_events:,} events beside 10,000",
        of=_ours("growth-10000", 32),
        beside=_ours(f"growth-{grown_events}", 32),
        at_most=1.2,
    )


def judge(rows: Sequence[Row], grown_events: int) -> list[Verdict]:
    """Return the verdicts on all targets whose rows are there."""
    found = {(row.case, row.system, row.writers): row for row in rows}
    verdicts = []
    for target in (*TARGETS, growth_target(grown_events)):
        row, beside = found.get(target.of), found.get(target.beside or target.of)
        if row is None or beside is None:
            continue
        value: float = getattr(row, target.figure)
        if target.beside is not None:
            value /= getattr(beside, target.figure)
        verdicts.append(Verdict(target, value))
    return verdicts
