"""Hostile files before the single-file verifier: it says no, or it says what is true.

It was written apart from ``ledger.merkle``; where both read the same bytes, they must agree.
"""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.entry import stamp
from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import Checkpoint, open_checkpoint
from ledger.merkle.notes import Signature, read_note
from ledger.merkle.policies import PolicyMalformed, parse_policy
from ledger.merkle.proof_files import ProofFile
from ledger.merkle.proofs import inclusion_ranges, make_proof
from ledger.merkle.slices import left_nodes, right_nodes
from ledger.merkle.tiles import pack_entries
from ledger.merkle.tree import leaf_hash, tree_root
from scripts import verify_ledger
from scripts.verify_ledger import UNSOUND
from tests.bundles.repacking import entries_of, members, with_json
from tests.examples import AT
from tests.merkle.logs import LOG_KEY, ORIGIN, WITNESS_KEYS, Nodes, signed
from tests.merkle.mutations import hostile, mutated
from tests.profiles import count_of

FIRST, END, SIZE, PROVED = 3, 8, 11, 6


def entry(number: int) -> bytes:
    """A small entry that the verifier has nothing to object to."""
    at = stamp(AT.replace(second=number))
    header = {
        "actor": "00000000-0000-0000-0000-000000000001",
        "id": f"01900000-0000-7000-8000-{number:012}",
        "nonce": "AAECAwQFBgcICQoLDA0ODw==",
        "occurred_at": at,
        "origin": ORIGIN,
        "recorded_at": at,
        "stream": f"00000000-0000-0000-0000-{number:012}",
        "topic": "test.made.v1",
        "v": 1,
        "version": 1,
    }
    return json.dumps(header, separators=(",", ":")).encode() + b"\n{}"


ENTRIES = [entry(number) for number in range(SIZE)]
LEAVES = [leaf_hash(one) for one in ENTRIES]
NODES = Nodes(LEAVES)
CHECKPOINT = Checkpoint(ORIGIN, SIZE, tree_root(LEAVES))
NOTE = str(signed(str(CHECKPOINT), witnesses=WITNESS_KEYS[:2])).encode()
WITNESSES = [one.verifying for one in WITNESS_KEYS]
POLICY = (
    f"# 谁可信\nlog {LOG_KEY.verifying} https://ledger.example.org/log\n"
    + "".join(f"witness w{i} {one}\n" for i, one in enumerate(WITNESSES))
    + "group two 2 w0 w1 w2\nquorum two\n"
).encode()
THEIR_POLICY = verify_ledger.read_policy(POLICY)
PROOF = ProofFile(PROVED, tuple(make_proof(inclusion_ranges(PROVED, SIZE), NODES)), NOTE)


def encoded(hashes: Iterator[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]


MANIFEST = json.dumps(
    {
        "format": "minzhang-audit-bundle",
        "version": 1,
        "origin": ORIGIN,
        "start": FIRST,
        "end": END,
        "size": SIZE,
        "left": encoded(map(NODES, left_nodes(FIRST))),
        "right": encoded(map(NODES, right_nodes(END, SIZE))),
        "consistency": [],
        "time_stamps": [],
    }
).encode()
TRUSTED = ("--log-key", str(LOG_KEY.verifying))
FILES = {
    "manifest.json": MANIFEST,
    "checkpoint": NOTE,
    "entries": pack_entries(ENTRIES[FIRST:END]),
}


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the files of each example are; the next one replaces them."""
    return tmp_path_factory.mktemp("hostile")


def run(*words: str | Path) -> int:
    """Run the verifier; whatever it is given it returns a status and has something to say."""
    said, complained = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(complained):
        status = verify_ledger.main([str(word) for word in words])
    assert status in {0, 1, 2, 3}
    assert said.getvalue() or complained.getvalue()
    assert "Traceback" not in complained.getvalue()
    return status


def fuzzed(what: str) -> settings:
    return settings(
        max_examples=count_of(what),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


by_format = fuzzed("examples of each fuzzed format")
by_file = fuzzed("hostile files for the single-file verifier, of each kind")


@by_format
@given(hostile(NOTE))
def test_both_readers_of_checkpoints_agree(data: bytes) -> None:
    try:
        theirs = verify_ledger.signed_checkpoint(data, THEIR_POLICY)[0]
    except UNSOUND:
        theirs = None
    try:
        ours = open_checkpoint(data, [LOG_KEY.verifying], WITNESSES).checkpoint
    except InvalidValue:
        ours = None
    assert (theirs is None) == (ours is None)
    assert theirs is None or tuple(theirs) == (ORIGIN, SIZE, CHECKPOINT.root)


@by_format
@given(hostile(POLICY), st.sets(st.integers(0, 2)))
def test_what_the_single_file_takes_for_a_policy_is_one_and_means_the_same(
    data: bytes, signers: set[int]
) -> None:
    """It may refuse more: a policy without logs, or what is not UTF-8."""
    try:
        theirs = verify_ledger.read_policy(data)
    except UNSOUND:
        return
    try:
        ours = parse_policy(data)
    except PolicyMalformed as refused:
        raise AssertionError(f"only the single file accepts this: {data!r}") from refused
    assert [key.public for key in theirs.logs] == [log.key.public for log in ours.logs]
    lines = read_note(NOTE).lines
    keys = [WITNESSES[number] for number in signers]
    is_met = ours.is_met([Signature(key, lines[0]) for key in keys])
    signed_by = {
        key
        for key in theirs.witnesses.values()
        if key.public in {one.public for one in keys} and key.name in {one.name for one in keys}
    }
    if theirs.quorum != "none":
        assert theirs.is_met(theirs.quorum, signed_by) == is_met
    else:
        assert is_met


@by_file
@given(st.just(PROOF.to_bytes()) | hostile(PROOF.to_bytes()), hostile(ENTRIES[PROVED]))
def test_a_hostile_proof_or_entry_is_not_verified(folder: Path, proof: bytes, other: bytes) -> None:
    for name, entry in (("same", ENTRIES[PROVED]), ("other", other)):
        (folder / "proof").write_bytes(proof)
        (folder / name).write_bytes(entry)
        words = ("--proof", folder / "proof", "--entry", folder / name)
        status = run(*words, *TRUSTED)
        if entry != ENTRIES[PROVED]:
            assert status != 0
        elif proof == PROOF.to_bytes():
            assert status == 0
        elif status == 0:  # only what nobody signed may differ
            head = proof.partition(b"\n\n")[0].split(b"\n")
            assert [line for line in head if not line.startswith(b"extra ")] == (
                PROOF.to_bytes().partition(b"\n\n")[0].split(b"\n")
            )


@by_file
@given(mutated(zipped(FILES)) | st.binary(max_size=300))
def test_a_hostile_archive_is_not_verified(folder: Path, data: bytes) -> None:
    (folder / "bundle.zip").write_bytes(data)
    if run(folder / "bundle.zip", *TRUSTED, "--json") == 0:
        found = members(folder / "bundle.zip")
        assert entries_of(found["entries"]) == ENTRIES[FIRST:END]


@by_file
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_hostile_file_in_an_archive_is_not_verified(
    folder: Path, name: str, data: st.DataObject
) -> None:
    changed = data.draw(mutated(FILES[name]))
    (folder / "bundle.zip").write_bytes(zipped(FILES | {name: changed}))
    status = run(folder / "bundle.zip", *TRUSTED)
    if name == "entries":
        assert (status == 0) == (changed == FILES[name])
    elif status == 0 and name == "manifest.json":
        ignored: dict[str, object] = {"consistency": [], "time_stamps": []}
        assert json.loads(changed) | ignored == json.loads(MANIFEST) | ignored


SITE = {
    "checkpoint": NOTE,
    f"tile/0/000.p/{SIZE}": b"".join(LEAVES),
    f"tile/entries/000.p/{SIZE}": pack_entries(ENTRIES),
}


@by_file
@given(st.sampled_from(sorted(SITE)), st.data())
def test_a_hostile_file_of_a_static_log_is_not_verified(
    folder: Path, name: str, data: st.DataObject
) -> None:
    changed = data.draw(mutated(SITE[name]))
    for path, content in (SITE | {name: changed}).items():
        (folder / "site" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "site" / path).write_bytes(content)
    status = run(folder / "site", *TRUSTED)
    assert changed != SITE[name] or status == 0
    if status == 0 and name != "checkpoint":
        assert changed == SITE[name]


def test_what_is_mutated_above_is_verified(folder: Path) -> None:
    (folder / "bundle.zip").write_bytes(zipped(FILES))
    assert run(folder / "bundle.zip", *TRUSTED) == 0
    files = FILES | {"manifest.json": with_json(size=SIZE + 1)(MANIFEST)}
    (folder / "bundle.zip").write_bytes(zipped(files))
    assert run(folder / "bundle.zip", *TRUSTED) == 1
