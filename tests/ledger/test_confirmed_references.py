"""A reference that only looks personal: who confirmed it lets others record it, not themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from ledger.confirmed_references import (
    ConfirmedReference,
    ReferenceConfirmedAlready,
    ReferenceNotConfirmed,
)
from ledger.core.aggregate import By
from ledger.core.errors import ReasonMissing
from tests.examples import by
from tests.examples.confirmed_references import CLERK, CODE, confirmed, opened, withdrawn
from tests.examples.organisations import COMMUNITY_ID
from tests.given import given, replay

OTHER = by(2, role="street", reason="银行回单")
STAND_IN = replace(by(3, role="community", reason="银行回单"), on_behalf_of=CLERK.actor_id)
SILENT = replace(OTHER, reason=" ")

Action = Callable[[ConfirmedReference], None]


def confirm(who: By = CLERK) -> Action:
    return lambda reference: reference.confirm(who)


def withdraw(who: By = CLERK) -> Action:
    return lambda reference: reference.withdraw(who)


def test_it_is_opened_and_confirmed() -> None:
    reference = ConfirmedReference.open(
        CLERK, code_hex=CODE, organisation_id=COMMUNITY_ID, looks_like="mobile-number"
    )
    reference.confirm(CLERK)
    assert list(reference.collect_events()) == [opened(), confirmed()]


def test_it_lets_everybody_but_who_confirmed_it() -> None:
    reference = replay([opened(), confirmed()])
    assert reference.lets(frozenset({OTHER.actor_id}))
    assert reference.lets(frozenset())
    assert not reference.lets(frozenset({CLERK.actor_id}))
    assert not reference.lets(frozenset({OTHER.actor_id, CLERK.actor_id})), "a stand-in is both"

    both = replay([opened(), confirmed(), confirmed(3, OTHER)])
    assert both.lets(frozenset({CLERK.actor_id}))
    assert both.lets(frozenset({OTHER.actor_id}))
    assert not both.lets(frozenset({OTHER.actor_id, CLERK.actor_id}))

    stood_in = replay([opened(), confirmed(2, STAND_IN)])
    assert not stood_in.lets(frozenset({CLERK.actor_id}))
    assert not stood_in.lets(frozenset({UUID(int=3)}))
    assert not replay([opened(), confirmed(), withdrawn()]).lets(frozenset())


def test_one_person_confirms_once_also_by_standing_in() -> None:
    for who in (CLERK, STAND_IN):
        given(opened(), confirmed()).when(confirm(who)).then_refused(ReferenceConfirmedAlready)
    given(opened(), confirmed()).when(confirm(OTHER)).then(confirmed(3, OTHER))


def test_a_word_needs_a_reason_and_can_be_withdrawn() -> None:
    given(opened()).when(confirm(SILENT)).then_refused(ReasonMissing)
    given(opened(), confirmed()).when(withdraw(SILENT)).then_refused(ReasonMissing)
    given(opened(), confirmed()).when(withdraw()).then(withdrawn())
    given(opened()).when(withdraw()).then_refused(ReferenceNotConfirmed)
    given(opened(), confirmed(), withdrawn()).when(confirm()).then(confirmed(4))
