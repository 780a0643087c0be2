"""Everything that can happen to a deposit, each with what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.calendar import Due
from ledger.core import aggregate as core
from ledger.core import reversing
from ledger.deposits.draw_events import (
    ContestDecided,
    ContestDecidedWithTerm,
    DrawApproved,
    DrawCancelled,
    DrawContested,
    DrawPaid,
    DrawRefunded,
    DrawRejected,
    DrawRequested,
    EmergencyWorkOrdered,
    RefundMissed,
    WorkVerified,
)
from ledger.deposits.event import DepositEvent, move
from ledger.deposits.values import Agreement, Demand, Ending

if TYPE_CHECKING:
    from ledger.deposits.deposit import Deposit

__all__ = [
    "Assessed",
    "Closed",
    "CompanyReminded",
    "ContestDecided",
    "ContestDecidedWithTerm",
    "ContractEnded",
    "DepositEvent",
    "DrawApproved",
    "DrawCancelled",
    "DrawContested",
    "DrawPaid",
    "DrawRefunded",
    "DrawRejected",
    "DrawRequested",
    "EmergencyWorkOrdered",
    "Forfeited",
    "Reassessed",
    "Received",
    "RefundMissed",
    "ReturnMissed",
    "Returned",
    "StepReversed",
    "TopUpDemanded",
    "TopUpMissed",
    "TopUpReceived",
    "WorkVerified",
]


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
    RESTS_ON_NOTHING = True

    base_fen: int
    rate_bp: int

    def apply(self, deposit: Deposit) -> None:
        deposit.base_fen = self.base_fen
        deposit.rate_bp = self.rate_bp


@dataclass(frozen=True, kw_only=True)
class Received(DepositEvent):
    """Money came in from the company (or a guarantee for it), in full or in part."""

    TOPIC = "deposit.received.v1"
    RESTS_ON_NOTHING = True

    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        move(deposit, self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class CompanyReminded(DepositEvent):
    """The company was told what to put right, and by when."""

    TOPIC = "deposit.company_reminded.v1"
    ABOUT = ("reminder_id",)

    reminder_id: UUID
    matter: str
    due_at: datetime

    def apply(self, deposit: Deposit) -> None:
        deposit.reminders.add(self.reminder_id)


@dataclass(frozen=True, kw_only=True)
class TopUpDemanded(DepositEvent):
    """The company was asked to fill the deposit up again until the due day."""

    TOPIC = "deposit.top_up_demanded.v1"
    ABOUT = ("demand_id",)

    demand_id: UUID
    amount_fen: int
    due: Due

    def apply(self, deposit: Deposit) -> None:
        deposit.demands[self.demand_id] = Demand(
            open_fen=self.amount_fen, due=self.due, demanded_at=self.timestamp
        )


@dataclass(frozen=True, kw_only=True)
class TopUpReceived(DepositEvent):
    """Money came in for a demand, in full or in part."""

    TOPIC = "deposit.top_up_received.v1"
    ABOUT = ("demand_id",)

    demand_id: UUID
    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        demand = deposit.demands[self.demand_id]
        demand.open_fen -= self.amount_fen
        if demand.open_fen <= 0 and demand.met_at is None:
            demand.met_at = self.timestamp
        move(deposit, self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class TopUpMissed(DepositEvent):
    """The due day of a demand passed and it was not met in full."""

    TOPIC = "deposit.top_up_missed.v1"
    STANDS = "a recorded miss stays; a late fact stands beside it with its true day"
    ABOUT = ("demand_id",)

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
        deposit.ending = Ending(
            ended_on=self.ended_on, ended_at=self.timestamp, return_due_on=self.return_due_on
        )


@dataclass(frozen=True, kw_only=True)
class Returned(DepositEvent):
    """Money went back to the company."""

    TOPIC = "deposit.returned.v1"

    amount_fen: int
    bank_reference: str

    def apply(self, deposit: Deposit) -> None:
        move(deposit, -self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class ReturnMissed(DepositEvent):
    """The day passed on which the rest was due back, and money is still held."""

    TOPIC = "deposit.return_missed.v1"
    STANDS = "a recorded miss stays; a late fact stands beside it with its true day"

    def apply(self, deposit: Deposit) -> None:
        if deposit.ending is not None:
            deposit.ending.is_missed = True


@dataclass(frozen=True, kw_only=True)
class Forfeited(DepositEvent):
    """Money was kept for good, giving the reason."""

    TOPIC = "deposit.forfeited.v1"

    amount_fen: int

    def apply(self, deposit: Deposit) -> None:
        move(deposit, -self.amount_fen, self.timestamp)


@dataclass(frozen=True, kw_only=True)
class Closed(DepositEvent):
    """Nothing is left in the deposit and nothing is open."""

    TOPIC = "deposit.closed.v1"

    def apply(self, deposit: Deposit) -> None:
        deposit.is_closed = True


@dataclass(frozen=True, kw_only=True)
class StepReversed(DepositEvent, reversing.StepReversed):
    """A step with the deposit was a mistake; it and what followed from it count no more."""

    TOPIC = "deposit.step_reversed.v1"
