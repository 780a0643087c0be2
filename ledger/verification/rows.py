"""Rows of events against their own bytes: one quick look at each, a long one where it fails.

Written apart from ``tests/faults/oracle.py``, which checks the same things its own way: if one of
the two is wrong, the tests that run both on one ledger show it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from ledger.core.entry import FORMAT_VERSION
from ledger.verification.findings import Finding, Findings

_STORED_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INDEXED = ("stream", "version", "topic")
_COLUMNS = ("stream_id", "version", "topic")
_TIMES = ("occurred_at", "recorded_at")


@dataclass(slots=True)
class RowChecker:
    """Goes through rows in order; ``leaves`` are the hashes of their entries (None: no row)."""

    origin_at: Callable[[int], str]
    position: int
    recorded_at: int | None = None
    first_recorded_at: int | None = None
    leaves: list[bytes | None] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    wrong_positions: set[int] = field(default_factory=set)

    def take(self, rows: Sequence[Any]) -> None:
        """Check the next rows."""
        for row in rows:
            if row[0] != self.position and not self._is_in_turn(row[0]):
                continue
            if not self._is_sound(row):
                self._explain(row)
            self.position += 1

    def finish(self, end: int) -> None:
        """Say what is missing before ``end``."""
        self._miss(end)

    def _is_in_turn(self, position: int) -> bool:
        if position < self.position:
            self._find("row-beyond", position)
            return False
        self._miss(position)
        return True

    def _miss(self, end: int) -> None:
        for position in range(self.position, end):
            self._find("row-missing", position)
            self.leaves.append(None)
        self.position = max(self.position, end)

    def _is_sound(self, row: Any) -> bool:
        """Tell whether all is well; most rows get no further than this."""
        _, stream_id, version, topic, occurred_at, recorded_at, leaf, entry = row
        computed = sha256(b"\x00" + entry).digest()
        self.leaves.append(computed)
        before, self.recorded_at = self.recorded_at, recorded_at
        if before is None:
            self.first_recorded_at = recorded_at
        try:
            header = orjson.loads(entry[: entry.index(b"\n")])
            return bool(
                computed == leaf
                and header["stream"] == stream_id
                and header["version"] == version
                and header["topic"] == topic
                and header["origin"] == self.origin_at(self.position)
                and header["v"] == FORMAT_VERSION
                and (before is None or recorded_at > before)
                and stored_time(header["recorded_at"]) == recorded_at
                and stored_time(header["occurred_at"]) == occurred_at
            )
        except (ValueError, KeyError, TypeError):
            return False

    def _explain(self, row: Any) -> None:
        """Name every column that is wrong."""
        position, *indexed, occurred_at, recorded_at, leaf, entry = row
        before = len(self.findings.first), self.findings.count
        if self.leaves[-1] != leaf:
            self._find("leaf-changed", position, "entry, leaf_hash")
        header = _header(entry)
        if header is None:
            self._find("entry-malformed", position, "entry")
            return
        origin = self.origin_at(position)
        if (header.get("origin"), header.get("v")) != (origin, FORMAT_VERSION):
            self._find("entry-foreign", position, "entry", str(header.get("origin")))
        said = [header.get(name) for name in _INDEXED]
        said += [_time_or_none(header.get(name)) for name in _TIMES]
        columns = zip((*_COLUMNS, *_TIMES), (*indexed, occurred_at, recorded_at), said, strict=True)
        for column, stored, expected in columns:
            if stored != expected:
                self._find("column-differs", position, column, f"{stored} / {expected}")
        if (len(self.findings.first), self.findings.count) == before:
            self._find("time-backwards", position, "recorded_at")

    def _find(self, rule: str, position: int, column: str = "", detail: str = "") -> None:
        self.wrong_positions.add(position)
        self.findings.add(
            Finding(
                rule=rule, table="events", position=position, column=column, detail=detail[:200]
            )
        )


def stored_time(text: str) -> int:
    """Return a header's time as PostgreSQL stores it: microseconds since 2000."""
    since = datetime.fromisoformat(text) - _STORED_EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def origin_of(entry: bytes) -> str:
    """Return the log's name that an entry carries; empty if it cannot be read."""
    return str((_header(entry) or {}).get("origin", ""))


def _time_or_none(text: Any) -> int | None:
    try:
        return stored_time(text)
    except (ValueError, TypeError):
        return None


def _header(entry: bytes) -> dict[str, Any] | None:
    try:
        header = orjson.loads(entry[: entry.index(b"\n")])
    except ValueError:
        return None
    return header if isinstance(header, dict) else None
