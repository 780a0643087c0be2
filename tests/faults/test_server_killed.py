"""F2 and F3: PostgreSQL dies under its writers, all of it or one back end, and comes back."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from uuid import uuid4

import pytest

from ledger.core.errors import LedgerError
from ledger.postgres import EmbeddedServer
from ledger.storage.errors import Unavailable
from ledger.storage.ledger import Ledger, open_ledger
from tests.faults.conftest import LEDGER
from tests.faults.diary import Diary, written_bytes
from tests.faults.killers import kill_back_end, kill_server
from tests.faults.oracle import check_ledger, check_views, follow
from tests.faults.writers import PAUSE_SECONDS, Task, Writers, attempt, shared_jar_in
from tests.waiting import wait_until

SEED = 20_260_302
SERVER_KILLS = 20
BACK_END_KILLS = 10
LOOK_EVERY_KILLS = 5


async def test_f2_all_of_postgresql_is_killed_20_times(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    dice = random.Random(SEED)  # noqa: S311  dice, not secrets
    jar = await shared_jar_in(own_server.dsn, LEDGER)
    with Writers(own_server.dsn, LEDGER, tmp_path, shared_jar=jar, lanes=2) as writers:
        writers.start(2)
        await writers.all_begun()
        for number in range(SERVER_KILLS):
            await writers.go_on(dice.randrange(100))
            await kill_server(own_server)
            told_before = written_bytes(tmp_path)
            await asyncio.to_thread(own_server.restart_if_dead)
            await wait_until(lambda told=told_before: written_bytes(tmp_path) > told)  # type: ignore[misc]
            if number % LOOK_EVERY_KILLS == 0:
                await check_ledger(own_server.dsn, LEDGER, Diary.read(tmp_path))
                await follow(own_server.dsn, LEDGER)
        await writers.go_on(100)
    diary = Diary.read(tmp_path)
    await check_ledger(own_server.dsn, LEDGER, diary)
    await check_views(own_server.dsn, LEDGER)

    assert len(diary.acknowledged) > SERVER_KILLS


async def test_f3_a_back_end_is_killed_10_times_and_callers_only_hear_unavailable(
    own_server: EmbeddedServer,
) -> None:
    dice, diary, heard = random.Random(SEED), Diary(), set[type[LedgerError]]()  # noqa: S311  dice
    async with open_ledger(own_server.dsn, LEDGER, pool_size_max=2) as ledger:
        lanes = [asyncio.create_task(write_and_listen(ledger, diary, heard)) for _ in range(8)]
        try:
            for _ in range(BACK_END_KILLS):
                await go_on(diary, lanes, dice.randrange(10, 200))
                await kill_back_end(own_server, dice)
            await go_on(diary, lanes, 100)
        finally:
            for lane in lanes:
                lane.cancel()
            ended = await asyncio.gather(*lanes, return_exceptions=True)
    await check_ledger(own_server.dsn, LEDGER, diary)

    assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert heard
    assert all(issubclass(one, Unavailable) for one in heard)


async def write_and_listen(ledger: Ledger, diary: Diary, heard: set[type[LedgerError]]) -> None:
    """Send one command after the other, each until it is answered, and note what is refused."""
    while True:
        task = Task(key=uuid4().hex, fills=1, own_jar=None, shared_jar=None)
        diary.asked[task.key] = task.event_count
        while task.key not in diary.acknowledged:
            try:
                diary.acknowledged[task.key] = (await attempt(ledger, task)).position
            except LedgerError as error:
                heard.add(type(error))
                await asyncio.sleep(PAUSE_SECONDS)


async def go_on(diary: Diary, lanes: list[asyncio.Task[None]], more: int) -> None:
    """Wait for some more answers; a lane that ended will never give them."""
    goal = len(diary.acknowledged) + more

    def reached() -> bool:
        for lane in lanes:
            if lane.done():
                pytest.fail(f"a caller heard something else: {lane.exception()!r}")
        return len(diary.acknowledged) >= goal

    await wait_until(reached)
