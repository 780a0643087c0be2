"""The words of a deposit: its agreement, the cause of a draw-down, and where a draw-down stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from ledger.calendar import Due
from ledger.core.clock import end_of_day

STREET = "street"
COMMUNITY = "community"
SUPERVISOR = "supervisor"
COMPANY = "company"


class DepositForm(StrEnum):
    """How the company secures its promise: money, or a bank's guarantee."""

    CASH = "cash"
    GUARANTEE = "guarantee"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the deposit rests on: no statute asks for one, so its own basis is written down.

    ``basis`` names the agreement or local rule, ``contract`` the service contract that it
    secures. The deposit is due back ``return_days`` calendar days after the contract ended.
    """

    contract: str
    basis: str
    form: DepositForm
    ends_on: date
    return_days: int


class CauseKind(StrEnum):
    """What showed that the company is late or does not do its work."""

    PETITION = "petition"
    FINDING = "finding"
    INSPECTION = "inspection"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why the deposit is drawn on: ``id`` of the petition or finding, or what was recorded."""

    kind: CauseKind
    id: UUID | None = None
    record: str = ""

    def is_complete(self) -> bool:
        """Tell whether somebody else could look the cause up."""
        if self.kind in (CauseKind.PETITION, CauseKind.FINDING):
            return self.id is not None
        return bool(self.record.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawTerms:
    """What is asked of the deposit: ``amount_fen`` to ``payee`` for ``purpose``, and why.

    ``payee`` is a business's registered name (a natural person stands under a pseudonym),
    ``payee_id`` its organisation where the ledger knows it.
    ``reminder_id`` names the reminder that the company let pass, where one was sent.
    """

    amount_fen: int
    payee: str
    purpose: str
    cause: Cause
    payee_id: UUID | None = None
    reminder_id: UUID | None = None


class DrawStatus(StrEnum):
    """Where a draw-down stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    PAID = "paid"


class ContestOutcome(StrEnum):
    """What became of a company's contest: it was right (upheld) or not (dismissed)."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


@dataclass(slots=True, kw_only=True)
class Draw:
    """What a deposit remembers of one draw-down; amounts in fen."""

    terms: DrawTerms
    requested_by: frozenset[UUID]
    requested_at: datetime
    approved_by: frozenset[UUID] = frozenset()
    approved_at: datetime | None = None
    paid_at: datetime | None = None
    work_ordered_at: datetime | None = None
    status: DrawStatus = DrawStatus.REQUESTED
    paid_fen: int = 0
    refunded_fen: int = 0
    contest_until: Due | None = None
    is_contested: bool = False
    is_contest_open: bool = False
    is_upheld: bool = False
    refund_due: Due | None = None
    refunded_at: datetime | None = None
    is_refund_missed: bool = False
    is_work_ordered: bool = False
    is_work_accepted: bool = False

    def is_open(self) -> bool:
        """Tell whether the amount is promised but not paid: then it is held back."""
        return self.status in (DrawStatus.REQUESTED, DrawStatus.APPROVED)

    @property
    def owed_fen(self) -> int:
        """What must still come back because the company's contest was upheld."""
        return max(0, self.paid_fen - self.refunded_fen) if self.is_upheld else 0

    def is_refund_late(self) -> bool:
        """Tell whether the day for the refund passes unmet, or did, and is not on record yet."""
        if self.refund_due is None or self.is_refund_missed or not self.paid_fen:
            return False
        back_at = self.refunded_at
        return back_at is None or back_at > end_of_day(self.refund_due.on)


@dataclass(slots=True, kw_only=True)
class Demand:
    """What a deposit remembers of one demand to top it up; ``open_fen`` is still to be paid."""

    open_fen: int
    due: Due
    demanded_at: datetime
    met_at: datetime | None = None
    is_missed: bool = False

    def is_late(self) -> bool:
        """Tell whether its due day passes unmet, or did, and that is not on record yet."""
        is_met = self.met_at is not None and self.met_at <= end_of_day(self.due.on)
        return not is_met and not self.is_missed


@dataclass(slots=True, kw_only=True)
class Ending:
    """The contract's end, and by when what is left must go back."""

    ended_on: date
    ended_at: datetime
    return_due_on: date
    emptied_at: datetime | None = None
    is_missed: bool = False

    def is_late(self, held_fen: int) -> bool:
        """Tell whether the day passes with money held, or did, and that is not on record yet."""
        was_held = self.emptied_at is not None and self.emptied_at > end_of_day(self.return_due_on)
        return (held_fen > 0 or was_held) and not self.is_missed
