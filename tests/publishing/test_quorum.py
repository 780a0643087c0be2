"""Witnesses as processes of their own: slow, dead, lying, and the quorum that they make."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeAlias

import asyncpg
import orjson
import pytest
from aiohttp import web as aiohttp_web

from api.serving import serving
from api.witness.app import create_witness_app
from ledger.core.clock import utc_now
from ledger.key_files import write_private
from ledger.merkle.keys import KeyKind, KeyWrong, SigningKey, VerifyingKey
from ledger.merkle.policies import Policy, parse_policy
from ledger.publishing.checking import check_log, check_with_witnesses
from ledger.publishing.log_keys import KeySource
from ledger.publishing.publisher import Publisher
from ledger.publishing.signer import Signer
from ledger.storage.checkpoints import checkpoint_at, latest_published
from ledger.storage.doubts import LogBehind, LogRewritten
from ledger.storage.ledger import Ledger
from ledger.witness.book import Book
from ledger.witness.witness import Witness
from scripts.cli import build_parser
from scripts.failures import Failure
from scripts.settings import load_settings
from scripts.witness import BOOK_FILE, KEY_FILE, WitnessKeyMissing, WitnessKeyNamed
from tests.publishing.conftest import PublisherFor, cut_tail, fill, started_again
from tests.started import start
from tests.waiting import wait_until

SECONDS = 60.0


def a_policy(*witnesses: tuple[VerifyingKey, str], quorum: int) -> Policy:
    """A policy: ``quorum`` of these witnesses."""
    lines = [f"witness w{n} {key} {url}" for n, (key, url) in enumerate(witnesses)]
    names = " ".join(f"w{n}" for n in range(len(witnesses)))
    lines += [f"group them {quorum} {names}", "quorum them"]
    return parse_policy("".join(f"{line}\n" for line in lines).encode())


async def started(data: Path, *arguments: str) -> Process:
    environment = os.environ | {"MINZHANG_DATA": str(data), "MINZHANG_PORT": "0"}
    return await start(environment, *arguments)


@pytest.fixture
async def processes(
    tmp_path: Path, source: KeySource
) -> AsyncIterator[list[tuple[Process, VerifyingKey, str]]]:
    """Three witness processes that watch the log: process, key, address."""
    log_key = source.read().current.verifying

    async def start(number: int) -> tuple[Process, VerifyingKey, str]:
        folder = tmp_path / f"w{number}" / "witness"
        key = SigningKey.generate(f"witness.example.org/w{number}", KeyKind.COSIGNATURE)
        Book(folder / BOOK_FILE).add_log(log_key, utc_now())
        write_private(folder / KEY_FILE, key.to_text())
        process = await started(folder.parent, "witness", "serve")
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            address = (await process.stdout.readline()).decode().split()[0]
        return process, key.verifying, address

    running = await asyncio.gather(*(start(number) for number in range(3)))
    yield list(running)
    for process, _, _ in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_two_of_three_processes_make_the_quorum_and_one_of_three_does_not(
    processes: list[tuple[Process, VerifyingKey, str]],
    publisher_for: PublisherFor,
    db: asyncpg.Connection,
    ledger: Ledger,
    tmp_path: Path,
) -> None:
    policy = a_policy(*((key, url) for _, key, url in processes), quorum=2)
    publisher = await publisher_for(policy=policy)
    await fill(ledger, 3)
    async with publisher:
        await wait_until(lambda: publisher.status.published_size == 3)
        await wait_until(lambda: all(w.cosigned_size == 3 for w in publisher.status.witnesses))
        processes[0][0].kill()
        await fill(ledger, 2)
        await wait_until(lambda: publisher.status.published_size == 5)
        processes[1][0].kill()
        await fill(ledger)
        await wait_until(lambda: publisher.status.witnesses[2].cosigned_size == 6)
        assert publisher.status.published_size == 5
        assert publisher.status.signed_size == 6
    kept = await latest_published(db, ledger.id)
    assert kept is not None
    logs = publisher.source.read().verifying()
    signed = policy.open(str(kept.note).encode(), logs=logs)
    assert (signed.checkpoint.size, len(signed.signatures)) == (5, 3)
    three = await checkpoint_at(db, ledger.id, 3)
    assert three is not None and len(three.note.lines) == 4  # later cosignatures are added
    seen = Book(tmp_path / "w2" / "witness" / BOOK_FILE).seen(kept.checkpoint.origin)
    assert seen is not None and seen.size == 6


async def test_a_witness_is_set_up_by_two_commands(
    tmp_path: Path, source: KeySource, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings({}, {"MINZHANG_DATA": str(tmp_path)}, tmp_path)
    name, vkey = "witness.example.org/owners", str(source.read().current.verifying)

    async def minzhang(*arguments: str) -> str:
        args = build_parser().parse_args(["witness", *arguments])
        await args.run(args, settings)
        return capsys.readouterr().out.strip()

    with pytest.raises(WitnessKeyMissing):
        await minzhang("serve")
    key = await minzhang("key", "--name", name)
    assert VerifyingKey.of_text(key).name == name
    assert await minzhang("key") == key
    with pytest.raises(WitnessKeyNamed):
        await minzhang("key", "--name", f"{name}-2")
    assert vkey in await minzhang("add-log", vkey)
    with pytest.raises(KeyWrong):
        await minzhang("add-log", f"{vkey[:-4]}AAA=")
    assert orjson.loads(await minzhang("show", "--json")) == {
        "witness": key,
        "logs": [{"log": vkey, "size": None, "cosigned_at": None}],
        "evidence": 0,
    }
    await minzhang("remove-log", vkey)
    with pytest.raises(Failure):
        await minzhang("remove-log", vkey)


# Witnesses in this process, to see into them --------------------------------------------------

WitnessFor: TypeAlias = Callable[..., Awaitable[tuple[Witness, str]]]


@pytest.fixture
async def witness_for(tmp_path: Path, source: KeySource) -> AsyncIterator[WitnessFor]:
    """Serves witnesses of the log until the test ends."""
    async with AsyncExitStack() as stack:

        async def serve(number: int = 0) -> tuple[Witness, str]:
            name = f"witness.example.org/w{number}"
            book = Book(tmp_path / f"w{number}" / "book")
            for key in source.read().verifying():
                book.add_log(key, utc_now())
            witness = Witness(SigningKey.generate(name, KeyKind.COSIGNATURE), book, utc_now)
            app = create_witness_app(witness)
            return witness, await stack.enter_async_context(serving(app, "127.0.0.1", 0))

        yield serve


@pytest.fixture
async def answering() -> AsyncIterator[Callable[[aiohttp_web.Response | None], Awaitable[str]]]:
    """Serves something that always answers the same; ``None``: that never answers."""
    ended = asyncio.Event()
    async with AsyncExitStack() as stack:

        async def serve(answer: aiohttp_web.Response | None) -> str:
            async def handle(_: aiohttp_web.Request) -> aiohttp_web.Response:
                if answer is None:
                    await ended.wait()
                    return aiohttp_web.Response()
                return aiohttp_web.Response(
                    status=answer.status, body=answer.body, content_type=answer.content_type
                )

            app = aiohttp_web.Application()
            app.router.add_route("*", "/{path:.*}", handle)
            return await stack.enter_async_context(serving(app, "127.0.0.1", 0))

        yield serve
        ended.set()


async def settled(publisher: Publisher) -> None:
    """Wait until every witness that was asked has answered or failed."""
    await wait_until(lambda: not any(one.is_busy for one in publisher.status.witnesses))


def a_key(name: str = "witness.example.org/other") -> VerifyingKey:
    return SigningKey.generate(name, KeyKind.COSIGNATURE).verifying


async def test_a_slow_witness_holds_nobody_up(
    publisher_for: PublisherFor,
    witness_for: WitnessFor,
    answering: Callable[[aiohttp_web.Response | None], Awaitable[str]],
    ledger: Ledger,
) -> None:
    quick, quick_url = await witness_for()
    slow_url = await answering(None)
    policy = a_policy((quick.key.verifying, quick_url), (a_key(), slow_url), quorum=1)
    publisher = await publisher_for(policy=policy)
    async with publisher:
        for size in (1, 2, 3):
            await fill(ledger)
            await wait_until(lambda size=size: publisher.status.published_size == size)  # type: ignore[misc]
        assert publisher.status.witnesses[1].cosigned_size == -1


@pytest.mark.parametrize(
    ("answer", "alarm"),
    [
        ((403, b"no", "text/plain"), "WitnessRefused"),
        ((422, b"fork", "text/plain"), "WitnessRefused"),
        ((409, b"0\n", "text/plain"), "WitnessRefused"),
        ((409, b"00\n", "text/x.tlog.size"), "WitnessRefused"),
        ((409, b"99\n", "text/x.tlog.size"), "WitnessIsAhead"),
        ((200, b"", "text/plain"), "CosignatureWrong"),
        ((200, b"\xff\n", "text/plain"), "CosignatureWrong"),
        (
            (200, "— witness.example.org/other AAAAAAAA\n".encode(), "text/plain"),
            "CosignatureWrong",
        ),
        ((503, b"later", "text/plain"), None),
        ((200, b"x" * 300_000, "text/plain"), None),
    ],
)
async def test_a_wrong_answer_is_never_a_cosignature(
    answer: tuple[int, bytes, str],
    alarm: str | None,
    publisher_for: PublisherFor,
    answering: Callable[[aiohttp_web.Response | None], Awaitable[str]],
    db: asyncpg.Connection,
) -> None:
    status, body, kind = answer
    url = await answering(aiohttp_web.Response(status=status, body=body, content_type=kind))
    publisher = await publisher_for(policy=a_policy((a_key(), url), quorum=1))
    await fill(publisher.ledger)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    await settled(publisher)
    (witness,) = publisher.status.witnesses
    assert (witness.failures, witness.cosigned_size) == (1, -1)
    assert (witness.alarm or "").partition(" ")[0] == (alarm or "")
    assert bool(alarm) == any("refuses" in said for said in publisher.status.degraded())
    assert await latest_published(db, publisher.ledger.id) is None
    assert not witness.may_be_asked()  # it is left alone for a while


async def test_a_cosignature_by_another_key_than_the_policys_does_not_count(
    publisher_for: PublisherFor, witness_for: WitnessFor, db: asyncpg.Connection, ledger: Ledger
) -> None:
    witness, url = await witness_for()
    publisher = await publisher_for(policy=a_policy((a_key(witness.key.name), url), quorum=1))
    await fill(ledger)
    await publisher.take_up(db)
    await publisher.publish_news(db)
    await settled(publisher)
    assert "CosignatureWrong" in (publisher.status.witnesses[0].alarm or "")
    assert await latest_published(db, ledger.id) is None


async def test_a_publisher_that_lost_its_memory_learns_the_size_from_the_witness(
    publisher_for: PublisherFor, witness_for: WitnessFor, db: asyncpg.Connection, ledger: Ledger
) -> None:
    witness, url = await witness_for()
    policy = a_policy((witness.key.verifying, url), quorum=1)
    publisher = await publisher_for(policy=policy)
    for size in (2, 4):
        publisher = await publisher_for(policy=policy)
        await fill(ledger, 2)
        await publisher.take_up(db)
        publisher.status.witnesses[0].known_size = 0
        await publisher.publish_news(db)
        await settled(publisher)
        assert publisher.status.published_size == size
    assert publisher.status.witnesses[0].failures_total == 0


# Two histories ---------------------------------------------------------------------------------


async def test_f19_a_witness_knows_what_file_and_database_have_both_forgotten(
    publisher_for: PublisherFor,
    witness_for: WitnessFor,
    ledger: Ledger,
    source: KeySource,
    superuser: asyncpg.Connection,
) -> None:
    witness, url = await witness_for()
    policy = a_policy((witness.key.verifying, url), quorum=1)
    publisher = await publisher_for(policy=policy)
    await fill(ledger, 9)
    await publisher.take_up(superuser)
    await publisher.publish_news(superuser)
    await settled(publisher)

    await cut_tail(superuser, ledger.id, 5)  # an old backup of everything this machine has
    await superuser.execute("DELETE FROM cosignatures WHERE ledger_id = $1", ledger.id)
    await superuser.execute("DELETE FROM checkpoints WHERE ledger_id = $1", ledger.id)
    Signer(source.folder).path.unlink()
    here = await check_log(superuser, ledger.id, source)
    with pytest.raises(LogBehind, match="witness w0"):
        await check_with_witnesses(superuser, ledger.id, here, policy, publisher.outgoing)
    async with started_again(publisher.dsn, ledger) as again:
        await fill(again, 4)  # grown to the same size, with another history
    here = await check_log(superuser, ledger.id, source)
    with pytest.raises(LogRewritten, match="witness w0"):
        await check_with_witnesses(superuser, ledger.id, here, policy, publisher.outgoing)

    second = await publisher_for(policy=policy)
    await second.take_up(superuser)
    await second.publish_news(superuser)
    await settled(second)
    (standing,) = second.status.witnesses
    assert "422" in (standing.alarm or "")
    (evidence,) = witness.book.evidence()
    assert evidence.kind == "fork"


async def test_a_running_publisher_stops_when_a_witness_holds_more_than_there_is(
    publisher_for: PublisherFor,
    witness_for: WitnessFor,
    ledger: Ledger,
    source: KeySource,
    superuser: asyncpg.Connection,
) -> None:
    witness, url = await witness_for()
    policy = a_policy((witness.key.verifying, url), quorum=1)
    publisher = await publisher_for(policy=policy)
    await fill(ledger, 9)
    await publisher.take_up(superuser)
    await publisher.publish_news(superuser)
    await settled(publisher)
    await cut_tail(superuser, ledger.id, 5)
    await superuser.execute("DELETE FROM cosignatures WHERE ledger_id = $1", ledger.id)
    await superuser.execute("DELETE FROM checkpoints WHERE ledger_id = $1", ledger.id)
    Signer(source.folder).path.unlink()

    again = await publisher_for(policy=policy)
    async with again:
        await wait_until(lambda: again.status.alarm is not None)
    assert "LogBehind" in again.status.reasons()[0]
