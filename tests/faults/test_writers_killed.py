"""F1, and twenty processes at once: writers die by kill -9 at any moment, nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults.diary import Diary
from tests.faults.oracle import check_ledger, check_views, follow
from tests.faults.writers import Writers, shared_jar_in
from tests.profiles import count_of

SEED = 20_260_301
KILLS = count_of("kills of a service with 8 writers (F1)")


async def test_f1_a_service_with_8_writers_is_killed_again_and_again(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    dice = random.Random(SEED)  # noqa: S311  dice, not secrets
    jar = await shared_jar_in(store_dsn, ledger_id)
    with Writers(store_dsn, ledger_id, tmp_path, shared_jar=jar, lanes=8) as writers:
        for number in range(KILLS):
            writers.start()
            await writers.go_on(dice.randrange(40))
            writers.kill(writers.alive[0])
            if number % 5 == 0:
                await check_ledger(store_dsn, ledger_id, Diary.read(tmp_path))
                await follow(store_dsn, ledger_id)
        writers.start()
        await writers.go_on(20)
    diary = Diary.read(tmp_path)
    walk = await check_ledger(store_dsn, ledger_id, diary)
    await check_views(store_dsn, ledger_id)

    assert writers.killed_count == KILLS + 1
    assert len(diary.acknowledged) > KILLS
    assert walk.size > sum(diary.asked[key] for key in diary.acknowledged)


async def test_20_processes_append_to_one_ledger_and_100_of_them_are_killed(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    dice = random.Random(SEED)  # noqa: S311  dice, not secrets
    jar = await shared_jar_in(store_dsn, ledger_id)
    with Writers(store_dsn, ledger_id, tmp_path, shared_jar=jar, lanes=2) as writers:
        writers.start(20)
        await writers.all_begun()
        while writers.killed_count < 100:
            await writers.go_on(dice.randrange(30))
            writers.kill(dice.choice(writers.alive))
            writers.start()
        await writers.go_on(100)
    diary = Diary.read(tmp_path)
    walk = await check_ledger(store_dsn, ledger_id, diary)

    assert writers.killed_count == 120
    assert len(diary.acknowledged) > 500
    assert walk.size > 1_000
