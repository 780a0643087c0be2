"""Units over HTTP: the streak that reactions counted, and what people did about it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from ledger.core.clock import utc_now
from ledger.reactions import conduct as conduct_reaction
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from tests.api.conftest import Client, TokenFor, the_problem
from tests.api.test_petitions import Desk
from tests.petition_world import OFFICE, UNIT, found_county, sent_to_county

ONE = f"/v1/units/{UNIT}"


@pytest.fixture
async def desk(client: Client, ledger: Ledger, token_for: TokenFor) -> Desk:
    await found_county(ledger)
    for number in range(3):
        await sent_to_county(ledger, on=-30 + number)
    await Reactions(ledger, [conduct_reaction.reaction]).catch_up(now=utc_now())
    head = await read_head(ledger.pool, ledger.id)
    return Desk(client, token_for, position=head.size - 1)


async def test_a_unit_is_transferred_analysed_inspected_and_called_to_a_talk(desk: Desk) -> None:
    (listed,) = (await desk.get("/v1/units", streak_min="3"))["rows"]
    assert (listed["unit_id"], listed["transfers_due_count"]) == (str(UNIT), 1)
    await desk.post("county", ONE + "/transfers", {"office_id": str(OFFICE)})
    await desk.post("efficiency_office", ONE + "/analyses", {"conclusion": "督办不力"})
    found = {"kind": "slowness", "summary": "拖延", "person_id": str(uuid4())}
    await desk.post("discipline", ONE + "/inspection-findings", found)
    talk = {"convener_id": str(OFFICE), "conclusion": "限期改正"}
    last = await desk.post("county", ONE + "/talks", talk)

    row = (await desk.get(ONE))["row"]
    assert (row["streak"], row["transfers_count"], row["talks_count"]) == (3, 1, 1)
    assert row["last_position"] == last["position"]
    steps = (await desk.get(ONE + "/steps", newest_first="true"))["rows"]
    assert [step["step"] for step in steps[:2]] == ["talk_held", "inspection_finding_recorded"]
    assert steps[0]["position"] == last["position"]


async def test_a_talk_needs_a_finding(desk: Desk) -> None:
    talk = {"convener_id": str(OFFICE), "conclusion": "限期改正"}
    headers = await desk.of("county")
    response = await desk.client.post(ONE + "/talks", json=talk, headers=headers)
    await the_problem(response, 422, "talk-without-finding")


async def test_a_unit_without_escalations_is_not_found(desk: Desk) -> None:
    headers = await desk.of("auditor")
    response = await desk.client.get(f"/v1/units/{uuid4()}", headers=headers)
    await the_problem(response, 404, "not-found")


async def test_companies_do_not_read_the_conduct_of_units(desk: Desk) -> None:
    response = await desk.client.get("/v1/units", headers=await desk.of("company"))
    await the_problem(response, 403, "not-allowed")
