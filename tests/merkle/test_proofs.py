"""Inclusion and consistency proofs: others' cases, every size, and how few hashes they take."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle.proofs import (
    PROOF_HASHES_MAX,
    Node,
    NoSuchProof,
    ProofWrong,
    check_consistency,
    check_inclusion,
    consistency_ranges,
    fold,
    inclusion_ranges,
    make_proof,
    nodes_of,
)
from ledger.merkle.tree import EMPTY_ROOT, node_hash
from tests.merkle.logs import Nodes, leaves
from tests.merkle.test_tree import root_as_written

SIZE_MAX = 600
SAMPLED_SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 127, 128, 129, 255, 256, 257, 599, 600]
VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "merkle-vectors.json").read_text("utf-8")
)
# The only case of theirs that we answer otherwise: roots of 12 bytes are no SHA-256 hashes.
TWELVE_BYTES = "additional/sizes-are-equal-one-and-proof-is-empty"


def name_of(case: dict[str, Any]) -> str:
    return str(case["case"])


def hashes_of(case: dict[str, Any], *names: str) -> list[bytes]:
    return [b64decode(case[name]) for name in names]


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [b64decode(one) for one in case["proof"] or ()]


def test_there_are_196_cases() -> None:
    assert len(VECTORS["inclusion"]) + len(VECTORS["consistency"]) == 196


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=name_of)
def test_an_inclusion_proof_gives_what_others_expect(case: dict[str, Any]) -> None:
    leaf, root = hashes_of(case, "leafHash", "root")

    def check() -> None:
        check_inclusion(
            leaf=leaf,
            index=case["leafIdx"],
            size=case["treeSize"],
            proof=proof_of(case),
            root=root,
        )

    if case["wantErr"]:
        with pytest.raises(ProofWrong):
            check()
    else:
        check()


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=name_of)
def test_a_consistency_proof_gives_what_others_expect(case: dict[str, Any]) -> None:
    old_root, root = hashes_of(case, "root1", "root2")

    def check() -> None:
        check_consistency(
            old_size=case["size1"],
            old_root=old_root,
            size=case["size2"],
            root=root,
            proof=proof_of(case),
        )

    if case["wantErr"] or name_of(case) == TWELVE_BYTES:
        with pytest.raises(ProofWrong):
            check()
    else:
        check()


def test_one_case_that_others_accept_is_refused_for_its_roots_of_12_bytes() -> None:
    short = [
        (name_of(case), case["size1"], case["size2"], len(b64decode(case["root1"])))
        for case in VECTORS["consistency"]
        if not case["wantErr"] and len(b64decode(case["root1"])) != 32
    ]
    assert short == [(TWELVE_BYTES, 1, 1, 12)]


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    return Nodes(leaves(SIZE_MAX))


@pytest.fixture(scope="module")
def roots() -> list[bytes]:
    return [root_as_written(list(leaves(size))) for size in range(SIZE_MAX + 1)]


@pytest.mark.parametrize("size", SAMPLED_SIZES)
def test_every_leaf_of_a_tree_is_proved(size: int, nodes: Nodes, roots: list[bytes]) -> None:
    for index, leaf in enumerate(leaves(size)):
        proof = make_proof(inclusion_ranges(index, size), nodes)
        assert len(proof) <= (size - 1).bit_length()
        check_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=roots[size])


def test_some_leaves_of_every_tree_are_proved(nodes: Nodes, roots: list[bytes]) -> None:
    for size in range(1, SIZE_MAX + 1):
        for index in {0, size // 3, size // 2, size - 1, size * 7919 % size}:
            proof = make_proof(inclusion_ranges(index, size), nodes)
            check_inclusion(
                leaf=leaves(SIZE_MAX)[index], index=index, size=size, proof=proof, root=roots[size]
            )


def path_as_written(index: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1: PATH(m, D[n]), as it stands there."""
    if len(hashes) == 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return [*path_as_written(index, hashes[:split]), root_as_written(hashes[split:])]
    return [*path_as_written(index - split, hashes[split:]), root_as_written(hashes[:split])]


def subproof_as_written(old_size: int, hashes: list[bytes], is_old_root: bool) -> list[bytes]:
    """RFC 6962, 2.1.2: SUBPROOF(m, D[n], b), as it stands there."""
    if old_size == len(hashes):
        return [] if is_old_root else [root_as_written(hashes)]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if old_size <= split:
        return [
            *subproof_as_written(old_size, hashes[:split], is_old_root),
            root_as_written(hashes[split:]),
        ]
    return [
        *subproof_as_written(old_size - split, hashes[split:], False),
        root_as_written(hashes[:split]),
    ]


def test_proofs_are_the_ones_that_the_rfc_writes_down(nodes: Nodes) -> None:
    for size in range(1, 70):
        hashes = list(leaves(size))
        for at in range(size):
            assert make_proof(inclusion_ranges(at, size), nodes) == path_as_written(at, hashes)
            consistency = make_proof(consistency_ranges(at + 1, size), nodes)
            assert consistency == subproof_as_written(at + 1, hashes, True)


def test_every_tree_is_proved_to_begin_with_every_older_one(roots: list[bytes]) -> None:
    """All pairs up to 600: a range's root is computed once, and each proof is checked."""
    nodes = Nodes(leaves(SIZE_MAX))
    known: dict[tuple[int, int], bytes] = {}

    def root_of(one: tuple[int, int]) -> bytes:
        if one not in known:
            known[one] = fold([nodes(node) for node in nodes_of(one)])
        return known[one]

    pairs = 0
    for size in range(SIZE_MAX + 1):
        for old_size in range(size + 1):
            proof = [root_of(one) for one in consistency_ranges(old_size, size)]
            check_consistency(
                old_size=old_size,
                old_root=roots[old_size],
                size=size,
                root=roots[size],
                proof=proof,
            )
            pairs += 1
    assert pairs == 601 * 602 // 2


@given(st.integers(1, 200), st.data())
def test_a_changed_inclusion_proof_never_holds(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = make_proof(inclusion_ranges(index, size), Nodes(leaves(size)))
    root, leaf = root_as_written(list(leaves(size))), leaves(size)[index]
    other = data.draw(st.integers(0, size - 1).filter(lambda at: at != index)) if size > 1 else size
    wrong: list[dict[str, Any]] = [
        {"index": other},
        {"index": -1},
        {"leaf": sha256(b"another").digest()},
        {"leaf": root if proof else bytes(32)},
        {"root": bytes(32)},
        {"proof": [*proof, bytes(32)]},
        {"proof": [bytes(32), *proof]},
        {"proof": [*proof, root]},
        {"proof": [bytes(32)] * (PROOF_HASHES_MAX + 1)},
        {"leaf": leaf[:31]},
        {"root": root + b"\0"},
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
        wrong += [
            {"proof": proof[:-1]},
            {"proof": proof[1:]},
            {"proof": [*proof[:at], flipped, *proof[at + 1 :]]},
            {"proof": [*proof[:at], proof[at][:31], *proof[at + 1 :]]},
        ]
    good: dict[str, Any] = {
        "leaf": leaf,
        "index": index,
        "size": size,
        "proof": proof,
        "root": root,
    }
    check_inclusion(**good)
    for change in wrong:
        with pytest.raises(ProofWrong):
            check_inclusion(**good | change)


@given(st.integers(2, 200), st.data())
def test_a_changed_consistency_proof_never_holds(size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, size - 1))
    proof = make_proof(consistency_ranges(old_size, size), Nodes(leaves(size)))
    old_root = root_as_written(list(leaves(old_size)))
    root = root_as_written(list(leaves(size)))
    at = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
    wrong: list[dict[str, Any]] = [
        {"old_root": bytes(32)},
        {"root": bytes(32)},
        {"old_root": root, "root": old_root},
        {"old_size": size, "size": old_size},
        {"old_size": -1},
        {"old_size": 0},
        {"old_size": size},
        {"proof": proof[:-1]},
        {"proof": proof[1:]},
        {"proof": []},
        {"proof": [*proof, bytes(32)]},
        {"proof": [*proof[:at], flipped, *proof[at + 1 :]]},
        {"proof": [bytes(32)] * (PROOF_HASHES_MAX + 1)},
        {"old_root": old_root[:12]},
    ]
    good: dict[str, Any] = {
        "old_size": old_size,
        "old_root": old_root,
        "size": size,
        "root": root,
        "proof": proof,
    }
    check_consistency(**good)
    for change in wrong:
        with pytest.raises(ProofWrong):
            check_consistency(**good | change)


def test_a_changed_history_has_no_consistency_proof_whatever_one_takes() -> None:
    """An operator who rewrote leaf 3 tries every proof that its new tree can give."""
    rewritten = [*leaves(40)[:3], sha256(b"rewritten").digest(), *leaves(40)[4:]]
    nodes, root = Nodes(rewritten), root_as_written(rewritten)
    old_root = root_as_written(list(leaves(20)))
    for pretended in range(1, 41):
        proof = make_proof(consistency_ranges(pretended, 40), nodes)
        with pytest.raises(ProofWrong):
            check_consistency(old_size=20, old_root=old_root, size=40, root=root, proof=proof)


def test_the_empty_tree_comes_before_every_other_and_needs_no_proof(roots: list[bytes]) -> None:
    check_consistency(old_size=0, old_root=EMPTY_ROOT, size=0, root=EMPTY_ROOT, proof=[])
    check_consistency(old_size=0, old_root=EMPTY_ROOT, size=9, root=roots[9], proof=[])
    for change in ({"old_root": roots[9]}, {"proof": [bytes(32)]}):
        good: dict[str, Any] = {
            "old_size": 0,
            "old_root": EMPTY_ROOT,
            "size": 9,
            "root": roots[9],
            "proof": [],
        }
        with pytest.raises(ProofWrong):
            check_consistency(**good | change)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (4, 3)])
def test_there_is_no_proof_of_a_leaf_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(NoSuchProof):
        inclusion_ranges(index, size)
    with pytest.raises(ProofWrong):
        check_inclusion(leaf=bytes(32), index=index, size=size, proof=[], root=bytes(32))


@pytest.mark.parametrize(("old_size", "size"), [(4, 3), (-1, 3), (1, 0)])
def test_there_is_no_proof_from_a_larger_tree(old_size: int, size: int) -> None:
    with pytest.raises(NoSuchProof):
        consistency_ranges(old_size, size)


class Counting:
    """Reads made-up nodes and counts them: only how many there are is of interest."""

    def __init__(self) -> None:
        self.read_count = 0

    def __call__(self, node: Node) -> bytes:
        self.read_count += 1
        return sha256(b"%d/%d" % node).digest()


@given(
    st.integers(1, 2**40).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))
)
def test_a_proof_of_any_size_reads_few_nodes(where: tuple[int, int]) -> None:
    """At most two a level: log2(n) complete siblings, and log2(n) along the right edge."""
    at, size = where
    levels = size.bit_length()
    for ranges in (inclusion_ranges(at, size), consistency_ranges(at, size)):
        read = Counting()
        proof = make_proof(ranges, read)
        assert len(proof) <= levels + 1
        assert read.read_count <= 2 * levels


@pytest.mark.parametrize("size", [2**40, 2**40 - 1, 2**40 + 1, 2**39 + 1, 0xAA_AAAA_AAAA])
def test_a_proof_at_a_million_million_leaves_reads_at_most_80_nodes(size: int) -> None:
    for at in (0, 1, size // 2, size // 3, size - 2, size - 1):
        read = Counting()
        proof = make_proof(inclusion_ranges(at, size), read)
        assert (len(proof), read.read_count) <= (41, 82)


def test_a_fold_over_nothing_is_the_empty_root_and_over_one_is_itself() -> None:
    left, right = leaves(2)
    assert fold([]) == EMPTY_ROOT
    assert fold([left]) == left
    assert fold([left, right]) == node_hash(left, right)
