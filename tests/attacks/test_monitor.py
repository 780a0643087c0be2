"""What ``minzhang monitor`` notices from outside: it has a clock, and remembers what it was shown.

It reads the log as any stranger does. Its policy here believes the log's key alone, as if the
operator and all witnesses were in it together, unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from api.monitor.alarms import Alarm
from api.monitor.monitor import Monitor, Watch
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.policies import parse_policy
from ledger.merkle.tree import leaf_hash
from ledger.storage.ledger import open_ledger
from tests.attacks.rewriting import (
    change_entry,
    change_tile,
    cut_tail,
    entry_at,
    rebuild_tree,
    with_more_money,
)
from tests.attacks.world import OLD_SIZE, PROVED, SIZE, World, record

Looking: TypeAlias = Callable[..., Awaitable["list[Alarm]"]]


@pytest.fixture
def look(world: World, tmp_path: Path) -> Looking:
    """Look at the log once, at the checkpoint that is public or at another; return the alarms."""
    alone = parse_policy(f"log {world.vkey}\nquorum none\n".encode())

    async def look(shown: Note | bytes | None = None, **wishes: Any) -> list[Alarm]:
        async def fetch(path: str) -> bytes | None:
            if path == "checkpoint" and shown is not None:
                return str(shown).encode() if isinstance(shown, Note) else shown
            return await world.fetch(path)

        watch = Watch(**{"policy": alone} | wishes)
        monitor = Monitor(watch, fetch, tmp_path / "seen", clock=world.clock)
        return [one.alarm for one in (await monitor.look()).alarms]

    return look


def forks(folder: Path) -> list[str]:
    """What the monitor kept beside its state: two notes that contradict each other, each time."""
    return [path.read_text("utf-8") for path in folder.glob("seen.fork-*")]


async def signed(world: World) -> Note:
    """Sign what the database says now, with the log's key and no scruples."""
    text = str(await world.head())
    return Note(text, (sign_note(text, world.source.read().current),))


async def grow(world: World, size: int) -> None:
    async with open_ledger(world.dsn, world.ledger_id, pool_size_max=2) as ledger:
        await record(ledger, size)


async def rewrite(world: World, position: int) -> None:
    entry = with_more_money(await entry_at(world.db, world.ledger_id, position))
    await change_entry(world.db, world.ledger_id, position, entry, leaf=leaf_hash(entry))
    await rebuild_tree(world.db, world.ledger_id)


async def test_a_sound_log_raises_no_alarm(world: World, look: Looking) -> None:
    assert await look(is_whole=True, are_entries_read=True, policy=world.auditor.policy) == []
    await grow(world, SIZE + 10)
    await world.publish()
    fresh = timedelta(minutes=5)
    assert await look(policy=world.auditor.policy, fresh_within=fresh, are_entries_read=True) == []


async def test_the_same_checkpoint_is_served_for_ever(world: World, look: Looking) -> None:
    """Attack 12. Detected by the monitor: the witness's time says how old it is."""
    await grow(world, SIZE + 10)  # there is news, and nobody is told
    policy = world.auditor.policy
    assert await look(policy=policy, fresh_within=timedelta(hours=3)) == []
    assert await look(policy=policy, fresh_within=timedelta(hours=1)) == [Alarm.STALE]

    again = await signed(world)  # signed anew, which says nothing about when
    unwitnessed = await look(again, policy=policy, fresh_within=timedelta(hours=3))
    assert unwitnessed == [Alarm.QUORUM_MISSING]


async def test_an_older_checkpoint_is_served_again(world: World, look: Looking) -> None:
    """Attack 12. Detected by the monitor: it was shown a larger one before."""
    assert await look() == []
    assert await look(world.auditor.old_checkpoint) == [Alarm.STALE]
    assert OLD_SIZE < SIZE


@pytest.mark.parametrize("size", [SIZE, SIZE + 40])
async def test_a_rewritten_log_is_shown_to_who_saw_the_true_one(
    world: World, look: Looking, tmp_path: Path, size: int
) -> None:
    """Attacks 3 and 6. Detected by the monitor, which keeps both signed notes."""
    assert await look() == []
    await rewrite(world, PROVED)
    await grow(world, size)
    assert await look(await signed(world)) == [Alarm.FORKED]
    (evidence,) = forks(tmp_path)
    assert evidence.count(f"— {world.source.origin} ") == 2


async def test_a_replaced_tail_is_shown_to_who_saw_the_true_one(
    world: World, look: Looking
) -> None:
    """Attack 4. Detected by the monitor."""
    assert await look() == []
    await cut_tail(world.db, world.ledger_id, OLD_SIZE + 50)
    await grow(world, SIZE + 10)
    assert await look(await signed(world)) == [Alarm.FORKED]


async def test_somebody_is_shown_another_tree_of_the_same_size(world: World, look: Looking) -> None:
    """Attack 5. Detected by the monitor if it was shown both; each alone looks sound."""
    await grow(world, SIZE + 40)
    for_one = await world.publish()
    await rewrite(world, SIZE + 20)
    for_other = await signed(world)
    assert await look(for_other) == []
    assert await look(for_one) != []


@pytest.mark.parametrize("root", [False, True])
async def test_a_forged_leaf_and_its_tile_are_served(
    world: World, look: Looking, root: bool
) -> None:
    """Attack 7. Detected by the monitor: it checks every tile against the one above."""
    entry = with_more_money(world.auditor.entry)
    leaf = leaf_hash(entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=leaf)
    await change_tile(world.db, world.ledger_id, PROVED, leaf, root=root)
    assert await look(is_whole=True) == [Alarm.TREE_WRONG]


async def test_a_changed_entry_is_served(world: World, look: Looking) -> None:
    """Attack 1. Detected by a monitor that reads entries; it needs the right to."""
    entry = with_more_money(world.auditor.entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=None)
    assert await look(is_whole=True, are_entries_read=True) == [Alarm.ENTRIES_WRONG]
