"""Every command that runs long sends its lines to the second place, to the last one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from scripts.syslog.places import Place
from tests.monitor.site import KEY
from tests.started import environment_for, start
from tests.syslog.conftest import Receivers
from tests.syslog.receivers import Receiver

SECONDS = 60.0


@pytest.fixture
def environment(database: str, tmp_path: Path) -> dict[str, str]:
    return environment_for(database, tmp_path)


@asynccontextmanager
async def serving(
    environment: dict[str, str], *arguments: str
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve for the block; give the address, and what was written on stderr once it is over."""
    told: list[bytes] = []
    process = await start(environment, *arguments)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            yield (await process.stdout.readline()).decode().split()[0], told
            process.send_signal(signal.SIGTERM)
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        _, errors = await process.communicate()
    told.extend(errors.splitlines())


def received(receiver: Receiver) -> list[bytes]:
    """Return the lines within the messages that have come."""
    messages = []
    while not receiver.messages.empty():
        messages.append(receiver.next().partition(b"\xef\xbb\xbf")[2])
    return messages


async def test_the_service_sends_what_it_writes_on_stderr_and_counts_it(
    environment: dict[str, str], receivers: Receivers
) -> None:
    receiver, place = receivers.start("tls")
    environment |= to(place)
    async with serving(environment, "serve") as (address, told), ClientSession(address) as client:
        figures = await (await client.get("/metrics")).text()
    receiver.kill()

    assert "minzhang_syslog_dropped_total 0.0" in figures
    assert "minzhang_syslog_is_reached" in figures
    lines = received(receiver)
    assert lines == told
    assert any(b"a new key for the log was made" in line for line in lines)


async def test_the_service_serves_when_nobody_receives(
    environment: dict[str, str], receivers: Receivers
) -> None:
    receiver, place = receivers.start("tcp")
    receiver.kill()
    environment |= to(place)
    async with serving(environment, "serve") as (address, told), ClientSession(address) as client:
        assert (await client.get("/readyz")).status == 200
        figures = await (await client.get("/metrics")).text()
    assert "minzhang_syslog_is_reached 0.0" in figures
    assert sum(b"cannot be reached" in line for line in told) == 1
    assert b"were not sent before the end" in told[-1]


async def test_a_witness_sends_its_lines(environment: dict[str, str], receivers: Receivers) -> None:
    receiver, place = receivers.start("udp")
    environment |= to(place)
    made = await start(environment, "witness", "key", "--name", "witness.example.org")
    await made.communicate()
    async with serving(environment, "witness", "serve") as (address, _):
        async with ClientSession(address) as client:
            answer = await client.post("/add-checkpoint", data=b"no checkpoint")
            assert answer.status >= 400
        assert b"refused" in receiver.next()


async def test_a_monitor_sends_its_alarms(
    environment: dict[str, str], receivers: Receivers, tmp_path: Path
) -> None:
    receiver, place = receivers.start("unix")
    monitor = await start(
        environment | to(place),
        *("monitor", "http://127.0.0.1:1/log", "--once", "--log-key", str(KEY.verifying)),
        *("--state", str(tmp_path / "seen.json")),
    )
    await monitor.communicate()
    assert monitor.returncode == 10
    assert b"alarm unreachable" in receiver.next()


async def test_a_file_without_certificates_stops_the_start(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    wrong = {
        "MINZHANG_SYSLOG": "tls://127.0.0.1",
        "MINZHANG_SYSLOG_CA_FILE": str(tmp_path / "ca.pem"),
    }
    process = await start(environment | wrong, "serve")
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert "不含可读的证书" in errors.decode()
    assert "holds no certificate" in errors.decode()


def to(place: Place) -> dict[str, str]:
    """Return the settings that name a place."""
    return {"MINZHANG_SYSLOG": str(place)} | (
        {"MINZHANG_SYSLOG_CA_FILE": str(place.ca)} if place.ca else {}
    )
