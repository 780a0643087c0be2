"""The targets: which ratio of which rows, and what it should reach. A miss is shown, not hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TypeAlias

from scripts.benchmarks.rows import Row

Key: TypeAlias = tuple[str, str, int]
"""Case, system and writers of a row."""


@dataclass(frozen=True, slots=True)
class Target:
    """A rate of ours beside another, in the same run; or a time, or a rate alone; or how far two
    times are apart.

    ``of`` is the row that is judged.
    """

    zh: str
    en: str
    of: Key
    _: KW_ONLY
    beside: Key | None = None
    apart_from: Key | None = None
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


ONE, MANY, CROWD = _ours("append", 1), _ours("append", 32), _ours("append", 256)
BULK, CLASHING = _ours("bulk", 1), _ours("conflicts-10%", 32)
COMMANDS, API, LAG = _ours("commands", 64), _ours("api", 64), _ours("lag", 50)
CATCH_UP, OF_PETITIONS = _ours("projections", 1), _ours("projections-petitions", 1)
INCLUSION, CONSISTENCY = _ours("proof-inclusion", 1), _ours("proof-consistency", 1)
LIBRARY, FUNCTIONS, PEER = "eventsourcing", "eventsourcing-functions", "fastapi-sqlalchemy"
P99 = "p99_ms"

TARGETS = (
    Target(
        "32 个写入者，对比库的默认记录器",
        "32 writers beside the library's default recorder",
        MANY,
        beside=("append", LIBRARY, 32),
        at_least=30,
    ),
    Target("32 个写入者，p99 毫秒", "32 writers, p99 in ms", MANY, figure=P99, at_most=25),
    Target(
        "32 个写入者，对比库的函数模式（不保证读者顺序）",
        "32 writers beside the library's functions mode (unsafe for readers)",
        MANY,
        beside=("append", FUNCTIONS, 32),
        at_least=8,
    ),
    Target(
        "32 个写入者，对比 UmaDB",
        "32 writers beside UmaDB",
        MANY,
        beside=("append", "umadb", 32),
        at_least=1.5,
    ),
    Target(
        "1 个写入者，对比库的默认记录器",
        "1 writer beside the library's default recorder",
        ONE,
        beside=("append", LIBRARY, 1),
        at_least=2,
    ),
    Target(
        "256 个写入者，对比 COPY",
        "256 writers beside COPY",
        CROWD,
        beside=("append", "copy", 1),
        at_least=0.35,
    ),
    Target(
        "批量写入（每次 1000 条），对比 COPY",
        "bulk (1,000 events a call) beside COPY",
        BULK,
        beside=("bulk", "copy", 1),
        at_least=0.5,
    ),
    Target(
        "10% 冲突，对比无冲突",
        "10% conflicts beside none",
        CLASHING,
        beside=_ours("conflicts-0%", 32),
        at_least=0.8,
    ),
    Target("命令（进程内），每秒", "commands in the process, a second", COMMANDS, at_least=2_000),
    Target(
        "命令（进程内），p99 毫秒",
        "commands in the process, p99 in ms",
        COMMANDS,
        figure=P99,
        at_most=80,
    ),
    Target(
        "最坏的请求正文期间，/healthz 等待毫秒",
        "wait of /healthz, in ms, while every address is sent the worst bodies",
        _ours("worst-bodies", 4),
        figure="p999_ms",
        at_most=200,
    ),
    Target("接口命令，每秒", "commands through the API, a second", API, at_least=2_000),
    Target(
        "接口命令，p99 毫秒", "commands through the API, p99 in ms", API, figure=P99, at_most=80
    ),
    Target(
        "接口命令，对比 FastAPI + SQLAlchemy + 审计触发器",
        "commands through the API beside FastAPI + SQLAlchemy + an audit trigger",
        API,
        beside=("api", PEER, 64),
        at_least=2,
    ),
    Target(
        "视图追赶（志愿服务），每秒事件",
        "catch-up of all views, events of volunteers a second",
        CATCH_UP,
        at_least=20_000,
    ),
    Target(
        "视图追赶（诉求），每秒事件",
        "catch-up of all views, events of petitions a second",
        OF_PETITIONS,
        at_least=20_000,
    ),
    *(
        Target(f"{zh}，p95 毫秒", f"{en}, p95 in ms", _ours(case, 1), figure="p95_ms", at_most=30)
        for case, zh, en in (
            ("read-register", "诉求登记簿首页", "first page of the petitions' register"),
            ("read-timeline", "诉求办理时间线", "a petition's timeline"),
            ("read-statement", "积分明细首页", "first page of a statement of points"),
            ("read-trail", "一条记录的审计轨迹", "audit trail of a record"),
        )
    ),
    Target(
        "每秒 1000 条事件时从提交到可见，p99 毫秒",
        "from commit to visible at 1,000 events a second, p99 in ms",
        LAG,
        figure=P99,
        at_most=250,
    ),
    Target(
        "包含证明（HTTP），p95 毫秒",
        "inclusion proof over HTTP, p95 in ms",
        INCLUSION,
        figure="p95_ms",
        at_most=5,
    ),
    Target(
        "一致性证明（HTTP），p95 毫秒",
        "consistency proof over HTTP, p95 in ms",
        CONSISTENCY,
        figure="p95_ms",
        at_most=5,
    ),
    Target(
        "从回执到已发布的检查点，最长毫秒",
        "receipt to published checkpoint, longest in ms",
        _ours("receipt", 1),
        figure="p999_ms",
        at_most=2_000,
    ),
    Target(
        "制作审计包，每秒条目（10万条 15 秒）",
        "bundles made, entries a second (100,000 in 15 s)",
        _ours("bundle", 1),
        at_least=100_000 / 15,
    ),
    Target(
        "单文件核验审计包，每秒条目（10万条 20 秒）",
        "bundles checked by the single file, entries a second (100,000 in 20 s)",
        ("bundle", "verify_ledger.py", 1),
        at_least=100_000 / 20,
    ),
    Target(
        "全库核验，每秒条目",
        "full check, entries a second",
        _ours("verify", 1),
        at_least=60_000,
    ),
    Target(
        "登录被拒：有此用户与无此用户的中位数相差毫秒",
        "refused sign-ins, known and unknown names: medians apart, in ms",
        _ours("sign-in-known", 2),
        figure="p50_ms",
        apart_from=_ours("sign-in-unknown", 2),
        at_most=5,
    ),
    Target(
        "会话与权限检查，每秒（每次不超过 0.3 毫秒）",
        "checks of session and permission, a second (0.3 ms each at most)",
        _ours("sessions", 64),
        at_least=3_334,
    ),
    Target(
        "权限范围检查（一次命令加一次查询），每秒（每次不超过 0.3 毫秒）",
        "checks of scope (a command and a question), a second (0.3 ms each at most)",
        _ours("permissions", 64),
        at_least=3_334,
    ),
)


def growth_target(grown_events: int) -> Target:
    """Return the target for the long log, which may be of any length."""
    return Target(
        f"账本有 {grown_events:,} 条事件，对比 10,000 条（每次写入的代价）",
        f"cost of an append at {grown_events:,} events beside 10,000",
        _ours("growth-10000", 32),
        beside=_ours(f"growth-{grown_events}", 32),
        at_most=1.2,
    )


def judge(rows: Sequence[Row], grown_events: int) -> list[Verdict]:
    """Return the verdicts on all targets whose rows are there."""
    found = {(row.case, row.system, row.writers): row for row in rows}
    verdicts = []
    for target in (*TARGETS, growth_target(grown_events)):
        row = found.get(target.of)
        other = found.get(target.beside or target.apart_from or target.of)
        if row is not None and other is not None:
            verdicts.append(Verdict(target, _value(target, row, other)))
    return verdicts


def _value(target: Target, row: Row, other: Row) -> float:
    value: float = getattr(row, target.figure)
    if target.beside is not None:
        value /= getattr(other, target.figure)
    if target.apart_from is not None:
        value = abs(value - getattr(other, target.figure))
    return value
