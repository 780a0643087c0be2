"""A request to erase that nobody answers in time: told by event, register, page and figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from api.app import create_app
from api.health import Health
from ledger.commands.policies import SetPolicyValue, set_policy_value
from ledger.core.clock import local_day, utc_now
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from projections import VIEWS
from projections.engine import Projector
from tests.api.conftest import Client, Serve
from tests.api.test_petitions import Desk
from tests.api.test_sealed import a_sealed_petition, desk
from tests.storage.sealed import two_of_the_county

__all__ = ["desk"]

OFFICER = "data_protection_officer"
OVERDUE = "minzhang_erasures_overdue 1.0"
SCAN = {"sha256": "ab" * 32, "name": "a.pdf", "media_type": "application/pdf", "size_bytes": 9}
PAPER = {"reason": "纸质申请补录", "evidence": [SCAN]}


@pytest.fixture
async def client(ledger: Ledger, news: News, projector: Projector, serve: Serve) -> Client:
    """A client of an application that tells figures of its views."""
    return await serve(create_app(ledger, news=news, health=Health(views=VIEWS)))


async def asked(desk: Desk, wang: str, **given: Any) -> str:
    body = {"subject_id": wang, "ground": "purpose_ended", **given}
    return str((await desk.post("community", "/v1/erasures", body))["id"])


async def answer_within(ledger: Ledger, days: int) -> None:
    """Set the term for answering, in working days."""
    term = SetPolicyValue(
        name="privacy.answer_term",
        value=days,
        unit="working-days",
        basis_zh="测试",
        basis_en="test",
        certainty="verified",
        valid_from=date(2020, 1, 2),
    )
    await set_policy_value(term, ledger, two_of_the_county())


async def look(ledger: Ledger, desk: Desk) -> None:
    """Let the reactions look at what is overdue now, as after a restart."""
    await Reactions(ledger, REACTIONS).catch_up(now=utc_now())
    head = await ledger.pool.fetchval("SELECT size FROM heads WHERE ledger_id = $1", ledger.id)
    desk.position = head - 1


async def test_an_answer_that_is_overdue_is_told_once_and_shown(
    desk: Desk, ledger: Ledger, client: Client
) -> None:
    _, wang = await a_sealed_petition(desk)
    _, li = await a_sealed_petition(desk, reference="HT-2026-0002")
    await answer_within(ledger, 1)
    received_at = (utc_now() - timedelta(days=14)).isoformat()
    erasure = await asked(desk, wang, said_by=wang, occurred_at=received_at, **PAPER)
    await asked(desk, li)
    for _ in range(2):
        await look(ledger, desk)
    events = await desk.get("/v1/events", topic="erasure.answer_overdue.v1")
    assert [row["stream_id"] for row in events["rows"]] == [erasure]
    assert events["rows"][0]["role"] == "reaction"
    for query in ({"is_overdue": "true"}, {"was_overdue": "true"}):
        listed = await desk.get("/v1/erasures", role=OFFICER, **query)
        assert [row["erasure_id"] for row in listed["rows"]] == [erasure]
    assert OVERDUE in await (await client.get("/metrics")).text()
    page = await (await client.get("/erasures", headers=await desk.of(OFFICER))).text()
    assert page.count("逾期未决定") == 1

    refusal = {"reason": "法定保存期限未届满"}
    await desk.post(OFFICER, f"/v1/erasures/{erasure}/refusals", refusal)
    await look(ledger, desk)
    listed = await desk.get("/v1/erasures", role=OFFICER, was_overdue="true")
    assert [row["stage"] for row in listed["rows"]] == ["refused"]
    assert OVERDUE not in await (await client.get("/metrics")).text()
    page = await (await client.get("/erasures?all=1", headers=await desk.of(OFFICER))).text()
    assert (page.count("逾期未决定"), page.count("逾期决定")) == (0, 1)


async def test_the_term_is_the_policy_that_held_when_it_was_asked(
    desk: Desk, ledger: Ledger
) -> None:
    _, wang = await a_sealed_petition(desk)
    before = await asked(desk, wang)
    await answer_within(ledger, 200)
    after = await asked(desk, wang)
    rows = (await desk.get("/v1/erasures", role=OFFICER))["rows"]
    due = {row["erasure_id"]: date.fromisoformat(row["due_on"]) for row in rows}
    today = local_day(utc_now())
    assert due[before] < today + timedelta(days=100) < due[after]
