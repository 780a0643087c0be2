"""How publishing stands, in this process: for ``/readyz``, ``/metrics`` and pages."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from ledger.publishing.witnesses import Standing

WAITING_SECONDS_MAX = 5.0
"""How long a checkpoint may wait for its quorum before that is said to be missing."""


@dataclass(slots=True)
class StampFigures:
    """One authority for time stamps."""

    name: str
    stamped_size: int = -1
    failures_total: int = 0
    problem: str | None = None


@dataclass(slots=True)
class Status:
    """What is published and what keeps the rest from it.

    ``alarm``: the publisher stopped for good, because the log contradicts what was signed.
    ``problem``: it tries again. ``is_publishing``: this process holds the pen; another may.
    """

    is_publishing: bool = False
    signed_size: int = -1
    signed_at: datetime | None = None
    published_size: int = -1
    published_at: datetime | None = None
    checkpoints_total: int = 0
    alarm: str | None = None
    problem: str | None = None
    has_quorum: bool = False  # the policy asks for witnesses at all
    lacking: tuple[str, ...] = ()  # witnesses that could still make the quorum
    witnesses: list[Standing] = field(default_factory=list)
    authorities: list[StampFigures] = field(default_factory=list)
    _waits_since: float | None = None

    def note_signed(self, size: int, at: datetime) -> None:
        """A checkpoint was signed, or one that somebody signed was found."""
        self.signed_size, self.signed_at = size, at
        if self.published_size < size and self._waits_since is None:
            self._waits_since = time.monotonic()

    def note_published(self, size: int, at: datetime) -> None:
        """A checkpoint is public."""
        if size > self.published_size:
            self.published_size, self.published_at = size, at
            self.lacking = ()
            self._waits_since = None if size >= self.signed_size else time.monotonic()

    @property
    def is_below_quorum(self) -> bool:
        """Tell whether what was signed waits for witnesses longer than it should."""
        waits = self._waits_since
        return (
            self.has_quorum and waits is not None and time.monotonic() - waits > WAITING_SECONDS_MAX
        )

    def reasons(self) -> list[str]:
        """Return why this process should not serve: the log contradicts what was signed."""
        return [f"log: {self.alarm}"] if self.alarm else []

    def degraded(self) -> list[str]:
        """Return what does not work as it should while everything else goes on."""
        said = []
        if self.problem:
            said.append(f"publisher: {self.problem}")
        if self.is_below_quorum:
            lacking = ", ".join(self.lacking) or "unknown"
            said.append(
                f"below the quorum: checkpoint {self.signed_size} waits for witnesses"
                f" ({lacking}); published is {self.published_size}"
            )
        said += [f"witness {one.name} refuses: {one.alarm}" for one in self.witnesses if one.alarm]
        said += [
            f"time stamps by {one.name}: {one.problem}" for one in self.authorities if one.problem
        ]
        return said
