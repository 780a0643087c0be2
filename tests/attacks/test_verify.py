"""What ``minzhang verify`` says about a database that somebody attacked.

It reads every row, so it finds what no start-up check has the time for, and says where it is. It
knows what the signer remembers; without that, a rewritten log fits itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ledger.merkle.tree import leaf_hash
from ledger.storage.ledger import open_ledger
from ledger.verification.check import Wanted, check_ledger
from tests.attacks.rewriting import (
    change_entry,
    change_tile,
    cut_tail,
    date_back,
    entry_at,
    exchange_entries,
    rebuild_tree,
    with_more_money,
)
from tests.attacks.world import OLD_SIZE, PROVED, SIZE, STREET_KEY, World, record
from tests.examples import AT
from tests.storage_fixtures import ORIGIN


async def found(world: World) -> set[tuple[str, int | None]]:
    """Run the check as the operator's cron does; return rules and positions."""
    signed = world.signer.last()
    report = await check_ledger(
        Wanted(
            dsn=world.dsn,
            ledger_id=world.ledger_id,
            log_keys=tuple(world.source.read().verifying()),
            witness_keys=(STREET_KEY.verifying,),
            signed=signed.checkpoint if signed else None,
            workers=0,
        )
    )
    assert report.findings.count >= len(report.findings.first)
    return {(finding.rule, finding.position) for finding in report.findings.first}


async def rules(world: World) -> set[str]:
    return {rule for rule, _ in await found(world)}


async def test_nothing_is_found_before_anybody_attacks(world: World) -> None:
    assert await found(world) == set()


async def change(
    world: World, *, leaf: bool = False, tile: bool = False, root: bool = False
) -> None:
    """Change an entry, and as many of the hashes over it."""
    entry = with_more_money(world.auditor.entry)
    hashed = leaf_hash(entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=hashed if leaf else None)
    if tile:
        await change_tile(world.db, world.ledger_id, PROVED, hashed, root=root)


async def test_one_changed_entry_is_named(world: World) -> None:
    """Attack 1. ``minzhang verify`` names the entry."""
    await change(world)
    assert ("entry-changed", PROVED) in await found(world)


async def test_a_changed_entry_with_its_leaf_hash_is_named(world: World) -> None:
    """Attack 2. ``minzhang verify`` names the entry: the tile has the old hash."""
    await change(world, leaf=True)
    assert any(position == PROVED for _, position in await found(world))


@pytest.mark.parametrize("root", [False, True])
async def test_a_forged_leaf_with_its_tile_is_found(world: World, root: bool) -> None:
    """Attack 7. ``minzhang verify`` finds it: against the parents, or what was signed."""
    await change(world, leaf=True, tile=True, root=root)
    assert await found(world)


async def test_a_rewritten_tree_contradicts_checkpoints_and_signer(world: World) -> None:
    """Attack 3. ``minzhang verify`` finds both."""
    await change(world, leaf=True)
    await rebuild_tree(world.db, world.ledger_id)
    assert {"checkpoint-contradicts", "signer-contradicts"} <= await rules(world)


async def test_a_rewritten_tree_without_old_checkpoints_contradicts_the_signer(
    world: World,
) -> None:
    """Attack 3, without any row of a checkpoint. ``minzhang verify`` has the signer's file."""
    await change(world, leaf=True)
    await rebuild_tree(world.db, world.ledger_id)
    for table in ("cosignatures", "checkpoints"):
        await world.db.execute(f"DELETE FROM {table} WHERE ledger_id = $1", world.ledger_id)  # noqa: S608
    assert await rules(world) == {"signer-contradicts"}


async def test_a_tail_that_was_cut_and_one_that_was_replaced_are_found(world: World) -> None:
    """Attacks 4 and 20. ``minzhang verify`` compares with what the signer remembers."""
    await cut_tail(world.db, world.ledger_id, OLD_SIZE)
    assert await rules(world) == {"log-shorter"}
    async with open_ledger(world.dsn, world.ledger_id, pool_size_max=2) as ledger:
        await record(ledger, SIZE + 10)
    assert await rules(world) == {"signer-contradicts"}


@pytest.mark.parametrize("other", [PROVED + 1, SIZE - 3])
async def test_exchanged_entries_are_named(world: World, other: int) -> None:
    """Attacks 8 and 10. ``minzhang verify`` names both positions."""
    await exchange_entries(world.db, world.ledger_id, PROVED, other)
    positions = {position for _, position in await found(world)}
    assert {PROVED, other} <= positions


async def test_a_tile_of_another_length_is_named(world: World) -> None:
    """Attack 9, in the database. ``minzhang verify`` names the tile."""
    async with committed(
        world,
        "ALTER TABLE tiles DROP CONSTRAINT tiles_hashes_check",
        "ALTER TABLE tiles ADD CONSTRAINT tiles_hashes_check"
        " CHECK (octet_length(hashes) = 8192) NOT VALID",
    ):
        await world.db.execute(
            "UPDATE tiles SET hashes = hashes || hashes WHERE ledger_id = $1 AND number = 1",
            world.ledger_id,
        )
        names = await rules(world)
    assert {"tile-changed", "tripwire-missing"} <= names
    await world.db.execute("DELETE FROM tiles WHERE ledger_id = $1", world.ledger_id)
    await world.db.execute("ALTER TABLE tiles VALIDATE CONSTRAINT tiles_hashes_check")


async def test_an_entry_of_another_ledger_is_named(world: World) -> None:
    """Attack 11, at the right edge, before it is signed. ``minzhang verify`` names the entry."""
    honest = await entry_at(world.db, world.ledger_id, SIZE - 1)
    foreign = honest.replace(ORIGIN.encode(), b"ledger.example.org/other")
    await change_entry(world.db, world.ledger_id, SIZE - 1, foreign, leaf=leaf_hash(foreign))
    await rebuild_tree(world.db, world.ledger_id)
    assert ("entry-foreign", SIZE - 1) in await found(world)


async def test_an_entry_that_is_dated_back_before_its_neighbour_is_named(world: World) -> None:
    """Attack 13, clumsily done. ``minzhang verify`` names the entry: time runs backwards."""
    await date_back(world.db, world.ledger_id, SIZE - 1, AT)
    assert ("time-backwards", SIZE - 1) in await found(world)


@asynccontextmanager
async def committed(world: World, *pair: str) -> AsyncIterator[None]:
    """Change the tables themselves for all to see, and put them back in the end."""
    attack, undo = pair
    await world.db.execute(attack)
    try:
        yield
    finally:
        await world.db.execute(undo)


@pytest.mark.parametrize(
    ("attack", "undo"),
    [
        (
            "ALTER TABLE events DISABLE TRIGGER events_are_append_only",
            "ALTER TABLE events ENABLE TRIGGER events_are_append_only",
        ),
        (
            "DROP TRIGGER events_are_append_only ON events",
            "CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ),
        (
            "ALTER TABLE events DROP CONSTRAINT events_one_writer_per_version",
            "ALTER TABLE events ADD CONSTRAINT events_one_writer_per_version"
            " UNIQUE (ledger_id, stream_id, version)",
        ),
    ],
)
async def test_a_tripwire_that_is_gone_is_named(world: World, attack: str, undo: str) -> None:
    """Attack 17. ``minzhang verify`` names trigger or constraint; the data are sound so far."""
    async with committed(world, attack, undo):
        assert await rules(world) == {"tripwire-missing"}
    assert await rules(world) == set()


async def test_a_view_takes_the_place_of_the_table_and_lies(world: World) -> None:
    """Attack 19. ``minzhang verify`` sees that it is no table, and which entry does not fit."""
    swap = f"""
        ALTER TABLE events RENAME TO events_true;
        CREATE VIEW events AS SELECT ledger_id, position, stream_id, version, topic, occurred_at,
            recorded_at, leaf_hash, CASE WHEN position = {PROVED}
                THEN overlay(entry PLACING '\\x39' FROM octet_length(entry) - 20) ELSE entry
            END AS entry FROM events_true
    """  # noqa: S608
    async with committed(world, swap, "DROP VIEW events; ALTER TABLE events_true RENAME TO events"):
        assert await entry_at(world.db, world.ledger_id, PROVED) != world.auditor.entry
        names = await found(world)
    assert ("entry-changed", PROVED) in names
    assert "tripwire-missing" in {rule for rule, _ in names}


async def test_a_doctored_dump_contradicts_what_was_signed(world: World) -> None:
    """Attack 22. ``minzhang verify`` finds it, whether or not the hashes were made to fit."""
    rows = await world.db.fetch(
        "SELECT * FROM events WHERE ledger_id = $1 ORDER BY position", world.ledger_id
    )
    doctored = [dict(row) for row in rows]
    doctored[PROVED]["entry"] = with_more_money(doctored[PROVED]["entry"])
    await world.db.execute("DELETE FROM events WHERE ledger_id = $1", world.ledger_id)
    await world.db.copy_records_to_table(
        "events", records=[tuple(row.values()) for row in doctored], columns=list(doctored[0])
    )
    assert ("entry-changed", PROVED) in await found(world)
    await rebuild_tree(world.db, world.ledger_id)
    assert {"checkpoint-contradicts", "signer-contradicts"} <= await rules(world)
