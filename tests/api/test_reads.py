"""Reads: pages, cursors, one's own write, two times, and the position that an answer reflects."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from api.app import create_app
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_head
from projections import VIEWS
from projections.engine import install
from tests.api.conftest import Client, Serve, a_county, the_problem

URL = "/v1/organisations"
EVENTS = "/v1/events"


async def establish(client: Client, county: dict[str, str], *codes: str) -> list[dict[str, Any]]:
    recorded = []
    for code in codes:
        response = await client.post(URL, json=a_county(code), headers=county)
        assert response.status == 201
        recorded.append(await response.json())
    return recorded


async def test_one_finds_ones_own_write(client: Client, county: dict[str, str]) -> None:
    (recorded,) = await establish(client, county, "371329")
    url = f"{EVENTS}?after_position={recorded['position']}"
    page = await (await client.get(url, headers=county)).json()
    assert page["position"] >= recorded["position"]
    assert [row["event_id"] for row in page["rows"]] == recorded["event_ids"]


async def test_pages_follow_each_other_without_gap_or_overlap(
    client: Client, county: dict[str, str]
) -> None:
    recorded = await establish(client, county, *(f"3713{n}" for n in range(7)))
    found: list[int] = []
    after, first = recorded[-1]["position"], recorded[0]["position"]
    cursor: str | None = ""
    while cursor is not None:
        url = f"{EVENTS}?page_size=3&after_position={after}" + (
            f"&cursor={cursor}" if cursor else ""
        )
        page = await (await client.get(url, headers=county)).json()
        assert len(page["rows"]) <= 3
        found += [row["position"] for row in page["rows"] if row["position"] >= first]
        cursor = page["next_cursor"]
    assert found == [one["position"] for one in reversed(recorded)]


@pytest.mark.parametrize("cursor", ["x", "", "W10", "é", "W1siLXBvc2l0aW9uIl0sWyJ4Il1d"])
async def test_a_cursor_that_is_not_of_this_list_is_refused(
    client: Client, county: dict[str, str], cursor: str
) -> None:
    response = await client.get(f"{EVENTS}?cursor={cursor}", headers=county)
    await the_problem(response, 400, "cursor-invalid")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=x", "page_size"),
        ("page_size=1&page_size=2", "page_size"),
        ("after_position=-1", "after_position"),
        ("after_position=99999999999999999999", "after_position"),
        ("position_from=99999999999999999999", "position_from"),
        ("at=2026-03-01T09:00:00", "at"),
        ("known_at=yesterday", "known_at"),
        ("actor_id=me", "actor_id"),
        ("unknown=1", "unknown"),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(
    client: Client, county: dict[str, str], query: str, parameter: str
) -> None:
    response = await client.get(f"{EVENTS}?{query}", headers=county)
    problem = await the_problem(response, 400, "request-invalid")
    assert [one["parameter"] for one in problem["errors"]] == [parameter]


async def test_all_wrong_parameters_are_named_at_once(
    client: Client, county: dict[str, str]
) -> None:
    url = f"{EVENTS}?page_size=0&at=x&role=a%00b"
    response = await client.get(url, headers=county)
    assert response.status == 400


async def test_the_past_can_be_asked_for(client: Client, county: dict[str, str]) -> None:
    (recorded,) = await establish(client, county, "371329")
    for offset in ("+08:00", "%2B08:00"):
        url = f"{EVENTS}?after_position={recorded['position']}&at=2020-01-01T00:00:00{offset}"
        page = await (await client.get(url, headers=county)).json()
        assert page["rows"] == []


async def test_a_view_that_is_behind_says_so(
    ledger: Ledger,
    news: News,
    serve: Serve,
    county: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.reads.WAIT_SECONDS_MAX", 0.05)
    await install(ledger.pool, VIEWS)
    client = await serve(create_app(ledger, news=news))
    (recorded,) = await establish(client, county, "371329")
    asked = recorded["position"]
    response = await client.get(f"{EVENTS}?after_position={asked}", headers=county)
    problem = await the_problem(response, 503, "view-behind")
    assert problem["facts"]["asked"] == asked
    assert response.headers["Retry-After"]


async def test_nobody_is_kept_waiting_for_an_entry_that_does_not_exist(
    client: Client, county: dict[str, str]
) -> None:
    (recorded,) = await establish(client, county, "371329")
    end = recorded["position"]
    for asked in (end + 1, 2**63 - 1):
        response = await client.get(f"{EVENTS}?after_position={asked}", headers=county)
        problem = await the_problem(response, 400, "position-not-in-log")
        assert problem["facts"]["log_size"] == end + 1


async def test_an_event_tells_its_fields_causes_and_consequences(
    client: Client, county: dict[str, str]
) -> None:
    (recorded,) = await establish(client, county, "371329")
    await client.get(f"{EVENTS}?after_position={recorded['position']}", headers=county)
    url = f"{EVENTS}/{recorded['event_ids'][0]}"
    answer = await (await client.get(url, headers=county)).json()
    assert answer["row"]["fields"]["code"] == "371329"
    assert answer["row"]["causes"] == []
    assert answer["position"] >= 0
    followed = await (await client.get(url + "/consequences", headers=county)).json()
    assert followed["rows"] == []
    await the_problem(await client.get(f"{EVENTS}/{uuid4()}", headers=county), 404, "not-found")


async def test_policies_are_shown_with_their_basis(
    client: Client, county: dict[str, str], policies: None, ledger: Ledger
) -> None:
    size = (await read_head(ledger.pool, ledger.id)).size
    url = f"/v1/policies?on=2026-03-01&after_position={size - 1}"
    page = await (await client.get(url, headers=county)).json()
    named = {row["name"]: row for row in page["rows"]}
    assert named["entry.fact_days"]["value"] == 30
    assert named["entry.fact_days"]["basis_zh"]
    one = await (await client.get("/v1/policies/entry.fact_days", headers=county)).json()
    assert one["row"]["value"] == 30
    url = "/v1/policies/entry.fact_days/entries"
    history = await (await client.get(url, headers=county)).json()
    assert [row["value"] for row in history["rows"]] == [30]
    missing = await client.get("/v1/policies/no.such_name", headers=county)
    await the_problem(missing, 404, "not-found")


async def test_working_days_are_counted(client: Client, county: dict[str, str]) -> None:
    url = "/v1/calendar/due-dates?day=2026-09-30&working_days=1"
    answer = await (await client.get(url, headers=county)).json()
    assert answer["on"] == "2026-10-08"
    assert answer["is_provisional"] is False


async def test_a_name_with_strange_characters_is_only_a_text(
    client: Client, county: dict[str, str]
) -> None:
    for text in ("'; DROP TABLE events; --", "%", "_", "\\", "<script>"):
        response = await client.get(f"{EVENTS}?reason={quote(text)}", headers=county)
        assert response.status == 200
