"""Write ``docs/times.md``: which kind each command is, what bounds its moment, what takes it back.

    python -m scripts.times_table

A test fails when the file is not what this writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from api.routes import ROUTES
from api.routing import CommandRoute
from ledger.core.times import Kind, NoUndo, Timing, timing_of
from ledger.policy_values import entries

PATH = Path("docs/times.md")

HEAD = """# Times 时间：who says when something happened

Made by `python -m scripts.times_table` from what the commands say of themselves
(`ledger/core/times.py`); do not edit by hand.

| kind | 类别 | when it happened |
|---|---|---|
| decision | 决定 | when it is recorded, by the service's clock, read once; \
`occurred_at` is refused. If a midnight in China or 60 seconds lie between decision and record, it \
is decided again |
| fact | 事实 | when it happened; told on a later day it needs a reason and is marked `late`; \
beyond its term it takes two persons and is booked at the term's first day, with its `true_day` |
| statement | 当事人陈述 | when the party says it; a paper (`said_by`, with its scan) counts \
from its receipt, and is recorded by somebody who is not of that party |
| reaction | 自动 | at its due moment |

A fact is never told to have happened before the step that bounds it, nor before its record began:
it is booked at that step's moment, keeps its `true_day`, and is marked.

**Paper 书面** marks a decision or fact that a party may take on paper, recorded like a statement's.
**Two 两人** marks what one person proposes (`?propose=true`) and another carries out.
"""


def table() -> str:
    """Return the whole document."""
    parts = [HEAD]
    for context in ROUTES:
        if context.commands:
            parts.append(f"\n## {context.zh} {context.en}\n\n{_rows(context.commands)}")
    return "".join(parts)


def _rows(commands: Iterable[CommandRoute]) -> str:
    lines = [
        "| command | 名称 | kind | not before | term | two | taken back by |",
        "|---" * 7 + "|",
    ]
    lines += [_row(one, timing_of(one.function)) for one in commands]
    return "\n".join(lines) + "\n"


def _row(command: CommandRoute, timing: Timing) -> str:
    two = "两人" if timing.by_two else ""
    kind = f"{timing.kind}, 书面" if timing.by_paper else timing.kind
    undo = timing.undo.why if isinstance(timing.undo, NoUndo) else f"`{timing.undo}`"
    cells = (f"`{command.operation}`", command.zh, kind, timing.after, _term(timing), two)
    return "| " + " | ".join((*cells, undo)) + " |"


def _term(timing: Timing) -> str:
    if timing.kind not in (Kind.FACT, Kind.STATEMENT):
        return ""
    days = next(one.value for one in entries.VALUES if one.name == timing.term)
    return f"{days} days (`{timing.term}`)"


if __name__ == "__main__":
    PATH.write_text(table(), "utf-8")
