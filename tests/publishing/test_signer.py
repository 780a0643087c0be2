"""The stateful signer: it never contradicts what it signed, whatever happens to the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.core.errors import Conflict
from ledger.key_files import FileBusy, FileNotPrivate, PrivateFileUnreadable, locked
from ledger.merkle.checkpoints import Checkpoint, open_checkpoint
from ledger.merkle.proofs import consistency_ranges, make_proof
from ledger.merkle.tree import tree_root
from ledger.publishing.log_keys import LogKeys, new_keys
from ledger.publishing.signer import (
    LOCK_FILE,
    ClockRanBackwards,
    OriginChanged,
    Signed,
    Signer,
    TreeChanged,
    TreeShrank,
)

ORIGIN = "ledger.example.org/371329"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LEAVES = [sha256(bytes([n])).digest() for n in range(40)]


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "log")


@pytest.fixture
def keys() -> LogKeys:
    return new_keys(ORIGIN)


def checkpoint(size: int, leaves: list[bytes] = LEAVES, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, tree_root(leaves[:size]))


def proof(old: int, size: int, leaves: list[bytes] = LEAVES) -> list[bytes]:
    return make_proof(
        consistency_ranges(old, size),
        lambda node: tree_root(leaves[node[1] << node[0] : (node[1] + 1) << node[0]]),
    )


def sign(
    signer: Signer, keys: LogKeys, size: int, *, now: datetime = NOW, leaves: list[bytes] = LEAVES
) -> Signed:
    last = signer.last()
    old = last.checkpoint.size if last else 0
    return signer.sign(
        keys,
        checkpoint(size, leaves),
        after=last,
        proof=proof(old, size, leaves) if last and old <= size else [],
        now=now,
    )


def test_what_is_signed_is_on_the_disk_and_goes_on_from_there(
    signer: Signer, keys: LogKeys
) -> None:
    assert signer.last() is None
    for size in (0, 1, 7, 8, 33):
        signed = sign(signer, keys, size)
        opened = open_checkpoint(str(signed.note).encode(), keys.verifying())
        assert opened.checkpoint == checkpoint(size)
        assert Signer(signer.folder).last() == signed
    assert signer.path.stat().st_mode & 0o777 == 0o600


def test_the_same_tree_again_gives_the_same_note(signer: Signer, keys: LogKeys) -> None:
    first = sign(signer, keys, 9)
    again = sign(signer, keys, 9, now=NOW + timedelta(hours=1))
    assert again.note == first.note
    rotated = sign(signer, keys.rotated(until=NOW + timedelta(days=1)), 9)
    assert len(rotated.note.lines) == 2


def test_a_smaller_tree_another_tree_and_another_origin_are_refused(
    signer: Signer, keys: LogKeys
) -> None:
    last = sign(signer, keys, 9)
    other = [*LEAVES[:3], LEAVES[-1], *LEAVES[4:]]
    with pytest.raises(TreeShrank):
        sign(signer, keys, 8)
    for size in (9, 12):
        with pytest.raises(TreeChanged):
            sign(signer, keys, size, leaves=other)
    with pytest.raises(TreeChanged):  # a right tree with a wrong proof
        signer.sign(keys, checkpoint(12), after=last, proof=proof(8, 12), now=NOW)
    with pytest.raises(OriginChanged):
        signer.sign(
            keys, checkpoint(12, origin=f"{ORIGIN}-2"), after=last, proof=proof(9, 12), now=NOW
        )
    assert signer.last() == last


def test_a_clock_that_ran_backwards_is_refused_until_somebody_answers_for_it(
    signer: Signer, keys: LogKeys
) -> None:
    ahead = NOW + timedelta(days=365)
    last = sign(signer, keys, 9, now=ahead)
    with pytest.raises(ClockRanBackwards):
        sign(signer, keys, 10)
    assert signer.last() == last
    slightly = sign(signer, keys, 10, now=ahead - timedelta(seconds=2))
    assert slightly.signed_at == ahead  # a step of the clock, not a lie
    assert signer.put_clock_right(NOW) == slightly
    assert sign(signer, keys, 11).signed_at == NOW
    assert signer.put_clock_right(NOW) is None


def test_two_cannot_sign_side_by_side(signer: Signer, keys: LogKeys) -> None:
    first = sign(signer, keys, 9)
    sign(signer, keys, 10)
    with pytest.raises(Conflict):  # decided on what is no longer the last signature
        signer.sign(keys, checkpoint(12), after=first, proof=proof(9, 12), now=NOW)
    with locked(signer.folder / LOCK_FILE), pytest.raises(FileBusy):
        sign(signer, keys, 12)


def test_what_another_machine_signed_is_taken_over_only_if_it_continues(
    signer: Signer, keys: LogKeys
) -> None:
    last = sign(signer, keys, 9)
    theirs = Signed(keys.sign(str(checkpoint(12)), NOW), checkpoint(12), NOW)
    with pytest.raises(TreeChanged):
        signer.adopt(theirs, after=last, proof=proof(8, 12))
    signer.adopt(theirs, after=last, proof=proof(9, 12))
    assert signer.last() == theirs
    with pytest.raises(TreeShrank):
        signer.adopt(last, after=theirs, proof=[])


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"note": "x", "signed_at": "2026-03-02T01:00:00Z"}', "null"]
)
def test_a_broken_state_is_no_reason_to_start_over(
    signer: Signer, keys: LogKeys, text: str
) -> None:
    sign(signer, keys, 9)
    signer.path.write_text(text)
    with pytest.raises(PrivateFileUnreadable):
        sign(signer, keys, 10)
    signer.path.chmod(0o666)
    with pytest.raises(FileNotPrivate):
        signer.last()
