"""Public accounts: an estate lets a room, the rent comes in, an expense goes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from ledger.accounts import PublicAccount, Receipt, account_id_of
from ledger.core.aggregate import By, Event
from tests.examples import by as person

ESTATE = UUID(int=400)
STREET = UUID(int=401)
LEASE = UUID(int=402)
RECEIPT = UUID(int=403)
EXPENSE = UUID(int=404)
ACCOUNT = account_id_of(ESTATE)

RENT_FEN = 20_000_00
CATEGORIES = ("rent", "parking", "advertising", "other")

CLERK = person(1)
CLERK_SAYS = person(1, reason="重复记账")
HEAD = person(2)
CASHIER = person(3)


def _fields(by: By = CLERK) -> dict[str, Any]:
    return {"originator_id": ACCOUNT, "originator_version": 2, "timestamp": by.at, "by": by}


def receipt(amount_fen: int = RENT_FEN, *, receipt_id: UUID = RECEIPT) -> Receipt:
    return Receipt(
        receipt_id=receipt_id,
        category="rent",
        amount_fen=amount_fen,
        payer="惠民便利店",
        bank_reference="R-1",
        lease_id=LEASE,
    )


def opened() -> PublicAccount.Opened:
    fields = _fields() | {"originator_version": 1}
    return PublicAccount.Opened(
        **fields, originator_topic=PublicAccount.TOPIC, estate_id=ESTATE, street_id=STREET
    )


def revenue_received(
    amount_fen: int = RENT_FEN, *, receipt_id: UUID = RECEIPT, by: By = CLERK
) -> PublicAccount.RevenueReceived:
    return PublicAccount.RevenueReceived(
        **_fields(by), receipt=receipt(amount_fen, receipt_id=receipt_id)
    )


def revenue_reversed(amount_fen: int = RENT_FEN) -> PublicAccount.RevenueReversed:
    return PublicAccount.RevenueReversed(
        **_fields(CLERK_SAYS), receipt_id=RECEIPT, amount_fen=amount_fen
    )


def hold_placed(amount_fen: int = RENT_FEN) -> PublicAccount.HoldPlaced:
    return PublicAccount.HoldPlaced(**_fields(HEAD), expense_id=EXPENSE, amount_fen=amount_fen)


def hold_released() -> PublicAccount.HoldReleased:
    return PublicAccount.HoldReleased(**_fields(), expense_id=EXPENSE)


def paid_out(amount_fen: int = RENT_FEN, *, by: By = CASHIER) -> PublicAccount.PaidOut:
    return PublicAccount.PaidOut(
        **_fields(by),
        expense_id=EXPENSE,
        amount_fen=amount_fen,
        payee="宏达维修公司",
        bank_reference="P-1",
    )


def payment_reversed(amount_fen: int = RENT_FEN) -> PublicAccount.PaymentReversed:
    return PublicAccount.PaymentReversed(
        **_fields(CLERK_SAYS), expense_id=EXPENSE, amount_fen=amount_fen, bank_reference="P-2"
    )


def period_closed(year: int = 2026, month: int = 2) -> PublicAccount.PeriodClosed:
    return PublicAccount.PeriodClosed(**_fields(), year=year, month=month)


def marked(by: By, *breaches: str) -> By:
    """Return who recorded history, with the rules that it broke."""
    return replace(by, is_history=True, breaches=breaches)


def period_reopened(by: By = CLERK_SAYS) -> PublicAccount.PeriodReopened:
    return PublicAccount.PeriodReopened(**_fields(by), year=2026, month=2)


EXAMPLES: tuple[Event, ...] = (
    opened(),
    revenue_received(),
    revenue_reversed(),
    hold_placed(),
    hold_released(),
    paid_out(),
    payment_reversed(),
    period_closed(),
    period_reopened(),
)
