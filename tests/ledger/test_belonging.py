"""Whom records concern follows from their events: every record says it when it begins."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

import orjson
import pytest

from ledger.belonging import BELONGS, NOTHING, Concern, Scope, concern_in
from ledger.core.aggregate import Created, Event
from scripts.event_catalogue import event_types, topic_of

TYPES: dict[str, type[Event]] = {topic_of(one): one for one in event_types()}
HERE, THERE, SOMEBODY = UUID(int=1), UUID(int=2), UUID(int=3)


def test_the_first_event_of_every_record_says_whom_it_concerns() -> None:
    beginnings = {topic for topic, one in TYPES.items() if issubclass(one, Created)}
    assert beginnings - BELONGS.keys() == set()


@pytest.mark.parametrize("topic", sorted(BELONGS))
def test_the_table_names_only_fields_that_the_event_has(topic: str) -> None:
    belongs = BELONGS[topic]
    named = {*belongs.place, *belongs.places, *belongs.parties, *belongs.persons}
    named |= {belongs.through} - {""}
    assert named <= {field.name for field in fields(TYPES[topic])}


def test_every_field_that_names_an_organisation_counts() -> None:
    """A new event that draws somebody into a petition must be entered, or left out knowingly."""
    organisations = {"unit_id", "to_unit_id", "co_unit_ids", "unit_ids", "department_ids"}
    told_before = {"petition.closed.v1"}  # the unit has held it: an earlier event says so
    told_before |= {f"petition.supervision_order_{how}.v1" for how in ("met", "missed")}
    for topic, one in TYPES.items():
        if topic.startswith("petition.") and topic not in told_before:
            named = {field.name for field in fields(one)} & organisations
            assert named <= set(BELONGS[topic].parties if named else ()), topic


def test_the_most_exact_place_counts() -> None:
    filed = {"estate_id": str(HERE), "community_id": str(THERE), "petitioner_id": str(SOMEBODY)}
    concern, through = concern_in("petition.filed.v1", "s", filed)
    assert concern == Concern(places=frozenset({HERE}), persons=frozenset({SOMEBODY}))
    assert through is None
    concern, _ = concern_in("petition.filed.v1", "s", filed | {"estate_id": None})
    assert concern.places == {THERE}


def test_a_record_may_be_where_another_one_is() -> None:
    signed = orjson.loads(orjson.dumps({"account_id": HERE, "terms": {}}))
    assert concern_in("lease.signed.v1", "s", signed) == (Concern(), HERE)


def test_what_is_not_listed_concerns_nobody() -> None:
    assert concern_in("another.thing.v1", "s", {"estate_id": str(HERE)}) == (NOTHING, None)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(is_whole=True), True),
        (Scope(places=frozenset({HERE})), True),
        (Scope(parties=frozenset({THERE})), True),
        (Scope(persons=frozenset({SOMEBODY})), True),
        (Scope(), False),
        (Scope(places=frozenset({THERE}), parties=frozenset({HERE})), False),
    ],
)
def test_a_scope_covers_places_parties_and_persons_apart(scope: Scope, covered: bool) -> None:
    concern = Concern(
        places=frozenset({HERE}), parties=frozenset({THERE}), persons=frozenset({SOMEBODY})
    )
    assert scope.covers(concern) is covered


def test_what_concerns_everybody_is_always_covered() -> None:
    assert Scope().covers(Concern(is_open=True))
    assert not Scope().covers(Concern())
