"""The rules of delegations, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from ledger.core.aggregate import By
from ledger.core.errors import LedgerError, ReasonMissing
from ledger.delegations import (
    Delegation,
    DelegationEnded,
    DelegationEndsTooSoon,
    DelegationPassedOn,
    DelegationTooLong,
    DelegationToOneself,
    DelegationWithoutPost,
    Substitution,
)
from tests.examples import delegations as d
from tests.given import replay
from tests.story import numbered, story

Action = Callable[[Delegation], None]


def grant(terms: Substitution = d.TERMS, by: By = d.LEADER, *, is_held: bool = True) -> Delegation:
    return Delegation.grant(by, terms, is_held=is_held, days_max=14)


def end(reason: str = "已返岗") -> Action:
    return lambda delegation: delegation.end(replace(d.LEADER, reason=reason))


def test_a_post_is_delegated_from_a_first_to_a_last_day() -> None:
    (event,) = grant().collect_events()
    assert event == replace(d.granted(), originator_id=event.originator_id)


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        (date(2026, 3, 1), False),
        (date(2026, 3, 2), True),
        (date(2026, 3, 15), True),
        (date(2026, 3, 16), False),
    ],
)
def test_it_counts_from_its_first_to_its_last_day(day: date, covered: bool) -> None:
    delegation: Delegation = replay(numbered([d.granted()]))
    assert delegation.covers(day) is covered


@pytest.mark.parametrize(
    ("terms", "by", "is_held", "error"),
    [
        (d.TERMS, d.LEADER, False, DelegationWithoutPost),
        (replace(d.TERMS, person_id=d.LEADER.actor_id), d.LEADER, True, DelegationToOneself),
        (d.TERMS, replace(d.LEADER, on_behalf_of=UUID(int=9)), True, DelegationPassedOn),
        (replace(d.TERMS, until_on=date(2026, 3, 16)), d.LEADER, True, DelegationTooLong),
        (replace(d.TERMS, until_on=date(2026, 3, 1)), d.LEADER, True, DelegationEndsTooSoon),
        (
            replace(d.TERMS, from_on=date(2026, 2, 1), until_on=date(2026, 3, 1)),
            d.LEADER,
            True,
            DelegationEndsTooSoon,
        ),
    ],
)
def test_what_cannot_be_delegated_is_refused(
    terms: Substitution, by: By, is_held: bool, error: type[LedgerError]
) -> None:
    with pytest.raises(error):
        grant(terms, by, is_held=is_held)


def test_it_may_end_today() -> None:
    today = replace(d.TERMS, until_on=d.TERMS.from_on)
    assert grant(today).until_on == d.TERMS.from_on


def test_it_ends_early_with_a_reason_and_once() -> None:
    story(d.granted()).when(end()).then(d.ended())
    story(d.granted()).when(end("")).then_refused(ReasonMissing)
    story(d.granted(), d.ended()).when(end()).then_refused(DelegationEnded)
    over: Delegation = replay(numbered([d.granted(), d.ended()]))
    assert not over.covers(date(2026, 3, 5))
