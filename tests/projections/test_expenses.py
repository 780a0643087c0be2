"""The expenses view: commands in, the register and the full approval trail out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.accounts import PublicAccount
from ledger.commands import expenses as c
from ledger.core.aggregate import By
from ledger.core.errors import NotFound
from ledger.expenses import EvidenceKind, Expense, ExpenseStatus
from ledger.storage.ledger import Ledger
from projections.engine import Row
from projections.expenses import (
    ExpenseAt,
    ExpenseQuery,
    ObjectionQuery,
    TrailQuery,
    expense_by_id,
    expense_register,
    expense_trail,
    objection_register,
    view,
)
from tests.commands import money as m
from tests.commands.county import ESTATE, build_county
from tests.examples import AT
from tests.examples.expenses import INVOICE
from tests.projections.asking import ask, assert_rebuilds_the_same, last_recorded_at, topics_at

HOUR = timedelta(hours=1)
GATE = c.ApplyForExpense(
    account_id=m.ACCOUNT,
    amount_fen=6_000_00,
    category="repair",
    purpose="维修小区南门",
    payee="宏达维修公司",
)
CHEAPER: dict[str, Any] = {
    "amount_fen": 5_000_00,
    "category": "repair",
    "purpose": "维修南门",
    "payee": "宏达",
}


@pytest.fixture
async def estate(ledger: Ledger) -> Ledger:
    """A ledger with an estate that has ¥100,000 in its public account."""
    await build_county(ledger)
    await m.open_accounts(ledger)
    await m.receive(ledger, 100_000_00)
    return ledger


def later(by: By, hours: int) -> By:
    return replace(by, at=AT + hours * HOUR)


async def applied(ledger: Ledger, by: By = m.CHAIR, **changed: Any) -> UUID:
    return (await c.apply_for_expense(replace(GATE, **changed), ledger, by)).id


async def approved(ledger: Ledger) -> UUID:
    expense_id = await applied(ledger)
    review = c.PassExpenseReview(expense_id=expense_id)
    await c.pass_expense_review(review, ledger, later(m.REVIEWER, 1))
    await c.approve_expense(c.ApproveExpense(expense_id=expense_id), ledger, later(m.HEAD, 2))
    return expense_id


async def paid(ledger: Ledger, reference: str = "P-1") -> UUID:
    expense_id = await approved(ledger)
    pay = c.PayExpense(expense_id=expense_id, amount_fen=GATE.amount_fen, bank_reference=reference)
    await c.pay_expense(pay, ledger, later(m.CASHIER, 3))
    return expense_id


async def the_expense(ledger: Ledger, expense_id: UUID, **as_of: Any) -> Row:
    return await ask(ledger, view, expense_by_id, ExpenseAt(expense_id=expense_id, **as_of))


async def listed(ledger: Ledger, **wishes: Any) -> list[UUID]:
    page = await ask(ledger, view, expense_register, ExpenseQuery(**wishes))
    return [row["expense_id"] for row in page.rows]


def trail_of(row: Row) -> Sequence[tuple[str, int, bool]]:
    """Return each step with the number of who took it, and whether it is void."""
    return [
        (step["step"], step["actor_id"].int, step["voided_by"] is not None) for step in row["steps"]
    ]


async def test_the_trail_shows_four_persons_in_order(estate: Ledger) -> None:
    expense_id = await paid(estate)
    row = await the_expense(estate, expense_id)

    assert trail_of(row) == [
        ("applied", 11, False),
        ("review_passed", 12, False),
        ("approved", 13, False),
        ("paid", 14, False),
    ]
    assert [row[f"{name}_by"].int for name in ("applied", "reviewed", "approved", "paid")] == [
        11,
        12,
        13,
        14,
    ]
    assert (row["status"], row["paid_fen"], row["paid_at"]) == ("paid", 6_000_00, AT + 3 * HOUR)
    assert row["steps"][0]["reason"] == m.CHAIR.reason
    assert await topics_at(estate, row["positions"]) == [
        "expense.applied.v1",
        "expense.review_passed.v1",
        "expense.approved.v1",
        "expense.paid.v1",
    ]


async def test_a_change_voids_review_and_approval_and_keeps_them_in_the_trail(
    estate: Ledger,
) -> None:
    expense_id = await approved(estate)
    change = c.ChangeExpense(expense_id=expense_id, **CHEAPER)
    await c.change_expense(change, estate, m.CHAIR)
    row = await the_expense(estate, expense_id)
    changed_at = row["steps"][3]["position"]

    assert trail_of(row)[1:] == [
        ("review_passed", 12, True),
        ("approved", 13, True),
        ("changed", 11, False),
    ]
    assert {step["voided_by"] for step in row["steps"][1:3]} == {changed_at}
    assert (row["status"], row["approved_by"], row["voided_count"]) == ("applied", None, 2)
    assert (row["steps"][2]["amount_fen"], row["amount_fen"]) == (6_000_00, 5_000_00)


async def test_an_approval_taken_back_is_void_but_the_review_stands(estate: Ledger) -> None:
    expense_id = await approved(estate)
    await c.reject_expense(c.RejectExpense(expense_id=expense_id), estate, m.HEAD)
    row = await the_expense(estate, expense_id)

    assert [void for _, _, void in trail_of(row)] == [False, False, True, False]
    assert (row["status"], row["steps"][3]["reason"]) == ("rejected", m.HEAD.reason)


async def test_a_returned_and_a_withdrawn_application(estate: Ledger) -> None:
    expense_id = await applied(estate)
    await c.return_expense(c.ReturnExpense(expense_id=expense_id), estate, m.REVIEWER)
    await c.withdraw_expense(c.WithdrawExpense(expense_id=expense_id), estate, m.CHAIR)
    row = await the_expense(estate, expense_id)

    assert [step["step"] for step in row["steps"]] == ["applied", "returned", "withdrawn"]
    assert row["status"] == "withdrawn"


async def test_a_reversed_payment_is_void(estate: Ledger) -> None:
    expense_id = await paid(estate)
    reverse = c.ReverseExpensePayment(expense_id=expense_id, bank_reference="P-2")
    await c.reverse_expense_payment(reverse, estate, m.CASHIER)
    row = await the_expense(estate, expense_id)

    assert [void for _, _, void in trail_of(row)] == [False, False, False, True, False]
    assert (row["status"], row["paid_fen"], row["steps"][4]["amount_fen"]) == (
        "reversed",
        0,
        6_000_00,
    )


async def test_evidence_publication_and_objections_are_in_the_trail(estate: Ledger) -> None:
    expense_id = await paid(estate)
    attach = c.AttachExpenseEvidence(expense_id=expense_id, kind=EvidenceKind.INVOICE)
    await c.attach_expense_evidence(attach, estate, replace(m.CHAIR, evidence=(INVOICE,)))
    publish = c.PublishExpense(
        expense_id=expense_id, where="小区公告栏", until_on=date(2026, 3, 31)
    )
    await c.publish_expense(publish, estate, m.CHAIR)
    objection = c.RaiseObjection(expense_id=expense_id, statement="价格偏高")
    await c.raise_objection(objection, estate, m.OWNER)
    (open_one,) = (await ask(estate, view, objection_register, ObjectionQuery(status="open"))).rows
    answer = c.AnswerObjection(
        expense_id=expense_id, objection_id=objection.objection_id, answer="三家比价，取最低价"
    )
    await c.answer_objection(answer, estate, m.CHAIR)
    row = await the_expense(estate, expense_id)
    attached = row["steps"][4]

    assert (attached["evidence_kind"], attached["evidence"][0]["sha256"]) == (
        "invoice",
        INVOICE.sha256,
    )
    assert (row["evidence_count"], row["published_until_on"]) == (1, date(2026, 3, 31))
    assert open_one["due_on"] == date(2026, 3, 16)
    (answered,) = row["objections"]
    assert (answered["status"], answered["answer"], answered["answered_role"]) == (
        "answered",
        answer.answer,
        "owners_committee",
    )
    assert (row["objection_count"], row["open_objection_count"]) == (1, 0)
    assert row["steps"][-1]["statement"] == answer.answer


async def test_what_was_missed_is_marked(estate: Ledger) -> None:
    expense_id = await paid(estate)
    objection = c.RaiseObjection(expense_id=expense_id, statement="价格偏高")
    await c.raise_objection(objection, estate, m.OWNER)
    expense = await estate.load(Expense, expense_id)
    reaction = replace(m.CLERK, role="reaction", at=AT + timedelta(days=60))
    expense.miss_publication(reaction)
    expense.miss_objection_answer(reaction, objection_id=objection.objection_id)
    await estate.save(expense)
    row = await the_expense(estate, expense_id)

    assert (row["is_publication_missed"], row["missed_answer_count"]) == (True, 1)
    assert row["objections"][0]["status"] == "missed"
    assert await listed(estate, is_publication_missed=True) == [expense_id]
    assert await listed(estate, has_open_objections=False) == []


async def test_the_register_finds_what_is_asked_for(estate: Ledger) -> None:
    paid_id = await paid(estate)
    lamp_id = await applied(
        estate, later(m.CHAIR, 5), category="facilities", account_id=m.OTHER_ACCOUNT
    )

    assert await listed(estate) == [lamp_id, paid_id], "the latest application first"
    assert await listed(estate, status=ExpenseStatus.PAID) == [paid_id]
    assert await listed(estate, estate_id=ESTATE) == [paid_id]
    assert await listed(estate, category="facilities") == [lamp_id]
    assert await listed(estate, actor_id=m.HEAD.actor_id) == [paid_id]
    assert await listed(estate, applied_from=AT + HOUR) == [lamp_id]
    first = await ask(estate, view, expense_register, ExpenseQuery(page_size=1))
    rest = ExpenseQuery(page_size=1, cursor=first.next_cursor)
    assert [r["expense_id"] for r in (await ask(estate, view, expense_register, rest)).rows] == [
        paid_id
    ]
    with pytest.raises(NotFound):
        await the_expense(estate, uuid4())


async def test_the_past_shows_the_steps_until_then(estate: Ledger) -> None:
    expense_id = await approved(estate)
    before = await last_recorded_at(estate)
    await c.change_expense(
        c.ChangeExpense(expense_id=expense_id, **CHEAPER), estate, later(m.CHAIR, 4)
    )
    then = await the_expense(estate, expense_id, at=AT + HOUR)
    known = await the_expense(estate, expense_id, known_at=before)
    query = TrailQuery(expense_id=expense_id, at=AT + 2 * HOUR)
    trail = (await ask(estate, view, expense_trail, query)).rows

    assert (then["status"], len(then["steps"])) == ("reviewed", 2)
    assert (known["status"], known["amount_fen"]) == ("approved", 6_000_00)
    assert [(step["step"], step["voided_by"]) for step in trail] == [
        ("applied", None),
        ("review_passed", None),
        ("approved", None),
    ]


async def test_history_shows_which_rules_it_broke(estate: Ledger) -> None:
    """One person applied, reviewed and paid, years ago: recorded, marked, and shown so."""
    same = replace(m.CHAIR, is_history=True)
    expense_id = await applied(estate, same)
    await c.pass_expense_review(c.PassExpenseReview(expense_id=expense_id), estate, same)
    pay = c.PayExpense(expense_id=expense_id, amount_fen=GATE.amount_fen)
    await c.pay_expense(pay, estate, same)
    row = await the_expense(estate, expense_id)

    assert "same-person-twice" in row["breaches"]
    assert "same-person-twice" in row["steps"][1]["breaches"]
    assert await listed(estate, breach="same-person-twice") == [expense_id]
    assert await listed(estate, breach="account-overdrawn") == []


async def test_rebuild_equals_incremental(estate: Ledger, store_dsn: str) -> None:
    for number in range(4):
        expense_id = await paid(estate, f"P-{number}")
        objection = c.RaiseObjection(expense_id=expense_id, statement=f"第{number}次询问")
        await c.raise_objection(objection, estate, m.OWNER)
        if number % 2:
            answer = c.AnswerObjection(
                expense_id=expense_id, objection_id=objection.objection_id, answer="已说明"
            )
            await c.answer_objection(answer, estate, m.CHAIR)
        changed_id = await approved(estate)
        change = c.ChangeExpense(expense_id=changed_id, **CHEAPER)
        await c.change_expense(change, estate, m.CHAIR)
    await assert_rebuilds_the_same(estate, store_dsn, view)

    account = await estate.load(PublicAccount, m.ACCOUNT)
    page = await ask(estate, view, expense_register, ExpenseQuery(account_id=m.ACCOUNT))
    assert sum(row["paid_fen"] for row in page.rows) == sum(account.payments.values())
    for row in page.rows:
        expense = await estate.load(Expense, row["expense_id"])
        assert (row["status"], row["amount_fen"]) == (expense.status, expense.terms.amount_fen)
