"""Commands over HTTP: recorded once, at the version expected, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.organisations import organisation_id
from ledger.policies import POLICY_BOOK_ID
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from tests.api.conftest import Client, TokenFor, a_county, bearer, events_of, the_problem

COUNTY_ID = organisation_id("371329")
URL = "/v1/organisations"
NAMES = f"{URL}/{COUNTY_ID}/names"


def renamed(name_zh: str) -> dict[str, Any]:
    return {"name_zh": name_zh, "valid_from": "2020-01-02", "reason": "更正"}


async def test_a_command_answers_with_what_it_recorded(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    size = (await read_head(ledger.pool, ledger.id)).size
    response = await client.post(URL, json=a_county(), headers=county)
    body = await response.json()
    assert response.status == 201, body
    assert body == {
        "recorded": True,
        "id": str(COUNTY_ID),
        "version": 1,
        "position": size,
        "event_ids": body["event_ids"],
        "receipts": body["receipts"],
    }
    assert len(body["event_ids"]) == 1
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"{URL}/{COUNTY_ID}"
    url = response.headers["Location"] + f"?after_position={size}"
    shown = await (await client.get(url, headers=county)).json()
    assert shown["row"]["name_zh"] == "临沭县"


async def test_a_dry_run_tells_what_would_be_recorded_and_stores_nothing(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    response = await client.post(URL + "?dry_run=true", json=a_county(), headers=county)
    body = await response.json()
    assert response.status == 200
    assert body["recorded"] is False
    (would,) = body["would_record"]
    assert would["topic"] == "organisation.established.v1"
    assert would["state"]["name_zh"] == "临沭县"
    assert await events_of(ledger, COUNTY_ID) == 0


async def test_a_dry_run_is_refused_like_the_real_thing(
    client: Client, county: dict[str, str]
) -> None:
    body = a_county(kind="street")
    response = await client.post(URL + "?dry_run=1", json=body, headers=county)
    await the_problem(response, 422, "parent-missing")


async def test_fifty_requests_with_one_key_record_once(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    headers = county | {"Idempotency-Key": "k-1"}
    responses = await asyncio.gather(
        *(client.post(URL, json=a_county(), headers=headers) for _ in range(50))
    )
    bodies = [await response.read() for response in responses]
    assert {response.status for response in responses} == {201}, bodies
    assert len(set(bodies)) == 1
    hits = [response.headers.get("Idempotency-Hit") for response in responses]
    assert hits.count("true") == 49
    assert await events_of(ledger, COUNTY_ID) == 1


async def test_a_key_is_answered_the_same_after_the_record_has_moved_on(
    client: Client, county: dict[str, str]
) -> None:
    headers = county | {"Idempotency-Key": "k-2"}
    first = await client.post(URL, json=a_county(), headers=headers)
    await client.post(NAMES, json=renamed("临沭"), headers=county)
    again = await client.post(URL, json=a_county(), headers=headers)
    assert await first.read() == await again.read()
    assert again.headers["Idempotency-Hit"] == "true"


@pytest.mark.parametrize("name", ["另一县", "临沭县 "])
async def test_a_key_with_another_body_is_refused(
    client: Client, county: dict[str, str], ledger: Ledger, name: str
) -> None:
    headers = county | {"Idempotency-Key": "k-3"}
    await client.post(URL, json=a_county(), headers=headers)
    other = await client.post(URL, json=a_county(name_zh=name), headers=headers)
    await the_problem(other, 409, "idempotency-mismatch")
    assert await events_of(ledger, COUNTY_ID) == 1


async def test_a_key_belongs_to_who_sent_it(
    client: Client, county: dict[str, str], token_for: TokenFor
) -> None:
    key = {"Idempotency-Key": "k-4"}
    other = bearer(await token_for("county"))
    await client.post(URL, json=a_county(), headers=county | key)
    response = await client.post(URL, json=a_county(), headers=other | key)
    await the_problem(response, 422, "organisation-exists")


async def test_a_refused_command_does_not_use_its_key_up(
    client: Client, county: dict[str, str]
) -> None:
    headers = county | {"Idempotency-Key": "k-5"}
    refused = await client.post(NAMES, json=renamed("临沭"), headers=headers)
    await the_problem(refused, 404, "not-found")
    await client.post(URL, json=a_county(), headers=county)
    response = await client.post(NAMES, json=renamed("临沭"), headers=headers)
    assert response.status == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "钥"])
async def test_a_malformed_key_is_refused(client: Client, county: dict[str, str], key: str) -> None:
    response = await client.post(URL, json=a_county(), headers=county | {"Idempotency-Key": key})
    body = await the_problem(response, 400, "request-invalid")
    assert body["errors"][0]["parameter"] == "Idempotency-Key"


async def test_of_many_writers_that_expect_one_version_exactly_one_wins(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    await client.post(URL, json=a_county(), headers=county)
    responses = await asyncio.gather(
        *(
            client.post(NAMES, json=renamed(f"第{n}名"), headers=county | {"If-Match": '"1"'})
            for n in range(20)
        )
    )
    statuses = sorted(response.status for response in responses)
    assert statuses == [201] + [412] * 19
    for response in responses:
        if response.status == 412:
            problem = await the_problem(response, 412, "version-mismatch")
            assert problem["facts"] == {"version": 2, "expected_version": 1}
    assert await events_of(ledger, COUNTY_ID) == 2


async def test_writers_that_expect_no_version_all_win(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    await client.post(URL, json=a_county(), headers=county)
    responses = await asyncio.gather(
        *(client.post(NAMES, json=renamed(f"第{n}名"), headers=county) for n in range(4))
    )
    assert [response.status for response in responses] == [201] * 4
    assert await events_of(ledger, COUNTY_ID) == 5


async def test_a_repeated_request_is_answered_although_its_version_is_past(
    client: Client, county: dict[str, str]
) -> None:
    await client.post(URL, json=a_county(), headers=county)
    headers = county | {"If-Match": "1", "Idempotency-Key": "k-6"}
    first = await client.post(NAMES, json=renamed("临沭"), headers=headers)
    again = await client.post(NAMES, json=renamed("临沭"), headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert await first.read() == await again.read()


@pytest.mark.parametrize("version", ["*", 'W/"3"', '"3', "-1", "3,4", "x"])
async def test_a_malformed_version_is_refused(
    client: Client, county: dict[str, str], version: str
) -> None:
    response = await client.post(
        NAMES, json=renamed("临沭"), headers=county | {"If-Match": version}
    )
    body = await the_problem(response, 400, "request-invalid")
    assert body["errors"][0]["parameter"] == "If-Match"


async def test_what_creates_its_record_finds_it_at_no_version(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    response = await client.post(URL, json=a_county(), headers=county | {"If-Match": "1"})
    problem = await the_problem(response, 412, "version-mismatch")
    assert problem["facts"] == {"version": 0, "expected_version": 1}
    assert await events_of(ledger, COUNTY_ID) == 0
    response = await client.post(URL, json=a_county(), headers=county | {"If-Match": "0"})
    assert response.status == 201


async def test_the_one_calendar_has_a_version_to_expect(
    client: Client, county: dict[str, str]
) -> None:
    body: dict[str, Any] = {"workdays": [], "notice": "通知"}
    for year, version, status in ((2027, "2", 412), (2027, "0", 201), (2028, "0", 412)):
        url, body["holidays"] = f"/v1/calendar/years/{year}", [f"{year}-01-04"]
        response = await client.post(url, json=body, headers=county | {"If-Match": version})
        assert response.status == status, await response.text()
        body = body | {"notice": f"{body['notice']}更正", "reason": "更正"}


async def test_the_one_policy_book_has_a_version_to_expect(
    client: Client, county: dict[str, str], policies: None, token_for: TokenFor
) -> None:
    body = {
        "value": 45,
        "unit": "days",
        "basis_zh": "自行设定",
        "basis_en": "Our own choice",
        "certainty": "house",
        "valid_from": "2099-01-01",
        "reason": "本县决定",
    }
    url = "/v1/policies/entry.fact_days/values"
    alone = await client.post(url, json=body, headers=county)
    await the_problem(alone, 422, "second-person-needed")
    url += "?propose=true"
    wrong = await client.post(url, json=body, headers=county | {"If-Match": "1"})
    problem = await the_problem(wrong, 412, "version-mismatch")
    right = {"If-Match": str(problem["facts"]["version"])}
    response = await client.post(url, json=body, headers=county | right)
    assert response.status == 201
    other = bearer(await token_for("county", actor_id=uuid4()))
    done = await client.post(f"{response.headers['Location']}/approvals", headers=other)
    assert done.status == 201, await done.text()
    assert UUID((await done.json())["id"]) == POLICY_BOOK_ID


async def test_a_command_that_finds_nothing_to_do_says_so(
    client: Client, county: dict[str, str], policies: None
) -> None:
    response = await client.post("/v1/policies/standard", headers=county)
    assert response.status == 200
    assert await response.json() == {"recorded": False, "event_ids": []}


async def test_the_envelope_goes_into_the_event(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    evidence = {
        "sha256": "ab" * 32,
        "name": "批复.pdf",
        "media_type": "application/pdf",
        "size_bytes": 48_213,
    }
    body = a_county(reason="建账", evidence=[evidence])
    response = await client.post(URL, json=body, headers=county)
    assert response.status == 201, await response.text()
    entry = await ledger.pool.fetchval(
        "SELECT entry FROM events WHERE ledger_id = $1 ORDER BY position DESC LIMIT 1", ledger.id
    )
    header = entry.partition(b"\n")[0].decode()
    for part in ('"reason":"建账"', "ab" * 32):
        assert part in header


@pytest.mark.parametrize("day", ["2020-01-01", "2026-03-02", "2099-01-01"])
async def test_a_decision_takes_no_day_of_its_own(
    client: Client, county: dict[str, str], policies: None, day: str
) -> None:
    body = a_county(occurred_at=f"{day}T09:00:00+08:00", reason="补录")
    refused = await client.post(URL, json=body, headers=county)
    problem = await the_problem(refused, 400, "decision-happens-now")
    assert problem["facts"]["field"] == "occurred_at"


async def test_nobody_is_named_whom_it_was_done_for(client: Client, county: dict[str, str]) -> None:
    body = a_county(on_behalf_of="0192f0c1-2345-7000-8000-000000000001")
    await the_problem(await client.post(URL, json=body, headers=county), 400, "request-invalid")
