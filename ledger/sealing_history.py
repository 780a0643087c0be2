"""What happened to the keys of sealed data, as far as everybody may know: that they were changed.

Names of keys are told, never keys. Who reads this knows since when a key that was stolen opens
nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.values import derived_id

SEALING_HISTORY_ID = derived_id("sealing-history", "")


class SealingHistory(core.Aggregate):
    """The history of one ledger's sealing keys."""

    TOPIC = "sealing_history"

    # Events: what can happen to the keys -------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of the sealing keys' history."""

    @dataclass(frozen=True, kw_only=True)
    class Begun(Event, core.Created):
        """The ledger begins to tell about its sealing keys."""

        TOPIC = "sealing_history.begun.v1"

    @dataclass(frozen=True, kw_only=True)
    class KekRotated(Event):
        """All secrets are wrapped under the key-encryption key of this name."""

        TOPIC = "sealing_history.kek_rotated.v1"

        kek: str
        slots_count: int

        def apply(self, history: SealingHistory) -> None:
            history.kek = self.kek

    @dataclass(frozen=True, kw_only=True)
    class IndexKeyRotated(Event):
        """Every searchable value is found by the index key of this name."""

        TOPIC = "sealing_history.index_key_rotated.v1"

        index_key: str
        values_count: int

        def apply(self, history: SealingHistory) -> None:
            history.index_key = self.index_key

    @dataclass(frozen=True, kw_only=True)
    class KeysMoved(Event):
        """The wrapped secrets went into another database at ``moved_at``."""

        TOPIC = "sealing_history.keys_moved.v1"

        slots_count: int
        moved_at: datetime

        def apply(self, history: SealingHistory) -> None:
            history.moved_at = self.moved_at

    # State: what we remember of it ------------------------------------------------------

    def __init__(self) -> None:
        self.kek = ""
        self.index_key = ""
        self.moved_at: datetime | None = None

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """There is one history a ledger."""
        return SEALING_HISTORY_ID

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def begin(cls, by: By) -> SealingHistory:
        """Begin the history."""
        return cls._begin(cls.Begun, by)

    def rotate_kek(self, by: By, *, kek: str, slots_count: int) -> None:
        """Note that a key-encryption key wraps everything; one that is noted is not noted again."""
        if kek != self.kek:
            self._record(self.KekRotated, by, kek=kek, slots_count=slots_count)

    def rotate_index_key(self, by: By, *, index_key: str, values_count: int) -> None:
        """Note that everything is found by an index key; once."""
        if index_key != self.index_key:
            self._record(self.IndexKeyRotated, by, index_key=index_key, values_count=values_count)

    def move_keys(self, by: By, *, slots_count: int, moved_at: datetime) -> None:
        """Note that the secrets went elsewhere; once for each time."""
        if moved_at != self.moved_at:
            self._record(self.KeysMoved, by, slots_count=slots_count, moved_at=moved_at)
