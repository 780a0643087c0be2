from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from ledger.commands.policies import (
    ADOPTED,
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
from ledger.core.errors import InvalidValue, NotFound
from ledger.policies import ListCountBroken, PolicyBook
from ledger.storage.ledger import Ledger
from tests.examples import by

SOON = date(2026, 4, 1)
TWO = replace(by(), proposed_by=(uuid4(),))
DAYS = SetPolicyValue(
    name="entry.fact_days",
    value=5,
    unit="days",
    basis_zh="本县规定",
    basis_en="A rule of this county",
    certainty="house",
    valid_from=SOON,
)


async def adopt(ledger: Ledger) -> None:
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())


async def test_before_anything_is_adopted_there_is_no_book(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await policies_of(ledger)
    with pytest.raises(NotFound):
        await set_policy_value(DAYS, ledger, TWO)


async def test_the_standard_policies_are_adopted_in_one_step_with_their_reason(
    ledger: Ledger,
) -> None:
    recorded = await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())

    assert recorded is not None
    assert len(recorded.event_ids) == 1 + len(STANDARD)
    book = await policies_of(ledger)
    assert book.names() == tuple(sorted(standard.name for standard in STANDARD))
    assert book.number("entry.fact_days", on=SOON) == 30
    assert {event.by.reason for event in recorded.events} == {ADOPTED}


async def test_adopting_again_adds_nothing(ledger: Ledger) -> None:
    await adopt(ledger)

    assert await adopt_standard_policies(AdoptStandardPolicies(), ledger, by()) is None


async def test_adopting_again_adds_only_names_that_the_book_lacks(ledger: Ledger) -> None:
    book = PolicyBook.open(by())
    await ledger.save(book)
    await set_policy_value(DAYS, ledger, TWO)

    recorded = await adopt_standard_policies(AdoptStandardPolicies(), ledger, by())

    assert recorded is not None
    assert len(recorded.event_ids) == len(STANDARD) - 1
    assert (await policies_of(ledger)).number("entry.fact_days", on=SOON) == 5


async def test_a_value_changes_from_its_day_on(ledger: Ledger) -> None:
    await adopt(ledger)
    before = (await policies_of(ledger)).version

    recorded = await set_policy_value(DAYS, ledger, TWO)

    book = await policies_of(ledger)
    assert recorded.version == book.version == before + 1
    assert book.number("entry.fact_days", on=date(2026, 3, 31)) == 30
    assert book.number("entry.fact_days", on=SOON) == 5
    assert book.value_at("entry.fact_days", on=SOON, version=before).value == 30


async def test_a_text_is_set_with_the_unit_of_a_text(ledger: Ledger) -> None:
    await adopt(ledger)
    text = {"name": "ledger.motto", "value": "事事有账", "valid_from": SOON}
    rest = {"basis_zh": "自定", "basis_en": "Own", "certainty": "house"}
    command = TypeAdapter(SetPolicyValue).validate_python({**text, **rest, "unit": "text"})

    await set_policy_value(command, ledger, TWO)

    assert (await policies_of(ledger)).text("ledger.motto", on=SOON) == "事事有账"
    wrong = TypeAdapter(SetPolicyValue).validate_python({**text, **rest, "unit": "days"})
    with pytest.raises(InvalidValue):
        await set_policy_value(wrong, ledger, TWO)


async def test_a_list_is_published_and_checked_against_its_count(ledger: Ledger) -> None:
    await adopt(ledger)
    negative = PublishPolicyList(
        name="committee.negative_items",
        items=tuple("abcdefgh"),
        count=8,
        basis_zh="本县业委会成员负面清单八项",
        basis_en="Eight items of the county's negative list for committee members",
        certainty="source",
        valid_from=SOON,
        edition="2026",
    )

    await publish_policy_list(negative, ledger, TWO)

    book = await policies_of(ledger)
    assert book.items("committee.negative_items", on=SOON) == tuple("abcdefgh")
    assert book.value("committee.negative_items", on=SOON).edition == "2026"
    shorter = TypeAdapter(PublishPolicyList).validate_python(
        {**TypeAdapter(PublishPolicyList).dump_python(negative), "items": ["a"], "count": None}
    )
    with pytest.raises(ListCountBroken):
        await publish_policy_list(shorter, ledger, TWO)


async def test_a_mistake_is_withdrawn(ledger: Ledger) -> None:
    await adopt(ledger)
    wrong = await set_policy_value(DAYS, ledger, TWO)

    await withdraw_policy_entry(
        WithdrawPolicyEntry(name="entry.fact_days", version_set=wrong.version),
        ledger,
        replace(TWO, reason="数字有误"),
    )

    assert (await policies_of(ledger)).number("entry.fact_days", on=SOON) == 30


@pytest.mark.parametrize("name", ["", "Rate", "rate", "deposit.", "deposit.rate min", "a" * 300])
def test_a_policy_name_is_dotted_and_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(WithdrawPolicyEntry).validate_python({"name": name, "version_set": 2})
