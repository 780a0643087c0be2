"""Policies: what is in force on a day, and as the ledger knew it, compared with the book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

import pytest

from ledger.commands.policies import (
    AdoptStandardPolicies,
    SetPolicyValue,
    WithdrawPolicyEntry,
    adopt_standard_policies,
    policies_of,
    set_policy_value,
    withdraw_policy_entry,
)
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from projections.engine import Page
from projections.policies import (
    PolicyAt,
    PolicyQuery,
    policies_in_force,
    policy_history,
    policy_in_force,
    view,
)
from tests.examples import by
from tests.projections.asking import ask, assert_rebuilds_the_same, last_recorded_at

RATE = "deposit.rate_min_bp"
TWO = replace(by(), proposed_by=(uuid4(),))
MARCH, MAY = date(2026, 3, 15), date(2026, 5, 1)


async def set_rate(ledger: Ledger, value: int, valid_from: date) -> None:
    command = SetPolicyValue(
        name=RATE,
        value=value,
        unit="basis-points",
        basis_zh="会议纪要",
        basis_en="Minutes",
        certainty="source",
        valid_from=valid_from,
    )
    await set_policy_value(command, ledger, TWO)


async def changed_book(ledger: Ledger) -> datetime:
    """Adopt the standard, raise a rate from May on, withdraw a slip; return when adopted."""
    await adopt_standard_policies(AdoptStandardPolicies(), ledger, by(reason="采用"))
    adopted_at = await last_recorded_at(ledger)
    await set_rate(ledger, 700, MAY)
    await set_rate(ledger, 900, MAY)
    slip = (await policies_of(ledger)).version
    await withdraw_policy_entry(
        WithdrawPolicyEntry(name=RATE, version_set=slip), ledger, replace(TWO, reason="笔误")
    )
    return adopted_at


async def rate(ledger: Ledger, on: date, known_at: datetime | None = None) -> int:
    row = await ask(ledger, view, policy_in_force, PolicyAt(name=RATE, on=on, known_at=known_at))
    value: int = row["value"]
    return value


async def test_the_value_in_force_on_a_day(ledger: Ledger) -> None:
    adopted_at = await changed_book(ledger)

    assert await rate(ledger, MARCH) == 500
    assert await rate(ledger, MAY) == 700
    assert await rate(ledger, MAY, adopted_at) == 500


async def test_the_view_says_what_the_book_says(ledger: Ledger) -> None:
    await changed_book(ledger)
    book = await policies_of(ledger)
    for day in (MARCH, MAY):
        page = await ask(ledger, view, policies_in_force, PolicyQuery(on=day))
        for row in page.rows:
            entry = book.value(row["name"], on=day)
            value = list(entry.value) if isinstance(entry.value, tuple) else entry.value
            assert (row["value"], row["version_set"]) == (value, entry.version_set)
            assert (row["unit"], row["basis_zh"], row["count"]) == (
                entry.unit,
                entry.basis.zh,
                entry.count,
            )
        assert [row["name"] for row in page.rows] == list(book.names())


async def test_the_history_of_a_value_names_its_events(ledger: Ledger) -> None:
    await changed_book(ledger)
    page: Page = await ask(ledger, view, policy_history, PolicyAt(name=RATE))
    values = [(row["value"], row["version_withdrawn"] is None) for row in page.rows]

    assert values == [(500, True), (700, True), (900, False)]
    assert [len(row["positions"]) for row in page.rows] == [1, 1, 2]


async def test_names_by_their_beginning(ledger: Ledger) -> None:
    await changed_book(ledger)
    page = await ask(ledger, view, policies_in_force, PolicyQuery(name="deposit.", on=MARCH))

    assert page.rows
    assert all(row["name"].startswith("deposit.") for row in page.rows)


async def test_an_unknown_policy_is_not_found(ledger: Ledger) -> None:
    await changed_book(ledger)
    with pytest.raises(NotFound):
        await ask(ledger, view, policy_in_force, PolicyAt(name="nonsense", on=MAY))
    with pytest.raises(NotFound):
        await rate(ledger, date(1949, 9, 30))


async def test_made_again_it_is_the_same(ledger: Ledger, store_dsn: str) -> None:
    await changed_book(ledger)
    await assert_rebuilds_the_same(ledger, store_dsn, view)
