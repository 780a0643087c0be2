"""A public account: its events, its state, and what may be asked of it."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ledger.accounts import rules
from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import end_of_day, local_day
from ledger.core.errors import AmountNotPositive, NotFound
from ledger.core.guards import by_two
from ledger.core.values import derived_id

STREET = "street"
PERIOD_IS_CLOSED = "period-is-closed"
"""The mark of what happened in a month whose books were closed when it was told."""


def account_id_of(estate_id: UUID) -> UUID:
    """Return the id of an estate's one public account."""
    return derived_id("public-account", str(estate_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Money that came in: from whom, what for, and which line of the bank's statement says so.

    ``payer`` is a business's registered name (a natural person stands under a pseudonym).
    ``lease_id`` names the lease whose rent this is.
    """

    receipt_id: UUID
    category: str
    amount_fen: int
    payer: str
    bank_reference: str
    lease_id: UUID | None = None


class PublicAccount(core.Aggregate):
    """The public account of one estate."""

    TOPIC = "public_account"
    SNAPSHOT_VERSION = 2

    # Events: what can happen to a public account ----------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a public account."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """The street opened a public account for an estate."""

        TOPIC = "public_account.opened.v1"

        estate_id: UUID
        street_id: UUID

    @dataclass(frozen=True, kw_only=True)
    class RevenueReceived(Event):
        """Money came in for the estate."""

        TOPIC = "public_account.revenue_received.v1"

        receipt: Receipt

        def apply(self, account: PublicAccount) -> None:
            account.balance_fen += self.receipt.amount_fen
            account.receipts[self.receipt.receipt_id] = self.receipt.amount_fen
            account.references[self.receipt.receipt_id] = self.receipt.bank_reference

    @dataclass(frozen=True, kw_only=True)
    class RevenueReversed(Event):
        """A receipt was taken back, for the reason given: a wrong entry, or money sent back."""

        TOPIC = "public_account.revenue_reversed.v1"

        receipt_id: UUID
        amount_fen: int

        def apply(self, account: PublicAccount) -> None:
            account.balance_fen -= self.amount_fen
            del account.receipts[self.receipt_id]
            account.references.pop(self.receipt_id, None)
            account.reversed_receipts.add(self.receipt_id)

    @dataclass(frozen=True, kw_only=True)
    class HoldPlaced(Event):
        """Money was set aside for an expense that was approved."""

        TOPIC = "public_account.hold_placed.v1"

        expense_id: UUID
        amount_fen: int

        def apply(self, account: PublicAccount) -> None:
            account.holds[self.expense_id] = self.amount_fen

    @dataclass(frozen=True, kw_only=True)
    class HoldReleased(Event):
        """The money is free again: the expense was changed, withdrawn or rejected after all."""

        TOPIC = "public_account.hold_released.v1"

        expense_id: UUID

        def apply(self, account: PublicAccount) -> None:
            del account.holds[self.expense_id]

    @dataclass(frozen=True, kw_only=True)
    class PaidOut(Event):
        """An expense was paid from the account."""

        TOPIC = "public_account.paid_out.v1"

        expense_id: UUID
        amount_fen: int
        payee: str
        bank_reference: str

        def apply(self, account: PublicAccount) -> None:
            account.balance_fen -= self.amount_fen
            account.payments[self.expense_id] = self.amount_fen
            account.references[self.expense_id] = self.bank_reference
            account.holds.pop(self.expense_id, None)

    @dataclass(frozen=True, kw_only=True)
    class PaymentReversed(Event):
        """The money of a payment came back, for the reason given."""

        TOPIC = "public_account.payment_reversed.v1"

        expense_id: UUID
        amount_fen: int
        bank_reference: str

        def apply(self, account: PublicAccount) -> None:
            account.balance_fen += self.amount_fen
            del account.payments[self.expense_id]
            account.references.pop(self.expense_id, None)

    @dataclass(frozen=True, kw_only=True)
    class PeriodClosed(Event):
        """The books of a month, and of every month before it, take no more entries."""

        TOPIC = "public_account.period_closed.v1"

        year: int
        month: int

        def apply(self, account: PublicAccount) -> None:
            account.closed_through = _last_day(self.year, self.month)

    @dataclass(frozen=True, kw_only=True)
    class PeriodReopened(Event):
        """The books of a month, and of every month after it, take entries again: see the reason."""

        TOPIC = "public_account.period_reopened.v1"

        year: int
        month: int

        def apply(self, account: PublicAccount) -> None:
            account.closed_through = date(self.year, self.month, 1) - timedelta(days=1)

    # State: what we remember of it, starting from ``Opened`` ----------------------------

    def __init__(self, *, estate_id: UUID, street_id: UUID) -> None:
        self.estate_id = estate_id
        self.street_id = street_id
        self.balance_fen = 0
        self.holds: dict[UUID, int] = {}
        self.receipts: dict[UUID, int] = {}
        self.reversed_receipts: set[UUID] = set()
        self.references: dict[UUID, str] = {}
        self.payments: dict[UUID, int] = {}
        self.closed_through: date | None = None

    @property
    def held_fen(self) -> int:
        """What is set aside for approved expenses."""
        return sum(self.holds.values())

    @property
    def free_fen(self) -> int:
        """What is there and not set aside."""
        return self.balance_fen - self.held_fen

    def to_snapshot(self) -> dict[str, Any]:
        """Return the state as plain data (amounts in fen by id)."""
        return {
            "estate_id": self.estate_id,
            "street_id": self.street_id,
            "balance_fen": self.balance_fen,
            "holds": {str(key): value for key, value in self.holds.items()},
            "receipts": {str(key): value for key, value in self.receipts.items()},
            "reversed_receipts": sorted(map(str, self.reversed_receipts)),
            "references": {str(key): value for key, value in self.references.items()},
            "payments": {str(key): value for key, value in self.payments.items()},
            "closed_through": self.closed_through,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take up the state that ``to_snapshot`` gave, as read back from JSON."""
        self.estate_id = UUID(data["estate_id"])
        self.street_id = UUID(data["street_id"])
        self.balance_fen = data["balance_fen"]
        self.holds = _by_id(data["holds"])
        self.receipts = _by_id(data["receipts"])
        self.reversed_receipts = set(map(UUID, data["reversed_receipts"]))
        self.references = {UUID(key): value for key, value in data["references"].items()}
        self.payments = _by_id(data["payments"])
        closed = data["closed_through"]
        self.closed_through = None if closed is None else date.fromisoformat(closed)

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(cls, by: By, *, estate_id: UUID, street_id: UUID) -> PublicAccount:
        """Open the estate's public account at its street."""
        by = _by_street(by)
        account_id = account_id_of(estate_id)
        return cls._begin(cls.Opened, by, id=account_id, estate_id=estate_id, street_id=street_id)

    def receive(self, by: By, *, receipt: Receipt, categories: tuple[str, ...]) -> None:
        """Record revenue; ``categories`` are those that the policy lists."""
        _positive(receipt.amount_fen)
        by = self._entry(by)
        known = receipt.receipt_id in self.receipts or receipt.receipt_id in self.reversed_receipts
        if known:
            raise rules.ReceiptExists(receipt_id=str(receipt.receipt_id))
        if receipt.category not in categories:
            by = by.refuse(rules.RevenueCategoryUnknown(list="account.revenue_categories"))
        self._record(self.RevenueReceived, by, receipt=receipt)

    def reverse_receipt(self, by: By, *, receipt_id: UUID) -> None:
        """Take a receipt back in full, once, giving the reason."""
        by = self._entry(by).with_reason()
        if receipt_id in self.reversed_receipts:
            raise rules.ReceiptAlreadyReversed(receipt_id=str(receipt_id))
        if receipt_id not in self.receipts:
            raise NotFound(kind="receipt", id=str(receipt_id))
        amount_fen = self.receipts[receipt_id]
        if amount_fen > self.free_fen:
            by = by.refuse(rules.ReversalExceedsFree(asked_fen=amount_fen, free_fen=self.free_fen))
        self._record(self.RevenueReversed, by, receipt_id=receipt_id, amount_fen=amount_fen)

    def place_hold(self, by: By, *, expense_id: UUID, amount_fen: int) -> None:
        """Set money aside for an approved expense."""
        _positive(amount_fen)
        if expense_id in self.holds:
            raise rules.HoldExists(expense_id=str(expense_id))
        if amount_fen > self.free_fen:
            by = by.refuse(rules.HoldExceedsFree(asked_fen=amount_fen, free_fen=self.free_fen))
        self._record(self.HoldPlaced, by, expense_id=expense_id, amount_fen=amount_fen)

    def release_hold(self, by: By, *, expense_id: UUID) -> None:
        """Free what was set aside for an expense."""
        if expense_id not in self.holds:
            raise rules.HoldMissing(expense_id=str(expense_id))
        self._record(self.HoldReleased, by, expense_id=expense_id)

    def pay_out(
        self, by: By, *, expense_id: UUID, amount_fen: int, payee: str, bank_reference: str
    ) -> None:
        """Pay an expense from the money that was set aside for it."""
        _positive(amount_fen)
        by = self._entry(by)
        if expense_id in self.payments:
            raise rules.PaymentExists(expense_id=str(expense_id))
        by = self._covered(by, expense_id, amount_fen)
        self._record(
            self.PaidOut,
            by,
            expense_id=expense_id,
            amount_fen=amount_fen,
            payee=payee,
            bank_reference=bank_reference,
        )

    def reverse_payment(self, by: By, *, expense_id: UUID, bank_reference: str) -> None:
        """Record that the money of a payment came back in full, giving the reason."""
        by = self._entry(by).with_reason()
        if expense_id not in self.payments:
            raise rules.PaymentMissing(expense_id=str(expense_id))
        self._record(
            self.PaymentReversed,
            by,
            expense_id=expense_id,
            amount_fen=self.payments[expense_id],
            bank_reference=bank_reference,
        )

    def close_period(self, by: By, *, year: int, month: int) -> None:
        """Close the books of a month that is over, and of all months before it."""
        by = _by_street(by)
        last_on = _last_day(year, month)
        if self.closed_through is not None and last_on <= self.closed_through:
            raise rules.PeriodAlreadyClosed(closed_through=self.closed_through.isoformat())
        if local_day(by.at) <= last_on:
            by = by.refuse(rules.PeriodNotOver(ends_on=last_on.isoformat()))
        self._record(self.PeriodClosed, by, year=year, month=month)

    def reopen_period(self, by: By, *, year: int, month: int) -> None:
        """Open the books of a month again that was closed wrongly: by two, giving the reason."""
        by = by_two(_by_street(by).with_reason())
        if self.closed_through is None or date(year, month, 1) > self.closed_through:
            raise rules.PeriodNotClosed(
                closed_through="" if self.closed_through is None else str(self.closed_through)
            )
        self._record(self.PeriodReopened, by, year=year, month=month)

    def _entry(self, by: By) -> By:
        by = _by_street(by)
        return self.booked(by)

    def booked(self, by: By) -> By:
        """Book what happened in a closed month at the first moment that is open, and mark it."""
        if self.closed_through is None:
            return by
        opens_at = end_of_day(self.closed_through) + timedelta(microseconds=1)
        return by.booked_from(opens_at, PERIOD_IS_CLOSED)

    def _covered(self, by: By, expense_id: UUID, amount_fen: int) -> By:
        hold_fen = self.holds.get(expense_id)
        if hold_fen is None:
            by = by.refuse(rules.HoldMissing(expense_id=str(expense_id)))
        elif hold_fen != amount_fen:
            by = by.refuse(rules.PaymentDiffersFromHold(asked_fen=amount_fen, held_fen=hold_fen))
        if amount_fen > self.balance_fen:
            by = by.refuse(
                rules.AccountOverdrawn(asked_fen=amount_fen, balance_fen=self.balance_fen)
            )
        return by


def _positive(amount_fen: int) -> None:
    if amount_fen <= 0:
        raise AmountNotPositive(amount_fen=amount_fen)


def _by_street(by: By) -> By:
    return by if by.role == STREET else by.refuse(rules.AccountNotKeptByStreet(role=by.role))


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _by_id(amounts: dict[str, int]) -> dict[UUID, int]:
    return {UUID(key): value for key, value in amounts.items()}
