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
from ledger.core.balances import Change, covered_from
from ledger.core.clock import local_day
from ledger.core.errors import NotFound, StepsRestOnIt
from ledger.core.guards import by_two, evidenced, positive
from ledger.core.reversing import own_step
from ledger.core.values import derived_id
from ledger.deposits import events, guards, rules
from ledger.deposits.draw_steps import DrawSteps
from ledger.deposits.values import (
    COMMUNITY,
    STREET,
    SUPERVISOR,
    Agreement,
    Demand,
    Draw,
    Ending,
)

WHOLE_BP = 10_000
TAKEN_BACK_BY_TWO = (
    *(events.Received, events.TopUpReceived, events.DrawPaid, events.DrawRefunded),
    *(events.Returned, events.Forfeited, events.Reassessed, events.ContractEnded),
    *(events.DrawApproved, events.DrawRejected),
    *(events.ContestDecided, events.ContestDecidedWithTerm),
)
"""What moved money, took two persons, or answered somebody else's step."""


def deposit_id_of(estate_id: UUID, company_id: UUID, contract: str) -> UUID:
    """Return the id of the one deposit that secures this contract for this estate."""
    return derived_id("deposit", f"{estate_id}:{company_id}:{contract}")


class Deposit(DrawSteps):
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
    ContestDecidedWithTerm = events.ContestDecidedWithTerm
    RefundMissed = events.RefundMissed
    DrawRefunded = events.DrawRefunded
    TopUpDemanded = events.TopUpDemanded
    TopUpReceived = events.TopUpReceived
    TopUpMissed = events.TopUpMissed
    ContractEnded = events.ContractEnded
    Returned = events.Returned
    ReturnMissed = events.ReturnMissed
    Forfeited = events.Forfeited
    Closed = events.Closed
    StepReversed = events.StepReversed

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
        self.changes: list[Change] = []
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
        """Change base or rate, as the yearly fee changes: by two persons and with evidence."""
        positive(base_fen)
        by = self._in_force(guards.by_street(by))
        by = by_two(evidenced(guards.within(by, rate_bp, rate_limits_bp)))
        if (base_fen, rate_bp) == (self.base_fen, self.rate_bp):
            raise rules.AssessmentUnchanged(base_fen=base_fen, rate_bp=rate_bp)
        self._record(self.Reassessed, by, base_fen=base_fen, rate_bp=rate_bp)

    def receive(self, by: By, *, amount_fen: int, bank_reference: str) -> None:
        """Record money (or a guarantee) that came in from the company."""
        positive(amount_fen)
        by = self._in_force(guards.by_street(by))
        self._record(self.Received, by, amount_fen=amount_fen, bank_reference=bank_reference)

    def remind(
        self, by: By, *, reminder_id: UUID, matter: str, due_at: datetime, days_max: int
    ) -> None:
        """Tell the company what to put right, and by when: within ``days_max`` days from now."""
        by = guards.ahead(self._open(by), local_day(due_at), days_max, "due_at")
        if by.role not in (STREET, COMMUNITY, SUPERVISOR):
            by = by.refuse(rules.ReminderNotByOverseer(role=by.role))
        if reminder_id in self.reminders:
            raise rules.DepositReminderExists(reminder_id=str(reminder_id))
        self._record(
            self.CompanyReminded, by, reminder_id=reminder_id, matter=matter, due_at=due_at
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
        if missing_fen <= 0:
            raise rules.NothingMissing(required_fen=self.required_fen, held_fen=self.held_fen)
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
        by = guards.booked_after(by, demand.demanded_at, "told-before-demand")
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

    def end_contract(self, by: By, *, ended_on: date, days_max: int) -> None:
        """Record the end of the service contract; what is left falls due for return.

        By two persons, with the agreement or the judgment that ends it; the last day lies
        between the assessment and ``days_max`` days from now.
        """
        by = by_two(evidenced(self._in_force(guards.by_street(by))))
        if ended_on < local_day(self.created_on):
            assessed_on = local_day(self.created_on).isoformat()
            by = by.refuse(rules.EndedBeforeAssessment(assessed_on=assessed_on))
        latest_on = local_day(by.now) + timedelta(days=days_max)
        if ended_on > latest_on:
            by = by.refuse(rules.DayTooFar(field="ended_on", until_on=latest_on.isoformat()))
        return_due_on = ended_on + timedelta(days=self.agreement.return_days)
        self._record(self.ContractEnded, by, ended_on=ended_on, return_due_on=return_due_on)

    def return_money(self, by: By, *, amount_fen: int, bank_reference: str) -> None:
        """Give money back to the company after the contract ended: by two, with evidence."""
        by = self._leaving(by, amount_fen)
        if self.ending is not None:
            by = by.booked_from(self.ending.ended_at, "told-before-contract-end")
        since = covered_from(self.changes, amount_fen)
        by = guards.booked_after(by, since, "told-before-its-money")
        self._record(self.Returned, by, amount_fen=amount_fen, bank_reference=bank_reference)

    def miss_return(self, by: By) -> None:
        """Record that the rest was not returned in time (for the reaction that watches)."""
        if self.ending is None or not self.ending.is_late(self.held_fen):
            raise rules.DepositNothingOverdue(held_fen=self.held_fen)
        guards.past(by, self.ending.return_due_on)
        self._record(self.ReturnMissed, by)

    def forfeit(self, by: By, *, amount_fen: int) -> None:
        """Keep money for good after the contract ended: by two, with reason and evidence."""
        by = self._leaving(by.with_reason(), amount_fen)
        self._record(self.Forfeited, by, amount_fen=amount_fen)

    def close(self, by: By) -> None:
        """Close the deposit: nothing is held or missing, no draw-down and no contest is open."""
        by = self._ended(by)
        if self.held_fen or self.promised_fen:
            by = by.refuse(
                rules.DepositNotEmpty(held_fen=self.held_fen, promised_fen=self.promised_fen)
            )
        for draw_id, draw in self.draws.items():
            if draw.is_contest_open:
                by = by.refuse(rules.ContestStillOpen(draw_id=str(draw_id)))
            if draw.owed_fen:
                by = by.refuse(rules.RefundStillDue(draw_id=str(draw_id), owed_fen=draw.owed_fen))
        self._record(self.Closed, by)

    def reverse_step(self, by: By, *, version: int) -> None:
        """Take a step back that was a mistake, giving the reason; see ``reversing``.

        By whoever may take the step; by two persons where it moved money or took two.
        """
        step = self.step_at(version)
        by = own_step(by, step)
        if isinstance(step, TAKEN_BACK_BY_TWO):
            by = by_two(by)
        last = self._closing()
        if last is not None and last is not step:
            raise StepsRestOnIt(version=version, first_reverse=f"{last.originator_version}")
        if isinstance(step, self.DrawRejected | self.DrawCancelled):
            asked_fen = self._draw(step.draw_id).terms.amount_fen
            if asked_fen > self.free_fen:
                raise rules.DrawExceedsFree(asked_fen=asked_fen, free_fen=self.free_fen)
        self.take_back(by, version=version)

    def _closing(self) -> core.Event | None:
        return next((e for e in self.counting() if isinstance(e, self.Closed)), None)

    # Guards -----------------------------------------------------------------------------

    def _demand(self, demand_id: UUID) -> Demand:
        if demand_id not in self.demands:
            raise NotFound(kind="demand", id=str(demand_id))
        return self.demands[demand_id]

    def _in_force(self, by: By) -> By:
        by = self._open(by)
        return by if self.ending is None else by.refuse(rules.ContractAlreadyEnded())

    def _ended(self, by: By) -> By:
        by = self._open(guards.by_street(by))
        return by.refuse(rules.ContractStillRuns()) if self.ending is None else by

    def _leaving(self, by: By, amount_fen: int) -> By:
        positive(amount_fen)
        by = by_two(evidenced(self._ended(by)))
        if self.ending is not None and local_day(by.now) <= self.ending.ended_on:
            by = by.refuse(rules.ContractStillRuns(ended_on=self.ending.ended_on.isoformat()))
        if amount_fen > self.free_fen:
            by = by.refuse(rules.ReturnExceedsFree(asked_fen=amount_fen, free_fen=self.free_fen))
        return by
