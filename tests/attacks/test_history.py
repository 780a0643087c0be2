"""Attacks on the history as a whole: everything in the database fits, and still it is found.

What finds it lies outside the database: the signer's file, witnesses, papers that people hold.
"""

from __future__ import annotations

import shutil

import pytest

from ledger.merkle.checkpoints import Checkpoint, open_checkpoint
from ledger.merkle.notes import Note, sign_note
from ledger.merkle.policies import WitnessesMissing
from ledger.merkle.proof_files import read_proof_file
from ledger.merkle.proofs import ProofWrong, check_consistency
from ledger.merkle.tree import leaf_hash
from ledger.publishing.signer import ClockRanBackwards, TreeChanged, TreeShrank
from ledger.storage.doubts import LogBehind, LogRewritten, LogTorn
from ledger.storage.errors import LogStopped
from ledger.storage.ledger import open_ledger
from ledger.storage.tree import read_consistency_proof
from ledger.witness.add_checkpoint import AddCheckpoint
from ledger.witness.witness import (
    NotConsistent,
    OldSizeStale,
    OldSizeTooLarge,
    WitnessClockBackwards,
)
from tests.attacks.rewriting import (
    change_entry,
    cut_tail,
    entry_at,
    rebuild_tree,
    taken_back,
    with_more_money,
)
from tests.attacks.world import OLD_SIZE, PROVED, SIZE, World, moved, record
from tests.storage_fixtures import ORIGIN
from tests.tiles_client import LogLies


async def rewrite(world: World, position: int = PROVED) -> bytes:
    """Change an entry and make the whole tree fit; return the entry."""
    entry = with_more_money(await entry_at(world.db, world.ledger_id, position))
    await change_entry(world.db, world.ledger_id, position, entry, leaf=leaf_hash(entry))
    await rebuild_tree(world.db, world.ledger_id)
    return entry


async def grow(world: World, size: int) -> None:
    """Append honestly until the log has so many entries."""
    async with open_ledger(world.dsn, world.ledger_id, pool_size_max=2) as ledger:
        await record(ledger, size)


async def sign_with_stolen_key(world: World) -> Note:
    """Sign what the database says, without the signer and its memory."""
    text = str(await world.head())
    return Note(text, (sign_note(text, world.source.read().current),))


async def refuse_consistency(world: World, note: Note) -> None:
    """The auditor asks how the new checkpoint continues the old one, and gets no good answer."""
    old = open_checkpoint(world.auditor.old_checkpoint, [world.source.read().current.verifying])
    new = open_checkpoint(str(note).encode(), [world.source.read().current.verifying])
    proof = await read_consistency_proof(
        world.db, world.ledger_id, old.checkpoint.size, new.checkpoint.size
    )
    with pytest.raises(ProofWrong):
        check_consistency(
            old_size=old.checkpoint.size,
            old_root=old.checkpoint.root,
            size=new.checkpoint.size,
            root=new.checkpoint.root,
            proof=proof,
        )


@pytest.mark.parametrize("size", [SIZE, SIZE + 40])
async def test_the_whole_tree_is_rewritten(world: World, size: int) -> None:
    """Attack 3. Detected by the signer, at the start, by the witness, by any old checkpoint."""
    entry = await rewrite(world)
    await grow(world, size)

    with pytest.raises(TreeChanged):
        await world.sign()
    with pytest.raises(LogRewritten):
        await world.start_up()
    with pytest.raises(LogLies):  # the public checkpoint is about another tree
        await world.read_all()
    note = await sign_with_stolen_key(world)
    with pytest.raises(NotConsistent):
        await world.ask_witness(note, size)
    await refuse_consistency(world, note)
    with pytest.raises(ProofWrong):
        read_proof_file(world.auditor.proof).check_entry(entry, world.auditor.policy)


async def test_the_tail_is_deleted_and_other_events_are_appended(world: World) -> None:
    """Attack 4. Detected at the start and by the signer before and after; by the witness after."""
    await cut_tail(world.db, world.ledger_id, OLD_SIZE + 50)
    with pytest.raises(LogBehind):
        await world.start_up()
    with pytest.raises(TreeShrank):
        await world.sign()

    await grow(world, SIZE + 10)
    with pytest.raises(LogRewritten):
        await world.start_up()
    with pytest.raises(TreeChanged):
        await world.sign()
    with pytest.raises(NotConsistent):
        await world.ask_witness(await sign_with_stolen_key(world), SIZE + 10)


async def test_two_readers_are_shown_two_trees_of_the_same_size(world: World) -> None:
    """Attack 5. Detected by the witness, which keeps both notes as evidence.

    The second reader sees a checkpoint that the log signed and the quorum did not: it refuses.
    """
    await grow(world, SIZE + 40)
    for_one = await world.publish()
    await rewrite(world, SIZE + 20)
    for_other = await sign_with_stolen_key(world)
    assert for_one.text.split("\n")[1] == for_other.text.split("\n")[1]

    world.auditor.policy.open(str(for_one).encode())
    with pytest.raises(WitnessesMissing):
        world.auditor.policy.open(str(for_other).encode())
    with pytest.raises(NotConsistent):
        await world.ask_witness(for_other, SIZE + 40)
    (evidence,) = world.witness.book.evidence()
    assert evidence.kind == "fork"
    keys = [world.source.read().current.verifying]
    held, shown = (
        open_checkpoint(note.encode(), keys).checkpoint for note in (evidence.held, evidence.shown)
    )
    assert held.size == shown.size
    assert held.root != shown.root  # two signatures that no honest log makes


async def test_a_thief_of_the_log_s_key_rewrites_and_signs(world: World) -> None:
    """Attack 6. Detected by the witness; whoever asks for its signature is not deceived.

    The log's own signature says nothing any more: without witnesses and time stamps nobody
    who meets this log for the first time could tell.
    """
    entry = await rewrite(world)
    world.signer.path.unlink()  # the thief has the log's folder as well
    for table in ("cosignatures", "checkpoints"):
        await world.db.execute(f"DELETE FROM {table} WHERE ledger_id = $1", world.ledger_id)  # noqa: S608
    signed = await world.sign()
    opened = open_checkpoint(str(signed.note).encode(), [world.source.read().current.verifying])
    assert opened.checkpoint.size == SIZE
    proof = await world.prove(PROVED, signed.note, SIZE)

    with pytest.raises(WitnessesMissing):
        proof.check_entry(entry, world.auditor.policy)
    with pytest.raises(NotConsistent):
        await world.ask_witness(signed.note, SIZE)
    await refuse_consistency(world, signed.note)


async def test_a_thief_of_the_log_s_key_cannot_pretend_to_the_witness_to_begin_anew(
    world: World,
) -> None:
    """Attack 6. Detected by the witness: it knows from which size it goes on."""
    await rewrite(world)
    note = await sign_with_stolen_key(world)
    with pytest.raises(OldSizeStale):
        world.witness.add_checkpoint(AddCheckpoint(0, (), note))


async def test_an_old_backup_is_restored(world: World) -> None:
    """Attack 20. Detected at the start, from the signer's file; and by the witness."""
    await cut_tail(
        world.db, world.ledger_id, OLD_SIZE
    )  # all rows, as they were at the first checkpoint
    with pytest.raises(LogBehind) as refused:
        await world.start_up()
    assert (refused.value.facts["size"], refused.value.facts["signed_size"]) == (OLD_SIZE, SIZE)
    with pytest.raises(TreeShrank):
        await world.sign()
    with pytest.raises(OldSizeTooLarge):
        await world.ask_witness(await sign_with_stolen_key(world), OLD_SIZE)


async def test_an_old_backup_of_database_and_data_directory_is_restored(world: World) -> None:
    """Attack 20, with the signer's file from the backup too. Detected by the witness alone."""
    old = open_checkpoint(world.auditor.old_checkpoint, [world.source.read().current.verifying])
    await cut_tail(world.db, world.ledger_id, OLD_SIZE)
    shutil.copy(world.signer.path, world.folder / "kept")
    world.signer.path.unlink()
    signed = await world.sign()
    assert signed.checkpoint == old.checkpoint
    await world.start_up()  # database and file agree
    with pytest.raises(OldSizeTooLarge):
        await world.ask_witness(signed.note, OLD_SIZE)


async def test_everything_is_truncated_and_a_doctored_dump_is_copied_in(world: World) -> None:
    """Attack 22. Detected at the start, by the signer, by any reader, by the witness."""
    rows = await world.db.fetch(
        "SELECT * FROM events WHERE ledger_id = $1 ORDER BY position", world.ledger_id
    )
    doctored = [dict(row) for row in rows]
    doctored[PROVED]["entry"] = with_more_money(doctored[PROVED]["entry"])
    async with taken_back(world.db):
        await world.db.execute("TRUNCATE events, tiles")
        await world.db.copy_records_to_table(
            "events", records=[tuple(row.values()) for row in doctored], columns=list(doctored[0])
        )
        with pytest.raises(LogTorn):  # the tiles are gone
            await world.start_up()

        await rebuild_tree(world.db, world.ledger_id)
        with pytest.raises(LogRewritten):
            await world.start_up()
        with pytest.raises(TreeChanged):
            await world.sign()
        with pytest.raises(LogLies):
            await world.read_all()
        with pytest.raises(NotConsistent):
            await world.ask_witness(await sign_with_stolen_key(world), SIZE)


async def test_the_clock_is_set_back(world: World) -> None:
    """Attack 21. Refused by the signer and the witness, and by the append, which stops the log."""
    await grow(world, SIZE + 5)
    world.clock = moved(world.clock, -4 * 3_600)
    with pytest.raises(ClockRanBackwards):
        await world.sign()
    note = await sign_with_stolen_key(world)
    with pytest.raises(WitnessClockBackwards):
        await world.ask_witness(note, SIZE + 5)

    async with open_ledger(
        world.dsn, world.ledger_id, clock=world.clock, pool_size_max=2
    ) as ledger:
        with pytest.raises(LogStopped, match="LogAheadOfClock"):
            await record(ledger, SIZE + 10)
    assert (await world.head()).size == SIZE + 5


async def test_a_checkpoint_of_another_root_takes_the_place_of_the_published_one(
    world: World,
) -> None:
    """Attack 3, at the row of the checkpoint. Detected at the start."""
    forged = Checkpoint(ORIGIN, SIZE, bytes(32))
    await world.db.execute(
        "UPDATE checkpoints SET root = $3, note = $4 WHERE ledger_id = $1 AND size = $2",
        world.ledger_id,
        SIZE,
        forged.root,
        f"{forged}\n{sign_note(str(forged), world.source.read().current)}",
    )
    with pytest.raises(LogRewritten):
        await world.start_up()
