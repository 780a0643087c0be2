"""F21: the clock runs backwards, leaps forwards, stands still. The log's order does not care."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import libfaketime
import pytest

from ledger.core.clock import utc_now
from ledger.postgres import EmbeddedServer, erase
from ledger.storage.doubts import AHEAD_MAX
from ledger.storage.errors import LogStopped
from ledger.storage.group import MICROSECOND
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.migrate import migrate
from ledger.storage.reading import read_entries, read_head
from tests.examples import by
from tests.faults.conftest import LEDGER, fresh_data_dir
from tests.faults.oracle import check_ledger
from tests.storage.jars import Jar
from tests.storage_fixtures import ORIGIN

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEPS = (
    timedelta(),
    timedelta(minutes=-59),
    timedelta(),
    timedelta(days=365),
    timedelta(days=365, minutes=-30),
    timedelta(days=365, microseconds=1),
    timedelta(days=364, hours=23, minutes=1),
    timedelta(days=365, hours=1),
)
SHIFTS = ("+0", "-50m", "+365d", "+366d", "-2h")
LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


class SteppedClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


async def recorded_times(ledger: Ledger) -> list[datetime]:
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=1_000)
    return [entry.recorded_at for entry in entries]


async def test_recorded_at_is_the_clock_or_one_microsecond_after_the_last_entry(
    store_dsn: str, ledger_id: str
) -> None:
    clock = SteppedClock()
    expected: list[datetime] = []
    async with open_ledger(store_dsn, ledger_id, clock=clock, pool_size_max=2) as ledger:
        for step in STEPS:
            clock.now = NOON + step
            await ledger.save(Jar.make(by()))
            earliest = expected[-1] + MICROSECOND if expected else clock.now
            expected.append(max(clock.now, earliest))
        assert await recorded_times(ledger) == expected
        assert (await read_head(ledger.pool, ledger.id)).recorded_at == expected[-1]
    await check_ledger(store_dsn, ledger_id)


async def test_an_hour_back_and_more_stops_the_log_for_everybody(
    store_dsn: str, ledger_id: str
) -> None:
    clock = SteppedClock()
    async with open_ledger(store_dsn, ledger_id, clock=clock, pool_size_max=2) as ledger:
        for _ in range(3):
            await ledger.save(Jar.make(by()))
        clock.now = NOON - AHEAD_MAX - timedelta(seconds=1)
        with pytest.raises(LogStopped) as refused:
            await ledger.save(Jar.make(by()))
        assert refused.value.facts["why"] == "LogAheadOfClock"
        clock.now = NOON + timedelta(days=1)  # too late: somebody has to answer for it
        with pytest.raises(LogStopped):
            await ledger.save(Jar.make(by()))
        async with open_ledger(store_dsn, ledger_id, pool_size_max=2) as other:
            with pytest.raises(LogStopped):
                await other.save(Jar.make(by()))
        assert (await read_head(ledger.pool, ledger.id)).size == 3
    await check_ledger(store_dsn, ledger_id)


async def test_a_group_of_events_never_overtakes_the_next_one(
    store_dsn: str, ledger_id: str
) -> None:
    clock = SteppedClock()
    async with open_ledger(store_dsn, ledger_id, clock=clock, pool_size_max=2) as ledger:
        for _ in range(3):  # the clock stands still
            jars = [Jar.make(by()) for _ in range(50)]
            await ledger.save(*jars)
        times = await recorded_times(ledger)
    assert times == [NOON + number * MICROSECOND for number in range(150)]


class FakedClock:
    """The system's clock as one process sees it: shifted by what is written into a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.shift("+0")
        self._file.chmod(0o644)
        library = Path(shutil.copy(LIBRARY, folder))
        library.chmod(0o755)  # as root, the server's own user must read it
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def shift(self, by: str) -> None:
        self._file.write_text(by, "ascii")


APPEND_AT_EACH_LINE = """
import asyncio, sys
from ledger.storage.errors import LogStopped
from ledger.storage.ledger import open_ledger
from tests.examples import by
from tests.storage.jars import Jar

async def main() -> None:
    async with open_ledger(sys.argv[1], sys.argv[2], pool_size_max=1) as ledger:
        for _ in sys.stdin:
            try:
                await ledger.save(Jar.make(by()))
            except LogStopped:
                print("stopped", flush=True)
                continue
            print(ledger.clock().isoformat(), flush=True)

asyncio.run(main())
"""


async def test_a_service_whose_system_clock_is_moved_keeps_the_order(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    clock = FakedClock(tmp_path)
    said = await asyncio.to_thread(said_under, clock, [store_dsn, ledger_id])
    assert said.pop() == "stopped", "it went back by a year"
    began, back, forth, further = map(datetime.fromisoformat, said)
    walk = await check_ledger(store_dsn, ledger_id)

    assert back < began - timedelta(minutes=40), "the service's clock did run backwards"
    assert forth > began + timedelta(days=364)
    assert forth < further
    assert walk.size == len(SHIFTS) - 1
    assert walk.recorded_at is not None
    assert walk.recorded_at > forth


def said_under(clock: FakedClock, arguments: list[str]) -> list[str]:
    """Run a service that appends one event after each shift; return what its clock said."""
    with subprocess.Popen(
        [sys.executable, "-c", APPEND_AT_EACH_LINE, *arguments],
        env=os.environ | clock.environment,
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        said = []
        for shift in SHIFTS:
            clock.shift(shift)
            service.stdin.write("append\n")
            service.stdin.flush()
            said.append(service.stdout.readline().strip())
        service.stdin.close()
    return said


async def test_a_postgresql_whose_system_clock_is_moved_keeps_the_order() -> None:
    data_dir = fresh_data_dir()
    clock = FakedClock(data_dir)
    seen = []
    with EmbeddedServer(data_dir, environment=clock.environment) as server:
        db = await asyncpg.connect(server.dsn)
        await migrate(db)
        await create_ledger(db, LEDGER, origin=ORIGIN)
        async with open_ledger(server.dsn, LEDGER, pool_size_max=2) as ledger:
            for shift in SHIFTS:
                clock.shift(shift)
                seen.append(await db.fetchval("SELECT clock_timestamp()"))
                await ledger.save(Jar.make(by()))
        await db.close()
        walk = await check_ledger(server.dsn, LEDGER)
    erase(data_dir)
    shutil.rmtree(data_dir)

    assert seen[1] < seen[0] - timedelta(minutes=40), "the server's clock did run backwards"
    assert seen[2] > seen[0] + timedelta(days=364)
    assert walk.recorded_at is not None
    assert walk.recorded_at < utc_now(), "recorded_at is the service's clock, not the server's"
