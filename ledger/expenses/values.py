"""The words of an expense: what is asked for, where it stands, what was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.calendar import Due
from ledger.core.clock import end_of_day

COMMITTEE = "owners_committee"
COMMUNITY = "community"
STREET = "street"
OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseTerms:
    """What is asked for: ``amount_fen`` to ``payee`` for ``purpose``, under a category.

    ``payee`` is a business's registered name (a natural person stands under a pseudonym),
    ``payee_id`` its organisation where the ledger knows it.
    """

    amount_fen: int
    category: str
    purpose: str
    payee: str
    payee_id: UUID | None = None


class ExpenseStatus(StrEnum):
    """Where an expense stands."""

    APPLIED = "applied"
    REVIEWED = "reviewed"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    PAID = "paid"
    REVERSED = "reversed"

    def is_paid(self) -> bool:
        """Tell whether money has left the account for it, even if it came back."""
        return self in (ExpenseStatus.PAID, ExpenseStatus.REVERSED)

    def is_open(self) -> bool:
        """Tell whether the expense can still be changed or decided."""
        return self in (
            ExpenseStatus.APPLIED,
            ExpenseStatus.REVIEWED,
            ExpenseStatus.RETURNED,
            ExpenseStatus.APPROVED,
        )


class EvidenceKind(StrEnum):
    """What a document proves."""

    QUOTATION = "quotation"
    CONTRACT = "contract"
    INVOICE = "invoice"
    ACCEPTANCE = "acceptance"
    RESOLUTION = "resolution"
    PHOTO = "photo"
    OTHER = "other"


@dataclass(slots=True, kw_only=True)
class Publication:
    """What an expense remembers of its publication: by when it is due, and what became of it."""

    due: Due | None = None
    until_on: date | None = None
    first_at: datetime | None = None
    is_missed: bool = False

    def is_late(self) -> bool:
        """Tell whether its due day passes without it, or did, and that is not on record yet."""
        return self.due is not None and not self.is_missed and _is_late(self.first_at, self.due)


@dataclass(slots=True, kw_only=True)
class Objection:
    """What an expense remembers of one objection."""

    raised_by: frozenset[UUID]
    due: Due
    answered_at: datetime | None = None
    is_missed: bool = False

    @property
    def is_answered(self) -> bool:
        """Tell whether it has its answer."""
        return self.answered_at is not None

    def is_late(self) -> bool:
        """Tell whether its due day passes unanswered, or did, and that is not on record yet."""
        return not self.is_missed and _is_late(self.answered_at, self.due)


def _is_late(done_at: datetime | None, due: Due) -> bool:
    return done_at is None or done_at > end_of_day(due.on)
