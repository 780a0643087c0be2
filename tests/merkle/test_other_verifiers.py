"""Software that others wrote accepts what we make, and refuses what we refuse.

proofbundle reads the whole proof file (log and witness keys, quorum), sigstore its inclusion
proofs (the code that checks Rekor's), pymerkle builds a tree of its own. None of them knows us.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from proofbundle.checkpoint import verify_witnessed_checkpoint
from proofbundle.merkle import consistency_proof, verify_consistency
from proofbundle.tlogproof import verify_tlog_proof
from pymerkle import InmemoryTree
from pymerkle.proof import verify_consistency as pymerkle_verifies_consistency
from pymerkle.proof import verify_inclusion as pymerkle_verifies_inclusion
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry
from sigstore_models.rekor import v1 as rekor

from ledger.merkle.proof_files import ProofFile
from ledger.merkle.proofs import consistency_ranges, inclusion_ranges, make_proof
from ledger.merkle.tree import tree_root
from tests.merkle.logs import (
    LOG_KEY,
    ORIGIN,
    WITNESS_KEYS,
    Nodes,
    checkpoint,
    entries,
    inclusion,
    leaves,
    signed,
)

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 13, 31, 32, 33, 64, 100, 255, 256, 257]
LARGEST = SIZES[-1]
LOG_VKEY = str(LOG_KEY.verifying)
WITNESS_VKEYS = [str(one.verifying) for one in WITNESS_KEYS]


def some_of(size: int) -> list[int]:
    return sorted({0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)))


def proof_file(index: int, size: int, *, cosigned_by: int = 2) -> ProofFile:
    note = signed(str(checkpoint(size)), witnesses=WITNESS_KEYS[:cosigned_by])
    return ProofFile(index, tuple(inclusion(index, size)), str(note).encode(), b"extra")


# proofbundle: the proof file as a whole.


@pytest.mark.parametrize("size", SIZES)
def test_proofbundle_accepts_our_proof_files(size: int) -> None:
    for index in some_of(size):
        verdict = verify_tlog_proof(
            proof_file(index, size).to_bytes().decode(),
            entries(size)[index],
            LOG_VKEY,
            WITNESS_VKEYS,
            threshold=2,
            expected_origin=ORIGIN,
        )
        assert verdict["ok"], verdict
        assert (verdict["index"], verdict["tree_size"]) == (index, size)
        assert verdict["root"] == checkpoint(size).root


def test_proofbundle_refuses_what_we_refuse() -> None:
    text = proof_file(6, 11).to_bytes().decode()
    entry = entries(11)[6]

    def verdict(text: str = text, entry: bytes = entry, threshold: int = 2) -> dict[str, Any]:
        answer: dict[str, Any] = verify_tlog_proof(
            text,
            entry,
            LOG_VKEY,
            WITNESS_VKEYS,
            threshold=threshold,
            expected_origin=ORIGIN,
        )
        return answer

    assert verdict()["ok"]
    assert not verdict(entry=b"another")["inclusion_ok"]
    assert not verdict(threshold=3)["witnesses_ok"]
    assert not verdict(text.replace("index 6", "index 7"))["inclusion_ok"]
    assert not verdict(text.replace("\n11\n", "\n12\n"))["log_ok"]
    assert not verdict(text.replace("index 6", "index 06"))["ok"]
    assert not verdict(text.replace("\n", "\r\n"))["ok"]


def test_proofbundle_accepts_the_file_at_its_command_line(tmp_path: Path) -> None:
    (tmp_path / "entry").write_bytes(entries(11)[6])
    (tmp_path / "entry.tlog-proof").write_bytes(proof_file(6, 11).to_bytes())
    command = [sys.executable, "-m", "proofbundle.cli", "verify-proof", "entry.tlog-proof"]
    command += ["--payload-file", "entry", "--log-vkey", LOG_VKEY, "--threshold", "2", "--json"]
    command += [word for vkey in WITNESS_VKEYS for word in ("--witness-vkey", vkey)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["ok"]

    (tmp_path / "entry").write_bytes(b"another")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1


def test_proofbundle_accepts_a_cosigned_checkpoint_and_consistency_proofs() -> None:
    note = str(signed(str(checkpoint(100)), witnesses=WITNESS_KEYS))
    verdict = verify_witnessed_checkpoint(
        note, LOG_VKEY, WITNESS_VKEYS, threshold=3, expected_origin=ORIGIN
    )
    assert verdict["ok"]
    nodes = Nodes(leaves(LARGEST))
    for size in SIZES:
        for old_size in some_of(size)[1:]:
            ours = make_proof(consistency_ranges(old_size, size), nodes)
            assert ours == consistency_proof(entries(size), old_size)
            old_root, root = tree_root(leaves(old_size)), tree_root(leaves(size))
            assert verify_consistency(old_size, size, ours, old_root, root)


# sigstore: the inclusion proof.


def rekor_entry(index: int, size: int, entry: bytes, root: bytes) -> TransparencyLogEntry:
    """Our proof as it would stand in one of its bundles, which are JSON."""

    def encoded(data: bytes) -> str:
        return b64encode(data).decode()

    document = {
        "logIndex": str(index),
        "logId": {"keyId": encoded(LOG_KEY.verifying.id)},
        "kindVersion": {"kind": "entry", "version": "1"},
        "inclusionProof": {
            "logIndex": str(index),
            "rootHash": encoded(root),
            "treeSize": str(size),
            "hashes": [encoded(one) for one in inclusion(index, size)],
            "checkpoint": {"envelope": str(signed(str(checkpoint(size))))},
        },
        "canonicalizedBody": encoded(entry),
    }
    return TransparencyLogEntry(rekor.TransparencyLogEntry.model_validate(document))


@pytest.mark.parametrize("size", SIZES)
def test_sigstore_accepts_our_inclusion_proofs(size: int) -> None:
    root = checkpoint(size).root
    for index in some_of(size):
        entry = entries(size)[index]
        verify_merkle_inclusion(rekor_entry(index, size, entry, root))
        with pytest.raises(VerificationError):
            verify_merkle_inclusion(rekor_entry(index, size, b"another", root))
        with pytest.raises(VerificationError):
            verify_merkle_inclusion(rekor_entry(index, size, entry, bytes(32)))


# pymerkle: a tree of its own.


@pytest.fixture(scope="module")
def their_tree() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries(LARGEST):
        tree.append_entry(entry)
    return tree


def test_pymerkle_has_the_same_leaf_hashes_and_roots(their_tree: InmemoryTree) -> None:
    for index, leaf in enumerate(leaves(LARGEST)):
        assert their_tree.get_leaf(index + 1) == leaf  # it counts from one
    for size in range(LARGEST + 1):
        assert their_tree.get_root(size) == tree_root(leaves(size))


@pytest.mark.parametrize("size", SIZES)
def test_pymerkle_makes_the_same_inclusion_proofs(their_tree: InmemoryTree, size: int) -> None:
    nodes = Nodes(leaves(LARGEST))
    for index in range(size):
        theirs = their_tree.prove_inclusion(index + 1, size)
        leaf, *hashes = theirs.path  # its path begins with the leaf
        assert leaf == leaves(LARGEST)[index]
        assert hashes == make_proof(inclusion_ranges(index, size), nodes)
        pymerkle_verifies_inclusion(leaf, checkpoint(size).root, theirs, index + 1, size)


def test_pymerkle_finds_our_trees_consistent(their_tree: InmemoryTree) -> None:
    """Its consistency proofs have a form of their own; what they prove are our roots."""
    for size in SIZES:
        for old_size in some_of(size)[1:]:
            theirs = their_tree.prove_consistency(old_size, size)
            old_root, root = tree_root(leaves(old_size)), tree_root(leaves(size))
            pymerkle_verifies_consistency(old_root, root, theirs, old_size, size)
