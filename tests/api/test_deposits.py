"""Deposits over HTTP: the heating pipe, and what is refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from ledger.core.clock import local_day
from tests.api.conftest import the_problem
from tests.api.money import ACCOUNT, PROVEN, Office, office
from tests.commands.county import COMPANY, ESTATE

__all__ = ["office"]

ASSESSMENT: dict[str, Any] = {
    "estate_id": str(ESTATE),
    "company_id": str(COMPANY),
    "contract": "YG-2025-01",
    "base_fen": 400_000_00,
    "rate_bp": 500,
    "basis": "街道与物业企业签订的履约保证金协议",
    "ends_on": "2030-12-31",
}
TODAY = local_day(datetime.now(UTC)).isoformat()
PIPE: dict[str, Any] = {
    "amount_fen": 5_000_00,
    "payee": "供热维修公司",
    "purpose": "更换老化的供热管道",
    "cause_kind": "emergency",
    "cause_record": "巡查记录：供热管道漏水",
    **PROVEN,
}


async def deposit(office: Office, held_fen: int = 20_000_00) -> str:
    """Assess a deposit and receive money; return its path."""
    assessed = await office.done("clerk", "/deposits", **ASSESSMENT)
    path = f"/deposits/{assessed['id']}"
    await office.done("clerk", path + "/receipts", amount_fen=held_fen)
    return path


async def requested(office: Office, path: str, **changed: Any) -> str:
    """Ask for the pipe's draw-down; return its path."""
    draw_id = str(uuid4())
    await office.done("clerk", path + "/draw-downs", **{**PIPE, **changed}, draw_id=draw_id)
    return f"{path}/draw-downs/{draw_id}"


async def test_the_heating_pipe_over_http(office: Office) -> None:
    path = await deposit(office)
    draw = await requested(office, path)
    await office.done("clerk", draw + "/work-orders", contractor="供热维修公司", work="换管三十米")
    await office.done("head", draw + "/approvals")
    await office.done("cashier", draw + "/payments", amount_fen=5_000_00)
    await office.done("reviewer", draw + "/verifications", is_accepted=True)
    await office.done("company", draw + "/contests", statement="属供热单位维护范围")
    await office.done(
        "cashier", draw + "/contest-decisions", outcome="dismissed", reason="合同约定由物业维护"
    )
    demand_id = str(uuid4())
    await office.done("clerk", path + "/top-up-demands", demand_id=demand_id)
    last = await office.done(
        "clerk", f"{path}/top-up-demands/{demand_id}/receipts", amount_fen=5_000_00
    )
    shown = (await office.read("auditor", path, after=last))["row"]
    drawn = (await office.read("auditor", draw))["row"]
    (period,) = (await office.read("county", path + "/periods"))["rows"]
    (top_up,) = (await office.read("county", f"/top-ups?estate_id={ESTATE}"))["rows"]
    lines = (await office.read("auditor", path + "/lines"))["rows"]

    assert (shown["held_fen"], shown["shortfall_fen"], shown["status"]) == (20_000_00, 0, "full")
    assert (drawn["status"], drawn["cause_kind"], drawn["contest_status"]) == (
        "paid",
        "emergency",
        "dismissed",
    )
    assert (period["in_fen"], period["out_fen"], period["closing_fen"]) == (
        25_000_00,
        5_000_00,
        20_000_00,
    )
    assert top_up["status"] == "met"
    assert lines[-1]["held_after_fen"] == 20_000_00


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"cause_record": ""}, 422, "cause-incomplete"),
        ({"cause_kind": "petition"}, 422, "cause-incomplete"),
        ({"cause_kind": "petition", "cause_id": str(uuid4())}, 404, "not-found"),
        ({"cause_kind": "rumour"}, 400, "request-invalid"),
        ({"amount_fen": 20_000_01}, 422, "draw-exceeds-free"),
    ],
)
async def test_no_draw_without_a_cause_or_beyond_what_is_free(
    office: Office, changed: dict[str, Any], status: int, code: str
) -> None:
    path = await deposit(office)
    response = await office.post("clerk", path + "/draw-downs", **(PIPE | changed))
    await the_problem(response, status, code)


async def test_a_draw_needs_a_cause_kind_at_all(office: Office) -> None:
    path = await deposit(office)
    body = {name: value for name, value in PIPE.items() if not name.startswith("cause")}
    problem = await the_problem(
        await office.post("clerk", path + "/draw-downs", **body), 400, "request-invalid"
    )
    assert [error["pointer"] for error in problem["errors"]] == ["/cause_kind"]


async def test_who_asked_cannot_approve_and_who_approved_cannot_pay(office: Office) -> None:
    draw = await requested(office, await deposit(office))
    await the_problem(await office.post("clerk", draw + "/approvals"), 422, "same-person-twice")
    await office.done("head", draw + "/approvals")
    await the_problem(
        await office.post("head", draw + "/payments", amount_fen=5_000_00),
        422,
        "same-person-twice",
    )
    assert (await office.post("company", draw + "/approvals")).status == 403
    assert (await office.post("chair", draw + "/contests", statement="不服")).status == 403


async def test_another_company_cannot_contest(office: Office) -> None:
    draw = await requested(office, await deposit(office))
    await office.person("rival", "company", organisation_id=uuid4())
    response = await office.post("rival", draw + "/contests", statement="不服")
    problem = await the_problem(response, 404, "not-found")
    assert problem["facts"]["kind"] == "deposit"


async def test_two_draws_at_once_cannot_promise_the_same_money(office: Office) -> None:
    path = await deposit(office, held_fen=5_000_00)
    responses = await asyncio.gather(
        *(office.post(who, path + "/draw-downs", **PIPE) for who in ("clerk", "head", "reviewer"))
    )
    assert sorted(response.status for response in responses) == [201, 422, 422]
    for response in responses:
        if response.status == 422:
            await the_problem(response, 422, "draw-exceeds-free")


async def test_a_deposit_comes_to_its_end_over_http(office: Office) -> None:
    path = await deposit(office)
    await office.by_two("clerk", "head", path + "/reassessments", base_fen=300_000_00, rate_bp=600)
    await office.done("supervisor", path + "/reminders", matter="楼道照明不亮")
    for step in ("rejections", "cancellations"):
        draw = await requested(office, path)
        await office.done("head", f"{draw}/{step}", reason="物业已自行整改")
    draw = await requested(office, path)
    await office.done("head", draw + "/approvals")
    await office.done("cashier", draw + "/payments", amount_fen=5_000_00)
    await office.by_two("clerk", "head", draw + "/refunds", amount_fen=1_000_00, reason="结算有余")
    alone = {"ended_on": TODAY, "reason": "合同到期", **PROVEN}
    await the_problem(
        await office.post("clerk", path + "/contract-endings", **alone), 422, "second-person-needed"
    )
    last = await office.by_two("clerk", "head", path + "/contract-endings", ended_on=TODAY)
    for way, body in (("returns", {"amount_fen": 1}), ("forfeitures", {"amount_fen": 1})):
        grounds = {"reason": "经核实", **PROVEN, **body}
        response = await office.post("clerk", f"{path}/{way}?propose=true", **grounds)
        await the_problem(response, 422, "contract-still-runs")
    await the_problem(await office.post("clerk", path + "/closings"), 422, "deposit-not-empty")
    shown = (await office.read("auditor", path, after=last))["row"]
    draws = await office.read("auditor", f"/draw-downs?deposit_id={path.rpartition('/')[2]}")

    assert (shown["status"], shown["held_fen"], shown["refunded_fen"]) == (
        "ended",
        16_000_00,
        1_000_00,
    )
    assert {row["status"] for row in draws["rows"]} == {"paid", "rejected", "cancelled"}
    reminders = (await office.read("auditor", "/deposit-reminders"))["rows"]
    assert [row["matter"] for row in reminders] == ["楼道照明不亮"]
    listed = (await office.read("county", f"/deposits?company_id={COMPANY}&status=ended"))["rows"]
    assert len(listed) == 1


async def test_a_step_with_a_deposit_is_taken_back_by_two(office: Office) -> None:
    path = await deposit(office)
    wrong = await office.done("clerk", path + "/receipts", amount_fen=1_00)
    back = f"{path}/steps/{wrong['version']}/reversals"
    alone = await office.post("clerk", back, reason="重复入账")
    await the_problem(alone, 422, "second-person-needed")
    await office.by_two("clerk", "head", back, reason="重复入账")
    again = await office.post("head", f"{back}?propose=true", reason="重复入账")
    await the_problem(again, 422, "step-already-reversed")
    draw = await requested(office, path, amount_fen=20_000_00)
    await office.done("head", draw + "/rejections", reason="物业已自行整改")
    too_much = await office.post("clerk", path + "/draw-downs", **{**PIPE, "amount_fen": 20_000_01})
    await the_problem(too_much, 422, "draw-exceeds-free")


async def test_an_answer_names_what_was_made_also_when_it_is_repeated(office: Office) -> None:
    path = await deposit(office)
    headers = office.headers["clerk"] | {"Idempotency-Key": "a-draw"}
    answers = []
    for _ in range(2):
        address = f"/v1{path}/draw-downs"
        response = await office.client.post(address, json=PIPE, headers=headers)
        answers.append(await response.json())
    first, again = (one["created"] for one in answers)
    assert first == again
    drawn = f"{path}/draw-downs/{first['draw_id']}"
    assert (await office.read("auditor", drawn, after=answers[0]))["row"]["status"] == "requested"
    receipt = {"category": "rent", "amount_fen": 1, "payer": "惠民便利店"}
    made = await office.done("clerk", f"/accounts/{ACCOUNT}/receipts", **receipt)
    assert list(made["created"]) == ["receipt_id"]
    head = await office.done("head", drawn + "/approvals")
    assert "created" not in head
