"""F4: the connection breaks around a COMMIT. Nobody is told "done" or "failed" who cannot know."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ledger.storage.connect import is_refusal
from ledger.storage.errors import OutcomeUnknown
from ledger.storage.ledger import Ledger, open_ledger
from tests.faults.diary import Diary
from tests.faults.oracle import check_ledger
from tests.faults.proxy import COMMIT, STATEMENT, Proxy
from tests.faults.writers import Task, attempt, insist
from tests.profiles import count_of

COMMITS_CUT = count_of("commits cut off, each way (F4)")


def new_jar() -> Task:
    return Task(key=uuid4().hex, fills=2, own_jar=None, shared_jar=None)


def note(diary: Diary, *tasks: Task) -> None:
    diary.asked |= {task.key: task.event_count for task in tasks}


async def warm_up(ledger: Ledger, diary: Diary, count: int) -> None:
    """Append a little: a process that is alone goes the short way after that."""
    for _ in range(count):
        task = new_jar()
        note(diary, task)
        assert not await ask_again(ledger, diary, task)


async def ask_again(ledger: Ledger, diary: Diary, task: Task) -> bool:
    """Ask with the same key until there is an answer; return whether it was a replay."""
    recorded = await insist(ledger, task)
    diary.acknowledged[task.key] = recorded.position
    return recorded.replayed


@pytest.mark.parametrize(("warm_ups", "way"), [(0, COMMIT), (3, STATEMENT)])
async def test_f4_a_commit_whose_answer_is_cut_off_is_unknown_and_the_retry_replays_it(
    store_dsn: str, ledger_id: str, tmp_path: Path, warm_ups: int, way: str
) -> None:
    diary = Diary()
    async with (
        Proxy(store_dsn, tmp_path) as proxy,
        open_ledger(proxy.dsn, ledger_id, pool_size_max=2) as ledger,
    ):
        for number in range(COMMITS_CUT):
            await warm_up(ledger, diary, warm_ups)
            task = new_jar()
            note(diary, task)
            proxy.answers_to_cut = 1
            with pytest.raises(OutcomeUnknown):
                await attempt(ledger, task)
            assert await ask_again(ledger, diary, task), "it was stored: the retry must say so"
            assert diary.acknowledged[task.key] == 3 * (number + 1) * (warm_ups + 1) - 1
            await check_ledger(store_dsn, ledger_id, diary)
    assert proxy.cut == [way] * COMMITS_CUT


async def test_a_whole_group_whose_answer_is_cut_off_is_unknown_and_every_retry_replays(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    diary, tasks = Diary(), [new_jar() for _ in range(30)]
    note(diary, *tasks)
    async with (
        Proxy(store_dsn, tmp_path) as proxy,
        open_ledger(proxy.dsn, ledger_id, pool_size_max=2) as ledger,
    ):
        proxy.answers_to_cut = 1
        attempts = (attempt(ledger, task) for task in tasks)
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        replays = [await ask_again(ledger, diary, task) for task in tasks]

    unknown = [isinstance(outcome, OutcomeUnknown) for outcome in outcomes]
    assert any(unknown)
    assert all(replays), "who was answered and who was not: both find what is stored"
    assert (await check_ledger(store_dsn, ledger_id, diary)).size == 90


@pytest.mark.parametrize(("warm_ups", "way"), [(0, COMMIT), (3, STATEMENT)])
async def test_a_commit_that_never_arrives_is_unknown_and_the_retry_records_it_once(
    store_dsn: str, ledger_id: str, tmp_path: Path, warm_ups: int, way: str
) -> None:
    diary = Diary()
    async with (
        Proxy(store_dsn, tmp_path) as proxy,
        open_ledger(proxy.dsn, ledger_id, pool_size_max=2) as ledger,
    ):
        for _ in range(10):
            await warm_up(ledger, diary, warm_ups)
            task = new_jar()
            note(diary, task)
            proxy.commits_to_cut = 1
            with pytest.raises(OutcomeUnknown):
                await attempt(ledger, task)
            assert not await ask_again(ledger, diary, task), "nothing was stored before"
            assert await ask_again(ledger, diary, task)
    assert way in proxy.cut
    assert len(proxy.cut) == 10
    assert (await check_ledger(store_dsn, ledger_id, diary)).size == 30 * (warm_ups + 1)


SHUTDOWNS = ("57P01", "57P02", "57P05", "58030", "XX000", "XX001", "08006", "40003", "99999")
REFUSED = ("23505", "22P02", "40001", "40P01", "42501", "53100", "55P03", "25006")


async def test_whatever_may_have_been_written_is_unknown(
    store_dsn: str, ledger_id: str, tmp_path: Path
) -> None:
    """The server ends a statement that it has carried out with an error that is no refusal."""
    diary = Diary()
    said = [("ERROR", code) for code in SHUTDOWNS] + [
        (severity, code) for severity in ("FATAL", "PANIC") for code in (*SHUTDOWNS, *REFUSED)
    ]
    async with (
        Proxy(store_dsn, tmp_path) as proxy,
        open_ledger(proxy.dsn, ledger_id, pool_size_max=2) as ledger,
    ):
        for severity, code in said:
            await warm_up(ledger, diary, 3)
            task = new_jar()
            note(diary, task)
            proxy.errors_to_tell.append((severity, code))
            with pytest.raises(OutcomeUnknown):
                await attempt(ledger, task)
            assert await ask_again(ledger, diary, task), "it was stored: the retry must say so"
    assert proxy.cut == [STATEMENT] * len(said)
    await check_ledger(store_dsn, ledger_id, diary)


@pytest.mark.parametrize("code", REFUSED)
def test_what_the_server_undid_is_a_refusal(code: str) -> None:
    fields = {"S": "ERROR", "V": "ERROR", "C": code, "M": "no"}
    error = asyncpg.PostgresError.new(fields)
    assert is_refusal(error)
    assert not is_refusal(asyncpg.PostgresError.new(fields | {"V": "FATAL"}))
