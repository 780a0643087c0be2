"""A deposit's state, and what may be asked of it.

The amount of an open draw-down is held back, so that what is free (held less
promised) never falls below zero by a live command. Who asked cannot approve,
who approved can neither pay nor decide the company's contest.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from ledger.calendar import Due
from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import end_of_day
from ledger.core.errors import NotFound
from ledger.core.guards import apart, positive
from ledger.core.values import derived_id
from ledger.deposits import events, guards, rules
from ledger.deposits.values import (
    COMMUNITY,
    COMPANY,
    STREET,
    SUPERVISOR,
    Agreement,
    CauseKind,
    ContestOutcome,
    Demand,
    Draw,
    DrawStatus,
    DrawTerms,
    Ending,
)

WHOLE_BP = 10_000


def deposit_id_of(estate_id: UUID, company_id: UUID, contract: str) -> UUID:
    """Return the id of the one deposit that secures this contract for this estate."""
    return derived_id("deposit", f"{estate_id}:{company_id}:{contract}")


class Deposit(core.Aggregate):
    """What one property company left with the street for one estate and contract."""

    TOPIC = "deposit"

    # Events: what can happen to it (written down in events.py; types refer to them there)

    Event = events.DepositEvent
    Assessed = events.Assessed
    Reassessed = events.Reassessed
    Received = events.Received
    CompanyReminded = events.CompanyReminded
    DrawRequested = events.DrawRequested
    DrawApproved = events.DrawApproved
    DrawRejected = events.DrawRejected
    DrawCancelled = events.DrawCancelled
    EmergencyWorkOrdered = events.EmergencyWorkOrdered
    DrawPaid = events.DrawPaid
    WorkVerified = events.WorkVerified
    DrawContested = events.DrawContested
    ContestDecided = events.ContestDecided
    DrawRefunded = events.DrawRefunded
    TopUpDemanded = events.TopUpDemanded
    TopUpReceived = events.TopUpReceived
    TopUpMissed = events.TopUpMissed
    ContractEnded = events.ContractEnded
    Returned = events.Returned
    ReturnMissed = events.ReturnMissed
    Forfeited = events.Forfeited
    Closed = events.Closed

    # State: what we remember of it, starting from ``Assessed`` --------------------------

    def __init__(
        self,
        *,
        estate_id: UUID,
        company_id: UUID,
        base_fen: int,
        rate_bp: int,
        agreement: Agreement,
    ) -> None:
        self.estate_id = estate_id
        self.company_id = company_id
        self.base_fen = base_fen
        self.rate_bp = rate_bp
        self.agreement = agreement
        self.held_fen = 0
        self.draws: dict[UUID, Draw] = {}
        self.demands: dict[UUID, Demand] = {}
        self.reminders: set[UUID] = set()
        self.ending: Ending | None = None
        self.is_closed = False

    @property
    def required_fen(self) -> int:
        """What the company owes as deposit, in whole fen."""
        return self.base_fen * self.rate_bp // WHOLE_BP

    @property
    def promised_fen(self) -> int:
        """What open draw-downs hold back."""
        return sum(draw.terms.amount_fen for draw in self.draws.values() if draw.is_open())

    @property
    def free_fen(self) -> int:
        """What is held and not promised."""
        return self.held_fen - self.promised_fen

    @property
    def shortfall_fen(self) -> int:
        """What is missing from the assessed amount and has not been demanded yet."""
        demanded_fen = sum(max(0, demand.open_fen) for demand in self.demands.values())
        return max(0, self.required_fen - self.held_fen - demanded_fen)

    # Commands: the deposit itself -------------------------------------------------------

    @classmethod
    def assess(  # noqa: PLR0913
        cls,
        by: By,
        *,
        estate_id: UUID,
        company_id: UUID,
        base_fen: int,
        rate_bp: int,
        rate_limits_bp: tuple[int, int],
        agreement: Agreement,
    ) -> Deposit:
        """Lay down what is due; ``rate_limits_bp`` are the policy's least and greatest rate."""
        positive(base_fen)
        by = guards.by_street(by)
        by = guards.within(by, rate_bp, rate_limits_bp)
        return cls._begin(
            cls.Assessed,
            by,
            id=deposit_id_of(estate_id, company_id, agreement.contract),
            estate_id=estate_id,
            company_id=company_id,
            base_fen=base_fen,
            rate_bp=rate_bp,
            agreement=agreement,
        )

    def reassess(
        self, by: By, *, base_fen: int, rate_bp: int, rate_limits_bp: tuple[int, int]
    ) -> None:
        """Change base or rate, as the yearly fee changes."""
        positive(base_fen)
        by = self._in_force(guards.by_street(by))
        by = guards.within(by, rate_bp, rate_limits_bp)
        if (base_fen, rate_bp) == (self.base_fen, self.rate_bp):
            raise rules.AssessmentUnchanged(base_fen=base_fen, rate_bp=rate_bp)
        self._record(self.Reassessed, by, base_fen=base_fen, rate_bp=rate_bp)

    def receive(self, by: By, *, amount_fen: int, bank_reference: str) -> None:
        """Record money (or a guarantee) that came in from the company."""
        positive(amount_fen)
        by = self._in_force(guards.by_street(by))
        self._record(self.Received, by, amount_fen=amount_fen, bank_reference=bank_reference)

    def remind(self, by: By, *, reminder_id: UUID, matter: str, due_at: datetime) -> None:
        """Tell the company what to put right, and by when."""
        by = self._open(by)
        if by.role not in (STREET, COMMUNITY, SUPERVISOR):
            by = by.refuse(rules.ReminderNotByOverseer(role=by.role))
        if reminder_id in self.reminders:
            raise rules.DepositReminderExists(reminder_id=str(reminder_id))
        self._record(
            self.CompanyReminded, by, reminder_id=reminder_id, matter=matter, due_at=due_at
        )

    # Commands: drawing on it ------------------------------------------------------------

    def request_draw(self, by: By, *, draw_id: UUID, terms: DrawTerms) -> None:
        """Ask for a draw-down; it needs a cause, and money that is free."""
        positive(terms.amount_fen)
        by = guards.by_street_or_community(self._open(by))
        if draw_id in self.draws:
            raise rules.DrawExists(draw_id=str(draw_id))
        if terms.reminder_id is not None and terms.reminder_id not in self.reminders:
            raise NotFound(kind="reminder", id=str(terms.reminder_id))
        if not terms.cause.is_complete():
            by = by.refuse(rules.CauseIncomplete(kind=terms.cause.kind))
        if terms.amount_fen > self.free_fen:
            by = by.refuse(
                rules.DrawExceedsFree(asked_fen=terms.amount_fen, free_fen=self.free_fen)
            )
        self._record(self.DrawRequested, by, draw_id=draw_id, terms=terms)

    def approve_draw(self, by: By, *, draw_id: UUID) -> None:
        """Approve a draw-down that somebody else asked for."""
        draw = self._draw(draw_id)
        by = guards.waiting(self._open(guards.by_street(by)), draw)
        by = apart(by, "approve", {"request": draw.requested_by})
        self._record(self.DrawApproved, by, draw_id=draw_id)

    def reject_draw(self, by: By, *, draw_id: UUID) -> None:
        """Refuse a draw-down, giving the reason."""
        draw = guards.unpaid(self._draw(draw_id))
        by = guards.waiting(self._open(guards.by_street(by)).with_reason(), draw)
        self._record(self.DrawRejected, by, draw_id=draw_id)

    def cancel_draw(self, by: By, *, draw_id: UUID) -> None:
        """Give up a draw-down that is not paid yet, giving the reason."""
        draw = guards.unpaid(self._draw(draw_id))
        by = guards.by_street_or_community(self._open(by).with_reason())
        if not draw.is_open():
            by = by.refuse(rules.DrawNotOpen(status=draw.status))
        self._record(self.DrawCancelled, by, draw_id=draw_id)

    def order_work(self, by: By, *, draw_id: UUID, contractor: str, work: str) -> None:
        """Tell a contractor to start: after approval, or at once in an emergency."""
        draw = self._draw(draw_id)
        by = self._open(guards.by_street(by))
        is_urgent = draw.terms.cause.kind is CauseKind.EMERGENCY and draw.is_open()
        if not is_urgent and draw.status not in (DrawStatus.APPROVED, DrawStatus.PAID):
            by = by.refuse(rules.WorkNotReleased(status=draw.status))
        self._record(
            self.EmergencyWorkOrdered, by, draw_id=draw_id, contractor=contractor, work=work
        )

    def pay_draw(
        self, by: By, *, draw_id: UUID, amount_fen: int, bank_reference: str, contest_until: Due
    ) -> None:
        """Pay exactly what was approved; ``contest_until`` is the company's last day to object."""
        positive(amount_fen)
        draw = guards.unpaid(self._draw(draw_id))
        by = self._open(guards.by_street(by))
        if draw.status is not DrawStatus.APPROVED:
            by = by.refuse(rules.DrawNotApproved(status=draw.status))
        by = apart(by, "pay", {"approve": draw.approved_by})
        approved_fen = draw.terms.amount_fen
        if amount_fen != approved_fen:
            by = by.refuse(rules.DrawPaidDiffers(asked_fen=amount_fen, approved_fen=approved_fen))
        self._record(
            self.DrawPaid,
            by,
            draw_id=draw_id,
            amount_fen=amount_fen,
            bank_reference=bank_reference,
            contest_until=contest_until,
        )

    def verify_work(self, by: By, *, draw_id: UUID, is_accepted: bool) -> None:
        """Record whether the work was found good."""
        draw = self._draw(draw_id)
        by = guards.by_street_or_community(self._open(by))
        if not draw.is_work_ordered and draw.status is not DrawStatus.PAID:
            by = by.refuse(rules.WorkNotOrdered(status=draw.status))
        if draw.is_work_accepted:
            raise rules.WorkAlreadyAccepted(draw_id=str(draw_id))
        self._record(self.WorkVerified, by, draw_id=draw_id, is_accepted=is_accepted)

    def contest_draw(self, by: By, *, draw_id: UUID, statement: str) -> None:
        """Let the company object, once, until the last day that was set at payment."""
        draw = self._draw(draw_id)
        if by.role != COMPANY or by.organisation_id != self.company_id:
            by = by.refuse(rules.NotTheCompanysContest(role=by.role))
        if draw.is_contested:
            raise rules.DrawAlreadyContested(draw_id=str(draw_id))
        until = draw.contest_until
        if until is not None and by.at > end_of_day(until.on):
            by = by.refuse(rules.ContestTooLate(until_on=until.on.isoformat()))
        self._record(self.DrawContested, by, draw_id=draw_id, statement=statement)

    def decide_contest(self, by: By, *, draw_id: UUID, outcome: ContestOutcome) -> None:
        """Decide the company's objection, giving the reason; not by who approved the draw-down."""
        draw = self._draw(draw_id)
        by = guards.by_street(by).with_reason()
        if not draw.is_contest_open:
            raise rules.DrawContestNotOpen(draw_id=str(draw_id))
        by = apart(by, "decide-contest", {"approve": draw.approved_by})
        self._record(self.ContestDecided, by, draw_id=draw_id, outcome=outcome)

    def refund_draw(self, by: By, *, draw_id: UUID, amount_fen: int, bank_reference: str) -> None:
        """Record that money of a paid draw-down came back, giving the reason."""
        positive(amount_fen)
        draw = self._draw(draw_id)
        by = self._open(guards.by_street(by)).with_reason()
        left_fen = draw.paid_fen - draw.refunded_fen
        if amount_fen > left_fen:
            by = by.refuse(rules.RefundExceedsPaid(asked_fen=amount_fen, paid_fen=left_fen))
        self._record(
            self.DrawRefunded,
            by,
            draw_id=draw_id,
            amount_fen=amount_fen,
            bank_reference=bank_reference,
        )

    # Commands: filling it up again, and its end -----------------------------------------

    def demand_top_up(
        self, by: By, *, demand_id: UUID, due: Due, amount_fen: int | None = None
    ) -> None:
        """Ask the company to fill the deposit up again: by all that is missing, or by less."""
        by = self._in_force(guards.by_street(by))
        if demand_id in self.demands:
            raise rules.TopUpDemandExists(demand_id=str(demand_id))
        missing_fen = self.shortfall_fen
        asked_fen = missing_fen if amount_fen is None else amount_fen
        positive(asked_fen)
        if asked_fen > missing_fen:
            by = by.refuse(
                rules.TopUpExceedsShortfall(asked_fen=asked_fen, shortfall_fen=missing_fen)
            )
        self._record(self.TopUpDemanded, by, demand_id=demand_id, amount_fen=asked_fen, due=due)

    def receive_top_up(
        self, by: By, *, demand_id: UUID, amount_fen: int, bank_reference: str
    ) -> None:
        """Record money that came in for a demand, in full or in part."""
        positive(amount_fen)
        demand = self._demand(demand_id)
        by = self._open(guards.by_street(by))
        if amount_fen > demand.open_fen:
            by = by.refuse(rules.TopUpExceedsDemand(asked_fen=amount_fen, open_fen=demand.open_fen))
        self._record(
            self.TopUpReceived,
            by,
            demand_id=demand_id,
            amount_fen=amount_fen,
            bank_reference=bank_reference,
        )

    def miss_top_up(self, by: By, *, demand_id: UUID) -> None:
        """Record that a demand's due day passed unmet (for the reaction that watches the clock)."""
        demand = self._demand(demand_id)
        if not demand.is_late():
            raise rules.DepositNothingOverdue(open_fen=demand.open_fen)
        guards.past(by, demand.due.on)
        self._record(self.TopUpMissed, by, demand_id=demand_id)

    def end_contract(self, by: By, *, ended_on: date) -> None:
        """Record the end of the service contract; what is left falls due for return."""
        by = self._in_force(guards.by_street(by))
        return_due_on = ended_on + timedelta(days=self.agreement.return_days)
        self._record(self.ContractEnded, by, ended_on=ended_on, return_due_on=return_due_on)

    def return_money(self, by: By, *, amount_fen: int, bank_reference: str) -> None:
        """Give money back to the company after the contract ended."""
        by = self._leaving(by, amount_fen)
        self._record(self.Returned, by, amount_fen=amount_fen, bank_reference=bank_reference)

    def miss_return(self, by: By) -> None:
        """Record that the rest was not returned in time (for the reaction that watches)."""
        if self.ending is None or not self.ending.is_late(self.held_fen):
            raise rules.DepositNothingOverdue(held_fen=self.held_fen)
        guards.past(by, self.ending.return_due_on)
        self._record(self.ReturnMissed, by)

    def forfeit(self, by: By, *, amount_fen: int) -> None:
        """Keep money for good after the contract ended, giving the reason."""
        by = self._leaving(by.with_reason(), amount_fen)
        self._record(self.Forfeited, by, amount_fen=amount_fen)

    def close(self, by: By) -> None:
        """Close the deposit once nothing is held and no draw-down is open."""
        by = self._ended(by)
        if self.held_fen or self.promised_fen:
            by = by.refuse(
                rules.DepositNotEmpty(held_fen=self.held_fen, promised_fen=self.promised_fen)
            )
        self._record(self.Closed, by)

    # Guards -----------------------------------------------------------------------------

    def _draw(self, draw_id: UUID) -> Draw:
        if draw_id not in self.draws:
            raise NotFound(kind="draw", id=str(draw_id))
        return self.draws[draw_id]

    def _demand(self, demand_id: UUID) -> Demand:
        if demand_id not in self.demands:
            raise NotFound(kind="demand", id=str(demand_id))
        return self.demands[demand_id]

    def _open(self, by: By) -> By:
        return by.refuse(rules.DepositClosed()) if self.is_closed else by

    def _in_force(self, by: By) -> By:
        by = self._open(by)
        return by if self.ending is None else by.refuse(rules.ContractAlreadyEnded())

    def _ended(self, by: By) -> By:
        by = self._open(guards.by_street(by))
        return by.refuse(rules.ContractStillRuns()) if self.ending is None else by

    def _leaving(self, by: By, amount_fen: int) -> By:
        positive(amount_fen)
        by = self._ended(by)
        if amount_fen > self.free_fen:
            by = by.refuse(rules.ReturnExceedsFree(asked_fen=amount_fen, free_fen=self.free_fen))
        return by
