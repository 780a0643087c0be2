"""Everything that can happen to a deposit, each with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.calendar import Due
from ledger.core import aggregate as core
from ledger.core.guards import persons
from ledger.deposits.values import (
    Agreement,
    ContestOutcome,
    Demand,
    Draw,
    DrawStatus,
    DrawTerms,
    Ending,
)

if TYPE_CHECKING:
    from ledger.deposits.deposit import Deposit


@dataclass(frozen=True, kw_only=True)
class DepositEvent(core.Event):
    """Any event of a deposit."""


@dataclass(frozen=True, kw_only=True)
class Assessed(DepositEvent, core.Created):
    """The street laid down what a company owes as deposit for one estate and contract.

    ``base_fen`` is the estate's property service fee receivable for the year, ``rate_bp`` the
    share of it that is due.
    """

    TOPIC = "deposit.assessed.v1"

    estate_id: UUID
    company_id: UUID
    base_fen: int
    rate_bp: int
    agreement: Agreement


@dataclass(frozen=True, kw_only=True)
class Reassessed(DepositEvent):
    """The yearly fee or the rate changed, and with it what is due."""

    TOPIC = "deposit.reassessed.v1"

    base_fen: int
    rate_bp: int

    def apply(self, deposit: Deposit) -> None:
        deposit.base_fen = self.base_fen
        deposit.rate_bp = self.rate_bp


@dataclass(frozen=True, kw_only=True)
class Received(DepositEvent):
    """Money came in from the company (or a guarantee for it), in full or in part."""

    TOPIC = "deposit.received.v1"

    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        _move(deposit, self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class CompanyReminded(DepositEvent):
    """The company was told what to put right, and by when."""

    TOPIC = "deposit.company_reminded.v1"

    reminder_id: UUID
    matter: str
    due_at: datetime

    def apply(self, deposit: Deposit) -> None:
        deposit.reminders.add(self.reminder_id)


@dataclass(frozen=True, kw_only=True)
class DrawRequested(DepositEvent):
    """A draw-down was asked for; from now on its amount is held back."""

    TOPIC = "deposit.draw_requested.v1"

    draw_id: UUID
    terms: DrawTerms

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id] = Draw(terms=self.terms, requested_by=persons(self.by))


@dataclass(frozen=True, kw_only=True)
class DrawApproved(DepositEvent):
    """The street approved the draw-down as it was asked for."""

    TOPIC = "deposit.draw_approved.v1"

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.approved_by = persons(self.by)
        if draw.status is not DrawStatus.PAID:
            draw.status = DrawStatus.APPROVED


@dataclass(frozen=True, kw_only=True)
class DrawRejected(DepositEvent):
    """The street refused the draw-down; its amount is free again."""

    TOPIC = "deposit.draw_rejected.v1"

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].status = DrawStatus.REJECTED


@dataclass(frozen=True, kw_only=True)
class DrawCancelled(DepositEvent):
    """The draw-down was given up before it was paid; its amount is free again."""

    TOPIC = "deposit.draw_cancelled.v1"

    draw_id: UUID

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].status = DrawStatus.CANCELLED


@dataclass(frozen=True, kw_only=True)
class EmergencyWorkOrdered(DepositEvent):
    """A contractor was told to do the work that the company did not do."""

    TOPIC = "deposit.emergency_work_ordered.v1"

    draw_id: UUID
    contractor: str
    work: str

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].is_work_ordered = True


@dataclass(frozen=True, kw_only=True)
class DrawPaid(DepositEvent):
    """The payee was paid out of the deposit; the company may contest it until ``contest_until``."""

    TOPIC = "deposit.draw_paid.v1"

    draw_id: UUID
    amount_fen: int
    bank_reference: str
    contest_until: Due

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.status = DrawStatus.PAID
        draw.paid_fen = self.amount_fen
        draw.contest_until = self.contest_until
        _move(deposit, -self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class WorkVerified(DepositEvent):
    """Somebody looked at the work and accepted it, or did not."""

    TOPIC = "deposit.work_verified.v1"

    draw_id: UUID
    is_accepted: bool

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].is_work_accepted = self.is_accepted


@dataclass(frozen=True, kw_only=True)
class DrawContested(DepositEvent):
    """The company says that the draw-down was wrong, and why."""

    TOPIC = "deposit.draw_contested.v1"

    draw_id: UUID
    statement: str

    def apply(self, deposit: Deposit) -> None:
        draw = deposit.draws[self.draw_id]
        draw.is_contested = draw.is_contest_open = True


@dataclass(frozen=True, kw_only=True)
class ContestDecided(DepositEvent):
    """The street decided the company's contest, giving its reason."""

    TOPIC = "deposit.contest_decided.v1"

    draw_id: UUID
    outcome: ContestOutcome

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].is_contest_open = False


@dataclass(frozen=True, kw_only=True)
class DrawRefunded(DepositEvent):
    """Money of a paid draw-down came back into the deposit: a contest upheld, work not done."""

    TOPIC = "deposit.draw_refunded.v1"

    draw_id: UUID
    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        deposit.draws[self.draw_id].refunded_fen += self.amount_fen
        _move(deposit, self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class TopUpDemanded(DepositEvent):
    """The company was asked to fill the deposit up again until the due day."""

    TOPIC = "deposit.top_up_demanded.v1"

    demand_id: UUID
    amount_fen: int
    due: Due

    def apply(self, deposit: Deposit) -> None:
        deposit.demands[self.demand_id] = Demand(open_fen=self.amount_fen, due=self.due)


@dataclass(frozen=True, kw_only=True)
class TopUpReceived(DepositEvent):
    """Money came in for a demand, in full or in part."""

    TOPIC = "deposit.top_up_received.v1"

    demand_id: UUID
    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        demand = deposit.demands[self.demand_id]
        demand.open_fen -= self.amount_fen
        if demand.open_fen <= 0 and demand.met_at is None:
            demand.met_at = self.timestamp
        _move(deposit, self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class TopUpMissed(DepositEvent):
    """The due day of a demand passed and it was not met in full."""

    TOPIC = "deposit.top_up_missed.v1"

    demand_id: UUID

    def apply(self, deposit: Deposit) -> None:
        deposit.demands[self.demand_id].is_missed = True


@dataclass(frozen=True, kw_only=True)
class ContractEnded(DepositEvent):
    """The service contract ended; what is left is due back on ``return_due_on``."""

    TOPIC = "deposit.contract_ended.v1"

    ended_on: date
    return_due_on: date

    def apply(self, deposit: Deposit) -> None:
        deposit.ending = Ending(return_due_on=self.return_due_on)


@dataclass(frozen=True, kw_only=True)
class Returned(DepositEvent):
    """Money went back to the company."""

    TOPIC = "deposit.returned.v1"

    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        _move(deposit, -self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class ReturnMissed(DepositEvent):
    """The day passed on which the rest was due back, and money is still held."""

    TOPIC = "deposit.return_missed.v1"

    def apply(self, deposit: Deposit) -> None:
        if deposit.ending is not None:
            deposit.ending.is_missed = True


@dataclass(frozen=True, kw_only=True)
class Forfeited(DepositEvent):
    """Money was kept for good, giving the reason."""

    TOPIC = "deposit.forfeited.v1"

    amount_fen: int

    def apply(self, deposit: Deposit) -> None:
        _move(deposit, -self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class Closed(DepositEvent):
    """Nothing is left in the deposit and nothing is open."""

    TOPIC = "deposit.closed.v1"

    def apply(self, deposit: Deposit) -> None:
        deposit.is_closed = True


def _move(deposit: Deposit, change_fen: int, at: datetime) -> None:
    """Change what is held; after the contract's end, remember when nothing was left."""
    deposit.held_fen += change_fen
    if ending := deposit.ending:
        ending.emptied_at = (ending.emptied_at or at) if deposit.held_fen <= 0 else None
