"""Conduct of units: escalations are counted, and the third in a row makes a transfer due.

Source: the article on Linshu county (three or more in a row go to the efficiency
office); the number, the term for the transfer and what breaks a streak are
policies.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from ledger.calendar import Due, WorkCalendar
from ledger.commands.petition_terms import terms_of
from ledger.commands.streaks import is_confirmed, took_up_itself, was_held
from ledger.conduct import UnitConduct
from ledger.core.aggregate import By
from ledger.core.clock import local_day, moment_missed
from ledger.core.entry import Entry
from ledger.petitions import Level, Petition
from ledger.petitions.closing import Closed
from ledger.petitions.supervision import Escalated, StepReversed
from ledger.reactions.reaction import Reaction, Work
from ledger.reactions.recounting import Announced
from ledger.reactions.watch import wait_for
from ledger.storage.requests import Timer


def _next_due(conduct: UnitConduct) -> date | None:
    return next((due.due_on for due in conduct.transfers_unmissed), None)


reaction = Reaction("unit-conduct", UnitConduct, _next_due)


@reaction.on(Petition.Escalated)
async def escalated(work: Work, event: Escalated, entry: Entry) -> None:
    """Count an escalation to the county; let a transfer fall due if it is one too many in a row."""
    petition = await work.load(Petition, event.originator_id)
    if event.level != Level.COUNTY or not was_held(petition, event):
        return
    terms, by = await terms_of(work.ledger, work.by(entry))
    petition_id, petition_round = event.originator_id, event.petition_round
    conduct = await _conduct_of(work, event.unit_id, by)
    if conduct.has_counted(petition_id, petition_round):
        return
    is_own = await took_up_itself(work.ledger, petition, event)
    conduct.note_escalation(
        by, petition_id=petition_id, petition_round=petition_round, is_own=is_own
    )
    if is_own:
        return
    escalations_min = terms.book.number("conduct.escalations_min", on=terms.day)
    if conduct.must_transfer(escalations_min):
        due = terms.due("conduct.transfer_term")
        conduct.fall_due_for_transfer(
            by,
            escalations_min=escalations_min,
            due_on=due.on,
            is_provisional=due.is_provisional,
        )
        wait_for(work, conduct.id, due.on, entry.event_id)


@reaction.on(Petition.StepReversed)
async def reversed_(work: Work, event: StepReversed, entry: Entry) -> None:
    """Count an escalation no more that was taken back; a transfer that rested on it is not due."""
    petition = await work.load(Petition, event.originator_id)
    for step in petition.steps:
        if isinstance(step, Escalated) and step.originator_version in event.versions_reversed:
            conduct = await work.find(UnitConduct, UnitConduct.create_id(unit_id=step.unit_id))
            if conduct is not None:
                conduct.withdraw_escalation(
                    replace(work.by(entry), reason=event.by.reason),
                    petition_id=petition.id,
                    petition_round=step.petition_round,
                )


@reaction.on(Petition.Closed)
async def closed(work: Work, event: Closed, entry: Entry) -> None:
    """Break the streak of the unit that solved a matter which had gone up, as others confirm."""
    conduct = await work.find(UnitConduct, UnitConduct.create_id(unit_id=event.unit_id))
    if conduct is None or conduct.streak == 0:
        return
    petition = await work.load(Petition, event.originator_id)
    if not await is_confirmed(work.ledger, petition, event):
        return
    terms, by = await terms_of(work.ledger, work.by(entry))
    if event.breaks_streak(terms.book.text("conduct.streak_broken_by", on=terms.day)):
        conduct.break_streak(by, petition_id=event.originator_id)


@reaction.on(UnitConduct.TransferredToEfficiencyOffice)
async def transferred(
    work: Work, event: UnitConduct.TransferredToEfficiencyOffice, entry: Entry
) -> None:
    """Stop waiting for the transfer; one that came late was missed."""
    waiting = work.timers.get(str(event.originator_id))
    if waiting and waiting.due_at <= entry.occurred_at:
        await reaction.fire(work, waiting, at=entry.occurred_at)
    work.drop_timer(str(event.originator_id))


@reaction.on(WorkCalendar.YearPublished)
async def recount(work: Work, _: WorkCalendar.YearPublished, entry: Entry) -> None:
    """Count the provisional days of transfers again."""
    announced = await Announced.of(work, entry)
    for key in list(work.timers):
        conduct = await work.load(UnitConduct, UUID(key))
        for old in conduct.transfers_unmissed:
            due = Due(old.due_on, old.is_provisional)
            if now := announced.recounted(due, set_at=old.fell_due_at):
                conduct.recount_transfer(
                    work.by(entry), old=old, due_on=now.on, is_provisional=now.is_provisional
                )
        work.drop_timer(key)
        for waiting in conduct.transfers_unmissed:
            wait_for(work, conduct.id, waiting.due_on, entry.event_id)


@reaction.when_due
async def ran_out(work: Work, timer: Timer, by: By) -> None:
    """Record transfers whose day passed, each as of that day."""
    conduct = await work.waited_for(UnitConduct, timer)
    if conduct is None:
        return
    while due := conduct.overdue_transfer(by.at):
        conduct.miss_transfer(replace(by, at=moment_missed(due.due_on)))
    for due in conduct.transfers_unmissed[:1]:
        if due.due_on >= local_day(by.at):
            wait_for(work, conduct.id, due.due_on, timer.cause)


async def _conduct_of(work: Work, unit_id: UUID, by: By) -> UnitConduct:
    conduct = await work.find(UnitConduct, UnitConduct.create_id(unit_id=unit_id))
    if conduct is None:
        conduct = UnitConduct.open(by, unit_id=unit_id)
        work.begin(conduct)
    return conduct
