"""Petitions over HTTP: recorded, shown in the register and the timeline, refused in one shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.storage.ledger import Ledger
from tests.api.conftest import Client, TokenFor, bearer, the_problem
from tests.petition_world import (
    COMMUNITY,
    COMPANY,
    DEPARTMENT,
    ESTATE,
    OFFICE,
    STREET,
    UNIT,
    found_county,
)

URL = "/v1/petitions"
ACTS_FOR = {
    "community": COMMUNITY,
    "company": COMPANY,
    "department": DEPARTMENT,
    "owners_committee": ESTATE,
    "street": STREET,
    "supervisor": ESTATE,
    "unit": UNIT,
}
"""For whom people act; a unit's people act in the role of a department."""
SAID = {"reason": "情况需要说明"}


def a_petition(**changed: Any) -> dict[str, Any]:
    """A body that files a petition."""
    body = {
        "channel": "hotline",
        "title": "供热不足",
        "summary": "室内温度不到十六度",
        "community_id": str(COMMUNITY),
        "estate_id": str(ESTATE),
        "petitioner_id": str(uuid4()),
        "category": "utilities",
        "item": "heating",
        "reference": "HT-2026-0001",
    }
    return body | changed


@dataclass
class Desk:
    """Sends requests, each role with a person of its own, and remembers the last position."""

    client: Client
    token_for: TokenFor
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    position: int = 0

    async def of(self, role: str) -> dict[str, str]:
        if role not in self.headers:
            self.headers[role] = bearer(
                await self.token_for(
                    "department" if role == "unit" else role, organisation_id=ACTS_FOR.get(role)
                )
            )
        return self.headers[role]

    async def post(self, role: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = await self.client.post(path, json=body or {}, headers=await self.of(role))
        told = await response.json()
        assert response.status == 201, told
        self.position = told["position"]
        return told

    async def get(self, path: str, role: str = "auditor", **query: str) -> Any:
        params = {"after_position": str(self.position), **query}
        response = await self.client.get(path, params=params, headers=await self.of(role))
        told = await response.json()
        assert response.status == 200, told
        return told


@pytest.fixture
async def desk(client: Client, ledger: Ledger, token_for: TokenFor) -> Desk:
    await found_county(ledger)
    return Desk(client, token_for)


async def test_a_petition_goes_its_way(desk: Desk) -> None:
    filed = await desk.post("hotline", URL, a_petition())
    one = f"{URL}/{filed['id']}"
    await desk.post("hotline", one + "/dispatches", {"unit_id": str(UNIT)})
    await desk.post("unit", one + "/acceptances")
    await desk.post("unit", one + "/handlers", {"handler_id": str(uuid4())})
    await desk.post("community", one + "/whistles", {"department_ids": [str(DEPARTMENT)]})
    await desk.post("department", f"{one}/whistles/{DEPARTMENT}/arrivals")
    await desk.post("department", f"{one}/whistles/{DEPARTMENT}/answers", {"summary": "已检修"})
    judged = {"is_prompt": True, "is_effective": True}
    await desk.post("community", f"{one}/whistles/{DEPARTMENT}/assessments", judged)
    await desk.post("unit", one + "/actions", {"summary": "清洗管道"})
    await desk.post("unit", one + "/extensions", {"days": 3} | SAID)
    await desk.post("street", one + "/extension-approvals")
    done = {"outcome": "resolved", "summary": "温度已达标"}
    await desk.post("unit", one + "/answers", done)
    await desk.post("hotline", one + "/visits", {"is_resolved": True, "is_satisfied": True})
    closed = await desk.post("hotline", one + "/closings")

    told = await desk.get(one + "/timeline")
    assert told["position"] >= closed["position"]
    assert told["row"]["petition"]["stage"] == "closed"
    assert [h["holder_id"] for h in told["row"]["holdings"]] == [str(COMMUNITY), str(UNIT)]
    assert {c["state"] for c in told["row"]["clocks"]} == {"kept", "lapsed"}
    assert told["row"]["steps"][-1]["position"] == closed["position"]
    (row,) = (await desk.get(URL, stage="closed", channel="hotline"))["rows"]
    assert row["positions"][-1] == closed["position"]
    assert (await desk.get(one))["row"]["petition_id"] == filed["id"]


async def test_a_claimed_petition_shows_what_the_company_spent(desk: Desk) -> None:
    filed = await desk.post("community", URL, a_petition(channel="reception_day"))
    one = f"{URL}/{filed['id']}"
    await desk.post("community", one + "/dispatches", {"unit_id": str(COMPANY)})
    await desk.post("company", one + "/claims", {"company_id": str(COMPANY)})
    spend = {"payer_id": str(COMPANY), "amount_fen": 40_000_00, "purpose": "除湿机"}
    await desk.post("company", one + "/obligor-spends", spend)
    wrong = await desk.post("company", one + "/obligor-spends", spend | {"amount_fen": 100})
    reversal = f"{one}/obligor-spends/{wrong['version']}/reversals"
    await desk.post("company", reversal, SAID)
    meeting = {
        "sides": [
            "community_party_organisation",
            "residents_committee",
            "owners_committee",
            "property_company",
        ],
        "led_by": "community_party_organisation",
        "outcome": "claimed",
    }
    await desk.post("community", one + "/four-party-meetings", meeting)
    assert (await desk.get(one))["row"]["obligor_spent_fen"] == 40_000_00


async def test_a_petition_goes_up_and_is_supervised(desk: Desk) -> None:
    filed = await desk.post("hotline", URL, a_petition())
    one = f"{URL}/{filed['id']}"
    await desk.post("hotline", one + "/dispatches", {"unit_id": str(UNIT)})
    await desk.post("unit", one + "/disputes", SAID)
    await desk.post("hotline", one + "/upholdings", SAID)
    await desk.post("unit", one + "/acceptances")
    for level in ("street", "county"):
        up = {"level": level, "cause": "unresolved"} | SAID
        await desk.post("street", one + "/escalations", up)
    meeting = {"convener_id": str(OFFICE), "unit_ids": [str(UNIT)], "conclusion": "限期修复"}
    await desk.post("county", one + "/joint-meetings", meeting)
    order = {"unit_id": str(UNIT), "demand": "限期修复"}
    await desk.post("county", one + "/supervision-orders", order)
    await desk.post("county", one + "/supervision-completions")
    row = (await desk.get(one))["row"]
    assert (row["level"], row["supervised_unit_id"]) == ("county", None)


async def test_intake_counts_by_the_columns_asked_for(desk: Desk) -> None:
    await desk.post("hotline", URL, a_petition())
    await desk.post("community", URL, a_petition(channel="door_knock"))
    told = await desk.get("/v1/petition-intake", by="channel", estate_id=str(ESTATE))
    assert [(r["channel"], r["count"]) for r in told["rows"]] == [("door_knock", 1), ("hotline", 1)]


async def test_a_rule_that_stands_in_the_way_is_named(desk: Desk) -> None:
    filed = await desk.post("hotline", URL, a_petition())
    headers = await desk.of("hotline")
    again = await desk.client.post(URL, json=a_petition(), headers=headers)
    problem = await the_problem(again, 422, "already-filed")
    assert problem["facts"] == {"channel": "hotline", "reference": "HT-2026-0001"}
    one = f"{URL}/{filed['id']}"
    early = await desk.client.post(one + "/closings", json={}, headers=headers)
    await the_problem(early, 422, "not-visited-back")
    unknown = await desk.client.post(f"{URL}/{uuid4()}/closings", json={}, headers=headers)
    await the_problem(unknown, 404, "not-found")


async def test_every_bad_field_is_named_at_once(desk: Desk) -> None:
    body = a_petition(channel="not a code", title="", community_id="x", colour="red")
    response = await desk.client.post(URL, json=body, headers=await desk.of("hotline"))
    problem = await the_problem(response, 400, "request-invalid")
    pointers = {error["pointer"] for error in problem["errors"]}
    assert pointers == {"/channel", "/title", "/community_id", "/colour"}


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("owner", URL),
        ("company", URL),
        ("community", f"{URL}/{UUID(int=7)}/extension-approvals"),
        ("street", f"{URL}/{UUID(int=7)}/supervision-orders"),
        ("hotline", f"{URL}/{UUID(int=7)}/answers"),
    ],
)
async def test_who_may_not_is_told_so(desk: Desk, role: str, path: str) -> None:
    response = await desk.client.post(path, json=a_petition(), headers=await desk.of(role))
    await the_problem(response, 403, "not-allowed")


async def test_owners_do_not_read_the_register(desk: Desk) -> None:
    response = await desk.client.get(URL, headers=await desk.of("owner"))
    await the_problem(response, 403, "not-allowed")
