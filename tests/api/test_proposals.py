"""Steps of two persons over HTTP: one proposes, another carries out, and nobody is both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.core.clock import local_day
from ledger.storage.ledger import Ledger
from tests.api.conftest import the_problem
from tests.api.money import ACCOUNT, Office, office
from tests.api.test_delegations import stands_in, street
from tests.commands.county import OTHER_COMMUNITY

__all__ = ["office", "street"]

RECEIPTS = f"/accounts/{ACCOUNT}/receipts"
LONG_AGO = datetime.now(UTC) - timedelta(days=55)
RECEIPT: Mapping[str, Any] = {
    "category": "rent",
    "amount_fen": 50_000,
    "payer": "某便利店",
    "bank_reference": "BK-OLD-1",
    "occurred_at": LONG_AGO.isoformat(),
    "reason": "银行回单迟到",
}
PROPOSE = "?propose=true"


async def proposed(office: Office, who: str = "clerk", **changed: Any) -> str:
    answer = await office.done(who, RECEIPTS + PROPOSE, **{**RECEIPT, **changed})
    return str(answer["id"])


async def balance(office: Office, after: dict[str, Any] | None = None) -> int:
    row = (await office.read("auditor", f"/accounts/{ACCOUNT}", after=after))["row"]
    return int(row["balance_fen"])


async def test_one_proposes_and_another_carries_out(office: Office, ledger: Ledger) -> None:
    alone = await office.post("clerk", RECEIPTS, **RECEIPT)
    await the_problem(alone, 422, "late-takes-two")
    made = await office.done("clerk", RECEIPTS + PROPOSE, **RECEIPT)
    proposal, before = made["id"], await balance(office, made)
    assert before == 1_000_000
    done = await office.done("head", f"/proposals/{proposal}/approvals", reason="已核对回单")
    assert await balance(office, done) == before + 50_000
    (event,) = (
        await office.read("auditor", "/events?topic=public_account.revenue_received", after=done)
    )["rows"][:1]
    assert event["reason"] == "已核对回单"
    entry = await ledger.pool.fetchval(
        "SELECT entry FROM events WHERE ledger_id = $1 AND position = $2",
        ledger.id,
        event["position"],
    )
    header = entry.partition(b"\n")[0].decode()
    assert f'"proposal":"{proposal}"' in header
    assert f'"true_day":"{local_day(LONG_AGO).isoformat()}"' in header
    assert '"late":true' in header
    row = (await office.read("auditor", f"/proposals/{proposal}", after=done))["row"]
    assert (row["stage"], row["operation"]) == ("carried_out", "receive_revenue")


async def test_nobody_carries_out_what_they_proposed_themselves(office: Office) -> None:
    proposal = await proposed(office)
    for word in ("approvals", "refusals"):
        response = await office.post("clerk", f"/proposals/{proposal}/{word}", reason="自批")
        await the_problem(response, 422, "same-person-twice")


@pytest.mark.parametrize(("first", "second"), [("leader", "acting"), ("acting", "leader")])
async def test_a_stand_in_is_no_second_person(street: Office, first: str, second: str) -> None:
    await stands_in(street)
    proposal = await proposed(street, first)
    response = await street.post(second, f"/proposals/{proposal}/approvals")
    await the_problem(response, 422, "same-person-twice")


async def test_what_could_not_be_carried_out_is_refused_at_once(office: Office) -> None:
    before = (await office.read("auditor", "/proposals"))["rows"]
    response = await office.post("clerk", RECEIPTS + PROPOSE, **{**RECEIPT, "category": "不存在"})
    await the_problem(response, 422, "revenue-category-unknown")
    response = await office.post("clerk", RECEIPTS + PROPOSE, **{**RECEIPT, "reason": ""})
    await the_problem(response, 422, "late-without-reason")
    assert (await office.read("auditor", "/proposals"))["rows"] == before


async def test_who_may_not_do_it_neither_proposes_nor_carries_out(office: Office) -> None:
    response = await office.post("owner", RECEIPTS + PROPOSE, **RECEIPT)
    await the_problem(response, 403, "not-allowed")
    proposal = await proposed(office)
    response = await office.post("reviewer", f"/proposals/{proposal}/approvals")
    await the_problem(response, 422, "not-yours-to-carry-out")


async def test_out_of_reach_it_looks_as_if_it_were_not_there(office: Office) -> None:
    await office.person("stranger", "street", organisation_id=OTHER_COMMUNITY, actor_id=uuid4())
    proposal = await proposed(office)
    theirs = await office.post("stranger", f"/proposals/{proposal}/approvals")
    nobodys = await office.post("stranger", f"/proposals/{uuid4()}/approvals")
    for response in (theirs, nobodys):
        await the_problem(response, 404, "not-found")
    listed = (await office.read("stranger", "/proposals"))["rows"]
    assert [row["proposal_id"] for row in listed] == []


async def test_a_limited_token_carries_out_only_what_it_is_limited_to(office: Office) -> None:
    proposal = await proposed(office)
    await office.person(
        "limited", "street", actor_id=UUID(int=77), operations=("carry_out_proposal",)
    )
    response = await office.post("limited", f"/proposals/{proposal}/approvals")
    await the_problem(response, 403, "not-allowed")


async def test_a_proposal_is_carried_out_once(office: Office) -> None:
    proposal = await proposed(office)
    await office.done("head", f"/proposals/{proposal}/approvals")
    for who in ("head", "cashier"):
        response = await office.post(who, f"/proposals/{proposal}/approvals")
        await the_problem(response, 422, "proposal-ended")


async def test_what_is_refused_or_withdrawn_is_over(office: Office) -> None:
    refused, withdrawn = await proposed(office), await proposed(office)
    response = await office.post("head", f"/proposals/{refused}/refusals")
    await the_problem(response, 422, "reason-missing")
    await office.done("head", f"/proposals/{refused}/refusals", reason="回单不清")
    response = await office.post("head", f"/proposals/{withdrawn}/withdrawals")
    await the_problem(response, 422, "proposal-of-others")
    done = await office.done("clerk", f"/proposals/{withdrawn}/withdrawals")
    for one in (refused, withdrawn):
        response = await office.post("cashier", f"/proposals/{one}/approvals")
        await the_problem(response, 422, "proposal-ended")
    rows = (await office.read("auditor", "/proposals", after=done))["rows"]
    assert {row["stage"] for row in rows} == {"refused", "withdrawn"}


async def test_it_is_decided_by_the_rules_of_the_moment_it_is_carried_out(office: Office) -> None:
    """What was done in the meantime counts: here the same money was recorded."""
    receipt = str(uuid4())
    twice = [await proposed(office, receipt_id=receipt) for _ in range(2)]
    await office.done("head", f"/proposals/{twice[0]}/approvals")
    response = await office.post("head", f"/proposals/{twice[1]}/approvals")
    await the_problem(response, 422, "same-money-twice")


async def test_a_dry_run_stores_nothing(office: Office) -> None:
    response = await office.post("clerk", RECEIPTS + PROPOSE + "&dry_run=true", **RECEIPT)
    told = await response.json()
    assert response.status == 200
    assert told["would_record"][0]["topic"] == "public_account.revenue_received.v1"
    proposal = await proposed(office)
    response = await office.post("head", f"/proposals/{proposal}/approvals?dry_run=true")
    assert (await response.json())["recorded"] is False
    await office.done("head", f"/proposals/{proposal}/approvals")
