"""Hostile bytes: refused in our own words, never a crash, and never taken for the real thing.

Each test draws mutations of valid bytes and bytes that were never valid. Whatever is accepted
must say exactly what the valid bytes say: the signatures and hashes leave no other way.
"""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import open_checkpoint, read_checkpoint
from ledger.merkle.keys import KeyWrong, SigningKey, VerifyingKey
from ledger.merkle.notes import NoteMalformed, open_note, read_note, read_signature_lines
from ledger.merkle.policies import PolicyMalformed, parse_policy
from ledger.merkle.proof_files import ProofFile, read_proof_file
from ledger.merkle.proofs import (
    ProofWrong,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    make_proof,
)
from ledger.merkle.slices import NoSuchSlice, SliceRoot, SliceWrong, left_nodes, right_nodes
from ledger.merkle.tiles import (
    Place,
    TilePathWrong,
    TileWrong,
    node_in,
    pack_entries,
    parse_tile_path,
    split_hashes,
    unpack_entries,
)
from ledger.merkle.tree import leaf_hash, tree_root
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
from tests.merkle.mutations import hostile
from tests.profiles import count_of

SIZE = 11
TEXT = str(checkpoint(SIZE))
NOTE = str(signed(TEXT, witnesses=WITNESS_KEYS)).encode()
LOG = LOG_KEY.verifying
WITNESSES = [one.verifying for one in WITNESS_KEYS]
POLICY_TEXT = (
    f"# 谁可信\nlog {LOG} https://ledger.example.org/log\n"
    + "".join(f"witness w{i} {key}\n" for i, key in enumerate(WITNESSES))
    + "group two 2 w0 w1 w2\nquorum two\n"
).encode()
POLICY = parse_policy(POLICY_TEXT)
PROOF_FILE = ProofFile(6, tuple(inclusion(6, SIZE)), NOTE, b"extra").to_bytes()
TILE = b"".join(leaves(SIZE))
BUNDLE = pack_entries(entries(SIZE))

fuzzed = settings(
    max_examples=count_of("examples of each fuzzed format"),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@fuzzed
@given(hostile(NOTE))
def test_a_note_says_what_its_signers_signed_or_is_refused(data: bytes) -> None:
    try:
        note, signatures = open_note(data, [LOG, *WITNESSES])
    except InvalidValue:
        return
    assert note.text == TEXT
    assert signatures
    assert {one.key for one in signatures} <= {LOG, *WITNESSES}
    assert str(read_note(data)).encode() == data  # what is read has one form


@fuzzed
@given(hostile(NOTE))
def test_a_checkpoint_is_the_log_s_or_is_refused(data: bytes) -> None:
    try:
        opened = open_checkpoint(data, [LOG], WITNESSES)
    except InvalidValue:
        return
    assert opened.checkpoint == checkpoint(SIZE)
    assert opened.signatures[0].key == LOG


@fuzzed
@given(hostile(TEXT.encode()).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_the_text_of_a_checkpoint_has_one_form(text: str) -> None:
    try:
        read = read_checkpoint(text)
    except InvalidValue:
        return
    assert str(read) == text
    assert text.encode()


@fuzzed
@given(hostile(NOTE.rpartition(b"\n\n")[2]))
def test_the_answer_of_a_witness_has_one_form(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    try:
        lines = read_signature_lines(text)
    except NoteMalformed:
        return
    assert "".join(map(str, lines)) == text


@fuzzed
@given(hostile(str(LOG).encode()) | hostile(LOG_KEY.to_text().encode()))
def test_a_key_has_one_form(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    with contextlib.suppress(KeyWrong):
        assert str(VerifyingKey.of_text(text)) == text
    try:
        assert SigningKey.of_text(text).to_text() == text
    except KeyWrong as refused:
        assert LOG_KEY.to_text().rpartition("+")[2] not in str(refused)


@fuzzed
@given(hostile(POLICY_TEXT))
def test_a_policy_is_read_strictly_and_written_as_it_reads(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except PolicyMalformed:
        return
    assert parse_policy(policy.to_bytes()) == policy
    assert {log.key for log in policy.logs} <= {LOG}  # no mutation makes up a key with its id
    assert {one.key for one in policy.witnesses} <= set(WITNESSES)
    assert policy.is_met([]) == (policy.quorum == b"none")
    signatures = read_note(NOTE).signatures_by(WITNESSES)
    assert policy.is_met(signatures) == (policy.missing(signatures) == [])


@fuzzed
@given(hostile(PROOF_FILE))
def test_a_proof_file_proves_what_it_proved_or_is_refused(data: bytes) -> None:
    try:
        read = read_proof_file(data)
        opened = read.check_entry(entries(SIZE)[6], POLICY)
    except InvalidValue:
        return
    assert (read.index, read.hashes) == (6, tuple(inclusion(6, SIZE)))
    assert opened.checkpoint == checkpoint(SIZE)
    assert read.to_bytes() == data


@fuzzed
@given(hostile(entries(SIZE)[6]))
def test_a_proof_file_proves_no_other_entry(entry: bytes) -> None:
    try:
        read_proof_file(PROOF_FILE).check_entry(entry, POLICY)
    except ProofWrong:
        assert entry != entries(SIZE)[6]
    else:
        assert entry == entries(SIZE)[6]


def cut_up(data: bytes) -> list[bytes]:
    return [data[at : at + 32] for at in range(0, len(data), 32)]


@fuzzed
@given(
    hostile(b"".join(inclusion(6, SIZE))).map(cut_up),
    st.just(6) | st.integers(-2, 20) | st.integers(),
    st.just(SIZE) | st.integers(-2, 20) | st.integers(),
)
def test_an_inclusion_proof_holds_for_one_leaf_alone(
    proof: list[bytes], index: int, size: int
) -> None:
    """At another size the same hashes may do: the size is what the signature binds, not these."""
    root = checkpoint(SIZE).root
    try:
        check_inclusion(leaf=leaves(SIZE)[6], index=index, size=size, proof=proof, root=root)
    except ProofWrong:
        return
    assert proof == inclusion(6, SIZE)
    assert size != SIZE or index == 6


CONSISTENCY = make_proof(consistency_ranges(6, SIZE), Nodes(leaves(SIZE)))


@fuzzed
@given(
    hostile(b"".join(CONSISTENCY)).map(cut_up),
    st.sampled_from([checkpoint(size).root for size in (5, 6, 7, SIZE)] + [bytes(32), b""]),
)
def test_a_consistency_proof_holds_for_one_old_root_alone(
    proof: list[bytes], old_root: bytes
) -> None:
    try:
        check_consistency(
            old_size=6, old_root=old_root, size=SIZE, root=checkpoint(SIZE).root, proof=proof
        )
    except ProofWrong:
        return
    assert (proof, old_root) == (CONSISTENCY, checkpoint(6).root)


@fuzzed
@given(hostile(TILE))
def test_a_tile_of_other_bytes_has_another_root_or_none(data: bytes) -> None:
    for place in (Place(0, 0, 0, 8), Place(0, 0, 8, 2), Place(0, 0, 10, 1)):
        try:
            node = node_in(data, place)
        except TileWrong:
            continue
        first, end = place.offset * 32, (place.offset + place.count) * 32
        is_same = data[first:end] == TILE[first:end]
        assert (node == node_in(TILE, place)) == is_same
    try:
        assert b"".join(split_hashes(data)) == data
    except TileWrong:
        assert len(data) % 32


@fuzzed
@given(hostile(BUNDLE), st.just(SIZE) | st.integers(0, 257))
def test_a_bundle_has_one_form_and_its_entries_hash_to_the_tile(data: bytes, width: int) -> None:
    try:
        unpacked = unpack_entries(data, width)
    except TileWrong:
        return
    assert len(unpacked) == width
    assert pack_entries(unpacked) == data
    if width == SIZE:
        is_same = b"".join(map(leaf_hash, unpacked)) == TILE
        assert is_same == (data == BUNDLE)


@fuzzed
@given(hostile(b"tile/0/x001/x234/067.p/8") | hostile(b"tile/entries/067"))
def test_a_tile_has_one_address(data: bytes) -> None:
    path = data.decode("utf-8", "surrogateescape")
    try:
        tile = parse_tile_path(path)
    except TilePathWrong:
        return
    assert tile.path == path
    assert 0 < tile.width <= 256
    assert 0 <= tile.first_leaf < 2**63


FIRST, END = 3, 8
_nodes = Nodes(leaves(SIZE))
LEFT = b"".join(map(_nodes, left_nodes(FIRST)))
RIGHT = b"".join(map(_nodes, right_nodes(END, SIZE)))
INSIDE = b"".join(leaves(SIZE)[FIRST:END])


@fuzzed
@given(
    st.just(LEFT) | hostile(LEFT),
    st.just(INSIDE) | hostile(INSIDE),
    st.just(RIGHT) | hostile(RIGHT),
)
def test_a_slice_is_whole_and_unchanged_or_is_refused(
    left: bytes, inside: bytes, right: bytes
) -> None:
    try:
        computed = SliceRoot(FIRST, cut_up(left))
        for leaf in cut_up(inside):
            computed.add(leaf)
        root = computed.finish(SIZE, cut_up(right))
    except (SliceWrong, NoSuchSlice):
        assert (left, inside, right) != (LEFT, INSIDE, RIGHT)
        return
    is_same = (left, inside, right) == (LEFT, INSIDE, RIGHT)
    assert (root == checkpoint(SIZE).root) == is_same


def test_what_is_mutated_above_is_valid() -> None:
    assert open_checkpoint(NOTE, [LOG], WITNESSES).checkpoint == checkpoint(SIZE)
    assert read_proof_file(PROOF_FILE).check_entry(entries(SIZE)[6], POLICY)
    assert unpack_entries(BUNDLE, SIZE) == entries(SIZE)
    assert tree_root(split_hashes(TILE)) == checkpoint(SIZE).root
    assert ORIGIN in TEXT
