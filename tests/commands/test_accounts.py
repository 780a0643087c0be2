"""Public accounts and leases through their commands, on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from ledger.accounts import PublicAccount, rules
from ledger.commands.accounts import (
    ClosePeriod,
    OpenPublicAccount,
    ReceiveRevenue,
    ReverseRevenue,
    close_period,
    open_public_account,
    receive_revenue,
    reverse_revenue,
)
from ledger.commands.leases import (
    AmendLease,
    EndLease,
    SignLease,
    amend_lease,
    end_lease,
    sign_lease,
)
from ledger.commands.petition_terms import OrganisationKindWrong
from ledger.commands.plain_texts import PersonalDataInText
from ledger.core.errors import NotFound
from ledger.leases import Instalment, Lease
from ledger.storage.ledger import Ledger
from ledger.storage.snapshots import SNAPSHOT_EVERY_EVENTS, Snapshots
from tests.commands import money as m
from tests.commands.county import COMMUNITY, COMPANY, ESTATE, STREET, build_county

SIGN = SignLease(
    account_id=m.ACCOUNT,
    premises="社区服务用房一层东侧",
    area_m2_hundredths=120_50,
    tenant="惠民便利店",
    starts_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    schedule=(
        Instalment(due_on=date(2026, 1, 5), amount_fen=8_000_00),
        Instalment(due_on=date(2026, 7, 5), amount_fen=8_000_00),
    ),
)


@pytest.fixture
async def estate(ledger: Ledger) -> Ledger:
    """A ledger with two estates and their public accounts."""
    await build_county(ledger)
    await m.open_accounts(ledger)
    return ledger


def revenue(
    amount_fen: int = 100_00,
    *,
    account_id: UUID = m.ACCOUNT,
    payer: str = "惠民便利店",
    lease_id: UUID | None = None,
) -> ReceiveRevenue:
    return ReceiveRevenue(
        account_id=account_id,
        category="rent",
        amount_fen=amount_fen,
        payer=payer,
        lease_id=lease_id,
    )


async def test_an_estate_has_one_account(estate: Ledger) -> None:
    again = OpenPublicAccount(estate_id=ESTATE, street_id=STREET)

    with pytest.raises(rules.AccountExists):
        await open_public_account(again, estate, m.CLERK)


@pytest.mark.parametrize(("estate_id", "street_id"), [(COMPANY, STREET), (ESTATE, COMMUNITY)])
async def test_an_account_needs_an_estate_and_a_street(
    ledger: Ledger, estate_id: UUID, street_id: UUID
) -> None:
    await build_county(ledger)
    with pytest.raises(OrganisationKindWrong):
        command = OpenPublicAccount(estate_id=estate_id, street_id=street_id)
        await open_public_account(command, ledger, m.CLERK)


async def test_revenue_comes_in_and_is_reversed_once(estate: Ledger) -> None:
    command = revenue()
    recorded = await receive_revenue(command, estate, m.CLERK)
    reverse = ReverseRevenue(account_id=m.ACCOUNT, receipt_id=command.receipt_id)
    await reverse_revenue(reverse, estate, m.HEAD)

    account = await estate.load(PublicAccount, m.ACCOUNT)
    assert (account.balance_fen, recorded.version) == (0, 2)
    with pytest.raises(rules.ReceiptAlreadyReversed):
        await reverse_revenue(reverse, estate, m.HEAD)


async def test_a_receipt_sent_twice_counts_once(estate: Ledger) -> None:
    command = revenue()
    await receive_revenue(command, estate, m.CLERK)

    with pytest.raises(rules.ReceiptExists):
        await receive_revenue(command, estate, m.CLERK)


async def test_revenue_names_the_policies_it_was_taken_under(estate: Ledger) -> None:
    recorded = await receive_revenue(revenue(), estate, m.CLERK)

    assert recorded.events[0].by.policy_version > 1


async def test_revenue_that_names_a_category_nobody_listed_is_refused(estate: Ledger) -> None:
    with pytest.raises(rules.RevenueCategoryUnknown):
        await receive_revenue(replace(revenue(), category="lottery"), estate, m.CLERK)


async def test_a_telephone_number_is_kept_out_of_the_log(estate: Ledger) -> None:
    with pytest.raises(PersonalDataInText):
        await receive_revenue(revenue(payer="张某 13800138000"), estate, m.CLERK)


async def test_a_closed_month_takes_no_revenue_and_says_when_it_was(estate: Ledger) -> None:
    await close_period(ClosePeriod(account_id=m.ACCOUNT, year=2026, month=2), estate, m.CLERK)
    february = replace(m.CLERK, at=m.CLERK.at.replace(month=2))
    for told in (february, replace(february, is_history=True)):
        (event,) = (await receive_revenue(revenue(), estate, told)).events
        assert event.timestamp.isoformat() == "2026-02-28T16:00:00+00:00"
        assert (event.by.true_day, event.by.breaches) == (february.at.date(), ("period-is-closed",))


async def test_rent_goes_into_the_account_of_its_lease(estate: Ledger) -> None:
    lease_id = (await sign_lease(SIGN, estate, m.CLERK)).id
    await receive_revenue(revenue(lease_id=lease_id), estate, m.CLERK)

    with pytest.raises(rules.LeaseOfAnotherAccount):
        elsewhere = revenue(account_id=m.OTHER_ACCOUNT, lease_id=lease_id)
        await receive_revenue(elsewhere, estate, m.CLERK)
    with pytest.raises(NotFound):
        await receive_revenue(revenue(lease_id=uuid4()), estate, m.CLERK)


async def test_a_lease_is_signed_amended_and_ended(estate: Ledger) -> None:
    lease_id = (await sign_lease(SIGN, estate, m.CLERK)).id
    amend = AmendLease(
        lease_id=lease_id,
        premises=SIGN.premises,
        area_m2_hundredths=SIGN.area_m2_hundredths,
        tenant=SIGN.tenant,
        starts_on=SIGN.starts_on,
        ends_on=SIGN.ends_on,
        schedule=SIGN.schedule[:1],
    )
    await amend_lease(amend, estate, m.HEAD)
    await end_lease(EndLease(lease_id=lease_id, ended_on=date(2026, 6, 30)), estate, m.HEAD)

    lease = await estate.load(Lease, lease_id)
    assert lease.terms.schedule == SIGN.schedule[:1]
    assert lease.ended_on == date(2026, 6, 30)


async def test_a_lease_needs_an_account(ledger: Ledger) -> None:
    await build_county(ledger)
    with pytest.raises(NotFound):
        await sign_lease(SIGN, ledger, m.CLERK)


async def test_a_long_account_is_read_from_its_snapshot(estate: Ledger) -> None:
    for _ in range(SNAPSHOT_EVERY_EVENTS):
        await receive_revenue(revenue(1), estate, m.CLERK)
    whole = await estate.load(PublicAccount, m.ACCOUNT)

    kept = Snapshots(estate.pool, estate.id, estate.key)
    snapshot = await kept.read(PublicAccount, m.ACCOUNT)
    after = await estate.load(PublicAccount, m.ACCOUNT)

    assert snapshot is not None
    assert after.balance_fen == whole.balance_fen == SNAPSHOT_EVERY_EVENTS
    assert (after.receipts, after.version) == (whole.receipts, whole.version)
    await receive_revenue(revenue(1), estate, m.CLERK)
    assert (await estate.load(PublicAccount, m.ACCOUNT)).balance_fen == SNAPSHOT_EVERY_EVENTS + 1
