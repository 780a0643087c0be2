"""Documents: what is taken, what is refused, who gets them back, and what is left on the disk."""

from __future__ import annotations

import asyncio
import io
import os
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from api.app import create_app
from api.options import EvidenceOptions, Options, Rates
from ledger.commands.petitions import file_petition
from ledger.core.aggregate import Evidence
from ledger.storage.evidence_kinds import plain_name
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.news import News
from ledger.storage.space import SpaceGuard
from projections.engine import Projector
from tests.api.conftest import Client, Serve, TokenFor, bearer, the_problem
from tests.api.documents import BAD, GOOD, PDF, png
from tests.api.house import House, clock, house
from tests.api.money import Office, applied, office
from tests.api.test_reading_scopes import rows
from tests.api.test_service import send_slowly
from tests.commands.county import COMMUNITY, DAMP_GARAGE, OTHER_COMMUNITY, build_county, who
from tests.storage_fixtures import KEYS
from tests.waiting import wait_until

__all__ = ["clock", "house", "office"]

UNHURRIED = Rates(of_address=100_000, of_account=100_000)
QUOTA = 1024**2
MIB = 1024**2


@pytest.fixture
async def ledger(store_dsn: str, ledger_id: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger with a folder for documents."""
    keys = replace(KEYS, documents=tmp_path / "evidence")
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4, keys=keys) as ledger:
        yield ledger


@pytest.fixture
async def client(ledger: Ledger, news: News, projector: Projector, serve: Serve) -> Client:
    """A client of an application that stores documents, 1 MiB a person and day."""
    return await serve(an_app(ledger, news))


def an_app(ledger: Ledger, news: News, **given: Any) -> Any:
    evidence = EvidenceOptions(**{"quota_bytes": QUOTA, **given})
    return create_app(ledger, news=news, options=Options(rates=UNHURRIED, evidence=evidence))


def named(headers: dict[str, str], name: str) -> dict[str, str]:
    return headers | {"File-Name": quote(name)}


async def upload(
    client: Client, headers: dict[str, str], name: str, data: Any, status: int = 201
) -> dict[str, Any]:
    response = await client.post("/v1/evidence", data=data, headers=named(headers, name))
    told: dict[str, Any] = await response.json()
    assert response.status == status, told
    return told


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def attach(ledger: Ledger, document: dict[str, Any], actor_id: UUID | None = None) -> None:
    """Let a petition of the community be filed with a document."""
    await build_county(ledger)
    by = replace(who(), evidence=(Evidence(**document),))
    by = replace(by, actor_id=actor_id or by.actor_id)
    await file_petition(DAMP_GARAGE, ledger, by)


async def test_what_is_what_it_says_is_taken_and_given_back(
    client: Client, token_for: TokenFor, tmp_path: Path, ledger: Ledger
) -> None:
    headers = bearer(await token_for("owners_committee"))
    for name, (data, media_type) in GOOD.items():
        told = await upload(client, headers, name, data)
        digest = sha256(data).hexdigest()
        assert told == {
            "sha256": digest,
            "name": plain_name(digest, media_type),
            "media_type": media_type,
            "size_bytes": len(data),
        }
        place = max(files_in(tmp_path), key=lambda path: path.stat().st_mtime_ns)
        assert data[:20] not in place.read_bytes(), "encrypted"
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        folders = (place.parent, place.parent.parent, tmp_path / "evidence")
        assert {stat.S_IMODE(one.stat().st_mode) for one in folders} == {0o700}
        response = await client.get(f"/v1/evidence/{digest}", headers=headers)
        assert await response.read() == data
        assert response.content_type == media_type


async def test_what_is_given_back_is_a_download_that_can_do_nothing(
    client: Client, token_for: TokenFor
) -> None:
    headers = bearer(await token_for("community"))
    digest = (await upload(client, headers, "a.pdf", PDF))["sha256"]
    path = f"/v1/evidence/{digest}"
    said = (await client.get(path, headers=headers)).headers
    plain = f'attachment; filename="{digest[:16]}.pdf"'
    assert said["Content-Disposition"] == plain + "; filename*=UTF-8''a.pdf"
    assert said["X-Content-Type-Options"] == "nosniff"
    assert said["Content-Security-Policy"].startswith("sandbox;")
    assert said["Cache-Control"] == "no-store", "no cache keeps what an erasure destroys"


async def test_what_is_not_what_it_says_leaves_nothing(
    client: Client, token_for: TokenFor, tmp_path: Path
) -> None:
    headers = bearer(await token_for("street"))
    for what, (name, data, code) in BAD.items():
        response = await client.post("/v1/evidence", data=data, headers=named(headers, name))
        told = await response.json(content_type=None)
        assert (response.status, told.get("code")) == (422, code), (what, told)
    assert files_in(tmp_path) == []


async def test_a_name_is_never_a_path(client: Client, token_for: TokenFor, tmp_path: Path) -> None:
    headers = bearer(await token_for("street"))
    for name in (
        "../../etc/a.pdf",
        "/etc/a.pdf",
        "C:\\a.pdf",
        "a\0.pdf",
        "a\r\nX: y.pdf",
        "\u202efdp.pdf",
        " ",
        "x" * 97 + ".pdf",
    ):
        response = await client.post("/v1/evidence", data=PDF, headers=named(headers, name))
        assert response.status == 400, name
    wrong = headers | {"File-Name": "%FF.pdf"}
    await the_problem(
        await client.post("/v1/evidence", data=PDF, headers=wrong), 400, "invalid-value"
    )
    response = await client.post("/v1/evidence", data=PDF, headers=headers)
    await the_problem(response, 400, "invalid-value")
    numbered = named(headers, "张三13800138000.pdf")
    response = await client.post("/v1/evidence", data=PDF, headers=numbered)
    await the_problem(response, 422, "personal-data-in-text")
    for digest in ("..", "%2e%2e%2fpasswd", "A" * 64, "a" * 63):
        assert (await client.get(f"/v1/evidence/{digest}", headers=headers)).status == 404
    assert files_in(tmp_path) == []


async def test_a_form_with_more_than_the_document_is_refused(
    client: Client, token_for: TokenFor
) -> None:
    headers = bearer(await token_for("street")) | {"Content-Type": "multipart/form-data"}
    response = await client.post("/v1/evidence", data=PDF, headers=named(headers, "a.pdf"))
    await the_problem(response, 415, "media-type-unsupported")


async def test_too_much_is_refused_here_and_sooner_elsewhere(
    ledger: Ledger, news: News, serve: Serve, token_for: TokenFor, tmp_path: Path
) -> None:
    client = await serve(an_app(ledger, news, quota_bytes=100 * MIB))
    headers = bearer(await token_for("county"))
    await upload(client, headers, "a.txt", io.BytesIO(b"a" * (20 * MIB)))

    async def chunked() -> AsyncIterator[bytes]:
        for _ in range(21):
            yield b"a" * MIB

    for data in (io.BytesIO(b"a" * (20 * MIB + 1)), chunked()):
        response = await client.post("/v1/evidence", data=data, headers=named(headers, "b.txt"))
        await the_problem(response, 413, "body-too-large")
    json = headers | {"Content-Type": "application/json"}
    response = await client.post("/v1/petitions", data=io.BytesIO(b"a" * (MIB + 1)), headers=json)
    await the_problem(response, 413, "body-too-large")
    assert len(files_in(tmp_path)) == 1


async def test_the_same_document_is_stored_once_for_each_person_and_counts_once(
    client: Client, ledger: Ledger, token_for: TokenFor, tmp_path: Path
) -> None:
    one, other = [bearer(await token_for("street")) for _ in range(2)]
    data = b"a" * (QUOTA - 10)
    await upload(client, one, "a.txt", data)
    await upload(client, one, "b.txt", data, status=200)
    await upload(client, one, "c.txt", b"short")
    await upload(client, one, "d.txt", b"too much", status=429)
    await upload(client, other, "a.txt", data)
    assert len(files_in(tmp_path)) == 3
    count = await ledger.pool.fetchval(
        "SELECT count(*) FROM sealed_documents WHERE ledger_id = $1", ledger.id
    )
    assert count == 3


async def test_uploads_at_once_do_not_get_past_the_quota(
    client: Client, token_for: TokenFor
) -> None:
    headers = bearer(await token_for("street"))
    texts = [str(number).encode() * (QUOTA // 3) for number in range(6)]
    answers = await asyncio.gather(
        *(client.post("/v1/evidence", data=text, headers=named(headers, "a.txt")) for text in texts)
    )
    assert sorted(answer.status for answer in answers) == [201] * 3 + [429] * 3


async def test_a_full_disk_takes_nothing(
    ledger: Ledger, news: News, serve: Serve, token_for: TokenFor, tmp_path: Path
) -> None:
    client = await serve(an_app(ledger, news, space=SpaceGuard(tmp_path, 2**60)))
    headers = bearer(await token_for("street"))
    await upload(client, headers, "a.pdf", PDF, status=507)
    assert files_in(tmp_path) == []


async def test_whoever_hangs_up_leaves_nothing(
    client: Client, token_for: TokenFor, tmp_path: Path, ledger: Ledger
) -> None:
    headers = named(bearer(await token_for("street")), "a.txt")
    arrived = asyncio.Event()

    async def begun() -> AsyncIterator[bytes]:
        yield b"a" * 100_000
        arrived.set()
        await asyncio.Event().wait()

    asking = asyncio.create_task(client.post("/v1/evidence", data=begun(), headers=headers))
    incoming = tmp_path / "evidence" / ledger.id / "incoming"
    async with asyncio.timeout(20):
        await arrived.wait()
        await wait_until(lambda: bool(files_in(incoming)), what="a file that comes in")
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await wait_until(lambda: not files_in(incoming), what="an empty folder")
    assert files_in(tmp_path) == []


async def test_only_readers_of_an_event_that_names_it_get_a_document(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    owner_id = uuid4()
    owner = bearer(await token_for("resident", actor_id=owner_id))
    document = await upload(client, owner, "照片.png", png())
    path = f"/v1/evidence/{document['sha256']}"
    here = bearer(await token_for("community"))
    await the_problem(await client.get(path, headers=here), 404, "not-found")
    await attach(ledger, document, owner_id)
    there = bearer(await token_for("community", organisation_id=OTHER_COMMUNITY))
    auditor = bearer(await token_for("auditor"))
    for headers in (here, there):
        await rows(client, ledger, headers, "/v1/events")
    for headers in (here, auditor, owner):
        response = await client.get(path, headers=headers)
        assert (response.status, await response.read()) == (200, png())
    said = (await client.get(path, headers=here)).headers["Content-Disposition"]
    assert said.endswith("filename*=UTF-8''" + quote("照片.png"))
    unknown = sha256(b"unknown").hexdigest()
    for headers in (there, bearer(await token_for("resident"))):
        told = []
        for digest in (document["sha256"], unknown):
            response = await client.get(f"/v1/evidence/{digest}", headers=headers)
            problem = await the_problem(response, 404, "not-found")
            told.append(str(problem).replace(digest, "").replace(problem["instance"], ""))
        assert told[0] == told[1]
    administrator = bearer(await token_for("administrator"))
    await the_problem(await client.get(path, headers=administrator), 403, "not-allowed")
    assert (await client.get(path)).status == 401


async def test_an_events_name_does_not_make_another_file_of_it(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    county = bearer(await token_for("county"))
    document = await upload(client, county, "a.pdf", PDF)
    await attach(ledger, document | {"name": 'run".exe'})
    await rows(client, ledger, county, "/v1/events")
    response = await client.get(f"/v1/evidence/{document['sha256']}", headers=county)
    assert "exe" not in response.headers["Content-Disposition"]


async def test_a_changed_file_is_not_given_back(
    client: Client, ledger: Ledger, token_for: TokenFor, tmp_path: Path
) -> None:
    headers = bearer(await token_for("street"))
    digest = (await upload(client, headers, "a.pdf", PDF))["sha256"]
    path = f"/v1/evidence/{digest}"
    (file,) = files_in(tmp_path)
    sealed = file.read_bytes()
    file.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    await the_problem(await client.get(path, headers=headers), 500, "evidence-damaged")
    file.unlink()
    await the_problem(await client.get(path, headers=headers), 410, "evidence-gone")
    await upload(client, headers, "a.pdf", PDF, status=200)
    assert (await client.get(path, headers=headers)).status == 200


async def test_pages_link_what_their_reader_may_download(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    county_id = uuid4()
    county = bearer(await token_for("county", actor_id=county_id))
    document = await upload(client, county, "a.pdf", PDF)
    await attach(ledger, document, county_id)
    (event,) = await rows(client, ledger, county, "/v1/events", kind="petition")
    here = bearer(await token_for("community", organisation_id=COMMUNITY))
    await rows(client, ledger, here, "/v1/events")
    page = await (await client.get(f"/events/{event['event_id']}", headers=here)).text()
    named = document["name"]  # as the entry says it, which the seal speaks for
    assert f'<a href="/v1/evidence/{document["sha256"]}">{named}</a>' in page


async def test_an_expenses_page_links_its_documents(client: Client, office: Office) -> None:
    headers = office.headers["chair"]
    document = await upload(client, headers, "发票.pdf", PDF)
    path = await applied(office)
    answer = await office.done("chair", path + "/evidence", kind="invoice", evidence=[document])
    await office.read("county", "/events", after=answer)
    await office.read("chair", path, after=answer)
    link = f'<a href="/v1/evidence/{document["sha256"]}">发票.pdf</a>'
    assert link in await (await client.get(path, headers=headers)).text()
    page = await (await client.get(path)).text()
    assert document["sha256"] in page and link not in page


async def test_a_document_that_trickles_in_is_refused(
    client: Client, token_for: TokenFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.bodies.GRACE_SECONDS", 0.2)
    token = bearer(await token_for("street"))["Authorization"]
    head = (
        f"POST /v1/evidence HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        "File-Name: a.txt\r\nContent-Length: 100000\r\n\r\na"
    )
    answer = await send_slowly(client, head.encode())
    assert answer.startswith(b"HTTP/1.1 408")
    assert files_in(tmp_path) == []


async def test_a_service_without_a_place_for_them_says_so(
    ledger: Ledger, news: News, serve: Serve, token_for: TokenFor
) -> None:
    client = await serve(create_app(ledger, news=news))
    headers = bearer(await token_for("street"))
    await upload(client, headers, "a.pdf", PDF, status=503)
    assert (await client.get(f"/v1/evidence/{'0' * 64}", headers=headers)).status == 404


async def test_an_archive_that_fills_the_disk_is_refused_however_little_it_is_packed(
    client: Client, token_for: TokenFor
) -> None:
    """2.2 MiB that hardly pack allow by their ratio what the limit for the whole does not."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("noise.txt", os.urandom(22 * MIB // 10))
        for number in range(11):
            out.writestr(f"{number}.txt", bytes(20 * MIB))
    headers = named(bearer(await token_for("street")), "a.zip")
    response = await client.post("/v1/evidence", data=io.BytesIO(made.getvalue()), headers=headers)
    told = await the_problem(response, 422, "evidence-archive-unsafe")
    assert told["facts"] == {"rule": "unpacked size", "bytes_max": 200 * MIB}


async def test_an_upload_by_cookie_needs_the_sessions_token(house: House) -> None:
    """With it the request comes as far as to learn that this service stores nothing."""
    await house.knock()
    csrf = await house.csrf()
    upload = {"File-Name": "a.pdf"}
    response = await house.client.post("/v1/evidence", data=PDF, headers=upload)
    await the_problem(response, 403, "cross-site")
    headers = upload | {"X-CSRF-Token": csrf}
    response = await house.client.post("/v1/evidence", data=PDF, headers=headers)
    await the_problem(response, 503, "evidence-not-kept")
