"""/log/: what others' verifiers fetch, byte for byte and header for header."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from api.app import create_app
from api.options import Options, Rates
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_head
from tests import tiles_client
from tests.api.conftest import Serve, TokenFor, bearer, the_problem
from tests.api.served_log import Log, log
from tests.published_log import LOG_KEY, TRUST, WITNESSES, fill, publish_now, signed_at

__all__ = ["log"]

VKEY = str(LOG_KEY.verifying)
FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 700])
async def test_a_stranger_checks_the_whole_tree_and_every_entry(
    log: Log, token_for: TokenFor, size: int
) -> None:
    await fill(log.ledger, size)
    await publish_now(log.ledger)
    headers = bearer(await token_for("auditor"))

    async def fetch_as_auditor(path: str) -> bytes:
        response = await log.client.get(f"/log/{path}", headers=headers)
        assert response.status == 200
        return await response.read()

    head = tiles_client.open_note((await log.fetch("checkpoint")).decode(), VKEY)
    assert head.size == size
    leaves = await tiles_client.check_tree(log.fetch, head)
    entries = await tiles_client.read_entries(fetch_as_auditor, leaves)
    rows = await log.ledger.pool.fetch(
        "SELECT entry FROM events WHERE ledger_id = $1 ORDER BY position", log.ledger.id
    )
    assert entries == [entry for (entry,) in rows[:size]], "and that they were read comes after"


async def test_a_stranger_finds_a_forged_leaf_under_intact_parents(
    log: Log, superuser: asyncpg.Connection
) -> None:
    """Attack 7: an entry, its leaf hash and its tile are forged together, all else is intact."""
    await fill(log.ledger, 600)
    await publish_now(log.ledger)
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(
            "UPDATE events SET entry = '\\x0a'::bytea, leaf_hash = sha256('\\x000a'::bytea)"
            " WHERE ledger_id = $1 AND position = 300",
            log.ledger.id,
        )
        await superuser.execute(
            "UPDATE tiles SET hashes = overlay(hashes PLACING sha256('\\x000a'::bytea) FROM 1409)"
            " WHERE ledger_id = $1 AND level = 0 AND number = 1",
            log.ledger.id,
        )
    head = tiles_client.open_note((await log.fetch("checkpoint")).decode(), VKEY)
    with pytest.raises(tiles_client.LogLies, match="hash 1 of level 1 is not over its children"):
        await tiles_client.check_tree(log.fetch, head)


async def test_nothing_beyond_the_published_checkpoint_is_served(
    log: Log, token_for: TokenFor
) -> None:
    headers = bearer(await token_for("auditor"))
    size = (await read_head(log.ledger.pool, log.ledger.id)).size
    await fill(log.ledger, 299 - size)  # and that the auditor asks for entries is the 300th
    for path in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000.p/1"):
        await the_problem(
            await log.client.get(f"/log/{path}", headers=headers), 404, "tile-unpublished"
        )
    await publish_now(log.ledger)
    await fill(log.ledger, 212)
    head = await read_head(log.ledger.pool, log.ledger.id)
    await signed_at(log.ledger, head.size, utc_now())
    for path in ("tile/0/001.p/45", "tile/0/001", "tile/1/000.p/2", "tile/entries/001"):
        await the_problem(
            await log.client.get(f"/log/{path}", headers=headers), 404, "tile-unpublished"
        )
    for path in ("tile/0/000", "tile/0/000.p/17", "tile/0/001.p/44", "tile/1/000.p/1"):
        assert await log.fetch(path)
    assert (await log.fetch("tile/0/000"))[: 17 * 32] == await log.fetch("tile/0/000.p/17")


async def test_each_file_says_how_long_it_keeps_and_who_may_read_it(
    log: Log, token_for: TokenFor
) -> None:
    await fill(log.ledger, 300)
    await publish_now(log.ledger)
    headers = bearer(await token_for("auditor"))
    expected = {
        "checkpoint": ("text/plain; charset=utf-8", "no-cache"),
        "tile/0/000": ("application/octet-stream", FOREVER),
        "tile/0/001.p/44": ("application/octet-stream", "public, max-age=86400, immutable"),
        "tile/1/000.p/1": ("application/octet-stream", "public, max-age=86400, immutable"),
        "tile/entries/000": ("application/octet-stream", FOREVER.replace("public", "private")),
    }
    for path, (kind, cache) in expected.items():
        response = await log.client.get(f"/log/{path}", headers=headers)
        assert response.headers["Content-Type"] == kind
        assert response.headers["Cache-Control"] == cache
        is_public = "entries" not in path
        assert response.headers.get("Access-Control-Allow-Origin") == ("*" if is_public else None)
        reach = "cross-origin" if is_public else "same-origin"
        assert response.headers["Cross-Origin-Resource-Policy"] == reach
    refused = await log.client.get("/log/tile/0/009")
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"


async def test_who_has_a_file_is_told_so(log: Log, token_for: TokenFor) -> None:
    await fill(log.ledger, 300)
    await publish_now(log.ledger)
    headers = bearer(await token_for("auditor"))
    for path in ("checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/entries/000"):
        first = await log.client.get(f"/log/{path}", headers=headers)
        tag = first.headers["ETag"]
        assert tag.startswith('"') and len(tag) > 32
        again = await log.client.get(f"/log/{path}", headers=headers | {"If-None-Match": tag})
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == tag
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        other = await log.client.get(f"/log/{path}", headers=headers | {"If-None-Match": '"x"'})
        assert other.status == 200
        asked = await log.client.head(f"/log/{path}", headers=headers)
        assert (asked.status, await asked.read()) == (200, b"")
    tag = (await log.client.get("/log/checkpoint")).headers["ETag"]
    await fill(log.ledger, 1)
    await publish_now(log.ledger)
    newer = await log.client.get("/log/checkpoint", headers={"If-None-Match": tag})
    assert newer.status == 200


async def test_a_cosignature_that_comes_later_is_in_the_checkpoint(log: Log) -> None:
    await fill(log.ledger, 3)
    await publish_now(log.ledger)
    alone = await log.fetch("checkpoint")
    await publish_now(log.ledger, witnesses=WITNESSES)
    cosigned = await log.fetch("checkpoint")
    assert cosigned.startswith(alone) and cosigned.count("— ".encode()) == 3


async def test_before_the_first_publication_there_is_no_checkpoint(log: Log) -> None:
    response = await log.client.get("/log/checkpoint")
    await the_problem(response, 404, "nothing-published")
    assert response.headers["Retry-After"]


async def test_entries_go_only_to_whoever_may_read_all_of_them(
    log: Log, token_for: TokenFor
) -> None:
    await fill(log.ledger, 3)
    await publish_now(log.ledger)
    url = "/log/tile/entries/000.p/3"
    await the_problem(await log.client.get(url), 401, "not-authenticated")
    for role in ("owner", "community", "owners_committee", "company"):
        response = await log.client.get(url, headers=bearer(await token_for(role)))
        await the_problem(response, 403, "not-allowed")
    for role in ("auditor", "discipline"):
        headers = bearer(await token_for(role))
        assert (await log.client.get(url, headers=headers)).status == 200


async def test_a_bundle_is_sent_smaller_to_whoever_can_unpack_it(
    log: Log, token_for: TokenFor
) -> None:
    await fill(log.ledger, 256)
    await publish_now(log.ledger)
    headers = bearer(await token_for("auditor"))
    url = "/log/tile/entries/000"
    plain, packed = [
        await log.client.get(url, headers=headers | {"Accept-Encoding": coding})
        for coding in ("identity", "gzip")
    ]
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) * 0.7
    assert await packed.read() == await plain.read()


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/000/",
        "tile/0/x000/000",
        "tile/00/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/-01",
        "tile/64/000",
        "tile/8/000",
        "tile/x/000",
        "tile/0/%30%30%30",
        "tile/0/0%0000",
        "tile/0/٠٠٠",
        "tile/entries/../0/000",
        "tile/%2e%2e/%2e%2e/etc/passwd",
        "tile/..%2f..%2fetc/passwd",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/" + "x001/" * 400 + "000",
        "tile/",
        "tile",
        "other",
    ],
)
async def test_what_is_no_address_of_a_tile_is_nothing(log: Log, path: str) -> None:
    await fill(log.ledger, 256)
    await publish_now(log.ledger)
    address = log.client._base_url  # the client would tidy the address up
    assert address is not None and address.port is not None
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(f"GET /log/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answered = await reader.read()
    writer.close()
    assert answered.split(b" ", 2)[1] in (b"400", b"404"), answered[:200]


async def test_whoever_checks_the_whole_log_may_ask_for_many_files(
    ledger: Ledger, news: News, serve: Serve
) -> None:
    slow = Options(rates=Rates(of_address=1, of_account=1))
    client = await serve(create_app(ledger, news=news, trust=lambda: TRUST, options=slow))
    await fill(ledger, 1)
    await publish_now(ledger)
    answers = [(await client.get("/log/tile/0/000.p/1")).status for _ in range(60)]
    assert set(answers) == {200}
    answers = [(await client.get("/v1/log/checkpoint")).status for _ in range(15)]
    assert answers.count(200) == 10 and answers[-1] == 429
