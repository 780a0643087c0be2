"""A jar of stones: the smallest aggregate that can be counted, for tests of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.core import aggregate as core
from ledger.core.aggregate import By


class Jar(core.Aggregate):
    """Something to put stones into: the smallest aggregate that can be counted."""

    TOPIC = "test_jar"
    SNAPSHOT_VERSION = 1

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a jar."""

    @dataclass(frozen=True, kw_only=True)
    class Made(Event, core.Created):
        """There is a jar."""

        TOPIC = "test_jar.made.v1"

        label: str

    @dataclass(frozen=True, kw_only=True)
    class Filled(Event):
        """Stones went in."""

        TOPIC = "test_jar.filled.v1"

        stones: int

        def apply(self, jar: Jar) -> None:
            jar.stones += self.stones

    def __init__(self, *, label: str) -> None:
        self.label = label
        self.stones = 0

    @classmethod
    def make(cls, by: By, label: str = "jar") -> Jar:
        return cls._begin(cls.Made, by, label=label)

    def fill(self, by: By, stones: int = 1) -> None:
        self._record(self.Filled, by, stones=stones)

    def to_snapshot(self) -> dict[str, Any]:
        return {"label": self.label, "stones": self.stones}

    def restore(self, data: dict[str, Any]) -> None:
        self.label, self.stones = data["label"], data["stones"]
