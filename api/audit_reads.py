"""Reading audit data is itself in the log, once an hour for each reader and kind (S24).

It is noted before the answer is given: when it cannot be recorded, nothing is read.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aiohttp import web

from api.identity import Identity
from api.roles import Role
from ledger.commands.readings import note_reading
from ledger.core.aggregate import By
from ledger.storage.ledger import Ledger

AUDIT_DATA = frozenset(
    {
        "access_trail",
        "audit_trail",
        "consequences",
        "event",
        "event_entry",
        "looks_at_person",
        "read_entry_bundle",
        "read_evidence",
        "stream_events",
    }
)
"""Operations that show who did what: reading them is told."""

READERS = frozenset(
    {Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.DISCIPLINE, Role.EFFICIENCY_OFFICE}
)
"""Who reads audit data by office; others see it of their own work."""

REMEMBERED_MAX = 10_000


class ReadingDesk:
    """Notes readings for one application, and remembers which it has noted."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._noted: dict[tuple[UUID, str], datetime] = {}

    async def note(self, identity: Identity, operation: str) -> None:
        """Have it in the log that this reader reads this kind of data now."""
        if operation not in AUDIT_DATA or identity.role not in READERS:
            return
        now = self._ledger.clock()
        key = (identity.actor_id, operation)
        until = self._noted.get(key)
        if until is not None and now < until:
            return
        by = By(
            actor_id=identity.actor_id,
            at=now,
            role=identity.role,
            organisation_id=identity.organisation_id,
            post=identity.post,
        )
        _, ends_at = await note_reading(self._ledger.for_request(), by, operation)
        if len(self._noted) >= REMEMBERED_MAX:
            self._noted.clear()
        self._noted[key] = ends_at


READINGS = web.AppKey("readings", ReadingDesk)
