"""What commands about an estate's money look up: its organisations, and deadlines."""

from __future__ import annotations

from uuid import UUID

from ledger.calendar import Due
from ledger.commands.calendar import calendar_of
from ledger.commands.organisations import organisation_of
from ledger.commands.policies import policies_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from ledger.organisations import Kind
from ledger.storage.ledger import Ledger


async def expect_kind(ledger: Ledger, field: str, organisation_id: UUID, kind: Kind) -> None:
    """Refuse an organisation that does not exist (``NotFound``) or is of another kind."""
    organisation = await organisation_of(ledger, organisation_id)
    if organisation.kind is not kind:
        raise InvalidValue(field=field, kind=organisation.kind, expected_kind=kind)


async def due_under(ledger: Ledger, by: By, policy: str) -> tuple[By, Due]:
    """Return the deadline that a policy gives from today, and ``by`` under that policy."""
    book = await policies_of(ledger)
    calendar = await calendar_of(ledger)
    day = local_day(by.at)
    due = calendar.add_working_days(day, book.number(policy, on=day))
    return by.under(book.version), due
