"""Taking steps back: the record is as if they had not happened, and each part of it by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from ledger.core import aggregate as core
from ledger.core import reversing
from ledger.core.aggregate import By
from ledger.core.errors import (
    ReasonMissing,
    StepAlreadyReversed,
    StepsRestOnIt,
    StepStands,
    StepUnknown,
)
from tests.given import replay, state_of

BY = By(actor_id=uuid4(), at=datetime(2026, 3, 2, 1, tzinfo=UTC), role="street", reason="误录")
ONE, OTHER = uuid4(), uuid4()


class Box(reversing.Reversible):
    TOPIC = "test_box"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        pass

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        TOPIC = "test_box.opened.v1"

    @dataclass(frozen=True, kw_only=True)
    class Filled(Event):
        TOPIC = "test_box.filled.v1"
        ABOUT = ("part_id",)

        part_id: UUID
        amount_fen: int

        def apply(self, box: Box) -> None:
            box.held[self.part_id] = box.held.get(self.part_id, 0) + self.amount_fen

    @dataclass(frozen=True, kw_only=True)
    class Noted(Event):
        TOPIC = "test_box.noted.v1"
        RESTS_ON_NOTHING = True

    @dataclass(frozen=True, kw_only=True)
    class Shut(Event):
        TOPIC = "test_box.shut.v1"

        def apply(self, box: Box) -> None:
            box.is_shut = True

    @dataclass(frozen=True, kw_only=True)
    class Paid(Event):
        TOPIC = "test_box.paid.v1"
        STANDS: ClassVar[str] = "reverse-payment"

    @dataclass(frozen=True, kw_only=True)
    class StepReversed(Event, reversing.StepReversed):
        TOPIC = "test_box.step_reversed.v1"

    def __init__(self) -> None:
        self.held: dict[UUID, int] = {}
        self.is_shut = False

    def do(self, event_type: type[core.Event], by: By = BY, **fields: object) -> int:
        self._record(event_type, by, **fields)
        return self.version


def a_box() -> Box:
    return Box._begin(Box.Opened, BY)


def test_a_step_taken_back_has_not_happened() -> None:
    box = a_box()
    box.do(Box.Filled, part_id=ONE, amount_fen=5)
    wrong = box.do(Box.Filled, part_id=OTHER, amount_fen=7)
    step = box.take_back(BY, version=wrong)
    assert isinstance(step, Box.Filled)
    assert box.held == {ONE: 5}
    assert box.version == 4
    box.do(Box.Filled, part_id=OTHER, amount_fen=6)
    assert box.held == {ONE: 5, OTHER: 6}


def test_replay_equals_live() -> None:
    box = a_box()
    first = box.do(Box.Filled, part_id=ONE, amount_fen=5)
    box.do(Box.Filled, part_id=OTHER, amount_fen=7)
    box.take_back(BY, version=first)
    box.do(Box.Shut)
    assert state_of(replay(box.steps)) == state_of(box)


def test_what_rests_on_it_goes_first_by_name() -> None:
    box = a_box()
    first = box.do(Box.Filled, part_id=ONE, amount_fen=5)
    box.do(Box.Filled, part_id=OTHER, amount_fen=7)
    shut = box.do(Box.Shut)
    with pytest.raises(StepsRestOnIt) as caught:
        box.take_back(BY, version=first)
    assert caught.value.facts["first_reverse"] == f"{shut} test_box.shut.v1"
    box.take_back(BY, version=shut)
    box.take_back(BY, version=first)
    assert (box.held, box.is_shut) == ({OTHER: 7}, False)


def test_what_time_did_goes_along() -> None:
    box = a_box()
    first = box.do(Box.Filled, part_id=ONE, amount_fen=5)
    missed = box.do(Box.Shut, by=replace(BY, role=reversing.REACTION))
    box.take_back(BY, version=first)
    assert box.versions_reversed() == {first, missed}
    assert not box.is_shut


def test_a_note_holds_nothing_up() -> None:
    box = a_box()
    first = box.do(Box.Filled, part_id=ONE, amount_fen=5)
    note = box.do(Box.Noted)
    box.take_back(BY, version=first)
    box.take_back(BY, version=note)
    assert box.held == {}


def test_each_refusal() -> None:
    box = a_box()
    first = box.do(Box.Filled, part_id=ONE, amount_fen=5)
    paid = box.do(Box.Paid, by=replace(BY, role=reversing.REACTION))
    with pytest.raises(ReasonMissing):
        box.take_back(replace(BY, reason=" "), version=first)
    with pytest.raises(StepUnknown):
        box.take_back(BY, version=99)
    with pytest.raises(StepStands) as stands:
        box.take_back(BY, version=paid)
    assert stands.value.facts["instead"] == "reverse-payment"
    with pytest.raises(StepStands):
        box.take_back(BY, version=1)
    box.take_back(BY, version=first)
    with pytest.raises(StepAlreadyReversed):
        box.take_back(BY, version=first)
    with pytest.raises(StepStands):
        box.take_back(BY, version=box.version)
