"""The rules of more time for an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ledger.core.errors import ReasonMissing, SamePersonTwice
from ledger.petitions import Petition
from ledger.petitions.errors import (
    DeadlineAlreadyPassed,
    ExtensionAlreadyRequested,
    ExtensionsUsedUp,
    ExtensionTooLong,
    NoExtensionRequested,
    NothingToExtend,
    StepOutOfOrder,
)
from ledger.petitions.words import Deadline
from tests.examples.petitions import (
    APPROVER,
    CLERK,
    EXTENDED,
    HANDLER,
    HANDLING,
    IN_HAND,
    REASON,
    answered,
    dispatched,
    extension_approved,
    extension_rejected,
    extension_requested,
    filed,
    who,
)
from tests.given import given, replay

Step = Callable[[Petition], None]

ASKED = (*IN_HAND, extension_requested())


def request(
    deadline: Deadline = EXTENDED, *, on: int = 0, reason: str = REASON, extensions_max: int = 1
) -> Step:
    return lambda p: p.request_extension(
        who(HANDLER, on=on, reason=reason),
        deadline=deadline,
        days_max=10,
        extensions_max=extensions_max,
    )


def approve(number: int = APPROVER) -> Step:
    return lambda p: p.approve_extension(who(number))


def reject(number: int = APPROVER, reason: str = REASON) -> Step:
    return lambda p: p.reject_extension(who(number, reason=reason))


def test_more_time_is_asked_for_until_the_last_day() -> None:
    given(*IN_HAND).when(request(on=9)).then(
        extension_requested(decided=who(HANDLER, on=9, reason=REASON))
    )


def test_a_day_later_is_too_late() -> None:
    given(*IN_HAND).when(request(on=10)).then_refused(DeadlineAlreadyPassed, due_on="2026-03-11")


def test_one_day_more_than_the_limit_is_too_long() -> None:
    given(*IN_HAND).when(request(replace(EXTENDED, days=11))).then_refused(
        ExtensionTooLong, asked_days=11, days_max=10
    )


def test_more_time_needs_a_reason() -> None:
    given(*IN_HAND).when(request(reason="")).then_refused(ReasonMissing)


def test_one_request_at_a_time() -> None:
    given(*ASKED).when(request()).then_refused(ExtensionAlreadyRequested)


def test_extensions_are_counted() -> None:
    granted = (*ASKED, extension_approved())
    given(*granted).when(request()).then_refused(ExtensionsUsedUp, count=1, extensions_max=1)
    given(*granted).when(request(extensions_max=2)).then(extension_requested(7))


def test_a_rejected_request_is_not_counted() -> None:
    given(*ASKED, extension_rejected()).when(request()).then(extension_requested(7))


def test_where_no_clock_runs_nothing_is_extended() -> None:
    history = (filed(), dispatched(deadlines=()), *IN_HAND[2:])
    given(*history).when(request()).then_refused(NothingToExtend)


def test_only_who_handles_a_petition_asks_for_time() -> None:
    given(filed(), dispatched()).when(request()).then_refused(
        StepOutOfOrder, step="request-extension", stage="dispatched"
    )


def test_somebody_else_grants_the_time() -> None:
    given(*ASKED).when(approve()).then(extension_approved())
    assert replay((*ASKED, extension_approved())).clocks[-1] == EXTENDED
    assert HANDLING not in replay((*ASKED, extension_approved())).clocks


def test_somebody_else_refuses_the_time() -> None:
    given(*ASKED).when(reject()).then(extension_rejected())
    assert HANDLING in replay((*ASKED, extension_rejected())).clocks


@pytest.mark.parametrize(
    ("decide", "step"), [(approve, "approve-extension"), (reject, "reject-extension")]
)
class TestDecisionsOnAnExtension:
    def test_not_by_who_asked(self, decide: Callable[..., Step], step: str) -> None:
        given(*ASKED).when(decide(HANDLER)).then_refused(
            SamePersonTwice, step=step, earlier_step="request-extension"
        )

    def test_not_by_who_handles(self, decide: Callable[..., Step], step: str) -> None:
        asked_by_clerk = extension_requested(decided=who(CLERK, reason=REASON))
        given(*IN_HAND, asked_by_clerk).when(decide(HANDLER)).then_refused(
            SamePersonTwice, step=step, earlier_step="handle"
        )

    def test_not_without_request(self, decide: Callable[..., Step], step: str) -> None:
        given(*IN_HAND).when(decide()).then_refused(NoExtensionRequested)

    def test_not_after_the_answer(self, decide: Callable[..., Step], step: str) -> None:
        given(*ASKED, answered()).when(decide()).then_refused(NoExtensionRequested)


def test_refusing_needs_a_reason() -> None:
    given(*ASKED).when(reject(reason="")).then_refused(ReasonMissing)
