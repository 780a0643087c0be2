"""Public accounts and leases over HTTP."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from ledger.core.clock import local_day, utc_now
from tests.api.conftest import the_problem
from tests.api.money import ACCOUNT, Office, office
from tests.commands.county import ESTATE, STREET

__all__ = ["office"]

RECEIPTS = f"/accounts/{ACCOUNT}/receipts"
PARKING = {"category": "parking", "amount_fen": 500_00, "payer": "停车管理公司"}


async def test_revenue_comes_in_and_is_reversed_with_a_reason(office: Office) -> None:
    receipt_id = str(uuid4())
    await office.done("clerk", RECEIPTS, **PARKING, receipt_id=receipt_id)
    reversal = f"{RECEIPTS}/{receipt_id}/reversals"
    await the_problem(await office.post("clerk", reversal), 422, "reason-missing")
    answer = await office.done("clerk", reversal, reason="重复记账")
    statement = await office.read("auditor", f"/accounts/{ACCOUNT}/statement", after=answer)
    income = (await office.read("auditor", f"/accounts/{ACCOUNT}/income"))["rows"]

    assert [(row["kind"], row["balance_after_fen"]) for row in statement["rows"]] == [
        ("opened", 0),
        ("revenue_received", 10_000_00),
        ("revenue_received", 10_500_00),
        ("revenue_reversed", 10_000_00),
    ]
    assert [(row["category"], row["amount_fen"]) for row in income] == [
        ("parking", 0),
        ("rent", 10_000_00),
    ]
    assert statement["rows"][3]["reason"] == "重复记账"


async def test_an_estate_has_one_account(office: Office) -> None:
    again = {"estate_id": str(ESTATE), "street_id": str(STREET)}
    await the_problem(await office.post("clerk", "/accounts", **again), 422, "account-exists")
    assert (await office.post("chair", "/accounts", **again)).status == 403


async def test_revenue_must_be_of_a_listed_category(office: Office) -> None:
    odd = PARKING | {"category": "lottery"}
    await the_problem(await office.post("clerk", RECEIPTS, **odd), 422, "revenue-category-unknown")


async def test_all_bad_fields_are_named_at_once(office: Office) -> None:
    bad = {"category": "parking", "amount_fen": -1, "payer": "", "colour": "red"}
    problem = await the_problem(await office.post("clerk", RECEIPTS, **bad), 400, "request-invalid")
    assert {error["pointer"] for error in problem["errors"]} == {"/amount_fen", "/payer", "/colour"}


async def test_the_past_can_be_asked_for(office: Office) -> None:
    yesterday = (utc_now() - timedelta(days=1)).isoformat()
    answer = await office.done("clerk", RECEIPTS, **PARKING)
    path = f"/accounts/{ACCOUNT}"
    now = await office.read("county", f"{path}/periods?period=year", after=answer)
    response = await office.client.get(
        f"/v1{path}", params={"at": yesterday}, headers=office.headers["county"]
    )

    assert now["rows"][-1]["closing_fen"] == 10_500_00
    await the_problem(response, 404, "not-found")


async def test_a_closed_month_takes_no_entries_and_no_true_day_is_refused(office: Office) -> None:
    day = local_day(utc_now())
    last_month = day.replace(day=1) - timedelta(days=1)
    closing = {"year": last_month.year, "month": last_month.month}
    await office.done("clerk", f"/accounts/{ACCOUNT}/closings", **closing)
    late = PARKING | {"occurred_at": f"{last_month}T09:00:00+08:00", "reason": "补记"}

    done = await office.done("clerk", RECEIPTS, **late)
    statement = await office.read("auditor", f"/accounts/{ACCOUNT}/statement", after=done)
    (line,) = [row for row in statement["rows"] if row["position"] == done["position"]]
    marks = ["period-is-closed", "told-before-its-record"]
    assert line["breaches"] == marks, "the account was opened today"
    alone = await office.post("clerk", f"/accounts/{ACCOUNT}/reopenings", **closing, reason="误结")
    await the_problem(alone, 422, "second-person-needed")
    done = await office.by_two("clerk", "head", f"/accounts/{ACCOUNT}/reopenings", **closing)
    shown = (await office.read("auditor", f"/accounts/{ACCOUNT}", after=done))["row"]
    first = last_month.replace(day=1) - timedelta(days=1)
    assert shown["closed_through"] == first.isoformat()


async def test_a_lease_is_signed_amended_ended_and_checked_against_its_schedule(
    office: Office,
) -> None:
    today = local_day(utc_now())
    months = [today - timedelta(days=10), today + timedelta(days=20)]
    terms = {
        "premises": "社区服务用房一层东侧",
        "area_m2_hundredths": 120_50,
        "tenant": "惠民便利店",
        "starts_on": f"{months[0]}",
        "ends_on": f"{today + timedelta(days=50)}",
        "schedule": [{"due_on": f"{month}", "amount_fen": 8_000_00} for month in months],
    }
    signed = await office.done("reviewer", "/leases", account_id=str(ACCOUNT), **terms)
    path = f"/leases/{signed['id']}"
    rent = {"category": "rent", "amount_fen": 3_000_00, "payer": "惠民便利店"}
    await office.done("clerk", RECEIPTS, **rent, lease_id=signed["id"])
    terms["tenant"] = "惠民超市"
    amended = await office.done("reviewer", path + "/amendments", **terms, reason="更名")
    (row,) = (await office.read("owner", f"/leases?estate_id={ESTATE}", after=amended))["rows"]
    ended = await office.done("reviewer", path + "/endings", ended_on=f"{today}", reason="关店")
    shown = (await office.read("owner", path, after=ended))["row"]

    assert (row["due_fen"], row["received_fen"], row["arrears_fen"]) == (
        8_000_00,
        3_000_00,
        5_000_00,
    )
    assert (shown["tenant"], len(shown["instalments"])) == ("惠民超市", 1)


async def test_a_lease_must_pay_into_the_account_that_receives_it(office: Office) -> None:
    unknown = PARKING | {"lease_id": str(uuid4())}
    await the_problem(await office.post("clerk", RECEIPTS, **unknown), 404, "not-found")
