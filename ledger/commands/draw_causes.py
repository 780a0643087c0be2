"""What a draw-down rests on, looked at: it is open, of this estate and of this company.

It is looked at when a draw-down is asked for and again when it is approved: what was settled,
withdrawn or merged in between no longer opens a deposit.
"""

from __future__ import annotations

from uuid import UUID

from ledger.commands.organisations import organisation_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.deposits import Cause, CauseKind, Deposit
from ledger.deposits.rules import (
    CauseOfAnotherCompany,
    CauseOfAnotherEstate,
    CauseRecordTooShort,
    CauseSettled,
    PayeeDecides,
)
from ledger.findings import Finding
from ledger.petitions import Petition
from ledger.storage.ledger import Ledger

RECORD_CHARACTERS_MIN = 6


async def guard_cause(
    ledger: Ledger, by: By, deposit: Deposit, cause: Cause, payee_id: UUID | None
) -> By:
    """Refuse a cause that is not one for this deposit; the payee did not bring it about."""
    if cause.kind is CauseKind.PETITION and cause.id is not None:
        return _petition(by, deposit, await _of_estate(ledger, by, deposit, cause.id), payee_id)
    if cause.kind is CauseKind.FINDING and cause.id is not None:
        return _finding(by, deposit, await ledger.load(Finding, cause.id), payee_id)
    written = sum(one.isalnum() for one in cause.record)
    if cause.is_complete() and written < RECORD_CHARACTERS_MIN:
        by = by.refuse(CauseRecordTooShort(characters_min=RECORD_CHARACTERS_MIN))
    return by


async def _of_estate(
    ledger: Ledger, by: By, deposit: Deposit, petition_id: UUID
) -> tuple[Petition, bool]:
    """Return a petition, and whether it is of the deposit's estate or of its whole community."""
    petition = await ledger.load(Petition, petition_id)
    if petition.estate_id is not None:
        return petition, petition.estate_id == deposit.estate_id
    estate = await organisation_of(ledger, deposit.estate_id)
    return petition, petition.community_id == estate.parent_on(local_day(by.now))


def _petition(by: By, deposit: Deposit, found: tuple[Petition, bool], payee_id: UUID | None) -> By:
    petition, is_of_estate = found
    if not is_of_estate:
        by = by.refuse(
            CauseOfAnotherEstate(kind="petition", community_id=str(petition.community_id))
        )
    if not petition.is_open:
        by = by.refuse(CauseSettled(kind="petition", stage=petition.stage))
    if petition.obligor_ids and deposit.company_id not in petition.obligor_ids:
        by = by.refuse(CauseOfAnotherCompany(kind="petition"))
    if payee_id is not None and payee_id in petition.petitioner_ids:
        by = by.refuse(PayeeDecides(payee_id=str(payee_id)))
    return by


def _finding(by: By, deposit: Deposit, finding: Finding, payee_id: UUID | None) -> By:
    if finding.estate_id != deposit.estate_id:
        by = by.refuse(CauseOfAnotherEstate(kind="finding", estate_id=str(finding.estate_id)))
    if finding.company_id != deposit.company_id:
        by = by.refuse(CauseOfAnotherCompany(kind="finding", company_id=str(finding.company_id)))
    if finding.is_settled:
        by = by.refuse(CauseSettled(kind="finding", stage=finding.stage))
    if payee_id is not None and payee_id == finding.supervisor_id:
        by = by.refuse(PayeeDecides(payee_id=str(payee_id)))
    return by
