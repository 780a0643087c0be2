from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.core.errors import ReasonMissing
from ledger.organisations import (
    Kind,
    Organisation,
    Parent,
    Tenure,
)
from ledger.organisations.rules import (
    BeforeEstablishment,
    OrganisationDissolved,
    PostEndsThatDay,
    PostHeldAlready,
    PostNotHeld,
    PostsStillHeld,
    PostTaken,
    TermEndsTooSoon,
)
from tests.examples import by
from tests.examples.organisations import (
    OTHER_PERSON_ID,
    OTHER_STREET_ID,
    PERSON_ID,
    SINCE,
    dissolved,
    established,
    post_filled,
    post_vacated,
)
from tests.given import given, replay, state_of

APRIL = date(2026, 4, 1)
BEFORE = date(2019, 12, 31)
STREET = Parent(id=OTHER_STREET_ID, kind=Kind.STREET, is_there=True, above=frozenset())


def fill(
    community: Organisation,
    *,
    person_id: UUID = PERSON_ID,
    from_on: date = date(2022, 1, 1),
    until_on: date | None = date(2026, 12, 31),
    is_single: bool = True,
) -> None:
    tenure = Tenure(
        person_id=person_id,
        post="secretary",
        from_on=from_on,
        until_on=until_on,
        term="2022-2026",
    )
    community.fill_post(by(), tenure, is_single=is_single)


def vacate(
    community: Organisation, *, until_on: date = date(2026, 3, 31), reason: str = "调任"
) -> None:
    community.vacate_post(
        by(reason=reason), person_id=PERSON_ID, post="secretary", until_on=until_on
    )


# Posts ---------------------------------------------------------------------------------


def test_a_person_holds_a_post_from_the_first_to_the_last_day() -> None:
    given(established()).when(fill).then(post_filled())

    community = replay([established(), post_filled()])
    assert not community.holds_post(PERSON_ID, "secretary", date(2021, 12, 31))
    assert community.holds_post(PERSON_ID, "secretary", date(2022, 1, 1))
    assert community.holds_post(PERSON_ID, "secretary", date(2026, 12, 31))
    assert not community.holds_post(PERSON_ID, "secretary", date(2027, 1, 1))
    assert not community.holds_post(PERSON_ID, "director", date(2024, 1, 1))
    assert not community.holds_post(OTHER_PERSON_ID, "secretary", date(2024, 1, 1))


@pytest.mark.parametrize("until_on", [date(2022, 1, 1), date(2021, 12, 31)])
def test_a_term_ends_after_it_starts(until_on: date) -> None:
    given(established()).when(lambda c: fill(c, until_on=until_on)).then_refused(
        TermEndsTooSoon, from_on="2022-01-01", until_on=until_on.isoformat()
    )


def test_a_term_cannot_start_before_the_organisation() -> None:
    given(established()).when(lambda c: fill(c, from_on=BEFORE)).then_refused(
        BeforeEstablishment, valid_from="2020-01-01"
    )


@pytest.mark.parametrize(
    ("from_on", "until_on"),
    [
        (date(2026, 12, 31), None),
        (date(2020, 1, 1), date(2022, 1, 1)),
        (date(2023, 1, 1), date(2024, 1, 1)),
        (date(2021, 1, 1), None),
    ],
)
def test_a_post_for_one_is_not_held_by_two_on_any_day(from_on: date, until_on: date | None) -> None:
    given(established(), post_filled()).when(
        lambda c: fill(c, person_id=OTHER_PERSON_ID, from_on=from_on, until_on=until_on)
    ).then_refused(PostTaken, post="secretary", from_on="2022-01-01")


def test_the_next_holder_starts_on_the_day_after() -> None:
    given(established(), post_filled()).when(
        lambda c: fill(c, person_id=OTHER_PERSON_ID, from_on=date(2027, 1, 1), until_on=None)
    ).then(post_filled(3, person_id=OTHER_PERSON_ID, from_on=date(2027, 1, 1), until_on=None))


def test_other_posts_are_shared() -> None:
    given(established(), post_filled()).when(
        lambda c: fill(c, person_id=OTHER_PERSON_ID, is_single=False)
    ).then(post_filled(3, person_id=OTHER_PERSON_ID))


@pytest.mark.parametrize("is_single", [True, False])
def test_a_person_is_not_put_into_the_same_post_twice(is_single: bool) -> None:
    given(established(), post_filled()).when(
        lambda c: fill(c, from_on=date(2024, 1, 1), is_single=is_single)
    ).then_refused(PostHeldAlready, post="secretary", from_on="2022-01-01")


def test_a_person_leaves_a_post_before_the_term_ends_with_a_reason() -> None:
    given(established(), post_filled()).when(vacate).then(post_vacated())
    given(established(), post_filled()).when(lambda c: vacate(c, reason="")).then_refused(
        ReasonMissing
    )
    community = replay([established(), post_filled(), post_vacated()])
    assert community.holders_of("secretary", date(2026, 3, 31)) == (PERSON_ID,)
    assert community.holders_of("secretary", APRIL) == ()


def test_leaving_a_post_without_a_set_end_needs_no_reason() -> None:
    given(established(), post_filled(until_on=None)).when(lambda c: vacate(c, reason="")).then(
        post_vacated(who=by())
    )


@pytest.mark.parametrize("until_on", [date(2021, 12, 31), date(2027, 1, 1)])
def test_only_a_post_that_is_held_is_left(until_on: date) -> None:
    given(established(), post_filled()).when(lambda c: vacate(c, until_on=until_on)).then_refused(
        PostNotHeld, post="secretary", on=until_on.isoformat()
    )


def test_a_post_is_left_once() -> None:
    given(established(), post_filled(), post_vacated()).when(vacate).then_refused(
        PostEndsThatDay, post="secretary", until_on="2026-03-31"
    )


# Dissolved -----------------------------------------------------------------------------


def dissolve(community: Organisation, until_on: date = date(2026, 6, 30)) -> None:
    community.dissolve(by(reason="并入邻近社区"), until_on=until_on)


def test_an_organisation_is_dissolved_with_a_reason() -> None:
    given(established()).when(dissolve).then(dissolved())
    given(established()).when(lambda c: c.dissolve(by(), until_on=date(2026, 6, 30))).then_refused(
        ReasonMissing
    )

    community = replay([established(), dissolved()])
    assert community.lives_on(SINCE)
    assert community.lives_on(date(2026, 6, 30))
    assert not community.lives_on(date(2026, 7, 1))
    assert not community.lives_on(BEFORE)


def test_an_organisation_is_dissolved_once() -> None:
    given(established(), dissolved()).when(dissolve).then_refused(
        OrganisationDissolved, until_on="2026-06-30"
    )


def test_an_organisation_is_not_dissolved_before_it_was_established() -> None:
    given(established()).when(lambda c: dissolve(c, BEFORE)).then_refused(
        BeforeEstablishment, valid_from="2020-01-01"
    )


def test_an_organisation_is_not_dissolved_while_posts_are_held() -> None:
    given(established(), post_filled(until_on=None)).when(dissolve).then_refused(
        PostsStillHeld, posts_count=1
    )
    given(established(), post_filled(until_on=date(2026, 6, 30))).when(dissolve).then(dissolved(3))


@pytest.mark.parametrize(
    "action",
    [
        lambda c: c.rename(by(), name_zh="新", name_en="", valid_from=date(2026, 7, 1)),
        lambda c: c.reparent(by(), parent=STREET, valid_from=date(2026, 7, 1)),
        lambda c: fill(c, until_on=None),
        lambda c: fill(c, from_on=date(2026, 7, 1)),
    ],
)
def test_nothing_happens_to_an_organisation_after_its_last_day(action: Any) -> None:
    given(established(), dissolved()).when(action).then_refused(
        OrganisationDissolved, until_on="2026-06-30"
    )


days = st.dates(date(2020, 1, 1), date(2026, 12, 31))
people = st.sampled_from([PERSON_ID, OTHER_PERSON_ID])
terms = st.tuples(people, days, st.one_of(st.none(), st.integers(1, 900)), st.booleans())


@for_all(st.lists(terms, max_size=12), days)
def test_a_post_for_one_never_has_two_holders_whatever_is_asked(
    asked: list[tuple[UUID, date, int | None, bool]], on: date
) -> None:
    community = replay([established()])
    for person_id, from_on, length_days, leaves in asked:
        until_on = None if length_days is None else from_on + timedelta(length_days)
        try:
            if leaves:
                vacate(community, until_on=from_on)
            else:
                fill(community, person_id=person_id, from_on=from_on, until_on=until_on)
        except (PostTaken, PostHeldAlready, PostNotHeld, PostEndsThatDay):
            continue
    events: list[Any] = list(community.collect_events())

    assert len(community.holders_of("secretary", on)) <= 1
    assert state_of(replay([established(), *events])) == state_of(community)
