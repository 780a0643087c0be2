"""Reading within one's scope: lists, counts, single records, the trail and the stream."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from aiohttp import ClientResponse

from ledger.belonging import KINDS_OF_ACCESS, Scope
from ledger.commands.petitions import DispatchPetition, dispatch_petition, file_petition
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from projections.engine import Ties, Within
from projections.engine.scoping import ReadOutsideScope, restrict
from projections.organisations import TreeQuery
from projections.overview import overview
from tests.api.conftest import Client, TokenFor, bearer, the_problem
from tests.api.test_scopes import OTHER_STREET, move_community, other_street
from tests.commands.county import (
    COMMUNITY,
    DAMP_GARAGE,
    DEPARTMENT,
    DISPATCHER,
    OTHER_COMMUNITY,
    PETITIONER,
    STREET,
    build_county,
    filed,
    who,
)

Headers = dict[str, str]


@pytest.fixture
async def petition_id(ledger: Ledger) -> UUID:
    """A petition of the community, in a small county with two communities."""
    await build_county(ledger)
    return await filed(ledger)


async def rows(client: Client, ledger: Ledger, headers: Headers, path: str, **query: str) -> Any:
    """Return the rows of a list, or the one row, as of everything recorded so far."""
    after = (await read_head(ledger.pool, ledger.id)).size - 1
    params = {"after_position": str(after), **query}
    response = await client.get(path, params=params, headers=headers)
    answer = await response.json()
    assert response.status == 200, answer
    return answer.get("rows", answer.get("row"))


async def test_lists_counts_and_searches_know_nothing_of_other_places(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    here = bearer(await token_for("community"))
    there = bearer(await token_for("community", organisation_id=OTHER_COMMUNITY))
    nowhere = bearer(await token_for("community", organisation_id=None))
    for headers, count in ((here, 1), (there, 0), (nowhere, 0)):
        listed = await rows(client, ledger, headers, "/v1/petitions")
        assert [row["petition_id"] for row in listed] == [str(petition_id)] * count
        named = {"community_id": str(COMMUNITY)}
        assert len(await rows(client, ledger, headers, "/v1/petitions", **named)) == count
        assert (await rows(client, ledger, headers, "/v1/petition-counts"))["count"] == count
        intake = await rows(client, ledger, headers, "/v1/petition-intake", by="community_id")
        assert [row["count"] for row in intake] == [1] * count
        about = {"kind": "petition"}
        trail = await rows(client, ledger, headers, "/v1/events", **about)
        assert len(trail) == count


async def test_a_record_out_of_reach_reads_like_none(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    county = bearer(await token_for("county"))
    there = bearer(await token_for("community", organisation_id=OTHER_COMMUNITY))
    (event,) = await rows(client, ledger, county, "/v1/events", kind="petition")
    for path, known in (
        ("/v1/petitions/{}", petition_id),
        ("/v1/petitions/{}/timeline", petition_id),
        ("/v1/events/{}", event["event_id"]),
        ("/v1/events/{}/entry", event["event_id"]),
    ):
        told = []
        for one in (str(known), str(uuid4())):
            await rows(client, ledger, county, "/v1/events")  # views know all that was noted so far
            response = await client.get(path.format(one), headers=there)
            problem = await the_problem(response, 404, "not-found")
            told.append(str(problem).replace(one, "ID").replace(problem["instance"], ""))
        assert told[0] == told[1]
        assert (await client.get(path.format(known), headers=county)).status == 200


async def test_an_estates_people_see_their_estate_and_a_resident_only_the_own(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    async def seen(role: str, **given: Any) -> int:
        headers = bearer(await token_for(role, **given))
        return len(await rows(client, ledger, headers, "/v1/petitions"))

    assert await seen("owners_committee") == 1
    assert await seen("resident") == 0
    assert await seen("resident", actor_id=PETITIONER) == 1
    assert await seen("department") == 0
    dispatch = DispatchPetition(petition_id=petition_id, unit_id=DEPARTMENT)
    await dispatch_petition(dispatch, ledger, who(DISPATCHER))
    assert await seen("department") == 1


async def test_the_tree_of_the_day_asked_for_decides(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    await other_street(ledger)
    await move_community(ledger)
    old = bearer(await token_for("street"))
    new = bearer(await token_for("street", organisation_id=OTHER_STREET))
    before = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    path = f"/v1/petitions/{petition_id}"
    now = await rows(client, ledger, new, path)
    assert now["petition_id"] == str(petition_id)
    await the_problem(await client.get(path, headers=old), 404, "not-found")
    then = await rows(client, ledger, old, path, at=before)
    assert then["petition_id"] == str(petition_id)
    response = await client.get(path, params={"at": before}, headers=new)
    await the_problem(response, 404, "not-found")


async def test_a_stream_sends_only_what_its_reader_may_see(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    """The other community's reader hears its own petition, and not the one before it."""
    elsewhere = replace(DAMP_GARAGE, community_id=OTHER_COMMUNITY, estate_id=None)
    other_id = (await file_petition(elsewhere, ledger, who())).id
    for organisation_id, heard in ((COMMUNITY, petition_id), (OTHER_COMMUNITY, other_id)):
        headers = bearer(await token_for("community", organisation_id=organisation_id))
        async with client.get("/v1/events/stream?from=0", headers=headers) as response:
            told = await first_petition(response)
        assert told["stream"] == str(heard)


async def first_petition(response: ClientResponse) -> dict[str, Any]:
    """Return the first event of a petition that a stream tells."""
    return await first_event(response, "petition.")


async def first_event(response: ClientResponse, beginning: str = "") -> dict[str, Any]:
    """Return the first event that a stream tells whose topic begins so."""
    async with asyncio.timeout(20):
        async for line in response.content:
            if line.startswith(b"data: "):
                told: dict[str, Any] = orjson.loads(line.removeprefix(b"data: "))
                if told["topic"].startswith(beginning):
                    return told
    raise AssertionError("the stream ended")


async def test_the_administrator_sees_no_business(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    headers = bearer(await token_for("administrator"))
    for path in ("/v1/petitions", f"/v1/petitions/{petition_id}", "/v1/events", "/v1/findings"):
        await the_problem(await client.get(path, headers=headers), 403, "not-allowed")


async def test_who_came_in_and_who_looked_is_told_to_those_who_watch_over_it_alone(
    client: Client, ledger: Ledger, token_for: TokenFor, petition_id: UUID
) -> None:
    """The county sees every petition, and nothing of who was refused or who looked."""
    out = bearer(await token_for("administrator"))
    await the_problem(await client.get("/v1/petitions", headers=out), 403, "not-allowed")
    discipline, county = bearer(await token_for("discipline")), bearer(await token_for("county"))
    (denial,) = await rows(client, ledger, discipline, "/v1/events", kind="denial")
    one = f"/v1/events/{denial['event_id']}"
    assert (await rows(client, ledger, discipline, one))["topic"] == "denial.counted.v1"
    for path in (one, f"{one}/entry"):
        await the_problem(await client.get(path, headers=county), 404, "not-found")
    assert not await rows(client, ledger, county, "/v1/events", kind="denial")
    seen = {row["kind"] for row in await rows(client, ledger, county, "/v1/events")}
    assert "petition" in seen
    assert not seen & KINDS_OF_ACCESS
    street = bearer(await token_for("street", organisation_id=STREET))
    assert not await rows(client, ledger, street, "/v1/events", kind="denial")


async def test_looks_are_not_in_the_stream_of_whoever_does_not_watch(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    """The first event that the county hears is not the refusal before it."""
    out = bearer(await token_for("administrator"))
    await the_problem(await client.get("/v1/petitions", headers=out), 403, "not-allowed")
    begin = (await read_head(ledger.pool, ledger.id)).size - 1
    await build_county(ledger)
    for role, first in (("discipline", "denial"), ("county", "policy_book")):
        headers = bearer(await token_for(role))
        path = f"/v1/events/stream?from={begin}"
        async with client.get(path, headers=headers) as response:
            told = await first_event(response)
        assert told["topic"].partition(".")[0] == first


async def test_a_question_that_does_not_keep_to_scopes_is_refused(ledger: Ledger) -> None:
    """Whatever forgets the scope fails instead of telling too much."""
    narrow = Within(ledger.pool, Scope(places=frozenset({STREET})))
    with pytest.raises(ReadOutsideScope):
        await overview(narrow, ledger.id, TreeQuery())
    with pytest.raises(ReadOutsideScope):
        restrict(narrow, None, str)
    database, condition = restrict(narrow, Ties(), str)
    assert (database, condition) == (ledger.pool, "false")
    assert restrict(ledger.pool, None, str) == (ledger.pool, "true")
