"""The rules of leases, without a database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.core.aggregate import By, Event
from ledger.core.errors import AmountNotPositive, LedgerError, ReasonMissing
from ledger.leases import (
    AreaNotPositive,
    Instalment,
    Lease,
    LeaseEndsBeforeStart,
    LeaseOver,
    LeaseTerms,
    LeaseUnchanged,
    PastInstalmentChanged,
    ScheduleEmpty,
    ScheduleNotInOrder,
)
from tests.examples import leases as l
from tests.examples.accounts import ACCOUNT
from tests.given import replay, state_of
from tests.story import numbered, story

Action = Callable[[Lease], None]


def sign(terms: LeaseTerms = l.TERMS, by: By = l.CLERK) -> Lease:
    return Lease.sign(by, account_id=ACCOUNT, terms=terms)


def amend(terms: LeaseTerms = l.LESS, by: By = l.CLERK_SAYS) -> Action:
    return lambda lease: lease.amend(by, terms=terms)


def end(ended_on: date = l.TERMS.ends_on, by: By = l.CLERK) -> Action:
    return lambda lease: lease.end(by, ended_on=ended_on)


def test_a_lease_is_signed_with_its_schedule() -> None:
    (event,) = sign().collect_events()

    assert event == replace(l.signed(), originator_id=event.originator_id)


def test_the_instalments_to_come_can_be_amended() -> None:
    story(l.signed()).when(amend()).then(l.amended())


def test_a_lease_ends_on_its_last_day_without_a_reason() -> None:
    story(l.signed()).when(end()).then(l.ended())


def test_a_lease_ends_early_with_a_reason() -> None:
    day = date(2026, 6, 30)
    story(l.signed()).when(end(day, l.CLERK_SAYS)).then(l.ended(day, by=l.CLERK_SAYS))


def test_what_is_due_by_a_day_includes_that_day() -> None:
    second = l.QUARTERS[1]

    assert l.TERMS.due_until(second) == l.TERMS.schedule[:2]
    assert l.TERMS.due_until(second - timedelta(days=1)) == l.TERMS.schedule[:1]


SAME_DAY = (Instalment(due_on=l.QUARTERS[0], amount_fen=1),) * 2
UNSOUND: list[tuple[LeaseTerms, type[LedgerError]]] = [
    (replace(l.TERMS, area_m2_hundredths=0), AreaNotPositive),
    (replace(l.TERMS, ends_on=date(2025, 12, 31)), LeaseEndsBeforeStart),
    (replace(l.TERMS, schedule=()), ScheduleEmpty),
    (replace(l.TERMS, schedule=SAME_DAY), ScheduleNotInOrder),
    (replace(l.TERMS, schedule=l.TERMS.schedule[::-1]), ScheduleNotInOrder),
    (
        replace(l.TERMS, schedule=(Instalment(due_on=l.QUARTERS[0], amount_fen=0),)),
        AmountNotPositive,
    ),
]


@pytest.mark.parametrize(("terms", "error"), UNSOUND)
def test_unsound_terms_are_refused(terms: LeaseTerms, error: type[LedgerError]) -> None:
    with pytest.raises(error):
        sign(terms)
    with pytest.raises(error):
        amend(terms)(replay(numbered([l.signed()])))


MORE_ARREARS = replace(
    l.TERMS, schedule=(replace(l.TERMS.schedule[0], amount_fen=1), *l.TERMS.schedule[1:])
)
REFUSALS: list[tuple[tuple[Event, ...], Action, type[LedgerError], dict[str, str | int]]] = [
    ((l.signed(),), amend(by=l.CLERK), ReasonMissing, {}),
    ((l.signed(),), amend(l.TERMS), LeaseUnchanged, {}),
    ((l.signed(),), amend(MORE_ARREARS), PastInstalmentChanged, {"until_on": "2026-03-02"}),
    ((l.signed(), l.amended()), amend(), LeaseUnchanged, {}),
    ((l.signed(),), end(date(2026, 12, 30)), ReasonMissing, {}),
    ((l.signed(),), end(date(2025, 12, 31), l.CLERK_SAYS), LeaseEndsBeforeStart,
     {"starts_on": "2026-01-01", "ends_on": "2025-12-31"}),
    ((l.signed(), l.ended()), end(), LeaseOver, {"ended_on": "2026-12-31"}),
    ((l.signed(), l.ended()), amend(), LeaseOver, {"ended_on": "2026-12-31"}),
]  # fmt: skip


@pytest.mark.parametrize(("history", "action", "error", "facts"), REFUSALS)
def test_a_step_is_refused(
    history: tuple[Event, ...],
    action: Action,
    error: type[LedgerError],
    facts: dict[str, str | int],
) -> None:
    story(*history).when(action).then_refused(error, **facts)


def test_an_old_lease_is_recorded_and_marked() -> None:
    lease = sign(replace(l.TERMS, schedule=()), replace(l.CLERK, is_history=True))
    (event,) = lease.pending_events

    assert isinstance(event, Event)
    assert event.by.breaches == ("schedule-empty",)


def test_replay_equals_live() -> None:
    lease = sign()
    amend()(lease)
    end()(lease)

    assert state_of(replay(list(lease.pending_events))) == state_of(lease)  # type: ignore[arg-type]
