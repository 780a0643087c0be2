"""What people may do with public accounts, apart from paying expenses (``expenses.py``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID, uuid4

from annotated_types import Ge, Le

from ledger.accounts import PublicAccount, Receipt, account_id_of
from ledger.accounts.rules import AccountExists, LeaseOfAnotherAccount
from ledger.claims import Claimed
from ledger.commands.claiming import claim_money, release_money
from ledger.commands.interests import without_interest
from ledger.commands.petition_terms import guard_kind, terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.core.aggregate import By
from ledger.core.times import NoUndo, decision, fact
from ledger.core.values import AmountFen, Name, OptionalName
from ledger.leases import Lease
from ledger.organisations import Kind
from ledger.storage.ledger import Ledger, Recorded

Year = Annotated[int, Ge(2000), Le(2200)]
"""A calendar year."""
Month = Annotated[int, Ge(1), Le(12)]
"""A calendar month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPublicAccount:
    """Open an estate's public account at its street; the estate gives its id."""

    estate_id: UUID
    street_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveRevenue:
    """Record money that came in for an estate; ``lease_id`` where it is the rent of a lease."""

    account_id: UUID
    category: Name
    amount_fen: AmountFen
    payer: Name
    bank_reference: OptionalName = ""
    lease_id: UUID | None = None
    split_of_fen: AmountFen | None = None
    receipt_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseRevenue:
    """Take a receipt back in full, once, giving the reason."""

    account_id: UUID
    receipt_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePeriod:
    """Close the books of a month, and of all months before it."""

    account_id: UUID
    year: Year
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenPeriod:
    """Open the books of a month, and of all months after it, again; by two, with a reason."""

    account_id: UUID
    year: Year
    month: Month


@decision(undo=NoUndo("an account without money stays empty; an estate has one for good"))
async def open_public_account(command: OpenPublicAccount, ledger: Ledger, by: By) -> Recorded:
    """Open the account; an estate has one."""
    by = await guard_kind(ledger, by, command.estate_id, Kind.ESTATE)
    by = await guard_kind(ledger, by, command.street_id, Kind.STREET)
    account_id = account_id_of(command.estate_id)
    if await ledger.find(PublicAccount, account_id) is not None:
        raise AccountExists(account_id=str(account_id))
    account = PublicAccount.open(by, estate_id=command.estate_id, street_id=command.street_id)
    return await ledger.save(account)


@fact(undo="reverse_revenue")
async def receive_revenue(command: ReceiveRevenue, ledger: Ledger, by: By) -> Recorded:
    """Record revenue of a listed category; a lease that is named must pay into this account."""
    account, by = await _account_for(ledger, command.account_id, by)
    if command.lease_id is not None:
        lease = await ledger.load(Lease, command.lease_id)
        if lease.account_id != account.id:
            by = by.refuse(LeaseOfAnotherAccount(account_id=str(lease.account_id)))
    policies, by = await terms_of(ledger, by)
    by = without_personal_data(by, payer=command.payer)
    by = await claim_money(
        ledger,
        by,
        Claimed.MONEY_IN,
        command.bank_reference,
        within=account.id,
        holder_id=command.receipt_id,
        place_id=account.estate_id,
        amount_fen=command.amount_fen,
        split_of_fen=command.split_of_fen,
    )
    account.receive(
        by,
        receipt=Receipt(
            receipt_id=command.receipt_id,
            category=command.category,
            amount_fen=command.amount_fen,
            payer=command.payer,
            bank_reference=command.bank_reference,
            lease_id=command.lease_id,
        ),
        categories=policies.book.items("account.revenue_categories", on=policies.day),
    )
    return await ledger.save(account)


@decision(undo=NoUndo("it is itself a taking back; the receipt is recorded anew"))
async def reverse_revenue(command: ReverseRevenue, ledger: Ledger, by: By) -> Recorded:
    """Take a receipt back."""
    account, by = await _account_for(ledger, command.account_id, by)
    amount_fen = account.receipts.get(command.receipt_id, 0)
    reference = account.references.get(command.receipt_id, "")
    account.reverse_receipt(by, receipt_id=command.receipt_id)
    await release_money(
        ledger,
        by,
        Claimed.MONEY_IN,
        reference,
        within=account.id,
        holder_id=command.receipt_id,
        amount_fen=amount_fen,
    )
    return await ledger.save(account)


@decision(undo="reopen_period")
async def close_period(command: ClosePeriod, ledger: Ledger, by: By) -> Recorded:
    """Close a month's books."""
    account, by = await _account_for(ledger, command.account_id, by)
    account.close_period(by, year=command.year, month=command.month)
    return await ledger.save(account)


@decision(undo="close_period", by_two=True)
async def reopen_period(command: ReopenPeriod, ledger: Ledger, by: By) -> Recorded:
    """Reopen a month's books."""
    account, by = await _account_for(ledger, command.account_id, by)
    account.reopen_period(by, year=command.year, month=command.month)
    return await ledger.save(account)


async def _account_for(ledger: Ledger, account_id: UUID, by: By) -> tuple[PublicAccount, By]:
    """Return an account for a step; refuses who declared an interest in its estate."""
    account = await ledger.load(PublicAccount, account_id)
    return account, await without_interest(ledger, by, account.estate_id)
