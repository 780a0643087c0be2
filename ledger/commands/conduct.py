"""What follows when a unit's matters keep going up: transfer, analysis, inspection, talk."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.commands.interests import without_interest
from ledger.commands.organisations import lies_within
from ledger.commands.petition_terms import guard_kind
from ledger.commands.plain_texts import without_personal_data
from ledger.conduct import FindingKind, UnitConduct
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.times import NoUndo, decision, fact
from ledger.core.values import Text, Version
from ledger.storage.ledger import Ledger, Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferUnit:
    """Hand a unit over to the county's efficiency office, for all transfers that are due."""

    unit_id: UUID
    office_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysePerformance:
    """Record an analysis of how a unit does its duty."""

    unit_id: UUID
    conclusion: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordInspectionFinding:
    """Record inaction, slowness or coldness of a unit, or of one person (pseudonymous id) in it."""

    unit_id: UUID
    kind: FindingKind
    summary: Text
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldUnitTalk:
    """Record the county committee's talk with a unit about what inspections found."""

    unit_id: UUID
    convener_id: UUID
    conclusion: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseConductStep:
    """Take back a step that was a mistake, by two persons; needs a reason."""

    unit_id: UUID
    version_reversed: Version


@decision(undo="reverse_conduct_step")
async def transfer_unit(command: TransferUnit, ledger: Ledger, by: By) -> Recorded:
    """Record the transfer."""
    by = await guard_kind(ledger, by, command.office_id)
    by = await without_interest(ledger, by, command.unit_id)
    conduct = await conduct_of(ledger, command.unit_id, by)
    is_own = await lies_within(ledger, command.office_id, command.unit_id, local_day(by.now))
    conduct.transfer(by, office_id=command.office_id, is_own=is_own)
    return await ledger.save(conduct)


@fact(after="the transfer", undo="reverse_conduct_step")
async def analyse_performance(command: AnalysePerformance, ledger: Ledger, by: By) -> Recorded:
    """Record the analysis."""
    by = without_personal_data(by, conclusion=command.conclusion)
    by = await without_interest(ledger, by, command.unit_id)
    conduct = await conduct_of(ledger, command.unit_id, by)
    conduct.analyse_performance(by, conclusion=command.conclusion)
    return await ledger.save(conduct)


@fact(after="the transfer", undo="reverse_conduct_step")
async def record_inspection_finding(
    command: RecordInspectionFinding, ledger: Ledger, by: By
) -> Recorded:
    """Record what the inspection found."""
    by = without_personal_data(by, summary=command.summary)
    by = await without_interest(ledger, by, command.unit_id, command.person_id)
    conduct = await conduct_of(ledger, command.unit_id, by)
    conduct.record_inspection_finding(
        by, kind=command.kind, person_id=command.person_id, summary=command.summary
    )
    return await ledger.save(conduct)


@fact(after="the inspection's finding", undo="reverse_conduct_step")
async def hold_unit_talk(command: HoldUnitTalk, ledger: Ledger, by: By) -> Recorded:
    """Record the talk."""
    by = await guard_kind(ledger, by, command.convener_id)
    by = without_personal_data(by, conclusion=command.conclusion)
    by = await without_interest(ledger, by, command.unit_id)
    conduct = await conduct_of(ledger, command.unit_id, by)
    conduct.hold_talk(by, convener_id=command.convener_id, conclusion=command.conclusion)
    return await ledger.save(conduct)


@decision(undo=NoUndo("what was right after all is recorded anew"), by_two=True)
async def reverse_conduct_step(command: ReverseConductStep, ledger: Ledger, by: By) -> Recorded:
    """Take the step back."""
    by = await without_interest(ledger, by, command.unit_id)
    conduct = await ledger.load(UnitConduct, UnitConduct.create_id(unit_id=command.unit_id))
    conduct.reverse_step(by, version=command.version_reversed)
    return await ledger.save(conduct)


async def conduct_of(ledger: Ledger, unit_id: UUID, by: By) -> UnitConduct:
    """Return a unit's conduct, opened if nothing was recorded of it yet."""
    by = await guard_kind(ledger, by, unit_id)
    known = await ledger.find(UnitConduct, UnitConduct.create_id(unit_id=unit_id))
    return known or UnitConduct.open(by, unit_id=unit_id)
