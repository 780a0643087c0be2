"""Proof files: written, read strictly, and checked under a policy."""

from __future__ import annotations

from base64 import b64encode

import pytest

from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import Checkpoint, CheckpointMalformed
from ledger.merkle.keys import KeyKind
from ledger.merkle.notes import NoteMalformed, NoteUnsigned, SignatureWrong
from ledger.merkle.policies import Policy, WitnessesMissing, parse_policy
from ledger.merkle.proof_files import (
    EXTRA_BYTES_MAX,
    ProofFile,
    ProofFileMalformed,
    read_proof_file,
)
from ledger.merkle.proofs import ProofWrong
from tests.merkle.logs import (
    LOG_KEY,
    ORIGIN,
    WITNESS_KEYS,
    checkpoint,
    entries,
    inclusion,
    key,
    leaves,
    signed,
)

SIZE = 11


def policy(quorum: str = "two") -> Policy:
    names = ("street", "auditor", "owners")
    witnesses = "".join(
        f"witness {name} {one.verifying}\n" for name, one in zip(names, WITNESS_KEYS, strict=True)
    )
    group = f"group two 2 {' '.join(names)}\n"
    return parse_policy(f"log {LOG_KEY.verifying}\n{witnesses}{group}quorum {quorum}\n".encode())


def proof_file(index: int = 6, *, cosigned_by: int = 2, extra: bytes | None = None) -> ProofFile:
    note = signed(str(checkpoint(SIZE)), witnesses=WITNESS_KEYS[:cosigned_by])
    return ProofFile(index, tuple(inclusion(index, SIZE)), str(note).encode(), extra)


@pytest.mark.parametrize("extra", [None, b"v1.2.1"])
def test_a_proof_file_reads_back_as_it_was_written(extra: bytes | None) -> None:
    written = proof_file(extra=extra)
    assert read_proof_file(written.to_bytes()) == written
    assert written.claimed == checkpoint(SIZE)


def test_it_has_the_form_that_the_specification_shows() -> None:
    lines = proof_file(extra=b"\0").to_bytes().decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra AA==", "index 6"]
    assert lines[3:7] == [b64encode(one).decode() for one in inclusion(6, SIZE)]
    assert lines[7:10] == ["", ORIGIN, str(SIZE)]


@pytest.mark.parametrize("index", range(SIZE))
def test_it_proves_that_an_entry_is_in_the_log(index: int) -> None:
    read = read_proof_file(proof_file(index).to_bytes())
    signed_checkpoint = read.check_entry(entries(SIZE)[index], policy())
    assert signed_checkpoint.checkpoint == checkpoint(SIZE)
    assert [one.key for one in signed_checkpoint.signatures] == [
        one.verifying for one in (LOG_KEY, *WITNESS_KEYS[:2])
    ]


def test_it_does_not_prove_it_of_another_entry_or_place() -> None:
    with pytest.raises(ProofWrong):
        proof_file(6).check_entry(b"another entry", policy())
    with pytest.raises(ProofWrong):
        proof_file(6).check(leaves(SIZE)[7], policy())
    moved = ProofFile(7, proof_file(6).hashes, proof_file(6).checkpoint)
    with pytest.raises(ProofWrong):
        moved.check(leaves(SIZE)[6], policy())


def test_it_proves_nothing_below_the_quorum() -> None:
    with pytest.raises(WitnessesMissing) as refused:
        proof_file(cosigned_by=1).check(leaves(SIZE)[6], policy())
    assert refused.value.facts["missing"] == "auditor, owners"
    proof_file(cosigned_by=1).check(leaves(SIZE)[6], policy(quorum="street"))
    proof_file(cosigned_by=0).check(leaves(SIZE)[6], policy(quorum="none"))


def test_it_proves_nothing_under_another_log_or_a_broken_signature() -> None:
    stranger = key(ORIGIN, KeyKind.NOTE, "stranger")
    by_stranger = signed(str(checkpoint(SIZE)), by=stranger)
    file = ProofFile(6, proof_file().hashes, str(by_stranger).encode())
    with pytest.raises(NoteUnsigned):
        file.check(leaves(SIZE)[6], policy("none"))

    changed = str(Checkpoint(ORIGIN, SIZE, bytes(32))).encode()
    below = proof_file().checkpoint.rpartition(b"\n\n")[2]
    file = ProofFile(6, proof_file().hashes, changed + b"\n" + below)
    with pytest.raises(SignatureWrong):
        file.check(leaves(SIZE)[6], policy())


GOOD = proof_file(extra=b"v1.2.1").to_bytes()
HASH = b64encode(inclusion(6, SIZE)[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"c2sp.org", b" c2sp.org"),
        (b"extra djEuMi4x\n", b"extra \n"),
        (b"extra djEuMi4x\n", b"extra djEuMi4\n"),
        (b"extra djEuMi4x\n", b"extra djEuMi4x\nextra djEuMi4x\n"),
        (b"extra djEuMi4x\nindex 6\n", b"index 6\nextra djEuMi4x\n"),
        (b"extra djEuMi4x", b"extra " + b64encode(bytes(EXTRA_BYTES_MAX + 1))),
        (b"extra djEuMi4x", "extra 业主".encode()),
        (b"index 6\n", b""),
        (b"index 6\n", b"index 06\n"),
        (b"index 6\n", b"index +6\n"),
        (b"index 6\n", b"index -0\n"),
        (b"index 6\n", b"index  6\n"),
        (b"index 6\n", b"index 6 \n"),
        (b"index 6\n", b"index 6\r\n"),
        (b"index 6\n", b"Index 6\n"),
        (b"index 6\n", "index \u0666\n".encode()),
        (b"index 6\n", b"index 11\n"),
        (b"index 6\n", b"index 9223372036854775807\n"),
        (b"index 6\n", b"index " + b"1" * 5_000 + b"\n"),
        (b"index 6\n", b"index 6\nindex 6\n"),
        (HASH, HASH[:-1]),
        (HASH, HASH + b" "),
        (HASH, b64encode(bytes(31))),
        (HASH, b64encode(bytes(33))),
        (HASH, b"\n".join([HASH] * 64)),
        (HASH + b"\n", HASH + b"\n\n"),
        (b"\n\n" + ORIGIN.encode(), b"\n" + ORIGIN.encode()),
        (b"\n\n" + ORIGIN.encode(), b"\n\n\n" + ORIGIN.encode()),
        (b"\n11\n", b"\n011\n"),
        (b"\n", b"\r\n"),
    ],
)
def test_a_malformed_proof_file_is_refused(old: bytes, new: bytes) -> None:
    assert old in GOOD
    with pytest.raises((ProofFileMalformed, NoteMalformed, CheckpointMalformed)) as refused:
        read_proof_file(GOOD.replace(old, new, 1))
    assert isinstance(refused.value, InvalidValue)


@pytest.mark.parametrize("cut", range(0, len(GOOD), 7))
def test_a_proof_file_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(InvalidValue):
        read_proof_file(GOOD[:cut])


def test_a_huge_proof_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProofFileMalformed):
        read_proof_file(GOOD + b"x" * 2_000_000)
