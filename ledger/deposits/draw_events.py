"""What can happen to a draw-down of a deposit, each with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.calendar import Due
from ledger.core.guards import persons
from ledger.deposits.event import DepositEvent, move
from ledger.deposits.values import ContestOutcome, Draw, DrawStatus, DrawTerms

if TYPE_CHECKING:
    from ledger.deposits.deposit import Deposit


@dataclass(frozen=True, kw_only=True)
class DrawRequested(DepositEvent):
    """A draw-down was asked for; from now on its amount is held back."""

    TOPIC = "deposit.draw_requested.v1"
    STANDS = "cancel_draw"
    ABOUT = ("draw_id",)

    draw_id: UUID
    terms: DrawTerms

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id] = Draw(
            terms=self.terms, requested_by=persons(self.by), requested_at=self.timestamp
        )
        deposit.changes.append((self.timestamp, -self.terms.amount_fen))


@dataclass(frozen=True, kw_only=True)
class DrawApproved(DepositEvent):
    """The street approved the draw-down as it was asked for."""

    TOPIC = "deposit.draw_approved.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.approved_by = persons(self.by)
        draw.approved_at = self.timestamp
        if draw.status is not DrawStatus.PAID:
            draw.status = DrawStatus.APPROVED


@dataclass(frozen=True, kw_only=True)
class DrawRejected(DepositEvent):
    """The street refused the draw-down; its amount is free again."""

    TOPIC = "deposit.draw_rejected.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        deposit.free_again(self.draw_id, DrawStatus.REJECTED, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class DrawCancelled(DepositEvent):
    """The draw-down was given up before it was paid; its amount is free again."""

    TOPIC = "deposit.draw_cancelled.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        deposit.free_again(self.draw_id, DrawStatus.CANCELLED, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class EmergencyWorkOrdered(DepositEvent):
    """A contractor was told to do the work that the company did not do."""

    TOPIC = "deposit.emergency_work_ordered.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID
    contractor: str
    work: str

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.is_work_ordered = True
        draw.work_ordered_at = draw.work_ordered_at or self.timestamp


@dataclass(frozen=True, kw_only=True)
class DrawPaid(DepositEvent):
    """The payee was paid out of the deposit; the company may contest it until ``contest_until``."""

    TOPIC = "deposit.draw_paid.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID
    amount_fen: int
    bank_reference: str
    contest_until: Due

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        freed_fen = draw.terms.amount_fen if draw.is_open() else 0
        draw.status = DrawStatus.PAID
        draw.paid_fen = self.amount_fen
        draw.paid_at = self.timestamp
        draw.contest_until = self.contest_until
        move(deposit, -self.amount_fen, self.timestamp, freed_fen=freed_fen)


@dataclass(frozen=True, kw_only=True)
class WorkVerified(DepositEvent):
    """Somebody looked at the work and accepted it, or did not."""

    TOPIC = "deposit.work_verified.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID
    is_accepted: bool

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].is_work_accepted = self.is_accepted


@dataclass(frozen=True, kw_only=True)
class DrawContested(DepositEvent):
    """The company says that the draw-down was wrong, and why."""

    TOPIC = "deposit.draw_contested.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID
    statement: str

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.is_contested = draw.is_contest_open = True


@dataclass(frozen=True, kw_only=True)
class ContestDecided(DepositEvent):
    """The street decided the company's contest, giving its reason."""

    TOPIC = "deposit.contest_decided.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID
    outcome: ContestOutcome

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].is_contest_open = False


@dataclass(frozen=True, kw_only=True)
class ContestDecidedWithTerm(DepositEvent):
    """The street decided the company's contest; upheld, the money is due back on ``refund_due``."""

    TOPIC = "deposit.contest_decided.v2"
    ABOUT = ("draw_id",)

    draw_id: UUID
    outcome: ContestOutcome
    refund_due: Due | None

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.is_contest_open = False
        draw.is_upheld = self.outcome is ContestOutcome.UPHELD
        draw.refund_due = self.refund_due


@dataclass(frozen=True, kw_only=True)
class RefundMissed(DepositEvent):
    """The day passed on which an upheld contest's money was due back in the deposit."""

    TOPIC = "deposit.refund_missed.v1"
    ABOUT = ("draw_id",)
    STANDS = "a recorded miss stays; a late fact stands beside it with its true day"

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].is_refund_missed = True


@dataclass(frozen=True, kw_only=True)
class DrawRefunded(DepositEvent):
    """Money of a paid draw-down came back into the deposit: a contest upheld, work not done."""

    TOPIC = "deposit.draw_refunded.v1"
    ABOUT = ("draw_id",)

    draw_id: UUID
    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.refunded_fen += self.amount_fen
        if draw.refunded_fen >= draw.paid_fen:
            draw.refunded_at = self.timestamp
        move(deposit, self.amount_fen, self.timestamp)
