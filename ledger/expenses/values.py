"""The words of an expense: what is asked for, where it stands, what was published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from ledger.calendar import Due

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
    is_missed: bool = False


@dataclass(slots=True, kw_only=True)
class Objection:
    """What an expense remembers of one objection."""

    raised_by: frozenset[UUID]
    due: Due
    is_answered: bool = False
    is_missed: bool = False
