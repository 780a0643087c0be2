"""Supervisors and findings over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.storage.ledger import Ledger
from tests.api.conftest import Client, TokenFor, the_problem
from tests.api.test_petitions import SAID, Desk
from tests.petition_world import COMPANY, ESTATE, OFFICE, found_county

PERSON = UUID(int=77)
URL = "/v1/findings"


def a_finding(**changed: Any) -> dict[str, Any]:
    """A body that raises a finding."""
    body = {
        "supervisor_id": str(PERSON),
        "estate_id": str(ESTATE),
        "company_id": str(COMPANY),
        "source": "group_chat",
        "category": "property_service",
        "item": "cleaning",
        "summary": "三号楼楼道多日未清扫",
    }
    return body | changed


@pytest.fixture
async def desk(client: Client, ledger: Ledger, token_for: TokenFor) -> Desk:
    await found_county(ledger)
    desk = Desk(client, token_for)
    appointment = {"person_id": str(PERSON), "estate_ids": [str(ESTATE)]}
    await desk.post("street", "/v1/supervisors", appointment)
    return desk


async def test_a_finding_goes_its_way(desk: Desk) -> None:
    raised = await desk.post("supervisor", URL, a_finding())
    one = f"{URL}/{raised['id']}"
    await desk.post("supervisor", one + "/reminders")
    await desk.post("community", one + "/failures", {"summary": "仍未清扫"})
    talk = {"convener_id": str(OFFICE), "conclusion": "限期整改"}
    await desk.post("street", one + "/talks", talk)
    await desk.post("street", one + "/scores", {"points": -3})
    last = await desk.post("supervisor", one + "/rectifications", {"summary": "已清扫"})

    row = (await desk.get(one))["row"]
    assert (row["stage"], len(row["steps"])) == ("rectified", 6)
    assert row["positions"][-1] == last["position"]
    (listed,) = (await desk.get(URL, company_id=str(COMPANY), stage="rectified"))["rows"]
    assert listed["finding_id"] == raised["id"]
    (company,) = (await desk.get("/v1/company-findings"))["rows"]
    assert (company["talks"], company["assessment_points"]) == (1, -3)


async def test_findings_are_solved_at_once_or_taken_back(desk: Desk) -> None:
    first = await desk.post("supervisor", URL, a_finding())
    await desk.post("supervisor", f"{URL}/{first['id']}/solutions", {"summary": "当场清扫"})
    second = await desk.post("supervisor", URL, a_finding())
    await desk.post("supervisor", f"{URL}/{second['id']}/withdrawals", SAID)
    (supervisor,) = (await desk.get("/v1/supervisors", estate_id=str(ESTATE)))["rows"]
    assert (supervisor["findings_count"], supervisor["settled_count"]) == (2, 1)


async def test_a_supervisor_loses_an_estate_and_gets_it_back(desk: Desk) -> None:
    person = f"/v1/supervisors/{PERSON}"
    estate = {"estate_id": str(ESTATE)}
    await desk.post("street", person + "/releases", estate | SAID)
    assert (await desk.get("/v1/supervisors", estate_id=str(ESTATE)))["rows"] == []
    headers = await desk.of("supervisor")
    refused = await desk.client.post(URL, json=a_finding(), headers=headers)
    problem = await the_problem(refused, 422, "estate-not-supervised")
    assert problem["facts"] == {"estate_id": str(ESTATE)}
    await desk.post("street", person + "/estates", estate)
    await desk.post("supervisor", URL, a_finding())


async def test_a_company_does_not_judge_itself(desk: Desk) -> None:
    path = f"{URL}/{uuid4()}/rectifications"
    response = await desk.client.post(path, json={}, headers=await desk.of("company"))
    await the_problem(response, 403, "not-allowed")
