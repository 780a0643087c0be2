"""Good events of the log's own history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ledger.core.aggregate import Event
from ledger.log_history import LOG_HISTORY_ID, LogHistory
from ledger.merkle.tree import EMPTY_ROOT
from tests.examples import AT, by

ORIGIN = "ledger.example.org/371329"
NEW_ORIGIN = f"{ORIGIN}/since-20260302T010000Z"
FIRST_VKEY = f"{ORIGIN}+5f3b1c8a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SECOND_VKEY = f"{ORIGIN}+0c2d4e6f+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx"
NEW_VKEY = f"{NEW_ORIGIN}+1a2b3c4d+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx"
CHECKPOINT = f"{ORIGIN}\n91228\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— …\n"


def begun() -> LogHistory.Begun:
    """The log begins to tell about itself."""
    return LogHistory.Begun(
        originator_id=LOG_HISTORY_ID,
        originator_topic=LogHistory.TOPIC,
        originator_version=1,
        timestamp=AT,
        by=by(),
    )


def key_introduced(version: int = 2) -> LogHistory.KeyIntroduced:
    """A first key."""
    return LogHistory.KeyIntroduced(**_envelope(version), origin=ORIGIN, vkey=FIRST_VKEY)


def key_rotated(version: int = 3) -> LogHistory.KeyRotated:
    """A second key; the first signs along for 30 days."""
    return LogHistory.KeyRotated(
        **_envelope(version),
        vkey=SECOND_VKEY,
        former_vkey=FIRST_VKEY,
        former_until_at=AT + timedelta(days=30),
    )


def loss_acknowledged(version: int = 4) -> LogHistory.LossAcknowledged:
    """An old backup was restored."""
    return LogHistory.LossAcknowledged(
        **_envelope(version, reason="磁盘损坏，由昨日备份恢复"),
        former_origin=ORIGIN,
        former_checkpoint=CHECKPOINT,
        kept_size=91_000,
        kept_root_sha256=EMPTY_ROOT.hex(),
        origin=NEW_ORIGIN,
        vkey=NEW_VKEY,
    )


def clock_put_right(version: int = 5) -> LogHistory.ClockPutRight:
    """The clock had been a year ahead."""
    return LogHistory.ClockPutRight(
        **_envelope(version, reason="时钟曾快一年"), signed_at=AT + timedelta(days=365)
    )


def _envelope(version: int, *, reason: str = "") -> dict[str, Any]:
    return {
        "originator_id": LOG_HISTORY_ID,
        "originator_version": version,
        "timestamp": AT,
        "by": by(role="system", reason=reason),
    }


def stop_answered(version: int = 6) -> LogHistory.StopAnswered:
    """Somebody had changed the head's row; everything that was signed is there."""
    return LogHistory.StopAnswered(
        **_envelope(version, reason="日志头被误改，已由条目重新生成"),
        why="LogTorn",
        size=91_229,
        root_sha256=EMPTY_ROOT.hex(),
        mended=("head",),
    )


def signer_memory_replaced(version: int = 7) -> LogHistory.SignerMemoryReplaced:
    """The signer's file was lost with its disk."""
    return LogHistory.SignerMemoryReplaced(
        **_envelope(version, reason="服务器磁盘更换，签名记录文件遗失"), checkpoint=CHECKPOINT
    )


def service_key_named(version: int = 8) -> LogHistory.ServiceKeyNamed:
    """The service's key, by its check value."""
    return LogHistory.ServiceKeyNamed(
        **_envelope(version), key_check="00112233445566778899aabbccddeeff", by_former=""
    )


EXAMPLES: tuple[Event, ...] = (
    begun(),
    key_introduced(),
    key_rotated(),
    loss_acknowledged(),
    clock_put_right(),
    stop_answered(),
    signer_memory_replaced(),
    service_key_named(),
)
