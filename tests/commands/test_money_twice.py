"""The same money through every command that moves some: once, whoever names it and however."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.claims import SameInvoiceTwice, SameMoneyTwice, SplitExceedsTotal
from ledger.commands import accounts, deposits, draws, expenses
from ledger.core.aggregate import By
from ledger.core.errors import SecondPersonNeeded
from ledger.expenses import EvidenceKind
from ledger.storage.ledger import Ledger, Recorded
from tests.commands import money as m
from tests.commands.county import build_county
from tests.commands.test_deposits import ASSESS, PIPE_FEN, PROVING, REQUIRED_FEN, held, request
from tests.examples import deposits as d

Move = Callable[[str], Awaitable[Recorded]]
TWO = d.second(m.CLERK)


@pytest.fixture
async def estate(ledger: Ledger) -> Ledger:
    """A ledger with an estate's account and ¥10,000 in it."""
    await build_county(ledger)
    await m.open_accounts(ledger)
    await m.receive(ledger, 10_000_00)
    return ledger


def revenue(reference: str, **changed: Any) -> accounts.ReceiveRevenue:
    given: dict[str, Any] = {
        "account_id": m.ACCOUNT,
        "category": "rent",
        "amount_fen": 5_000,
        "payer": f"商户{reference}",
        "bank_reference": reference,
    }
    return accounts.ReceiveRevenue(**given | changed)


async def approved(ledger: Ledger) -> UUID:
    apply = expenses.ApplyForExpense(
        account_id=m.ACCOUNT,
        amount_fen=1_000,
        category="repair",
        purpose="维修小区南门",
        payee="宏达维修公司",
    )
    expense_id = (await expenses.apply_for_expense(apply, ledger, m.CHAIR)).id
    review = expenses.PassExpenseReview(expense_id=expense_id)
    await expenses.pass_expense_review(review, ledger, m.REVIEWER)
    await expenses.approve_expense(expenses.ApproveExpense(expense_id=expense_id), ledger, m.HEAD)
    return expense_id


def pay(expense_id: UUID, reference: str) -> expenses.PayExpense:
    return expenses.PayExpense(expense_id=expense_id, amount_fen=1_000, bank_reference=reference)


async def test_a_receipt_is_recorded_once_until_it_is_taken_back(estate: Ledger) -> None:
    first = revenue("BK-7")
    await accounts.receive_revenue(first, estate, m.CLERK)
    for typed in ("BK-7", "bk - 7", "ＢＫ－７"):
        again = replace(revenue(typed), payer="另一个写法")
        with pytest.raises(SameMoneyTwice):
            await accounts.receive_revenue(again, estate, m.CLERK)
    with pytest.raises(SameMoneyTwice):
        stand_in = replace(m.HEAD, on_behalf_of=m.CLERK.actor_id)
        await accounts.receive_revenue(revenue("BK-7"), estate, stand_in)
    other = revenue("BK-7", account_id=m.OTHER_ACCOUNT)
    await accounts.receive_revenue(other, estate, m.CLERK)
    reverse = accounts.ReverseRevenue(account_id=m.ACCOUNT, receipt_id=first.receipt_id)
    await accounts.reverse_revenue(reverse, estate, m.HEAD)
    await accounts.receive_revenue(revenue("BK-7"), estate, m.CLERK)
    told = await accounts.receive_revenue(
        revenue("BK-7"), estate, replace(m.CLERK, is_history=True)
    )
    assert told.events[0].by.breaches == ("same-money-twice",)


async def test_a_split_states_the_whole_and_takes_two(estate: Ledger) -> None:
    part = revenue("BK-9", split_of_fen=8_000)
    with pytest.raises(SecondPersonNeeded):
        await accounts.receive_revenue(part, estate, m.CLERK)
    await accounts.receive_revenue(part, estate, TWO)
    rest = revenue("BK-9", split_of_fen=8_000, amount_fen=3_001)
    with pytest.raises(SplitExceedsTotal):
        await accounts.receive_revenue(rest, estate, TWO)
    await accounts.receive_revenue(replace(rest, amount_fen=3_000), estate, TWO)


async def test_a_payment_is_recorded_once(estate: Ledger) -> None:
    one, other = await approved(estate), await approved(estate)
    await expenses.pay_expense(pay(one, "P-1"), estate, m.CASHIER)
    with pytest.raises(SameMoneyTwice):
        await expenses.pay_expense(pay(other, "p-1"), estate, m.CASHIER)
    back = expenses.ReverseExpensePayment(expense_id=one, bank_reference="P-2")
    await expenses.reverse_expense_payment(back, estate, m.CASHIER)
    await expenses.pay_expense(pay(other, "P-1"), estate, m.CASHIER)


async def test_an_invoice_pays_one_expense(estate: Ledger) -> None:
    one, other = await approved(estate), await approved(estate)
    chair = d.proven(m.CHAIR)

    async def attach(expense_id: UUID) -> None:
        command = expenses.AttachExpenseEvidence(expense_id=expense_id, kind=EvidenceKind.INVOICE)
        await expenses.attach_expense_evidence(command, estate, chair)

    await attach(one)
    await attach(one)
    with pytest.raises(SameInvoiceTwice):
        await attach(other)
    with pytest.raises(SameInvoiceTwice):  # nor by another way in
        await expenses.pay_expense(pay(other, ""), estate, d.proven(m.CASHIER))
    withdraw = expenses.WithdrawExpense(expense_id=one)
    await expenses.withdraw_expense(withdraw, estate, m.CHAIR)
    await attach(other)


async def test_money_of_deposits_is_recorded_once(estate: Ledger) -> None:
    """What came in under a reference, went out, or came in again, in whatever deposit."""
    deposit_id = await held(estate)
    other_id = (await deposits.assess_deposit(replace(ASSESS, contract="YG-2"), estate, m.CLERK)).id
    asked, again = request(deposit_id), request(deposit_id)
    for one in (asked, again):
        await draws.request_draw(one, estate, PROVING)
        approve = draws.ApproveDraw(deposit_id=deposit_id, draw_id=one.draw_id)
        await draws.approve_draw(approve, estate, m.HEAD)

    async def receive(reference: str, by: By = m.CLERK) -> Recorded:
        command = deposits.ReceiveDeposit(
            deposit_id=other_id, amount_fen=REQUIRED_FEN, bank_reference=reference
        )
        return await deposits.receive_deposit(command, estate, by)

    async def pay_out(draw_id: UUID, reference: str) -> Recorded:
        command = draws.PayDraw(
            deposit_id=deposit_id, draw_id=draw_id, amount_fen=PIPE_FEN, bank_reference=reference
        )
        return await draws.pay_draw(command, estate, m.CASHIER)

    async def refund(reference: str) -> Recorded:
        command = draws.RefundDraw(
            deposit_id=deposit_id, draw_id=asked.draw_id, amount_fen=1, bank_reference=reference
        )
        return await draws.refund_draw(command, estate, TWO)

    async def top_up(reference: str) -> Recorded:
        demand = deposits.DemandTopUp(deposit_id=deposit_id, amount_fen=1, demand_id=uuid4())
        await deposits.demand_top_up(demand, estate, m.CLERK)
        command = deposits.ReceiveTopUp(
            deposit_id=deposit_id,
            demand_id=demand.demand_id,
            amount_fen=1,
            bank_reference=reference,
        )
        return await deposits.receive_top_up(command, estate, m.CLERK)

    wrong = await receive("IN-1")
    await pay_out(asked.draw_id, "OUT-1")
    with pytest.raises(SameMoneyTwice):
        await pay_out(again.draw_id, "out-1")
    for move in (receive, refund, top_up):
        with pytest.raises(SameMoneyTwice):
            await move("in-1")
    step = deposits.ReverseDepositStep(deposit_id=other_id, version_reversed=wrong.version)
    await deposits.reverse_deposit_step(step, estate, TWO)
    await refund("IN-1")
