"""The history of the sealing keys: each change is told once."""

from __future__ import annotations

from ledger.sealing_history import SealingHistory
from tests.examples import AT, by
from tests.examples import sealing_history as example
from tests.given import given, replay

SYSTEM = by(role="system")
KEK, INDEX_KEY = example.kek_rotated(), example.index_key_rotated(version=2)


def rotate_kek(history: SealingHistory) -> None:
    history.rotate_kek(SYSTEM, kek=KEK.kek, slots_count=KEK.slots_count)


def rotate_index_key(history: SealingHistory) -> None:
    history.rotate_index_key(SYSTEM, index_key=INDEX_KEY.index_key, values_count=900)


def move(history: SealingHistory) -> None:
    history.move_keys(SYSTEM, slots_count=1200, moved_at=AT)


def test_a_move_is_told_once() -> None:
    moved = example.keys_moved(version=2)
    given(example.begun()).when(move).then(moved)
    given(example.begun(), moved).when(move).then()


def test_a_change_of_either_key_is_told_once() -> None:
    given(example.begun()).when(rotate_kek).then(KEK)
    given(example.begun(), KEK).when(rotate_kek).then()
    given(example.begun()).when(rotate_index_key).then(INDEX_KEY)
    given(example.begun(), INDEX_KEY).when(rotate_index_key).then()
    history = replay([example.begun(), KEK, example.index_key_rotated()])
    assert (history.kek, history.index_key) == (KEK.kek, INDEX_KEY.index_key)
