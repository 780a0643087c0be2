"""Commands through the API: 64 connections at once, beside the same insert done the usual way.

Of ten requests one opens an activity and nine check volunteers in; each is authenticated,
validated, decided and durable before it is answered. The peer (`peer.py`) does the same with
FastAPI, SQLAlchemy and an audit trigger. Both are asked by the same client over sockets of
this machine, and share its processors with it.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson

from ledger.core.clock import utc_now
from scripts.benchmarks.commands import CHECK_INS, KIND
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.serving import ESTATE, served, served_ledger
from scripts.benchmarks.trials import Place, Times, Trial, race
from scripts.failures import Failure

CONNECTIONS = 64
CALLS = 12_800
PEER = "scripts.benchmarks.peer"
CREATED = 201


def trials_of_api() -> list[Trial]:
    """Ours; and the peer where it is installed."""
    ours = Trial(case="api", system="minzhang", writers=CONNECTIONS, run=our_api)
    peer = Trial(case="api", system="fastapi-sqlalchemy", writers=CONNECTIONS, run=peer_api)
    return [ours, peer] if find_spec("fastapi") and find_spec("sqlalchemy") else [ours]


async def our_api(place: Place) -> Sample:
    """Measure `minzhang serve`, with its views and reactions."""
    async with served_ledger(place.dsn) as ledger:
        return await _load(ledger.address, ledger.token, place)


async def peer_api(place: Place) -> Sample:
    """Measure the peer."""
    token = uuid4().hex
    told = {"PEER_DSN": place.dsn, "PEER_TOKEN": token}
    async with served(PEER, told=told) as address:
        return await _load(address, token, place)


async def _load(address: str, token: str, place: Place) -> Sample:
    rounds, times = place.count(CALLS) // CONNECTIONS // (1 + CHECK_INS) or 1, Times()
    clients = [Client(address, token) for _ in range(CONNECTIONS)]
    try:
        await race([_serve(client, 1, Times()) for client in clients], Times())  # warm
        return await race([_serve(client, rounds, times) for client in clients], times)
    finally:
        for client in clients:
            client.close()


async def _serve(client: Client, rounds: int, times: Times) -> int:
    for _ in range(rounds):
        now = utc_now()
        opened = {
            "organiser_id": str(uuid4()),
            "place_id": str(ESTATE),
            "kind": KIND,
            "title": "志愿巡逻",
            "starts_at": (now - timedelta(minutes=5)).isoformat(),
            "ends_at": (now + timedelta(hours=2)).isoformat(),
            "capacity": 100,
        }
        began = time.perf_counter()
        activity = await client.post("/v1/activities", opened)
        times.take(began)
        for _ in range(CHECK_INS):
            path, body = (
                f"/v1/activities/{activity['id']}/check-ins",
                {"volunteer_id": str(uuid4())},
            )
            began = time.perf_counter()
            await client.post(path, body)
            times.take(began)
    return rounds * (1 + CHECK_INS)


class Client:
    """One connection that is kept open; as little client as possible, for it is measured too."""

    def __init__(self, address: str, token: str) -> None:
        parts = urlsplit(address)
        self._place = (parts.hostname, parts.port)
        self._headers = (
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\n"
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send a command with a key of its own; return the answer, which must be 201."""
        data = orjson.dumps(body)
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Idempotency-Key: {uuid4().hex}\r\n"
        request = f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data
        try:
            status, answer = await self._ask(request)
        except (asyncio.IncompleteReadError, ConnectionError):  # closed because it was idle
            self.close()
            status, answer = await self._ask(request)
        if status != CREATED:
            text = answer.decode(errors="replace")
            raise Failure(f"请求被拒绝：{text}", f"a request was refused: {text}")
        return orjson.loads(answer)

    async def _ask(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        sizes = [line[15:] for line in head if line.lower().startswith("content-length:")]
        return int(head[0].split()[1]), await reader.readexactly(int(sizes[0]))

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None
