"""The rules of declared conflicts of interest, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from ledger.core.aggregate import By
from ledger.core.errors import ReasonMissing
from ledger.interests import (
    ConflictOfInterest,
    InterestDeclaredAlready,
    InterestEndedByOneself,
    InterestInOneself,
    InterestKind,
    InterestNotDeclared,
    Interests,
)
from tests.examples import interests as i
from tests.given import replay
from tests.story import numbered, story

Action = Callable[[Interests], None]


def declare(about_id: UUID = i.COMPANY) -> Action:
    return lambda kept: kept.declare(i.PERSON, about_id=about_id, kind=InterestKind.FAMILY)


def end(by: By = i.INSPECTOR, about_id: UUID = i.COMPANY) -> Action:
    return lambda kept: kept.end(by, about_id=about_id)


def test_an_interest_is_declared_and_kept() -> None:
    story(i.opened()).when(declare()).then(i.declared())
    story(i.opened(), i.declared()).when(declare(i.ESTATE)).then(i.declared(i.ESTATE))


def test_what_makes_no_sense_is_refused() -> None:
    story(i.opened(), i.declared()).when(declare()).then_refused(
        InterestDeclaredAlready, about_id=str(i.COMPANY)
    )
    story(i.opened()).when(declare(i.PERSON.actor_id)).then_refused(InterestInOneself)
    story(i.opened()).when(end()).then_refused(InterestNotDeclared, about_id=str(i.COMPANY))


def test_somebody_else_ends_it_and_says_why() -> None:
    kept = (i.opened(), i.declared())
    story(*kept).when(end()).then(i.ended())
    story(*kept).when(end(replace(i.INSPECTOR, reason=""))).then_refused(ReasonMissing)
    own = replace(i.PERSON, reason="已无关系")
    story(*kept).when(end(own)).then_refused(InterestEndedByOneself)
    for_oneself = replace(i.INSPECTOR, on_behalf_of=i.PERSON.actor_id)
    story(*kept).when(end(for_oneself)).then_refused(InterestEndedByOneself)
    proposed = replace(i.INSPECTOR, proposed_by=(i.PERSON.actor_id,))
    story(*kept).when(end(proposed)).then_refused(InterestEndedByOneself)


def test_it_can_be_declared_again() -> None:
    story(i.opened(), i.declared(), i.ended()).when(declare()).then(i.declared())


def test_while_it_stands_nothing_about_it_is_decided() -> None:
    interests: Interests = replay(numbered([i.opened(), i.declared()]))
    with pytest.raises(ConflictOfInterest) as refused:
        interests.guard(i.PERSON, [i.ESTATE, i.COMPANY])
    assert refused.value.facts == {"about_id": str(i.COMPANY), "kind": "family"}
    assert interests.guard(i.PERSON, [i.ESTATE]) == i.PERSON
    history = replace(i.PERSON, is_history=True)
    assert interests.guard(history, [i.COMPANY]).breaches == ("conflict-of-interest",)
    over: Interests = replay(numbered([i.opened(), i.declared(), i.ended()]))
    assert over.guard(i.PERSON, [i.COMPANY]) == i.PERSON
