"""The log's own history: keys follow one another, a loss ends a name, reasons are asked for."""

from __future__ import annotations

from datetime import timedelta

from ledger.core.aggregate import By
from ledger.core.errors import ReasonMissing
from ledger.log_history import KeyNotSucceeding, LogGoesOnUnderItsName, LogHistory, PublicKey
from ledger.merkle.tree import EMPTY_ROOT
from tests.examples import AT, by
from tests.examples import log_history as example
from tests.given import given, replay

UNTIL = AT + timedelta(days=30)
SYSTEM = by(role="system")


def rotate(history: LogHistory, who: By) -> None:
    history.rotate_key(
        who,
        vkey=example.SECOND_VKEY,
        former_vkey=example.FIRST_VKEY,
        former_until_at=UNTIL,
    )


def lose(history: LogHistory, who: By, *, origin: str = example.NEW_ORIGIN) -> None:
    history.acknowledge_loss(
        who,
        former_origin=example.ORIGIN,
        former_checkpoint=example.CHECKPOINT,
        kept_size=91_000,
        kept_root=EMPTY_ROOT,
        origin=origin,
        vkey=example.NEW_VKEY,
    )


WITH_KEY = (example.begun(), example.key_introduced())


def test_a_log_introduces_its_first_key_once() -> None:
    def introduce(history: LogHistory) -> None:
        history.introduce_key(SYSTEM, origin=example.ORIGIN, vkey=example.FIRST_VKEY)

    given(example.begun()).when(introduce).then(example.key_introduced())
    given(*WITH_KEY).when(introduce).then_refused(
        KeyNotSucceeding, vkey=example.FIRST_VKEY, current=example.FIRST_VKEY
    )


def test_a_new_key_names_the_one_it_replaces() -> None:
    given(*WITH_KEY).when(lambda history: rotate(history, SYSTEM)).then(example.key_rotated())
    given(*WITH_KEY, example.key_rotated()).when(
        lambda history: rotate(history, SYSTEM)
    ).then_refused(KeyNotSucceeding, vkey=example.SECOND_VKEY, current=example.SECOND_VKEY)
    given(example.begun()).when(lambda history: rotate(history, SYSTEM)).then_refused(
        KeyNotSucceeding, vkey=example.SECOND_VKEY, current=""
    )


def test_a_loss_is_admitted_with_a_reason_and_ends_the_name() -> None:
    known = (*WITH_KEY, example.key_rotated())
    admitted = example.loss_acknowledged()
    given(*known).when(lambda history: lose(history, admitted.by)).then(admitted)
    given(*known).when(lambda history: lose(history, SYSTEM)).then_refused(ReasonMissing)
    given(*known).when(
        lambda history: lose(history, admitted.by, origin=example.ORIGIN)
    ).then_refused(LogGoesOnUnderItsName, origin=example.ORIGIN)
    given(example.begun()).when(lambda history: lose(history, admitted.by)).then(
        example.loss_acknowledged(version=2)
    )


def test_a_clock_is_put_right_with_a_reason() -> None:
    said = example.clock_put_right(version=3)
    given(*WITH_KEY).when(
        lambda history: history.put_clock_right(said.by, signed_at=said.signed_at)
    ).then(said)
    given(*WITH_KEY).when(
        lambda history: history.put_clock_right(SYSTEM, signed_at=said.signed_at)
    ).then_refused(ReasonMissing)


def test_a_stop_and_a_lost_memory_are_answered_for_with_a_reason() -> None:
    stopped, replaced = example.stop_answered(version=3), example.signer_memory_replaced(version=3)

    def answer(history: LogHistory, by: By) -> None:
        root = bytes.fromhex(stopped.root_sha256)
        history.answer_stop(by, why="LogTorn", size=stopped.size, root=root, mended=["head"])

    def replace(history: LogHistory, by: By) -> None:
        history.replace_signer_memory(by, checkpoint=replaced.checkpoint)

    given(*WITH_KEY).when(lambda history: answer(history, stopped.by)).then(stopped)
    given(*WITH_KEY).when(lambda history: answer(history, SYSTEM)).then_refused(ReasonMissing)
    given(*WITH_KEY).when(lambda history: replace(history, replaced.by)).then(replaced)
    given(*WITH_KEY).when(lambda history: replace(history, SYSTEM)).then_refused(ReasonMissing)
    assert replay([*WITH_KEY, stopped]).answered_at == AT


def test_a_key_of_the_service_that_none_before_speaks_for_needs_a_reason() -> None:
    first = example.service_key_named(version=3)

    def name(history: LogHistory, key_check: str, by_former: str = "") -> None:
        history.name_service_key(SYSTEM, key_check=key_check, by_former=by_former)

    named = (*WITH_KEY, first)
    given(*named).when(lambda history: name(history, "ff")).then_refused(ReasonMissing)
    assert replay(named).service_key_check == first.key_check


def test_all_public_keys_stay_listed_with_the_moment_at_which_they_end() -> None:
    assert replay(example.EXAMPLES).keys == [
        PublicKey(example.FIRST_VKEY, example.ORIGIN, UNTIL),
        PublicKey(example.SECOND_VKEY, example.ORIGIN, AT),
        PublicKey(example.NEW_VKEY, example.NEW_ORIGIN),
    ]
    assert replay([example.begun()]).current is None
