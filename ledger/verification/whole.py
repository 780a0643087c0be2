"""The whole log from the checks of its ranges: the tree above them, and what was signed.

    ranges, in order ─► frontier ─► head row
                     └► tile roots ─► tiles of level 1 and above
                     └► roots at the sizes of checkpoints ─► what was signed

Memory does not grow with the log: the frontier, and up to 255 hashes a level.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.merkle.proofs import fold
from ledger.merkle.tiles import LEVEL_MAX, TILE_HEIGHT, TILE_WIDTH
from ledger.merkle.tree import Frontier
from ledger.storage.connect import Connection
from ledger.storage.verifying import raw_tiles
from ledger.verification.findings import Finding, Findings
from ledger.verification.ranges import RANGE_ENTRIES, Outcome, check_tile

STATE_VERSION = 1


class StateUnusable(ValueError):
    """A saved point to go on from is not of this log."""


@dataclass(slots=True)
class Whole:
    """Everything that is known after the ranges so far."""

    ledger_id: str
    frontier: Frontier = field(default_factory=Frontier)
    recorded_at: int | None = None
    findings: Findings = field(default_factory=Findings)
    _open: list[list[bytes]] = field(default_factory=lambda: [[] for _ in range(LEVEL_MAX + 1)])

    async def add(self, db: Connection, outcome: Outcome) -> None:
        """Take the next range in."""
        findings = self.findings
        findings.merge(outcome.findings)
        first = outcome.first_recorded_at
        if first is not None and self.recorded_at is not None and first <= self.recorded_at:
            found = Finding(
                rule="time-backwards",
                table="events",
                position=outcome.start,
                column="recorded_at",
            )
            findings.add(found)
        self.recorded_at = outcome.last_recorded_at or self.recorded_at
        left = list(self.frontier.hashes)
        for root in outcome.tile_roots:
            self.frontier.append_subtree(root, TILE_HEIGHT)
            await self._climb(db, 1, root)
        for leaf in outcome.open_leaves:
            self.frontier.append(leaf)
        for size, signed, part in outcome.checkpoints:
            root = self.frontier.root() if size == self.frontier.size else fold([*left, part])
            if root != signed:
                contradiction = Finding(
                    rule="checkpoint-contradicts", table="checkpoints", position=size, column="root"
                )
                findings.add(contradiction)

    async def _climb(self, db: Connection, level: int, root: bytes) -> None:
        """Put a tile's root into the row above; a row that is full is a tile to compare."""
        row = self._open[level]
        row.append(root)
        if len(row) < TILE_WIDTH:
            return
        number = (self.frontier.size >> TILE_HEIGHT * (level + 1)) - 1
        stored = await raw_tiles(db, self.ledger_id, level, number, number + 1)
        self._open[level] = []
        above = check_tile(level, number, row, stored.get(number), set(), self.findings)
        await self._climb(db, level + 1, above)

    def can_go_on(self) -> bool:
        """Tell whether this is where a later run can begin: at the end of a whole range."""
        return self.frontier.size % RANGE_ENTRIES == 0 and self.frontier.size > 0

    def to_state(self) -> dict[str, Any]:
        """Return it as JSON, to go on from later."""
        return {
            "v": STATE_VERSION,
            "ledger": self.ledger_id,
            "position": self.frontier.size,
            "frontier": [b64encode(one).decode() for one in self.frontier.hashes],
            "recorded_at": self.recorded_at,
            "open": [[b64encode(one).decode() for one in row] for row in self._open],
        }

    @classmethod
    def of_state(cls, ledger_id: str, state: Mapping[str, Any]) -> Whole:
        """Take up what ``to_state`` gave (``StateUnusable``)."""
        try:
            if (state["v"], state["ledger"]) != (STATE_VERSION, ledger_id):
                raise StateUnusable("another version or ledger")
            whole = cls(ledger_id)
            hashes = [b64decode(one, validate=True) for one in state["frontier"]]
            whole.frontier = Frontier(int(state["position"]), hashes)
            whole.recorded_at = state["recorded_at"]
            rows = [[b64decode(one, validate=True) for one in row] for row in state["open"]]
            if len(rows) != LEVEL_MAX + 1 or not all(len(row) < TILE_WIDTH for row in rows):
                raise StateUnusable("open rows")
            whole._open = rows
        except (KeyError, TypeError, AttributeError) as wrong:
            raise StateUnusable(str(wrong)) from wrong
        return whole
