"""What a check found: in which table, at which position, in which column, against which rule."""

from __future__ import annotations

from dataclasses import dataclass, field

FINDINGS_MAX = 1_000

RULES = {
    "entry-changed": ("条目的字节被改动", "the entry's bytes were changed"),
    "entry-malformed": ("条目的头部无法读取", "the entry's header cannot be read"),
    "entry-foreign": ("条目属于另一账本", "the entry belongs to another ledger"),
    "leaf-changed": ("叶哈希与条目不符", "the leaf hash is not that of the entry"),
    "column-differs": ("此列与条目的头部不符", "the column differs from the entry's header"),
    "row-missing": ("缺少此序号的条目", "there is no entry at this position"),
    "row-beyond": ("超出日志末端，或同一序号有两行", "beyond the log's end, or a position twice"),
    "time-backwards": ("入账时间未递增", "the recorded time does not rise with the position"),
    "version-broken": ("记录的版本不连续", "the versions of the record are not in order"),
    "tile-missing": ("缺少瓦片", "the tile is missing"),
    "tile-changed": ("瓦片与其下层不符", "the tile is not what lies below it"),
    "tile-beyond": ("不应存在的瓦片", "there should be no such tile"),
    "head-missing": ("有条目却没有日志头", "there are entries and no head"),
    "head-differs": ("日志头与条目不符", "the head differs from the entries"),
    "checkpoint-malformed": (
        "检查点与其签名笔记不符",
        "it differs from its signed note",
    ),
    "checkpoint-unsigned": ("检查点没有本日志的有效签名", "no valid signature of this log"),
    "checkpoint-contradicts": (
        "签名的树根与条目不符：条目在签名后被改动",
        "the signed root is not that of the entries: they were changed after signing",
    ),
    "log-shorter": (
        "日志比已签名的检查点短：有条目被删除",
        "the log is shorter than what was signed: entries were removed",
    ),
    "cosignature-wrong": ("见证人联署与其所载不符", "the cosignature is not what it says"),
    "time-stamp-wrong": ("时间戳不针对该检查点", "the time stamp is not over this checkpoint"),
    "receipt-differs": ("回执与所指条目不符", "the receipt differs from the entries it names"),
    "receipts-overlap": ("两张回执指向同一条目", "two receipts name one entry"),
    "token-foreign": (
        "令牌的数据行不是本服务写入的",
        "the token's row was not written by this service, or the log issued no such token",
    ),
    "token-differs": ("令牌的数据行与账本不符", "the token's row is not what the log says of it"),
    "snapshot-foreign": (
        "快照不是本服务写入的",
        "the snapshot was not written by this service; it is not believed",
    ),
    "snapshot-differs": (
        "快照与条目推算的状态不符",
        "the snapshot is not the state that the entries come to",
    ),
    "timer-missing": (
        "记录仍有期限在走，却没有计时",
        "a deadline of the record runs and no timer waits for it",
    ),
    "timer-late": (
        "计时晚于记录的期限",
        "the timer waits for longer than the record's deadline",
    ),
    "timer-for-nobody": (
        "计时所指的记录不存在或属于别类",
        "the timer is for a record that does not exist or is of another kind",
    ),
    "code-missing": (
        "条目没有本服务的校验码：不是经本服务写入的",
        "the entry has no code by the service's key: it was not written by the service",
    ),
    "code-wrong": (
        "条目或其回执与本服务的校验码不符",
        "the entry or its receipt is not what the service's code was made over",
    ),
    "code-beyond": ("校验码没有对应的条目", "there is a code and no entry that it belongs to"),
    "service-key-other": (
        "账本所载的服务密钥与现有的不是同一把",
        "the service key that the log names here is not the one at hand",
    ),
    "tracking-foreign": (
        "进度不是本服务写入的",
        "how far the follower has come was not written by this service",
    ),
    "signer-contradicts": (
        "签名程序记下的树与条目不符",
        "the tree that the signer remembers is not that of the entries",
    ),
    "tripwire-missing": (
        "防误改的触发器、约束或表的形式已被更改",
        "a trigger or constraint against changes is gone, or the table is not a plain one",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. ``position`` is a leaf index, or a size for checkpoints."""

    rule: str
    table: str
    position: int | None = None
    column: str = ""
    detail: str = ""

    @property
    def zh(self) -> str:
        """The rule in Chinese."""
        return RULES[self.rule][0]

    @property
    def en(self) -> str:
        """The rule in English."""
        return RULES[self.rule][1]

    def as_json(self) -> dict[str, object]:
        """Return it as the command prints it."""
        return {
            "rule": self.rule,
            "table": self.table,
            "position": self.position,
            "column": self.column,
            "detail": self.detail,
            "zh": self.zh,
            "en": self.en,
        }


@dataclass(slots=True)
class Findings:
    """The first findings whole, and how many there are in all."""

    first: list[Finding] = field(default_factory=list)
    count: int = 0

    def add(self, *more: Finding) -> None:
        """Take findings in."""
        self.count += len(more)
        self.first += more[: max(0, FINDINGS_MAX - len(self.first))]

    def merge(self, other: Findings) -> None:
        """Take in what another check found."""
        self.count += other.count
        self.first += other.first[: max(0, FINDINGS_MAX - len(self.first))]
