"""One good example of each event, a file a context, for tests to start from and vary."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from ledger.core.aggregate import By

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2 March 2026, 09:00 in China."""


def by(number: int = 1, *, role: str = "street", at: datetime = AT, reason: str = "") -> By:
    """Return person ``number`` deciding at ``at`` under version 1 of the policy book."""
    return By(actor_id=UUID(int=number), at=at, role=role, reason=reason, policy_version=1)
