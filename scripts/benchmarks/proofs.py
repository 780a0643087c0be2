"""Proofs as a stranger gets them: over HTTP, from a log of a million entries, in one process.

`proof-inclusion` asks for the proof files of random events, `proof-consistency` for proofs from
random sizes, `receipt` measures from the answer to an append to the published checkpoint that
covers it. The log is filled by the store's own appends, so its tiles are those that it would
have; the first and the last proofs are checked, so a quick wrong answer counts for nothing.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from aiohttp import ClientSession

from api.app import create_app
from api.log.trust import Trust
from api.options import Options, Rates
from api.outgoing import web_client
from api.serving import serving
from ledger.core.clock import utc_now
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey, VerifyingKey
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.policies import NONE, Policy, PolicyLog
from ledger.merkle.proof_files import read_proof_file
from ledger.publishing.log_keys import KeySource
from ledger.publishing.publisher import Publisher
from ledger.storage.appender import Appender
from ledger.storage.checkpoints import keep_signed, latest_published, publish
from ledger.storage.connect import connect
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.news import News
from ledger.storage.reading import read_entries, read_head
from ledger.storage.requests import Append
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import ORIGIN, fresh_ledger, new_bench_entry
from scripts.benchmarks.trials import Place, Times, Trial

UNHURRIED = Rates(of_address=1_000_000, of_account=1_000_000)
CALLS = 2_000
WARM_CALLS = 100
RECEIPTS = 10
POLL_SECONDS = 0.005
ENTRIES_A_CALL = 2_500


def trials_of_proofs(size: int) -> list[Trial]:
    """Proofs from a log of so many entries, and receipts of a short one."""
    return [
        Trial(
            case="proof-inclusion",
            system="minzhang",
            writers=1,
            run=lambda place: ask_for_proofs(place, size, _inclusion),
        ),
        Trial(
            case="proof-consistency",
            system="minzhang",
            writers=1,
            run=lambda place: ask_for_proofs(place, size, _consistency),
        ),
        Trial(case="receipt", system="minzhang", writers=1, run=wait_for_receipts),
    ]


@dataclass(frozen=True, slots=True)
class Served:
    """A ledger with a published log, its key, and a client of it."""

    ledger: Ledger
    key: VerifyingKey
    client: ClientSession


def _inclusion(size: int) -> str:
    return f"/v1/events/{random.randrange(size)}/proof"  # noqa: S311 - which one is no secret


def _consistency(size: int) -> str:
    return f"/v1/log/consistency?from={random.randrange(1, size)}"  # noqa: S311


async def ask_for_proofs(place: Place, size: int, address: Callable[[int], str]) -> Sample:
    """Measure requests one after the other, each until its answer is read."""
    ledger_id, key = await _published_ledger(place.dsn, size)
    times, calls = Times(), place.count(CALLS)
    async with _served(place.dsn, ledger_id, key) as served:
        for position in (0, size // 2, size - 1):
            await _check(served, position)
        for _ in range(min(WARM_CALLS, calls)):
            await _get(served.client, address(size))
        began = time.perf_counter()
        for _ in range(calls):
            asked = time.perf_counter()
            await _get(served.client, address(size))
            times.take(asked)
    return Sample(calls, time.perf_counter() - began, times.call_seconds)


async def _get(client: ClientSession, address: str) -> bytes:
    async with client.get(address) as response:
        response.raise_for_status()
        return await response.read()


async def _check(served: Served, position: int) -> None:
    """Check a proof with the log's key against the entry (raises what ``ProofFile`` raises)."""
    proof = read_proof_file(await _get(served.client, f"/v1/events/{position}/proof"))
    ledger = served.ledger
    (entry,) = await read_entries(ledger.pool, ledger.id, start=position, limit=1)
    proof.check_entry(entry.data, Policy((PolicyLog(served.key),), (), (), NONE))


@asynccontextmanager
async def _served(dsn: str, ledger_id: str, key: SigningKey) -> AsyncIterator[Served]:
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(open_ledger(dsn, ledger_id, pool_size_max=4))
        news = await stack.enter_async_context(News(dsn, ledger_id))
        trust = Trust(keys=(key.verifying,))
        app = create_app(ledger, news=news, trust=lambda: trust, options=Options(rates=UNHURRIED))
        address = await stack.enter_async_context(serving(app, "127.0.0.1", 0))
        client = await stack.enter_async_context(ClientSession(address))
        yield Served(ledger, key.verifying, client)


async def _published_ledger(dsn: str, size: int) -> tuple[str, SigningKey]:
    """Return a ledger of this size whose log is published, made in an earlier round if possible."""
    origin = f"{ORIGIN}/proofs-{size}"
    key = SigningKey(origin, KeyKind.NOTE, sha256(origin.encode()).digest())
    ledger_id = f"proofs-{size}"
    db = await connect(dsn, command_timeout=None)
    try:
        if await create_ledger(db, ledger_id, origin=origin):
            await _fill(dsn, ledger_id, size)
            await db.execute("VACUUM ANALYZE events")
            await db.execute("CHECKPOINT")
            head = await read_head(db, ledger_id)
            checkpoint = Checkpoint(origin, size, head.frontier.root())
            note = Note(str(checkpoint), (sign_note(str(checkpoint), key),))
            await keep_signed(db, ledger_id, checkpoint, note, signed_at=utc_now())
            await publish(db, ledger_id, size, at=utc_now())
    finally:
        await db.close()
    return ledger_id, key


async def _fill(dsn: str, ledger_id: str, size: int) -> None:
    stream_id = str(uuid4())
    async with Appender(dsn, ledger_id, clock=utc_now) as appender:
        for first in range(1, size + 1, ENTRIES_A_CALL):
            versions = range(first, min(size + 1, first + ENTRIES_A_CALL))
            await appender.append(Append(entries=[new_bench_entry(stream_id, v) for v in versions]))


async def wait_for_receipts(place: Place) -> Sample:
    """Measure from an append's answer until a published checkpoint covers it."""
    ledger_id, times = await fresh_ledger(place.dsn), Times()
    with tempfile.TemporaryDirectory() as folder:
        async with (
            open_ledger(place.dsn, ledger_id, pool_size_max=4) as ledger,
            News(place.dsn, ledger_id) as news,
            web_client() as web,
        ):
            source = KeySource(
                Path(folder) / "log", (await read_head(ledger.pool, ledger_id)).origin
            )
            source.create()
            async with Publisher(ledger, place.dsn, news, source, web):
                began = time.perf_counter()
                for _ in range(place.count(RECEIPTS)):
                    appended = await ledger.appender.append(
                        Append(entries=[new_bench_entry(str(uuid4()), 1)])
                    )
                    answered = time.perf_counter()
                    await _published(ledger, appended.last_position)
                    times.take(answered)
                seconds = time.perf_counter() - began
    return Sample(len(times.call_seconds), seconds, times.call_seconds)


async def _published(ledger: Ledger, position: int) -> None:
    while True:
        kept = await latest_published(ledger.pool, ledger.id)
        if kept is not None and kept.checkpoint.size > position:
            return
        await asyncio.sleep(POLL_SECONDS)
