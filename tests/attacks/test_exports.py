"""Attacks on audit bundles: made from a database that was changed, or changed on the way.

The single-file verifier is what an auditor has; it knows the policy, and the old checkpoint that
the auditor took home.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ledger.bundles.writer import (
    Bundle,
    LogContradictsItself,
    OlderCheckpointContradicts,
    write_bundle,
)
from ledger.merkle.checkpoints import read_checkpoint
from ledger.merkle.keys import KeyKind
from ledger.merkle.notes import Note, read_note, sign_note
from ledger.merkle.tree import leaf_hash
from ledger.storage.checkpoints import KeptCheckpoint, latest_published
from scripts import verify_ledger
from scripts.verify_ledger import FAILED, VERIFIED
from tests.attacks.rewriting import change_entry, entry_at, rebuild_tree, with_more_money
from tests.attacks.test_documents import SMALL_ORDER, vkey_of
from tests.attacks.world import OLD_SIZE, PROVED, World
from tests.bundles.repacking import (
    entries_of,
    members,
    packed,
    repacked,
    with_entries,
    with_json,
)
from tests.storage_fixtures import ORIGIN

START, END = 100, 400
Verify: TypeAlias = Callable[..., "tuple[int, dict[str, str]]"]


@pytest.fixture
def verify(world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Verify:
    """Run the verifier as the auditor does: status, and what became of each claim."""
    policy, old = tmp_path / "policy", tmp_path / "old"
    policy.write_bytes(world.auditor.policy.to_bytes())
    old.write_bytes(world.auditor.old_checkpoint)

    def verify(path: Path, policy: Path = policy) -> tuple[int, dict[str, str]]:
        capsys.readouterr()
        words = [str(path), "--policy", str(policy), "--since", str(old), "--json"]
        status = verify_ledger.main(words)
        report: dict[str, Any] = json.loads(capsys.readouterr().out or '{"claims": []}')
        return status, {claim["name"]: claim["status"] for claim in report["claims"]}

    return verify


async def exported(world: World, path: Path, kept: KeptCheckpoint | None = None) -> Path:
    """Export a slice with the proof that it continues what the auditor holds."""
    kept = kept or await latest_published(world.db, world.ledger_id)
    assert kept is not None
    old = read_checkpoint(read_note(world.auditor.old_checkpoint).text)
    bundle = Bundle(ledger_id=world.ledger_id, start=START, end=END, kept=kept, older=[old])
    await write_bundle(world.db, bundle, path)
    return path


async def stolen(world: World) -> KeptCheckpoint:
    """A checkpoint of the database as it is, by whoever has the log's key."""
    head = await world.head()
    note = Note(str(head), (sign_note(str(head), world.source.read().current),))
    return KeptCheckpoint(head, note, world.clock(), world.clock())


async def test_an_honest_export_is_verified(world: World, verify: Verify, tmp_path: Path) -> None:
    status, claims = verify(await exported(world, tmp_path / "bundle.zip"))
    assert (status, claims["checkpoint"], claims["slice"]) == (0, VERIFIED, VERIFIED)


EXPORTS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "one left out": lambda entries: [*entries[:50], *entries[51:]],
    "the first left out": lambda entries: entries[1:],
    "the last left out": lambda entries: entries[:-1],
    "one put in its place": lambda entries: [*entries[:50], entries[49], *entries[51:]],
    "one changed": lambda entries: [*entries[:50], with_more_money(entries[50]), *entries[51:]],
    "two exchanged": lambda entries: [
        *entries[:50],
        entries[51],
        entries[50],
        *entries[52:],
    ],
}


@pytest.mark.parametrize("change", EXPORTS)
async def test_an_export_leaves_something_out(
    world: World, verify: Verify, tmp_path: Path, change: str
) -> None:
    """Attack 15 (and 1, 10 on the way). Detected by the verifier: the slice is not whole."""
    path = await exported(world, tmp_path / "bundle.zip")
    status, claims = verify(repacked(path, "entries", with_entries(EXPORTS[change])))
    assert (status, claims["slice"]) == (1, FAILED)


async def test_an_export_leaves_something_out_and_moves_its_bounds(
    world: World, verify: Verify, tmp_path: Path
) -> None:
    """Attack 15, with a manifest to match. Detected by the verifier."""
    files = members(await exported(world, tmp_path / "bundle.zip"))
    assert len(entries_of(files["entries"])) == END - START
    files["entries"] = with_entries(lambda entries: entries[:-1])(files["entries"])
    files["manifest.json"] = with_json(end=END - 1)(files["manifest.json"])
    assert verify(packed(tmp_path / "shorter.zip", files.items()))[0] == 1


async def test_a_database_with_one_changed_entry_makes_no_bundle(
    world: World, tmp_path: Path
) -> None:
    """Attack 1. Detected by the export itself, which checks what it writes."""
    entry = with_more_money(world.auditor.entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=leaf_hash(entry))
    with pytest.raises(LogContradictsItself):
        await exported(world, tmp_path / "bundle.zip")


async def test_a_rewritten_log_is_exported_under_a_stolen_key(
    world: World, verify: Verify, tmp_path: Path
) -> None:
    """Attacks 3 and 6. Detected by the export, by the verifier's policy and old checkpoint."""
    entry = with_more_money(world.auditor.entry)
    await change_entry(world.db, world.ledger_id, PROVED, entry, leaf=leaf_hash(entry))
    await rebuild_tree(world.db, world.ledger_id)
    kept = await stolen(world)
    with pytest.raises(OlderCheckpointContradicts):
        await exported(world, tmp_path / "bundle.zip", kept)

    bundle = Bundle(ledger_id=world.ledger_id, start=START, end=END, kept=kept)
    await write_bundle(world.db, bundle, tmp_path / "silent.zip")  # it says nothing of the old one
    assert verify(tmp_path / "silent.zip")[0] == 1

    log_alone = tmp_path / "log-alone"
    log_alone.write_text(f"log {world.vkey}\nquorum none\n")
    proof = {"size": OLD_SIZE, "hashes": [b64encode(bytes(32)).decode()] * 9}
    lying = repacked(tmp_path / "silent.zip", "manifest.json", with_json(consistency=[proof]))
    status, claims = verify(lying, policy=log_alone)
    assert (status, claims["checkpoint"], claims["slice"]) == (1, VERIFIED, VERIFIED)
    assert FAILED in claims.values()  # only the paper that the auditor kept tells


async def test_the_operator_logs_an_entry_of_another_ledger(
    world: World, verify: Verify, tmp_path: Path
) -> None:
    """Attack 11, with everything signed and cosigned. Detected by the verifier in the entry."""
    honest = await entry_at(world.db, world.ledger_id, PROVED)
    foreign = honest.replace(ORIGIN.encode(), b"ledger.example.org/other")
    assert foreign != honest
    await change_entry(world.db, world.ledger_id, PROVED, foreign, leaf=leaf_hash(foreign))
    await rebuild_tree(world.db, world.ledger_id)
    kept = await stolen(world)
    bundle = Bundle(ledger_id=world.ledger_id, start=START, end=END, kept=kept)
    await write_bundle(world.db, bundle, tmp_path / "bundle.zip")
    log_alone = tmp_path / "log-alone"
    log_alone.write_text(f"log {world.vkey}\nquorum none\n")
    status, claims = verify(tmp_path / "bundle.zip", policy=log_alone)
    assert (status, claims["slice"], claims["entries"]) == (1, VERIFIED, FAILED)


async def test_a_checkpoint_of_another_size_is_put_into_a_bundle(
    world: World, verify: Verify, tmp_path: Path
) -> None:
    """Attack 12 in a bundle. A genuine checkpoint, but not of the tree that it is put beside."""
    path = await exported(world, tmp_path / "bundle.zip")
    stale = repacked(path, "checkpoint", lambda _: world.auditor.old_checkpoint)
    status, claims = verify(stale)
    assert (status, claims["checkpoint"], claims["slice"]) == (1, VERIFIED, FAILED)


@pytest.mark.parametrize("point", SMALL_ORDER)
async def test_the_verifier_is_given_a_policy_with_a_key_of_small_order(
    world: World, verify: Verify, tmp_path: Path, point: str
) -> None:
    """Attack 24. Detected by the verifier: it refuses the policy and checks nothing."""
    path = await exported(world, tmp_path / "bundle.zip")
    witness = vkey_of("w.example", KeyKind.COSIGNATURE, bytes.fromhex(point))
    policy = tmp_path / "weak"
    policy.write_text(f"log {world.vkey}\nwitness w {witness}\nquorum w\n")
    status, claims = verify(path, policy=policy)
    assert status != 0
    assert VERIFIED not in [claims.get("checkpoint"), claims.get("slice")]
