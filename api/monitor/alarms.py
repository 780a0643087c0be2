"""What a monitor raises an alarm about, each with an exit status of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.core.errors import LedgerError


class Alarm(StrEnum):
    """What can be wrong with a log, seen from outside."""

    UNREACHABLE = "unreachable"
    NOTE_WRONG = "note-wrong"
    FORKED = "forked"
    TREE_WRONG = "tree-wrong"
    STALE = "stale"
    QUORUM_MISSING = "quorum-missing"
    ENTRIES_WRONG = "entries-wrong"

    @property
    def exit_status(self) -> int:
        """The exit status of the monitor; 0 is no alarm, 2 wrong usage."""
        return EXIT_STATUSES[self]

    @property
    def is_final(self) -> bool:
        """Whether going on makes no sense: what was seen is evidence and does not go away."""
        return self in (Alarm.FORKED, Alarm.TREE_WRONG, Alarm.ENTRIES_WRONG)


EXIT_STATUSES = {
    Alarm.UNREACHABLE: 10,
    Alarm.NOTE_WRONG: 11,
    Alarm.FORKED: 12,
    Alarm.TREE_WRONG: 13,
    Alarm.STALE: 14,
    Alarm.QUORUM_MISSING: 15,
    Alarm.ENTRIES_WRONG: 16,
}

SENTENCES = {
    Alarm.UNREACHABLE: ("日志无法访问", "the log cannot be reached"),
    Alarm.NOTE_WRONG: (
        "检查点格式不对，或没有受信任的有效签名",
        "the checkpoint is malformed, or no trusted key signed it",
    ),
    Alarm.FORKED: (
        "日志自相矛盾：历史被改写。两个检查点已存为证据",
        "the log contradicts itself: history was rewritten; both checkpoints are kept as evidence",
    ),
    Alarm.TREE_WRONG: (
        "瓦片与签名的树根不符，或上下层不符",
        "the tiles are not those of the signed root, or parents and children differ",
    ),
    Alarm.STALE: ("检查点过旧", "the checkpoint is too old"),
    Alarm.QUORUM_MISSING: ("见证人不足法定数", "fewer witnesses cosigned than the policy asks for"),
    Alarm.ENTRIES_WRONG: ("条目与哈希不符", "the entries are not what was hashed"),
}


class LogWrong(LedgerError):
    """A log that is followed from outside is not as it should be.

    从外部跟踪的日志不正常。
    """

    def __init__(self, alarm: Alarm, detail: str = "") -> None:
        super().__init__(alarm=alarm.value, detail=detail)
        self.alarm = alarm
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Raised:
    """One alarm, as it is told."""

    alarm: Alarm
    detail: str = ""

    def __str__(self) -> str:
        zh, en = SENTENCES[self.alarm]
        return f"{zh} / {en}" + (f" ({self.detail})" if self.detail else "")
