"""Expenses over HTTP: four tokens from the application to the payment, and every way round it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ledger.core.clock import local_day, utc_now
from tests.api.conftest import bearer, the_problem
from tests.api.money import ACCOUNT, Office, applied, approved, office

__all__ = ["office"]

PAY = {"amount_fen": 6_000_00, "bank_reference": "P-1"}


async def test_four_persons_take_an_expense_from_application_to_payment(office: Office) -> None:
    path = await approved(office)
    paid = await office.done("cashier", path + "/payments", **PAY)
    shown = (await office.read("auditor", path, after=paid))["row"]
    account = (await office.read("auditor", f"/accounts/{ACCOUNT}", after=paid))["row"]
    trail = (await office.read("county", path + "/trail"))["rows"]

    assert (shown["status"], shown["paid_fen"]) == ("paid", 6_000_00)
    assert len({shown[f"{step}_by"] for step in ("applied", "reviewed", "approved", "paid")}) == 4
    assert (account["balance_fen"], account["held_fen"]) == (4_000_00, 0)
    assert [step["step"] for step in trail] == ["applied", "review_passed", "approved", "paid"]
    assert len(paid["event_ids"]) == 3, "decision, money and its reference are recorded together"


async def test_one_person_cannot_take_two_steps(office: Office) -> None:
    """The head approved; neither the head may pay, nor the committee's chair under other hats."""
    path = await approved(office)
    problem = await the_problem(
        await office.post("head", path + "/payments", **PAY), 422, "same-person-twice"
    )
    assert problem["facts"] == {"step": "pay", "earlier_step": "approve"}


async def test_a_person_with_two_tokens_is_still_one_person(office: Office) -> None:
    twins = {"actor_id": UUID("0192f0c1-2345-7000-8000-0000000000aa")}
    await office.person("chair too", "owners_committee", **twins)
    await office.person("reviewer too", "community", **twins)
    path = await applied(office, "chair too")

    await the_problem(
        await office.post("reviewer too", path + "/reviews"), 422, "same-person-twice"
    )


@pytest.mark.parametrize(
    ("who", "step", "body"),
    [
        ("chair", "reviews", {}),
        ("reviewer", "approvals", {}),
        ("reviewer", "payments", PAY),
        ("owner", "reviews", {}),
        ("auditor", "approvals", {}),
        ("chair", "objections", {"statement": "价格偏高"}),
    ],
)
async def test_a_step_belongs_to_its_role(
    office: Office, who: str, step: str, body: dict[str, Any]
) -> None:
    path = await applied(office)
    response = await office.post(who, f"{path}/{step}", **body)
    assert response.status == 403


async def test_steps_cannot_be_left_out(office: Office) -> None:
    path = await applied(office)
    await the_problem(
        await office.post("head", path + "/approvals"), 422, "expense-step-out-of-order"
    )
    await office.done("reviewer", path + "/reviews")
    await the_problem(
        await office.post("cashier", path + "/payments", **PAY), 422, "expense-step-out-of-order"
    )


async def test_the_account_cannot_be_overdrawn(office: Office) -> None:
    await approved(office)
    path = await applied(office)
    await office.done("reviewer", path + "/reviews")
    problem = await the_problem(
        await office.post("head", path + "/approvals"), 422, "hold-exceeds-free"
    )
    assert problem["facts"] == {"asked_fen": 6_000_00, "free_fen": 4_000_00}
    assert problem["title_zh"]


async def test_a_dry_run_of_a_payment_says_what_it_would_record(office: Office) -> None:
    path = await approved(office)
    response = await office.post("cashier", path + "/payments?dry_run=true", **PAY)
    told = await response.json()
    paid = await office.done("cashier", path + "/payments", **PAY)
    account = (await office.read("auditor", f"/accounts/{ACCOUNT}", after=paid))["row"]

    assert (response.status, told["recorded"]) == (200, False)
    assert [event["topic"] for event in told["would_record"]] == [
        "expense.paid.v1",
        "public_account.paid_out.v1",
        "money_claim.claimed.v1",
    ]
    assert account["balance_fen"] == 4_000_00, "paid once, by the payment that was no dry run"


async def test_of_two_who_pay_at_once_one_is_refused(office: Office) -> None:
    path = await approved(office)
    await office.person("other cashier", "street")
    responses = await asyncio.gather(
        office.post("cashier", path + "/payments", **PAY),
        office.post("other cashier", path + "/payments", **PAY),
    )
    paid, refused = [
        await response.json(content_type=None)
        for response in sorted(responses, key=lambda response: response.status)
    ]
    account = (await office.read("auditor", f"/accounts/{ACCOUNT}", after=paid))["row"]

    assert [response.status for response in responses].count(201) == 1
    assert refused["code"] in {"expense-already-paid", "payment-exists", "same-money-twice"}
    assert account["balance_fen"] == 4_000_00


async def test_a_change_voids_the_approval_and_frees_the_money(office: Office) -> None:
    path = await approved(office)
    terms = {"amount_fen": 5_000_00, "category": "repair", "purpose": "维修", "payee": "宏达"}
    await the_problem(await office.post("chair", path + "/changes", **terms), 422, "reason-missing")
    changed = await office.done("chair", path + "/changes", **terms, reason="报价有变")
    shown = (await office.read("owner", path, after=changed))["row"]
    account = (await office.read("owner", f"/accounts/{ACCOUNT}", after=changed))["row"]

    assert [step["voided_by"] is not None for step in shown["steps"]] == [False, True, True, False]
    assert account["held_fen"] == 0


async def test_the_rest_of_an_expense_is_recorded_over_http(office: Office) -> None:
    """Returned, changed, rejected, withdrawn; paid, evidence, published, objected, reversed."""
    terms = {"amount_fen": 5_000_00, "category": "repair", "purpose": "维修", "payee": "宏达"}
    path = await applied(office)
    await office.done("reviewer", path + "/returns", reason="缺报价单")
    await office.done("chair", path + "/changes", **terms, reason="补充报价单")
    await office.done("reviewer", path + "/reviews")
    await office.done("head", path + "/rejections", reason="不急")
    path = await applied(office)
    await office.done("chair", path + "/withdrawals", reason="改由物业承担")
    path = await approved(office)
    await office.done("cashier", path + "/payments", **PAY)
    invoice = {
        "sha256": "ab" * 32,
        "name": "发票.pdf",
        "media_type": "application/pdf",
        "size_bytes": 1,
    }
    await office.done("chair", path + "/evidence", kind="invoice", evidence=[invoice])
    in_a_month = (local_day(utc_now()) + timedelta(days=30)).isoformat()
    await office.done("chair", path + "/publications", where="公告栏", until_on=in_a_month)
    await office.done("owner", path + "/objections", statement="价格偏高")
    answer = await office.done("cashier", path + "/payment-reversals", reason="户名有误")
    (objection,) = (await office.read("owner", "/objections?status=open", after=answer))["rows"]
    told = await office.done(
        "chair", f"{path}/objections/{objection['objection_id']}/answers", answer="三家比价"
    )
    shown = (await office.read("chair", path, after=told))["row"]
    listed = (await office.read("county", "/expenses?status=reversed"))["rows"]

    assert (shown["status"], shown["evidence_count"]) == ("reversed", 1)
    assert shown["objections"][0]["status"] == "answered"
    assert [row["expense_id"] for row in listed] == [shown["expense_id"]]


async def test_nobody_reads_without_a_token(office: Office) -> None:
    response = await office.client.get("/v1/expenses", headers=bearer("nothing"))
    assert response.status == 401
