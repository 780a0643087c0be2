"""Good events of the sealing keys' history."""

from __future__ import annotations

from typing import Any

from ledger.core.aggregate import Event
from ledger.sealing_history import SEALING_HISTORY_ID, SealingHistory
from tests.examples import AT, by


def begun() -> SealingHistory.Begun:
    """The ledger begins to tell about its sealing keys."""
    return SealingHistory.Begun(
        originator_id=SEALING_HISTORY_ID,
        originator_topic=SealingHistory.TOPIC,
        originator_version=1,
        timestamp=AT,
        by=by(role="system"),
    )


def kek_rotated(version: int = 2) -> SealingHistory.KekRotated:
    """Everything is wrapped under a new key."""
    return SealingHistory.KekRotated(**_envelope(version), kek="20260302-5f3a", slots_count=1200)


def index_key_rotated(version: int = 3) -> SealingHistory.IndexKeyRotated:
    """Everything is found by a new key."""
    return SealingHistory.IndexKeyRotated(
        **_envelope(version), index_key="0c2d4e6f", values_count=900
    )


def keys_moved(version: int = 4) -> SealingHistory.KeysMoved:
    """All secrets went into another database."""
    return SealingHistory.KeysMoved(**_envelope(version), slots_count=1200, moved_at=AT)


def _envelope(version: int) -> dict[str, Any]:
    return {
        "originator_id": SEALING_HISTORY_ID,
        "originator_version": version,
        "timestamp": AT,
        "by": by(role="system"),
    }


EXAMPLES: tuple[Event, ...] = (begun(), kek_rotated(), index_key_rotated(), keys_moved())
