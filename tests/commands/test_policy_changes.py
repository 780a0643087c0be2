"""Whoever changes a policy: with a second person, from a coming day, within hard limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from ledger.commands.policies import (
    STANDARD,
    AdoptStandardPolicies,
    PublishPolicyList,
    SetPolicyValue,
    WithdrawPolicyEntry,
    adopt_standard_policies,
    policies_of,
    publish_policy_list,
    set_policy_value,
    withdraw_policy_entry,
)
from ledger.commands.policy_changes import (
    FROM_THE_PAST,
    PolicyFromPastDay,
    PolicyLeastAboveGreatest,
    PolicyListEmpty,
    PolicyOutsideLimits,
    PolicyTextUnknown,
)
from ledger.core.aggregate import By, Evidence
from ledger.core.clock import local_day
from ledger.core.errors import LedgerError, SamePersonTwice, SecondPersonNeeded
from ledger.policy_values import StandardList, StandardValue
from ledger.policy_values.limits import CHOICES, NOT_ABOVE, limits_of
from ledger.storage.ledger import Ledger
from tests.examples import by

ONE = by(reason="本县决定")
TWO = replace(ONE, proposed_by=(uuid4(),))
TODAY = local_day(ONE.at)
SOON = TODAY + timedelta(days=30)
LAW = Evidence(sha256="ab" * 32, name="条例.pdf", media_type="application/pdf", size_bytes=9)


def value(name: str, number: int | str, unit: str, **changed: Any) -> SetPolicyValue:
    said: dict[str, Any] = {"basis_zh": "决定", "basis_en": "Decision", "certainty": "house"}
    return SetPolicyValue(
        name=name, value=number, unit=unit, **(said | {"valid_from": SOON} | changed)
    )


@pytest.fixture
async def book(ledger: Ledger) -> Ledger:
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())
    return ledger


async def refused(ledger: Ledger, command: SetPolicyValue, who: By = TWO) -> LedgerError:
    before = (await policies_of(ledger)).version
    with pytest.raises(LedgerError) as caught:
        await set_policy_value(command, ledger, who)
    assert (await policies_of(ledger)).version == before
    return caught.value


async def test_nobody_changes_a_policy_alone(book: Ledger) -> None:
    command = value("deposit.rate_min_bp", 600, "basis-points")
    assert isinstance(await refused(book, command, ONE), SecondPersonNeeded)
    as_if = replace(ONE, proposed_by=(ONE.actor_id,))
    assert isinstance(await refused(book, command, as_if), SamePersonTwice)
    stand_in = replace(TWO, on_behalf_of=TWO.proposed_by[0])
    assert isinstance(await refused(book, command, stand_in), SamePersonTwice)
    items = PublishPolicyList(
        name="expense.categories",
        items=("repair",),
        basis_zh="决定",
        basis_en="Decision",
        certainty="house",
        valid_from=SOON,
    )
    with pytest.raises(SecondPersonNeeded):
        await publish_policy_list(items, book, ONE)
    with pytest.raises(SecondPersonNeeded):
        await withdraw_policy_entry(
            WithdrawPolicyEntry(name="deposit.rate_min_bp", version_set=2), book, ONE
        )
    with pytest.raises(PolicyListEmpty):
        await publish_policy_list(replace(items, items=()), book, TWO)


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1), date(2020, 1, 2)])
async def test_a_day_that_has_begun_needs_a_legal_basis_and_is_marked(
    book: Ledger, day: date
) -> None:
    command = value("deposit.rate_min_bp", 600, "basis-points", valid_from=day)
    by_law = replace(command, certainty="verified")
    with_document = replace(TWO, evidence=(LAW,))
    for said, who in ((command, TWO), (command, with_document), (by_law, TWO)):
        assert isinstance(await refused(book, said, who), PolicyFromPastDay)
    recorded = await set_policy_value(by_law, book, with_document)
    assert FROM_THE_PAST in recorded.events[0].by.breaches
    soon = await set_policy_value(replace(command, valid_from=SOON), book, TWO)
    assert soon.events[0].by.breaches == ()


@pytest.mark.parametrize(
    "standard", [s for s in STANDARD if isinstance(s, StandardValue)], ids=lambda s: s.name
)
async def test_every_number_has_hard_limits_and_every_text_its_choices(
    book: Ledger, standard: StandardValue
) -> None:
    if isinstance(standard.value, str):
        if standard.name in CHOICES:
            assert standard.value in CHOICES[standard.name]
            wrong = value(standard.name, "Mars/Base", "text")
            assert isinstance(await refused(book, wrong), PolicyTextUnknown)
        return
    limits = limits_of(standard.name, standard.unit)
    assert limits.least <= standard.value <= limits.most
    for number in {limits.least - 1, limits.most + 1, 10**15}:
        if number >= 0:
            error = await refused(book, value(standard.name, number, standard.unit))
            assert isinstance(error, PolicyOutsideLimits)
            assert (error.facts["least"], error.facts["most"]) == (limits.least, limits.most)


@pytest.mark.parametrize(("least", "greatest"), NOT_ABOVE)
async def test_the_least_stays_below_the_greatest_on_every_day(
    book: Ledger, least: str, greatest: str
) -> None:
    told = await policies_of(book)
    low, high = told.value(least, on=SOON), told.value(greatest, on=SOON)
    assert isinstance(low.value, int)
    assert isinstance(high.value, int)
    too_high = value(least, high.value + 1, low.unit)
    too_low = value(greatest, low.value - 1, high.unit)
    for wrong in (too_high, too_low):
        error = await refused(book, wrong)
        assert isinstance(error, PolicyLeastAboveGreatest | PolicyOutsideLimits)
    later = value(greatest, low.value, high.unit, valid_from=SOON + timedelta(days=9))
    await set_policy_value(later, book, TWO)
    error = await refused(book, value(least, low.value + 1, low.unit))
    assert isinstance(error, PolicyLeastAboveGreatest)


def test_the_standard_itself_keeps_to_the_limits() -> None:
    assert all(s.items for s in STANDARD if isinstance(s, StandardList))
