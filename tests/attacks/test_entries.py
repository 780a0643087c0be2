"""Attacks on single entries and hashes, by somebody who may write into the database.

Numbers are those of the list in ``docs/threat-model.md``; each test says who detects it.
"""

from __future__ import annotations

import pytest

from ledger.core.errors import LedgerError
from ledger.merkle.proof_files import read_proof_file
from ledger.merkle.proofs import ProofWrong
from ledger.merkle.tiles import TileWrong, parse_tile_path, split_hashes, unpack_entries
from ledger.merkle.tree import leaf_hash
from ledger.storage.doubts import LogTorn
from tests.attacks.rewriting import (
    change_entry,
    change_tile,
    entry_at,
    exchange_entries,
    taken_back,
    with_more_money,
)
from tests.attacks.world import PROVED, SIZE, World
from tests.tiles_client import LogLies

FULL_TILE = PROVED  # lies in a full tile
OPEN_TILE = 590  # lies at the right edge, where the leaf hashes are not in a tile yet


async def test_the_world_is_sound_before_anybody_attacks_it(world: World) -> None:
    await world.start_up()
    assert len(await world.read_all()) == SIZE
    proof = read_proof_file(world.auditor.proof)
    proof.check_entry(world.auditor.entry, world.auditor.policy)
    world.auditor.policy.open(str(await world.publish()).encode())


@pytest.mark.parametrize("position", [FULL_TILE, OPEN_TILE])
async def test_one_entry_is_changed(world: World, position: int) -> None:
    """Attack 1. Detected by any reader of the log, by the proof that somebody holds."""
    entry = with_more_money(await entry_at(world.db, world.ledger_id, position))
    await change_entry(world.db, world.ledger_id, position, entry, leaf=None)

    with pytest.raises(LogLies, match="entries and leaves differ"):
        await world.read_all()
    proof = await world.prove(position, await world.published(), SIZE)
    with pytest.raises(ProofWrong):
        proof.check_entry(entry, world.auditor.policy)


async def test_an_entry_and_its_leaf_hash_are_changed(world: World) -> None:
    """Attack 2. Detected by any reader of the log: the tile has the old hash."""
    entry = with_more_money(await entry_at(world.db, world.ledger_id, FULL_TILE))
    await change_entry(world.db, world.ledger_id, FULL_TILE, entry, leaf=leaf_hash(entry))

    with pytest.raises(LogLies, match="entries and leaves differ"):
        await world.read_all()
    with pytest.raises(ProofWrong):
        read_proof_file(world.auditor.proof).check_entry(entry, world.auditor.policy)


async def test_an_entry_at_the_right_edge_and_its_leaf_hash_are_changed(world: World) -> None:
    """Attack 2, before a tile holds the hash. Detected at the start, and by any reader."""
    entry = with_more_money(await entry_at(world.db, world.ledger_id, OPEN_TILE))
    await change_entry(world.db, world.ledger_id, OPEN_TILE, entry, leaf=leaf_hash(entry))

    with pytest.raises(LogTorn):
        await world.start_up()
    with pytest.raises(LogLies, match="the leaves do not make the root"):
        await world.read_all()


async def test_a_leaf_is_forged_together_with_its_tile_while_the_parents_stay(
    world: World,
) -> None:
    """Attack 7. Detected by readers who check parents against children, and by every proof.

    The roots above are untouched: the start-up check, which recomputes no tile, sees nothing.
    """
    entry = with_more_money(world.auditor.entry)
    leaf = leaf_hash(entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=leaf)
    await change_tile(world.db, world.ledger_id, PROVED, leaf, root=False)

    await world.start_up()
    with pytest.raises(LogLies, match="not over its children"):
        await world.read_all()
    proof = await world.prove(PROVED, await world.published(), SIZE)
    with pytest.raises(ProofWrong):
        proof.check_entry(entry, world.auditor.policy)


async def test_a_leaf_is_forged_together_with_its_tile_and_the_tile_s_root(world: World) -> None:
    """Attack 7, one level further up. Detected at the start, and by any reader."""
    entry = with_more_money(world.auditor.entry)
    leaf = leaf_hash(entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=leaf)
    await change_tile(world.db, world.ledger_id, PROVED, leaf, root=True)

    with pytest.raises(LogTorn):
        await world.start_up()
    with pytest.raises(LogLies, match="the leaves do not make the root"):
        await world.read_all()


async def test_a_partial_tile_is_swapped(world: World) -> None:
    """Attack 8. Detected at the start where the database did it, by any reader in any case."""
    path = "tile/0/002.p/88"
    true = await world.fetch(path)
    swapped = true[:32] + true[64:96] + true[32:64] + true[96:]

    async def fetch(asked: str) -> bytes:
        return swapped if asked == path else await world.fetch(asked)

    with pytest.raises(LogLies, match="the leaves do not make the root"):
        await world.read_all(fetch)

    await exchange_entries(world.db, world.ledger_id, OPEN_TILE, OPEN_TILE + 1)
    assert await world.fetch(path) != true
    with pytest.raises(LogTorn):
        await world.start_up()
    with pytest.raises(LogLies, match="the leaves do not make the root"):
        await world.read_all()


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("tile/0/000", lambda data: data[:-32]),
        ("tile/0/000", lambda data: data + data[:32]),
        ("tile/0/000", lambda data: data + b"\0"),
        ("tile/0/002.p/88", lambda data: data[:-32]),
        ("tile/0/002.p/88", lambda data: data + bytes(32)),
        ("tile/1/000.p/2", lambda data: data[:32]),
    ],
)
async def test_a_tile_is_too_wide_or_too_narrow(world: World, path: str, change: object) -> None:
    """Attack 9. Detected by any reader: the width follows from the signed size."""
    assert callable(change)

    async def fetch(asked: str) -> bytes:
        data = await world.fetch(asked)
        return bytes(change(data)) if asked == path else data

    with pytest.raises(LogLies, match="the width of tile"):
        await world.read_all(fetch)
    tile = parse_tile_path(path)
    try:
        hashes = split_hashes(await fetch(path))
    except TileWrong:
        return
    assert len(hashes) != tile.width


async def test_a_bundle_has_trailing_bytes_or_an_entry_too_many(world: World) -> None:
    """Attack 9. Detected by any reader: its address says how many entries a bundle has."""
    true = await world.fetch("tile/entries/002.p/88")
    assert len(unpack_entries(true, 88)) == 88
    one = true[: 2 + int.from_bytes(true[:2], "big")]
    for wrong in (true + b"\0", true + one, true[:-1], true[len(one) :], one + true):
        with pytest.raises(TileWrong):
            unpack_entries(wrong, 88)


async def test_a_tile_in_the_database_is_made_longer(world: World) -> None:
    """Attack 9, with the constraint dropped. What is served stays of its width, or is refused."""
    async with taken_back(world.db):
        await world.db.execute("ALTER TABLE tiles DROP CONSTRAINT tiles_hashes_check")
        await world.db.execute("UPDATE tiles SET hashes = hashes || hashes")
        assert len(await world.fetch("tile/0/000")) == 8_192
        await world.db.execute("UPDATE tiles SET hashes = substring(hashes FOR 8191)")
        with pytest.raises(LedgerError):
            await world.fetch("tile/0/000")


@pytest.mark.parametrize("other", [PROVED + 1, OPEN_TILE])
async def test_two_entries_are_exchanged(world: World, other: int) -> None:
    """Attack 10. Detected by any reader, and by the proof, which binds the position."""
    await exchange_entries(world.db, world.ledger_id, PROVED, other)

    with pytest.raises(LogLies):
        await world.read_all()
    moved = await world.prove(other, await world.published(), SIZE)
    with pytest.raises(ProofWrong):
        moved.check_entry(world.auditor.entry, world.auditor.policy)
