"""What stops appends: the log is known not to be what was signed, until somebody answers for it.

The mark stands in the head row (``heads.stopped``), so whoever appends reads it under the lock
that is the order of the log: once it is set no append is acknowledged, by whatever process.

    {"why":"LogBehind","facts":{"size":290,"signed_size":300},"at":"2026-03-02T01:00:30.000000Z"}

It is set by the append itself where it sees it, by the publisher, by the check before a start and
by the full check; ``minzhang recover`` answers for it with an entry and takes it away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from ledger.core.entry import stamp
from ledger.core.errors import Fact, LedgerError
from ledger.storage.connect import Database
from ledger.storage.errors import LogStopped

UNREADABLE = "StopUnreadable"

# A database of the version before has no such columns: it is looked at before it is migrated.
_READ = "SELECT to_jsonb(heads) ->> 'stopped' FROM heads WHERE ledger_id = $1"
_KEY_CHECK = """
    SELECT (to_jsonb(heads) ->> 'key_check')::bytea FROM heads WHERE ledger_id = $1
"""
_SET = """
    UPDATE heads SET stopped = $2
    WHERE ledger_id = $1 AND stopped IS NULL AND ($3::text IS NULL OR origin = $3)
"""
_LIFT = "UPDATE heads SET stopped = NULL WHERE ledger_id = $1"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why appends are stopped (the name of an error), with its facts, since when."""

    why: str
    at: datetime
    facts: dict[str, Fact] = field(default_factory=dict)

    @classmethod
    def because_of(cls, error: LedgerError, at: datetime) -> Stop:
        """Return the stop that an error makes."""
        return cls(type(error).__name__, at.astimezone(UTC), dict(error.facts))

    def to_text(self) -> str:
        """Return it as it is kept."""
        said: dict[str, Any] = {"why": self.why, "facts": self.facts, "at": stamp(self.at)}
        return orjson.dumps(said, default=str).decode()

    @classmethod
    def of_text(cls, text: str) -> Stop:
        """Read what was kept; what cannot be read stops as well."""
        try:
            said = orjson.loads(text)
            return cls(str(said["why"]), datetime.fromisoformat(said["at"]), dict(said["facts"]))
        except (ValueError, KeyError, TypeError):
            return cls(UNREADABLE, datetime.fromtimestamp(0, UTC))

    def refusal(self) -> LogStopped:
        """Return what whoever wants to append is told."""
        facts: dict[str, Fact] = {"why": self.why, "stopped_at": stamp(self.at)}
        return LogStopped(**(self.facts | facts))

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.why} ({facts})" if facts else self.why


async def read_stop(db: Database, ledger_id: str) -> Stop | None:
    """Return what stops the ledger's log; ``None`` if it goes on."""
    text = await db.fetchval(_READ, ledger_id)
    return None if text is None else Stop.of_text(text)


async def stop_appends(
    db: Database, ledger_id: str, stop: Stop, *, origin: str | None = None
) -> bool:
    """Stop the log, once those who append now are done; return whether it was not stopped before.

    With ``origin``: only while the log still has that name.
    """
    status: str = await db.execute(_SET, ledger_id, stop.to_text(), origin)
    return status.endswith(" 1")


async def lift_stop(db: Database, ledger_id: str) -> None:
    """Let the log go on; only inside the transaction of the entry that answers for it."""
    await db.execute(_LIFT, ledger_id)


async def key_check_of(db: Database, ledger_id: str) -> bytes | None:
    """Return the check value of the service's key in force; ``None`` before there is one."""
    found: bytes | None = await db.fetchval(_KEY_CHECK, ledger_id)
    return found
