from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.errors import ReasonMissing
from ledger.organisations import (
    PARENT_KINDS,
    Kind,
    Organisation,
    Parent,
    organisation_id,
)
from ledger.organisations.rules import (
    WITHOUT_PARENT,
    BeforeEstablishment,
    CodeMalformed,
    NameMissing,
    NameUnchanged,
    ParentBelowItself,
    ParentKindWrong,
    ParentMissing,
    ParentNotThere,
    ParentUnchanged,
)
from tests.examples import by
from tests.examples.organisations import (
    COMMUNITY_ID,
    OTHER_STREET_ID,
    SINCE,
    STREET_ID,
    established,
    renamed,
    reparented,
)
from tests.given import given, replay, state_of

APRIL = date(2026, 4, 1)
BEFORE = date(2019, 12, 31)
STREET = Parent(id=STREET_ID, kind=Kind.STREET, is_there=True, above=frozenset())
OTHER_STREET = replace(STREET, id=OTHER_STREET_ID)


def establish(
    *,
    code: str = "371329001001",
    kind: Kind = Kind.COMMUNITY,
    name_zh: str = "曹村社区",
    parent: Parent | None = STREET,
) -> Organisation:
    return Organisation.establish(
        by(),
        code=code,
        kind=kind,
        name_zh=name_zh,
        name_en="Caocun Community",
        parent=parent,
        valid_from=SINCE,
    )


def move(
    community: Organisation,
    parent: Parent = OTHER_STREET,
    *,
    valid_from: date = APRIL,
    reason: str = "",
) -> None:
    community.reparent(by(reason=reason), parent=parent, valid_from=valid_from)


def rename(
    community: Organisation,
    name_zh: str = "新曹村社区",
    name_en: str = "New Caocun Community",
    *,
    valid_from: date = APRIL,
    reason: str = "",
) -> None:
    community.rename(by(reason=reason), name_zh=name_zh, name_en=name_en, valid_from=valid_from)


# Established ---------------------------------------------------------------------------


def test_an_organisation_is_established_below_its_parent() -> None:
    assert list(establish().collect_events()) == [established()]


def test_the_same_code_is_the_same_organisation() -> None:
    assert establish().id == organisation_id("371329001001") == COMMUNITY_ID


def test_a_county_and_an_outsider_need_no_parent() -> None:
    for kind in (Kind.COUNTY, Kind.OTHER):
        assert establish(kind=kind, parent=None).parent_on(APRIL) is None


@pytest.mark.parametrize("code", ["", "-1", "37 13", "社区", "a" * 65])
def test_a_code_has_its_form(code: str) -> None:
    with pytest.raises(CodeMalformed):
        establish(code=code)


def test_an_organisation_has_a_chinese_name() -> None:
    with pytest.raises(NameMissing):
        establish(name_zh=" ")


@pytest.mark.parametrize("kind", sorted(set(Kind) - WITHOUT_PARENT))
def test_all_other_kinds_stand_below_a_parent(kind: Kind) -> None:
    with pytest.raises(ParentMissing):
        establish(kind=kind, parent=None)


@pytest.mark.parametrize("parent_kind", list(Kind))
@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_stands_below_the_kinds_that_it_may(kind: Kind, parent_kind: Kind) -> None:
    parent = replace(STREET, kind=parent_kind)

    if parent_kind in PARENT_KINDS[kind]:
        assert establish(kind=kind, parent=parent).parent_on(SINCE) == STREET_ID
    else:
        with pytest.raises(ParentKindWrong) as wrong:
            establish(kind=kind, parent=parent)
        assert wrong.value.facts == {"kind": kind, "parent_kind": parent_kind}


def test_the_tree_runs_county_street_community_estate() -> None:
    chain = [Kind.COUNTY, Kind.STREET, Kind.COMMUNITY, Kind.ESTATE]

    for parent_kind, kind in pairwise(chain):
        assert PARENT_KINDS[kind] == {parent_kind}


def test_a_parent_must_exist_on_the_first_day() -> None:
    with pytest.raises(ParentNotThere):
        establish(parent=replace(STREET, is_there=False))


# Moved ---------------------------------------------------------------------------------


def test_an_organisation_moves_from_a_day_on() -> None:
    given(established()).when(move).then(reparented())


def test_the_parent_is_known_for_any_day() -> None:
    community = replay([established(), reparented()])

    assert community.parent_on(BEFORE) is None
    assert community.parent_on(SINCE) == STREET_ID
    assert community.parent_on(date(2026, 3, 31)) == STREET_ID
    assert community.parent_on(APRIL) == OTHER_STREET_ID


def test_of_two_moves_on_one_day_the_later_recorded_counts() -> None:
    third = UUID(int=3)
    community = replay([established(), reparented(2), reparented(3, parent_id=third)])

    assert community.parent_on(APRIL) == third


def test_a_move_back_in_time_needs_a_reason_and_ends_with_the_next_move() -> None:
    january = date(2025, 1, 1)
    third = UUID(int=3)
    middle = replace(STREET, id=third)

    given(established(), reparented()).when(
        lambda c: move(c, middle, valid_from=january)
    ).then_refused(ReasonMissing)
    given(established(), reparented()).when(
        lambda c: move(c, middle, valid_from=january, reason="补录区划调整")
    ).then(reparented(3, parent_id=third, valid_from=january, who=by(reason="补录区划调整")))
    community = replay(
        [established(), reparented(2), reparented(3, parent_id=third, valid_from=january)]
    )
    assert community.parents_between(SINCE, None) == (
        (STREET_ID, SINCE, january),
        (third, january, APRIL),
        (OTHER_STREET_ID, APRIL, None),
    )
    assert community.parents_between(date(2025, 5, 1), date(2026, 1, 1)) == (
        (third, date(2025, 5, 1), date(2026, 1, 1)),
    )


def test_a_move_cannot_precede_establishment() -> None:
    given(established()).when(lambda c: move(c, valid_from=BEFORE, reason="补录")).then_refused(
        BeforeEstablishment, valid_from="2020-01-01"
    )


def test_a_move_needs_a_parent_of_the_right_kind() -> None:
    county = replace(OTHER_STREET, kind=Kind.COUNTY)

    given(established()).when(lambda c: move(c, county)).then_refused(
        ParentKindWrong, kind="community", parent_kind="county"
    )


def test_a_move_needs_a_parent_that_exists_on_that_day() -> None:
    gone = replace(OTHER_STREET, is_there=False)

    given(established()).when(lambda c: move(c, gone)).then_refused(ParentNotThere, on="2026-04-01")


def test_an_organisation_cannot_stand_below_itself() -> None:
    group = established("G-1", kind=Kind.GROUP)
    group_id = organisation_id("G-1")
    itself = Parent(id=group_id, kind=Kind.GROUP, is_there=True, above=frozenset())
    below = replace(itself, id=UUID(int=9), above=frozenset({group_id, STREET_ID}))

    for parent in (itself, below):
        given(group).when(partial(move, parent=parent)).then_refused(
            ParentBelowItself, parent_id=str(parent.id)
        )


def test_a_move_goes_somewhere_else() -> None:
    given(established(), reparented()).when(move).then_refused(
        ParentUnchanged, parent_id=str(OTHER_STREET_ID)
    )


# Renamed -------------------------------------------------------------------------------


def test_an_organisation_is_renamed_from_a_day_on() -> None:
    given(established()).when(rename).then(renamed())

    community = replay([established(), renamed()])
    assert community.name_on(date(2026, 3, 31)).zh == "曹村社区"
    assert community.name_on(APRIL).zh == "新曹村社区"
    assert community.name_on(BEFORE).zh == "曹村社区"


def test_a_name_that_holds_from_a_day_gone_by_needs_a_reason() -> None:
    given(established()).when(lambda c: rename(c, valid_from=SINCE)).then_refused(ReasonMissing)


def test_a_name_needs_chinese_characters_to_be_there() -> None:
    given(established()).when(lambda c: rename(c, " ")).then_refused(
        NameMissing, code="371329001001"
    )


def test_a_new_name_differs_from_the_one_in_force() -> None:
    given(established(), renamed()).when(rename).then_refused(NameUnchanged, name_zh="新曹村社区")


def test_a_name_cannot_precede_establishment() -> None:
    given(established()).when(lambda c: rename(c, valid_from=BEFORE, reason="补录")).then_refused(
        BeforeEstablishment, valid_from="2020-01-01"
    )


# History and properties ----------------------------------------------------------------


def test_imported_history_is_marked_where_a_rule_would_refuse() -> None:
    history = replace(by(), is_history=True)
    community = replay([established()])

    community.reparent(history, parent=replace(OTHER_STREET, is_there=False), valid_from=BEFORE)

    assert community.pending_events[-1].by.breaches == (
        "before-establishment",
        "reason-missing",
        "parent-not-there",
    )
    assert community.parent_on(APRIL) == STREET_ID


days = st.dates(date(2020, 1, 1), date(2026, 12, 31))
parent_ids = st.integers(1, 5).map(lambda number: UUID(int=number))


@for_all(st.lists(st.tuples(parent_ids, days), max_size=10), days)
def test_any_moves_replay_to_the_same_tree_and_the_spans_agree_with_each_day(
    moves: list[tuple[UUID, date]], on: date
) -> None:
    community = establish()
    recorded = [(SINCE, 0, STREET_ID)]
    for parent_id, valid_from in moves:
        if community.parent_on(valid_from) != parent_id:
            move(community, replace(STREET, id=parent_id), valid_from=valid_from, reason="试验")
            recorded.append((valid_from, community.version, parent_id))
    spans = community.parents_between(SINCE, None)
    events: list[Any] = list(community.collect_events())

    assert state_of(replay(events)) == state_of(community)
    in_force = max(entry for entry in recorded if entry[0] <= on)
    assert community.parent_on(on) == in_force[2]
    covering = [p for p, start, end in spans if start <= on and (end is None or on < end)]
    assert covering == [in_force[2]]
