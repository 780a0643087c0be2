"""What may be asked of a deposit's draw-downs: ask, decide, pay, verify, contest, refund."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ledger.calendar import Due
from ledger.core.aggregate import By
from ledger.core.clock import end_of_day
from ledger.core.errors import NotFound
from ledger.core.guards import apart, by_two, evidenced, positive
from ledger.core.reversing import Reversible
from ledger.deposits import draw_events as events
from ledger.deposits import guards, rules
from ledger.deposits.values import (
    COMPANY,
    CauseKind,
    ContestOutcome,
    Draw,
    DrawStatus,
    DrawTerms,
)


class DrawSteps(Reversible):
    """The part of a deposit that is about drawing on it."""

    company_id: UUID
    held_fen: int
    is_closed: bool
    draws: dict[UUID, Draw]
    reminders: set[UUID]
    changes: list[tuple[datetime, int]]

    @property
    def promised_fen(self) -> int:
        """What open draw-downs hold back."""
        return sum(draw.terms.amount_fen for draw in self.draws.values() if draw.is_open())

    @property
    def free_fen(self) -> int:
        """What is held and not promised; below zero while money is missing."""
        return self.held_fen - self.promised_fen

    def free_again(self, draw_id: UUID, status: DrawStatus, at: datetime) -> None:
        """Free what a draw-down held back (for its events)."""
        draw = self.draws[draw_id]
        if draw.is_open():
            self.changes.append((at, draw.terms.amount_fen))
        draw.status = status

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
        if terms.cause.id is None:  # nobody can look it up in the ledger
            by = evidenced(by)
        by = guards.payee_of_another(by, terms, self.company_id)
        if terms.amount_fen > self.free_fen:
            by = by.refuse(
                rules.DrawExceedsFree(asked_fen=terms.amount_fen, free_fen=self.free_fen)
            )
        self._record(events.DrawRequested, by, draw_id=draw_id, terms=terms)

    def approve_draw(self, by: By, *, draw_id: UUID) -> None:
        """Approve a draw-down that somebody else asked for."""
        draw = self._draw(draw_id)
        by = guards.waiting(self._open(guards.by_street(by)), draw)
        by = apart(by, "approve", {"request": draw.requested_by})
        by = guards.not_for_oneself(by, draw.terms)
        self._record(events.DrawApproved, by, draw_id=draw_id)

    def reject_draw(self, by: By, *, draw_id: UUID) -> None:
        """Refuse a draw-down, giving the reason."""
        draw = guards.unpaid(self._draw(draw_id))
        by = guards.waiting(self._open(guards.by_street(by)).with_reason(), draw)
        self._record(events.DrawRejected, by, draw_id=draw_id)

    def cancel_draw(self, by: By, *, draw_id: UUID) -> None:
        """Give up a draw-down that is not paid yet, giving the reason."""
        draw = guards.unpaid(self._draw(draw_id))
        by = guards.by_street_or_community(self._open(by).with_reason())
        if not draw.is_open():
            by = by.refuse(rules.DrawNotOpen(status=draw.status))
        self._record(events.DrawCancelled, by, draw_id=draw_id)

    def order_work(self, by: By, *, draw_id: UUID, contractor: str, work: str) -> None:
        """Tell a contractor to start: after approval, or at once in an emergency."""
        draw = self._draw(draw_id)
        by = self._open(guards.by_street(by))
        is_urgent = draw.terms.cause.kind is CauseKind.EMERGENCY and draw.is_open()
        if not is_urgent and draw.status not in (DrawStatus.APPROVED, DrawStatus.PAID):
            by = by.refuse(rules.WorkNotReleased(status=draw.status))
        self._record(
            events.EmergencyWorkOrdered, by, draw_id=draw_id, contractor=contractor, work=work
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
        by = guards.not_for_oneself(by, draw.terms)
        by = guards.booked_after(by, draw.approved_at, "told-before-approval")
        approved_fen = draw.terms.amount_fen
        if amount_fen != approved_fen:
            by = by.refuse(rules.DrawPaidDiffers(asked_fen=amount_fen, approved_fen=approved_fen))
        if amount_fen > self.held_fen:
            by = by.refuse(rules.DepositShort(asked_fen=amount_fen, held_fen=self.held_fen))
        self._record(
            events.DrawPaid,
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
        started_at = draw.work_ordered_at or draw.paid_at
        by = guards.booked_after(by, started_at, "told-before-work-order")
        self._record(events.WorkVerified, by, draw_id=draw_id, is_accepted=is_accepted)

    def contest_draw(self, by: By, *, draw_id: UUID, statement: str) -> None:
        """Let the company object, once, until the last day that was set at payment."""
        draw = self._draw(draw_id)
        if by.role != COMPANY or by.organisation_id != self.company_id:
            by = by.refuse(rules.NotTheCompanysContest(role=by.role))
        if draw.is_contested:
            raise rules.DrawAlreadyContested(draw_id=str(draw_id))
        by = guards.booked_after(by, draw.paid_at, "told-before-payment")
        until = draw.contest_until
        if until is not None and by.at > end_of_day(until.on):
            by = by.refuse(rules.ContestTooLate(until_on=until.on.isoformat()))
        self._record(events.DrawContested, by, draw_id=draw_id, statement=statement)

    def decide_contest(
        self, by: By, *, draw_id: UUID, outcome: ContestOutcome, refund_due: Due
    ) -> None:
        """Decide the company's objection, giving the reason; not by who asked or approved.

        If it is upheld, the money is due back by ``refund_due``.
        """
        draw = self._draw(draw_id)
        by = guards.by_street(by).with_reason()
        if not draw.is_contest_open:
            raise rules.DrawContestNotOpen(draw_id=str(draw_id))
        earlier = {"request": draw.requested_by, "approve": draw.approved_by}
        by = guards.not_for_oneself(apart(by, "decide-contest", earlier), draw.terms)
        is_owed = outcome is ContestOutcome.UPHELD
        self._record(
            events.ContestDecidedWithTerm,
            by,
            draw_id=draw_id,
            outcome=outcome,
            refund_due=refund_due if is_owed else None,
        )

    def refund_draw(self, by: By, *, draw_id: UUID, amount_fen: int, bank_reference: str) -> None:
        """Record that money of a paid draw-down came back: by two, with reason and evidence."""
        positive(amount_fen)
        draw = self._draw(draw_id)
        by = self._open(guards.by_street(by)).with_reason()
        left_fen = draw.paid_fen - draw.refunded_fen
        if amount_fen > left_fen:
            by = by.refuse(rules.RefundExceedsPaid(asked_fen=amount_fen, paid_fen=left_fen))
        by = guards.booked_after(by_two(evidenced(by)), draw.paid_at, "told-before-payment")
        self._record(
            events.DrawRefunded,
            by,
            draw_id=draw_id,
            amount_fen=amount_fen,
            bank_reference=bank_reference,
        )

    def miss_refund(self, by: By, *, draw_id: UUID) -> None:
        """Record that an upheld contest's money did not come back in time (for the reaction)."""
        draw = self._draw(draw_id)
        if draw.refund_due is None or not draw.is_refund_late():
            raise rules.DepositNothingOverdue(owed_fen=draw.owed_fen)
        guards.past(by, draw.refund_due.on)
        self._record(events.RefundMissed, by, draw_id=draw_id)

    # Guards -----------------------------------------------------------------------------

    def _draw(self, draw_id: UUID) -> Draw:
        if draw_id not in self.draws:
            raise NotFound(kind="draw", id=str(draw_id))
        return self.draws[draw_id]

    def _open(self, by: By) -> By:
        return by.refuse(rules.DepositClosed()) if self.is_closed else by
