"""What people may do with leases of an estate's premises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from annotated_types import Gt, Le, MaxLen, MinLen

from ledger.accounts import PublicAccount
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.times import NOT_YET, decision, fact
from ledger.core.values import Day, Name
from ledger.leases import Instalment, Lease, LeaseTerms
from ledger.storage.ledger import Ledger, Recorded

AreaHundredths = Annotated[int, Gt(0), Le(10**9)]
"""An area in hundredths of a square metre, greater than zero."""
Schedule = Annotated[tuple[Instalment, ...], MinLen(1), MaxLen(400)]
"""What a tenant owes when, by due day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignLease:
    """Record a lease whose rent goes into an estate's public account."""

    account_id: UUID
    premises: Name
    area_m2_hundredths: AreaHundredths
    tenant: Name
    starts_on: Day
    ends_on: Day
    schedule: Schedule
    tenant_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendLease:
    """Change a lease's terms for the days to come, giving the reason; name all of them."""

    lease_id: UUID
    premises: Name
    area_m2_hundredths: AreaHundredths
    tenant: Name
    starts_on: Day
    ends_on: Day
    schedule: Schedule
    tenant_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLease:
    """Record a lease's last day; before the agreed one, with the reason."""

    lease_id: UUID
    ended_on: Day


@fact(after="the opening of the account", undo=NOT_YET)
async def sign_lease(command: SignLease, ledger: Ledger, by: By) -> Recorded:
    """Record a lease; its public account must exist."""
    account = await ledger.load(PublicAccount, command.account_id)
    by = without_personal_data(by, premises=command.premises, tenant=command.tenant)
    lease = Lease.sign(by, account_id=account.id, terms=_terms(command))
    return await ledger.save(lease)


@decision(undo=NOT_YET)
async def amend_lease(command: AmendLease, ledger: Ledger, by: By) -> Recorded:
    """Change a lease's terms."""
    lease = await ledger.load(Lease, command.lease_id)
    by = without_personal_data(by, premises=command.premises, tenant=command.tenant)
    lease.amend(by, terms=_terms(command))
    return await ledger.save(lease)


@decision(undo=NOT_YET)
async def end_lease(command: EndLease, ledger: Ledger, by: By) -> Recorded:
    """Record a lease's end."""
    lease = await ledger.load(Lease, command.lease_id)
    lease.end(by, ended_on=command.ended_on)
    return await ledger.save(lease)


def _terms(command: SignLease | AmendLease) -> LeaseTerms:
    return LeaseTerms(
        premises=command.premises,
        area_m2_hundredths=command.area_m2_hundredths,
        tenant=command.tenant,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        schedule=command.schedule,
        tenant_id=command.tenant_id,
    )
