"""Expenses through their commands, on a real PostgreSQL: decision and money go together."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from ledger.accounts import PublicAccount
from ledger.accounts.rules import HoldExceedsFree, PaymentExists
from ledger.commands.expenses import (
    AnswerObjection,
    ApplyForExpense,
    ApproveExpense,
    AttachExpenseEvidence,
    ChangeExpense,
    PassExpenseReview,
    PayExpense,
    PublishExpense,
    RaiseObjection,
    RejectExpense,
    ReturnExpense,
    ReverseExpensePayment,
    WithdrawExpense,
    answer_objection,
    apply_for_expense,
    approve_expense,
    attach_expense_evidence,
    change_expense,
    pass_expense_review,
    pay_expense,
    publish_expense,
    raise_objection,
    reject_expense,
    return_expense,
    reverse_expense_payment,
    withdraw_expense,
)
from ledger.commands.plain_texts import PersonalDataInText
from ledger.core.clock import local_day
from ledger.core.errors import Conflict, LedgerError, NotFound, SamePersonTwice
from ledger.expenses import EvidenceKind, Expense, ExpenseStatus
from ledger.expenses.rules import ExpenseAlreadyPaid, PublicationTooShort
from ledger.storage.ledger import Ledger, Recorded
from tests.commands import money as m
from tests.commands.county import build_county
from tests.examples.expenses import INVOICE

BALANCE_FEN = 10_000_00
GATE_FEN = 6_000_00
APPLY = ApplyForExpense(
    account_id=m.ACCOUNT,
    amount_fen=GATE_FEN,
    category="repair",
    purpose="维修小区南门",
    payee="宏达维修公司",
)


@pytest.fixture
async def estate(ledger: Ledger) -> Ledger:
    """A ledger with an estate that has ¥10,000 in its public account."""
    await build_county(ledger)
    await m.open_accounts(ledger)
    await m.receive(ledger, BALANCE_FEN)
    return ledger


async def reviewed(ledger: Ledger, amount_fen: int = GATE_FEN) -> UUID:
    command = replace(APPLY, amount_fen=amount_fen)
    expense_id = (await apply_for_expense(command, ledger, m.CHAIR)).id
    await pass_expense_review(PassExpenseReview(expense_id=expense_id), ledger, m.REVIEWER)
    return expense_id


async def approved(ledger: Ledger, amount_fen: int = GATE_FEN) -> UUID:
    expense_id = await reviewed(ledger, amount_fen)
    await approve_expense(ApproveExpense(expense_id=expense_id), ledger, m.HEAD)
    return expense_id


async def paid(ledger: Ledger) -> UUID:
    expense_id = await approved(ledger)
    await pay_expense(PayExpense(expense_id=expense_id, amount_fen=GATE_FEN), ledger, m.CASHIER)
    return expense_id


async def money(ledger: Ledger) -> tuple[int, int]:
    """Return balance and held, in fen."""
    account = await ledger.load(PublicAccount, m.ACCOUNT)
    return account.balance_fen, account.held_fen


async def test_approved_money_is_held_and_paid_money_is_gone(estate: Ledger) -> None:
    expense_id = await approved(estate)
    assert await money(estate) == (BALANCE_FEN, GATE_FEN)

    pay = PayExpense(expense_id=expense_id, amount_fen=GATE_FEN)
    recorded = await pay_expense(pay, estate, m.CASHIER)

    assert await money(estate) == (BALANCE_FEN - GATE_FEN, 0)
    assert (recorded.id, len(recorded.events)) == (expense_id, 2)
    assert recorded.events[0].by.policy_version > 1
    with pytest.raises(ExpenseAlreadyPaid):
        await pay_expense(pay, estate, m.CASHIER)


async def test_no_more_is_approved_than_the_account_has_free(estate: Ledger) -> None:
    await approved(estate)
    second_id = await reviewed(estate)

    with pytest.raises(HoldExceedsFree):
        await approve_expense(ApproveExpense(expense_id=second_id), estate, m.HEAD)
    assert (await estate.load(Expense, second_id)).status is ExpenseStatus.REVIEWED


async def test_the_approver_cannot_pay(estate: Ledger) -> None:
    expense_id = await approved(estate)

    with pytest.raises(SamePersonTwice):
        pay = PayExpense(expense_id=expense_id, amount_fen=GATE_FEN)
        await pay_expense(pay, estate, m.HEAD)
    assert await money(estate) == (BALANCE_FEN, GATE_FEN)


async def test_a_change_frees_the_money(estate: Ledger) -> None:
    expense_id = await approved(estate)
    change = ChangeExpense(
        expense_id=expense_id,
        amount_fen=GATE_FEN - 1,
        category="repair",
        purpose="维修小区南门",
        payee="宏达维修公司",
    )
    await change_expense(change, estate, m.CHAIR)

    assert await money(estate) == (BALANCE_FEN, 0)
    assert (await estate.load(Expense, expense_id)).status is ExpenseStatus.APPLIED


async def test_a_rejection_frees_the_money(estate: Ledger) -> None:
    await reject_expense(RejectExpense(expense_id=await approved(estate)), estate, m.HEAD)
    assert await money(estate) == (BALANCE_FEN, 0)


async def test_a_withdrawal_frees_the_money(estate: Ledger) -> None:
    await withdraw_expense(WithdrawExpense(expense_id=await approved(estate)), estate, m.CHAIR)
    assert await money(estate) == (BALANCE_FEN, 0)


async def test_an_application_can_be_sent_back(estate: Ledger) -> None:
    expense_id = await reviewed(estate)
    await return_expense(ReturnExpense(expense_id=expense_id), estate, m.REVIEWER)

    assert (await estate.load(Expense, expense_id)).status is ExpenseStatus.RETURNED


async def test_a_reversed_payment_is_back_in_the_account(estate: Ledger) -> None:
    expense_id = await paid(estate)
    reverse = ReverseExpensePayment(expense_id=expense_id)
    await reverse_expense_payment(reverse, estate, m.CASHIER)

    assert await money(estate) == (BALANCE_FEN, 0)
    assert (await estate.load(Expense, expense_id)).status is ExpenseStatus.REVERSED


async def test_what_was_paid_is_shown_questioned_and_answered(estate: Ledger) -> None:
    expense_id = await paid(estate)
    attach = AttachExpenseEvidence(expense_id=expense_id, kind=EvidenceKind.INVOICE)
    with_invoice = replace(m.CHAIR, evidence=(INVOICE,))
    recorded = await attach_expense_evidence(attach, estate, with_invoice)
    assert recorded.events[0].by.evidence == (INVOICE,)

    until_on = local_day(m.CHAIR.at) + timedelta(days=15)
    show = PublishExpense(expense_id=expense_id, where="小区公告栏", until_on=until_on)
    await publish_expense(show, estate, m.CHAIR)
    with pytest.raises(PublicationTooShort):
        shorter = replace(show, until_on=until_on - timedelta(days=1))
        await publish_expense(shorter, estate, m.CHAIR)

    ask = RaiseObjection(expense_id=expense_id, statement="价格偏高")
    await raise_objection(ask, estate, m.OWNER)
    answer = AnswerObjection(
        expense_id=expense_id, objection_id=ask.objection_id, answer="三家比价，取最低价"
    )
    await answer_objection(answer, estate, m.CHAIR)

    expense = await estate.load(Expense, expense_id)
    assert expense.publication.until_on == until_on
    assert expense.objections[ask.objection_id].is_answered


async def test_an_expense_needs_an_account(ledger: Ledger) -> None:
    await build_county(ledger)
    with pytest.raises(NotFound):
        await apply_for_expense(APPLY, ledger, m.CHAIR)


async def test_a_telephone_number_is_kept_out_of_the_log(estate: Ledger) -> None:
    with pytest.raises(PersonalDataInText):
        command = replace(APPLY, purpose="联系人 138 0013 8000")
        await apply_for_expense(command, estate, m.CHAIR)


async def test_old_payments_without_the_steps_are_recorded_and_marked(estate: Ledger) -> None:
    expense_id = (await apply_for_expense(APPLY, estate, m.CHAIR)).id
    past = replace(m.CHAIR, role="street", is_history=True)
    pay = PayExpense(expense_id=expense_id, amount_fen=GATE_FEN)

    recorded = await pay_expense(pay, estate, past)

    assert [event.by.breaches for event in recorded.events] == [
        ("expense-step-out-of-order", "same-person-twice"),
        ("hold-missing",),
    ]
    assert await money(estate) == (BALANCE_FEN - GATE_FEN, 0)


async def outcome(ledger: Ledger, expense_id: UUID) -> Recorded | LedgerError:
    """Approve, asking again whenever somebody else was first."""
    command = ApproveExpense(expense_id=expense_id)
    try:
        return await m.until_settled(lambda: approve_expense(command, ledger, m.HEAD))
    except LedgerError as error:
        return error


async def test_two_approvals_of_the_last_money_one_wins(estate: Ledger) -> None:
    expenses = [await reviewed(estate), await reviewed(estate)]

    outcomes = await asyncio.gather(*(outcome(estate, each) for each in expenses))

    refused = [each for each in outcomes if isinstance(each, LedgerError)]
    assert [type(each) for each in refused] == [HoldExceedsFree]
    assert await money(estate) == (BALANCE_FEN, GATE_FEN)


async def test_two_cashiers_pay_one_expense_once(estate: Ledger) -> None:
    """Whatever the second has read of expense and account, it is refused, now and later."""
    expense_id = await approved(estate, BALANCE_FEN)
    pay = PayExpense(expense_id=expense_id, amount_fen=BALANCE_FEN)
    cashiers = (m.CASHIER, replace(m.CASHIER, actor_id=UUID(int=99)))

    results = await asyncio.gather(
        *(pay_expense(pay, estate, cashier) for cashier in cashiers), return_exceptions=True
    )

    failed = [result for result in results if isinstance(result, BaseException)]
    assert len(failed) == 1
    assert isinstance(failed[0], Conflict | ExpenseAlreadyPaid | PaymentExists)
    assert await money(estate) == (0, 0)
    with pytest.raises(ExpenseAlreadyPaid):
        await pay_expense(pay, estate, cashiers[1])
