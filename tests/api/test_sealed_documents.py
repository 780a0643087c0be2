"""Documents about a person: uploaded within reach, hidden when restricted, gone when erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import orjson
import pytest

from api.app import create_app
from api.options import EvidenceOptions, Options, Rates
from ledger.commands.sealing_check import check_sealing
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from projections.engine import Projector
from tests.api.conftest import Serve, TokenFor, bearer, the_problem
from tests.api.test_petitions import Desk, a_petition
from tests.petition_world import COMMUNITY, OTHER_UNIT, found_county
from tests.storage.sealed import LI, WANG, leaks, whole_database
from tests.storage_fixtures import KEYS

NAME, TEXT = "王秀兰的低保证明.txt", "王秀兰测试，低保证明编号甲一号".encode()
SECRETS = ("王秀兰的低保证明", TEXT.decode())


@pytest.fixture
async def ledger(store_dsn: str, ledger_id: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger with a folder for documents."""
    keys = replace(KEYS, documents=tmp_path / "evidence")
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4, keys=keys) as ledger:
        yield ledger


@pytest.fixture
async def desk(  # noqa: PLR0917 - fixtures
    ledger: Ledger,
    news: News,
    projector: Projector,
    serve: Serve,
    token_for: TokenFor,
    policies: None,
) -> Desk:
    await found_county(ledger)
    rates = Rates(of_address=100_000, of_account=100_000)
    options = Options(rates=rates, evidence=EvidenceOptions())
    return Desk(await serve(create_app(ledger, news=news, options=options)), token_for)


async def a_person(desk: Desk, data: Any = WANG) -> str:
    person = {str(name): value for name, value in data.given().items()}
    body = {"place_id": str(COMMUNITY), "person": person}
    return str((await desk.post("community", "/v1/persons", body))["id"])


async def send(
    desk: Desk,
    role: str,
    about: str | None = None,
    data: bytes = TEXT,
    headers: dict[str, str] | None = None,
) -> Any:
    params = {} if about is None else {"about": about}
    named = await desk.of(role) | {"File-Name": quote(NAME)} | (headers or {})
    return await desk.client.post("/v1/evidence", params=params, data=data, headers=named)


async def caught_up(desk: Desk, ledger: Ledger) -> None:
    """Let the next question wait for what was recorded so far."""
    head = await ledger.pool.fetchval("SELECT size FROM heads WHERE ledger_id = $1", ledger.id)
    desk.position = head - 1


async def sent(desk: Desk, role: str, about: str | None = None, data: bytes = TEXT) -> Any:
    response = await send(desk, role, about, data)
    told = await response.json()
    assert response.status == 201, told
    return told


async def get(desk: Desk, role: str, digest: str) -> Any:
    """Ask for a document once the trail, which tells who may have it, is up to date."""
    await desk.get("/v1/events", page_size="1")
    return await desk.client.get(f"/v1/evidence/{digest}", headers=await desk.of(role))


async def erased(desk: Desk, person_id: str, decision: str, **given: str) -> Any:
    asked = {"subject_id": person_id, "ground": "purpose_ended"}
    erasure = (await desk.post("community", "/v1/erasures", asked))["id"]
    path = f"/v1/erasures/{erasure}/{decision}"
    body = {"reason": "处理目的已实现", **given}
    return await desk.post("data_protection_officer", path, body)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_erasure_takes_the_documents_about_a_person_and_no_others(
    desk: Desk, ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    wang, li = await a_person(desk), await a_person(desk, LI)
    document = await sent(desk, "community", wang)
    second = await sent(desk, "community", wang, b"a second document")
    assert len(files_in(tmp_path)) == 2
    await sent(desk, "hotline", li)
    filed = a_petition() | {"evidence": [document, second]}
    await desk.post("community", "/v1/petitions", filed)
    assert (await get(desk, "county", document["sha256"])).status == 200
    assert leaks(await whole_database(store_dsn), SECRETS) == []

    told = await erased(desk, wang, "approvals")
    assert told["disclosed"] == {"carried_out": True, "documents_count": 2}
    assert len(files_in(tmp_path)) == 1
    response = await get(desk, "hotline", document["sha256"])
    assert (response.status, await response.read()) == (200, TEXT), "the other's copy"
    for one in (document, second):  # what the event's own actor brought; the other's is not theirs
        gone = await get(desk, "county", one["sha256"])
        await the_problem(gone, 410, "evidence-gone")
    await the_problem(await get(desk, "hotline", second["sha256"]), 404, "not-found")
    row = (await desk.get("/v1/erasures", role="data_protection_officer"))["rows"][0]
    assert (row["slots_count"], row["documents_count"]) == (3, 2)
    await erased(desk, li, "approvals")
    assert files_in(tmp_path) == []
    await the_problem(await get(desk, "county", document["sha256"]), 410, "evidence-gone")
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.living, report.documents) == (True, 0, 0), report.findings


async def test_an_erasure_can_be_of_one_document(
    desk: Desk, ledger: Ledger, tmp_path: Path
) -> None:
    wang = await a_person(desk)
    await sent(desk, "community", wang)
    await sent(desk, "community", wang, b"a second document")
    await caught_up(desk, ledger)
    listed = (await desk.get("/v1/sealed", role="auditor", person_id=wang))["rows"]
    documents = [row["record_id"] for row in listed if row["record_kind"] == "document"]
    asked = {"subject_id": wang, "ground": "purpose_ended", "record_ids": documents[:1]}
    erasure = (await desk.post("community", "/v1/erasures", asked))["id"]
    body = {"reason": "处理目的已实现"}
    told = await desk.post("data_protection_officer", f"/v1/erasures/{erasure}/approvals", body)
    assert told["disclosed"]["documents_count"] == 1
    assert [path.name for path in files_in(tmp_path)] == documents[1:]


async def test_a_restriction_hides_the_documents_from_everybody(desk: Desk) -> None:
    wang = await a_person(desk)
    document = await sent(desk, "community", wang)
    await desk.post("community", "/v1/petitions", a_petition() | {"evidence": [document]})
    await erased(desk, wang, "restrictions", hold="audit")
    for role in ("community", "county"):
        response = await get(desk, role, document["sha256"])
        await the_problem(response, 422, "person-restricted")
    await the_problem(await send(desk, "community", wang, b"more"), 422, "person-restricted")
    event = (await desk.get("/v1/events", role="county", kind="petition"))["rows"][0]
    url = f"/events/{event['event_id']}"
    page = await (await desk.client.get(url, headers=await desk.of("county"))).text()
    assert document["sha256"] in page and f"/v1/evidence/{document['sha256']}" not in page


async def test_only_who_may_seal_a_persons_data_uploads_about_them(
    desk: Desk, token_for: TokenFor, tmp_path: Path
) -> None:
    wang = await a_person(desk)
    for role in ("resident", "company", "department"):
        await the_problem(await send(desk, role, wang), 403, "not-allowed")
    there = bearer(await token_for("community", organisation_id=OTHER_UNIT))
    for person_id in (wang, str(uuid4())):
        response = await send(desk, "community", person_id, headers=there)
        await the_problem(response, 404, "not-found")
    await the_problem(await send(desk, "county", str(uuid4())), 404, "not-found")
    await the_problem(await send(desk, "county", "somebody"), 400, "invalid-value")
    asked = {"abaut": wang}
    headers = await desk.of("county") | {"File-Name": "a.txt"}
    response = await desk.client.post("/v1/evidence", params=asked, data=TEXT, headers=headers)
    await the_problem(response, 400, "request-invalid")
    assert files_in(tmp_path) == []


async def test_the_name_never_comes_into_the_log(desk: Desk, ledger: Ledger) -> None:
    document: dict[str, Any] = {}
    for about in (await a_person(desk), None):
        document = await sent(desk, "community", about, TEXT + str(about).encode())
        assert document["name"] == document["sha256"][:16] + ".txt"
        named = a_petition() | {"evidence": [document | {"name": NAME}]}
        response = await desk.client.post(
            "/v1/petitions", json=named, headers=await desk.of("community")
        )
        problem = await the_problem(response, 400, "invalid-value")
        assert (problem["facts"]["field"], NAME in str(problem)) == ("evidence/name", False)
        named["evidence"] = [document]
        await desk.post("community", "/v1/petitions", named | {"reference": str(about)})
    entries = await ledger.pool.fetch("SELECT entry FROM events WHERE ledger_id = $1", ledger.id)
    assert leaks(b"".join(row["entry"] for row in entries), SECRETS) == []
    said = (await get(desk, "community", document["sha256"])).headers["Content-Disposition"]
    assert said.endswith(quote(NAME)), "who brought it has its name"


async def test_documents_of_one_person_can_come_all_at_once(desk: Desk, ledger: Ledger) -> None:
    wang = await a_person(desk)
    await desk.of("county")
    await asyncio.gather(*(sent(desk, "community", wang, f"{n}".encode()) for n in range(4)))
    again = await asyncio.gather(*(send(desk, "county", wang, b"the same") for _ in range(3)))
    assert sorted(response.status for response in again) == [200, 200, 201]
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.documents, report.pending) == (True, 5, 0), report.findings


async def test_people_are_told_of_the_documents_about_them(desk: Desk) -> None:
    wang = await a_person(desk)
    document = await sent(desk, "community", wang)
    herself = bearer(await desk.token_for("resident", actor_id=UUID(wang)))
    for form in ("json", "pdf"):
        response = await desk.client.post(
            f"/v1/persons/{wang}/exports", json={"format": form}, headers=herself
        )
        told = await response.json()
        assert response.status == 201, told
        if form == "json":
            (one,) = told["disclosed"]["document"]["documents"]
            assert (one["sha256"], one["size_bytes"]) == (document["sha256"], len(TEXT))
            assert NAME in orjson.dumps(told).decode()
        else:
            assert told["disclosed"]["media_type"] == "application/pdf"


async def test_who_did_not_attach_it_learns_no_name(desk: Desk) -> None:
    """Two people bring the same, each by another name: readers get that of who attached it."""
    wang = await a_person(desk)
    await sent(desk, "hotline", wang)
    response = await send(desk, "community", headers={"File-Name": "proof.txt"})
    document = await response.json()
    await desk.post("community", "/v1/petitions", a_petition() | {"evidence": [document]})
    await desk.get("/v1/events", role="county")
    said = (await get(desk, "county", document["sha256"])).headers["Content-Disposition"]
    assert said.endswith("''proof.txt")
    own = (await get(desk, "hotline", document["sha256"])).headers["Content-Disposition"]
    assert own.endswith(quote(NAME))
