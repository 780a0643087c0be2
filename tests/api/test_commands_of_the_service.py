"""`minzhang tokens` and `minzhang serve`, as processes of their own on a real database."""

from __future__ import annotations

import asyncio
import re
import signal
from asyncio.subprocess import Process
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from aiohttp import ClientSession

from tests import tiles_client
from tests.api.conftest import a_county, bearer
from tests.started import environment_for, start
from tests.waiting import wait_for_answer

SECONDS = 60.0


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    return environment_for(database, tmp_path)


async def run(environment: dict[str, str], *arguments: str) -> tuple[int | None, str, str]:
    process = await start(environment, *arguments)
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def served(environment: dict[str, str]) -> AsyncIterator[tuple[Process, str]]:
    """A serving process and its address."""
    process = await start(environment, "serve")
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            line = (await process.stdout.readline()).decode()
        yield process, line.split()[0]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_token_is_printed_alone_listed_without_itself_and_revoked(
    environment: dict[str, str],
) -> None:
    code, token, err = await run(
        environment,
        *("tokens", "create", "--role", "auditor", "--organisation", "371329"),
        *("--name", "审计局", "--expires-days", "30"),
    )
    assert code == 0, err
    assert re.fullmatch(r"mz_[\w-]{43}\n", token)
    assert "371329" in err  # there is no such organisation yet, which is said beside
    _, listed, _ = await run(environment, "tokens", "list", "--json")
    (kept,) = orjson.loads(listed)
    assert (kept["role"], kept["name"]) == ("auditor", "审计局")
    assert kept["expires_at"] and not kept["revoked_at"]
    assert token.strip() not in listed
    assert (await run(environment, "tokens", "revoke", kept["token_id"]))[0] == 0
    _, shown, _ = await run(environment, "tokens", "list")
    assert "revoked" in shown and "审计局" in shown


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create",), 2),
        (("create", "--role", "emperor"), 2),
        (("create", "--role", "auditor", "--expires-days", "0"), 2),
        (("revoke", str(UUID(int=0))), 1),
    ],
)
async def test_what_cannot_be_is_said_in_one_sentence(
    environment: dict[str, str], arguments: tuple[str, ...], code: int
) -> None:
    status, out, err = await run(environment, "tokens", *arguments)
    assert (status, out) == (code, "")
    assert err.startswith("minzhang") and "Traceback" not in err


async def test_it_serves_until_told_to_stop(
    served: tuple[Process, str], environment: dict[str, str]
) -> None:
    process, address = served
    _, token, _ = await run(environment, "tokens", "create", "--role", "county")
    async with ClientSession(address, headers=bearer(token.strip())) as client:
        assert (await client.get("/readyz")).status == 200
        response = await client.post("/v1/organisations", json=a_county())
        recorded = await response.json()
        assert response.status == 201
        page = await client.get(f"/v1/events?after_position={recorded['position']}")
        assert (await page.json())["rows"][0]["event_id"] == recorded["event_ids"][0]
        (receipt,) = recorded["receipts"]
        proof = await wait_for_answer(lambda: client.get(receipt["proof"]), not_yet={409})
        told = await (await client.get("/v1/log/checkpoint")).json()
        leaf = b64decode(receipt["leaf_hash"])
        index, head = tiles_client.check_proof(await proof.text(), leaf, told["vkeys"][0])
        assert (index, head.size) == (receipt["position"], told["size"])
        async with client.get("/v1/events/stream"):
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(SECONDS):
                assert await process.wait() == 0


async def test_a_port_that_is_taken_is_named(
    served: tuple[Process, str], environment: dict[str, str]
) -> None:
    port = served[1].rpartition(":")[2]
    code, _, err = await run(environment | {"MINZHANG_PORT": port}, "serve")
    assert code == 1
    assert "MINZHANG_PORT" in err and "Traceback" not in err
