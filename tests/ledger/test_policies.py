from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ledger.commands.policies import STANDARD
from ledger.core.errors import ReasonMissing
from ledger.core.values import PolicyName
from ledger.policies import (
    UNITS,
    Basis,
    BasisMissing,
    ListCountBroken,
    ListItemTwice,
    PolicyBook,
    PolicyEntryUnknown,
    PolicyKindWrong,
    PolicyMissing,
    PolicyNegative,
    UnitChanged,
    UnitUnknown,
)
from ledger.policy_values import StandardList
from tests.examples import by
from tests.examples.policies import (
    BACKDATED,
    HOUSE,
    entry_withdrawn,
    list_published,
    number_set,
    opened,
    text_set,
)
from tests.given import given, replay, state_of

RATE = "deposit.rate_min_bp"
SOON = date(2026, 4, 1)
TODAY = date(2026, 3, 2)


def set_rate(
    book: PolicyBook,
    value: int = 500,
    *,
    unit: str = "basis-points",
    basis: Basis = HOUSE,
    valid_from: date = SOON,
    reason: str = "",
) -> None:
    book.set_number(
        by(reason=reason), name=RATE, value=value, unit=unit, basis=basis, valid_from=valid_from
    )


def publish(
    book: PolicyBook, items: tuple[str, ...], count: int | None = None, *, reason: str = ""
) -> None:
    book.publish_list(
        by(reason=reason),
        name="petition.channels",
        items=items,
        count=count,
        basis=HOUSE,
        valid_from=SOON,
        edition="2026",
    )


# Setting -------------------------------------------------------------------------------


def test_a_book_opens_empty() -> None:
    book = PolicyBook.open(BACKDATED)

    assert list(book.collect_events()) == [opened()]
    assert book.names() == ()


def test_a_number_is_set_from_a_day_to_come() -> None:
    given(opened()).when(set_rate).then(number_set(valid_from=SOON, who=by()))


def test_a_number_may_hold_from_today_without_a_reason() -> None:
    given(opened()).when(lambda book: set_rate(book, valid_from=TODAY)).then(
        number_set(valid_from=TODAY, who=by())
    )


def test_a_number_that_holds_from_a_day_gone_by_needs_a_reason() -> None:
    yesterday = date(2026, 3, 1)

    given(opened()).when(lambda book: set_rate(book, valid_from=yesterday)).then_refused(
        ReasonMissing
    )
    given(opened()).when(lambda book: set_rate(book, valid_from=yesterday, reason="补录")).then(
        number_set(valid_from=yesterday, who=by(reason="补录"))
    )


def test_a_text_is_set() -> None:
    given(opened()).when(
        lambda book: book.set_text(
            BACKDATED,
            name="ledger.timezone",
            value="Asia/Shanghai",
            basis=HOUSE,
            valid_from=date(2020, 1, 1),
        )
    ).then(text_set())


@pytest.mark.parametrize("unit", ["parsec", "text", "list", ""])
def test_a_number_needs_a_unit_that_the_ledger_knows(unit: str) -> None:
    given(opened()).when(lambda book: set_rate(book, unit=unit)).then_refused(
        UnitUnknown, name=RATE
    )


def test_a_policy_keeps_its_unit() -> None:
    given(opened(), number_set()).when(lambda book: set_rate(book, unit="days")).then_refused(
        UnitChanged, name=RATE, asked="days", unit="basis-points"
    )


def test_a_number_cannot_be_negative() -> None:
    given(opened()).when(lambda book: set_rate(book, -1)).then_refused(
        PolicyNegative, name=RATE, value=-1
    )


@pytest.mark.parametrize("basis", [replace(HOUSE, zh=" "), replace(HOUSE, en="")])
def test_a_policy_needs_its_basis_in_both_languages(basis: Basis) -> None:
    given(opened()).when(lambda book: set_rate(book, basis=basis)).then_refused(
        BasisMissing, name=RATE
    )


def test_a_name_stays_a_number_a_text_or_a_list() -> None:
    given(opened(), number_set()).when(
        lambda book: book.set_text(by(), name=RATE, value="5%", basis=HOUSE, valid_from=SOON)
    ).then_refused(PolicyKindWrong, name=RATE, asked="text", kind="number")


# Lists ---------------------------------------------------------------------------------


def test_a_list_is_published_with_the_number_of_items_it_declares() -> None:
    given(opened()).when(lambda book: publish(book, ("reception-day", "hotline"), count=2)).then(
        list_published(valid_from=SOON, who=by())
    )


def test_a_list_must_have_as_many_items_as_it_declares() -> None:
    given(opened()).when(lambda book: publish(book, ("hotline",), count=2)).then_refused(
        ListCountBroken, name="petition.channels", items_count=1, count=2
    )


def test_a_later_edition_keeps_the_count_that_was_declared() -> None:
    given(opened(), list_published()).when(
        lambda book: publish(book, ("a", "b", "c"))
    ).then_refused(ListCountBroken, name="petition.channels", items_count=3, count=2)


def test_declaring_another_count_needs_a_reason() -> None:
    three = ("a", "b", "c")

    given(opened(), list_published()).when(lambda book: publish(book, three, 3)).then_refused(
        ReasonMissing
    )
    given(opened(), list_published()).when(
        lambda book: publish(book, three, 3, reason="办法修订，增加一项")
    ).then(
        list_published(
            3, items=three, count=3, valid_from=SOON, who=by(reason="办法修订，增加一项")
        )
    )


def test_an_item_stands_only_once_in_a_list() -> None:
    given(opened()).when(lambda book: publish(book, ("a", "b", "a"))).then_refused(
        ListItemTwice, name="petition.channels", item="a"
    )


# Reading -------------------------------------------------------------------------------


def test_the_entry_with_the_latest_first_day_that_has_come_counts() -> None:
    book = replay([opened(), number_set(2, value=800, valid_from=SOON), number_set(3, value=500)])

    assert book.number(RATE, on=date(2026, 3, 31)) == 500
    assert book.number(RATE, on=SOON) == 800


def test_of_two_entries_with_the_same_first_day_the_later_recorded_counts() -> None:
    book = replay([opened(), number_set(2, value=500), number_set(3, value=600)])

    assert book.number(RATE, on=TODAY) == 600


def test_before_its_first_day_a_policy_is_missing() -> None:
    book = replay([opened(), number_set(valid_from=SOON)])

    with pytest.raises(PolicyMissing) as missing:
        book.number(RATE, on=TODAY)
    assert missing.value.facts == {"name": RATE, "on": "2026-03-02"}


def test_a_value_is_read_as_the_kind_that_it_is() -> None:
    book = replay([opened(), number_set(2), text_set(3), list_published(4)])

    assert book.number(RATE, on=TODAY) == 500
    assert book.text("ledger.timezone", on=TODAY) == "Asia/Shanghai"
    assert book.items("petition.channels", on=TODAY) == ("reception-day", "hotline")
    for read, name in (
        (book.number, "ledger.timezone"),
        (book.text, "petition.channels"),
        (book.items, RATE),
    ):
        with pytest.raises(PolicyKindWrong):
            read(name, on=TODAY)


def test_a_value_explains_itself() -> None:
    value = replay([opened(), number_set()]).value(RATE, on=TODAY)

    assert (value.unit, value.basis, value.valid_from) == (
        "basis-points",
        HOUSE,
        date(2020, 1, 1),
    )
    assert (value.version_set, value.version_withdrawn) == (2, None)


def test_what_an_older_version_of_the_book_said_stays_known() -> None:
    book = replay(
        [opened(), number_set(2, value=500), number_set(3, value=600), entry_withdrawn(4)]
    )

    assert book.value_at(RATE, on=TODAY, version=2).value == 500
    assert book.value_at(RATE, on=TODAY, version=3).value == 600
    with pytest.raises(PolicyMissing):
        book.value_at(RATE, on=TODAY, version=1)


# Withdrawing ---------------------------------------------------------------------------


def test_an_entry_set_by_mistake_is_withdrawn_with_a_reason() -> None:
    given(opened(), number_set()).when(
        lambda book: book.withdraw(by(reason="笔误"), name=RATE, version_set=2)
    ).then(entry_withdrawn())


def test_withdrawing_needs_a_reason() -> None:
    given(opened(), number_set()).when(
        lambda book: book.withdraw(by(), name=RATE, version_set=2)
    ).then_refused(ReasonMissing)


def test_a_withdrawn_entry_no_longer_counts_but_did_when_it_stood() -> None:
    book = replay(
        [opened(), number_set(2), number_set(3, value=600), entry_withdrawn(4, version_set=3)]
    )

    assert book.number(RATE, on=TODAY) == 500
    assert book.value_at(RATE, on=TODAY, version=3).value == 600
    assert book.entries(RATE)[1].version_withdrawn == 4


@pytest.mark.parametrize(("name", "version_set"), [(RATE, 3), ("no.such", 2)])
def test_only_an_entry_of_the_book_can_be_withdrawn(name: str, version_set: int) -> None:
    given(opened(), number_set()).when(
        lambda book: book.withdraw(by(reason="笔误"), name=name, version_set=version_set)
    ).then_refused(PolicyEntryUnknown, name=name, version_set=version_set)


def test_an_entry_is_withdrawn_once() -> None:
    given(opened(), number_set(), entry_withdrawn()).when(
        lambda book: book.withdraw(by(reason="笔误"), name=RATE, version_set=2)
    ).then_refused(PolicyEntryUnknown, name=RATE, version_set=2)


# History and properties ----------------------------------------------------------------


def test_imported_history_is_marked_where_a_rule_would_refuse() -> None:
    history = replace(by(), is_history=True)
    book = replay([opened()])

    book.set_number(
        history, name=RATE, value=500, unit="parsec", basis=HOUSE, valid_from=date(2019, 1, 1)
    )

    assert book.pending_events[-1].by.breaches == ("unit-unknown", "reason-missing")


days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
settings = st.lists(st.tuples(st.integers(0, 10_000), days, st.booleans()), min_size=1, max_size=12)


@for_all(settings, days)
def test_any_sequence_replays_to_the_same_book_and_reads_by_the_one_rule(
    entries: list[tuple[int, date, bool]], on: date
) -> None:
    book = PolicyBook.open(by())
    standing: list[tuple[date, int, int]] = []
    for value, valid_from, is_withdrawn in entries:
        set_rate(book, value, valid_from=valid_from, reason="试验")
        version = book.version
        if is_withdrawn:
            book.withdraw(by(reason="试验"), name=RATE, version_set=version)
        else:
            standing.append((valid_from, version, value))
    events: list[Any] = list(book.collect_events())

    assert state_of(replay(events)) == state_of(book)
    in_force = [entry for entry in standing if entry[0] <= on]
    if in_force:
        assert book.number(RATE, on=on) == max(in_force)[2]
    else:
        with pytest.raises(PolicyMissing):
            book.number(RATE, on=on)


@for_all(settings)
def test_no_later_event_changes_what_a_version_said(
    entries: list[tuple[int, date, bool]],
) -> None:
    book = PolicyBook.open(by())
    said = []
    for value, valid_from, is_withdrawn in entries:
        set_rate(book, value, valid_from=valid_from, reason="试验")
        said.append((book.version, book.value(RATE, on=valid_from).value, valid_from))
        if is_withdrawn:
            book.withdraw(by(reason="试验"), name=RATE, version_set=book.version)

    for version, value_then, on in said:
        assert book.value_at(RATE, on=on, version=version).value == value_then


# The standard policies -----------------------------------------------------------------


def test_every_standard_policy_has_a_name_that_a_command_can_change() -> None:
    for standard in STANDARD:
        TypeAdapter(PolicyName).validate_python(standard.name)


def test_no_standard_policy_stands_twice() -> None:
    names = [standard.name for standard in STANDARD]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("standard", STANDARD, ids=lambda standard: standard.name)
def test_every_standard_policy_has_a_known_unit_a_basis_and_its_count(standard: object) -> None:
    if isinstance(standard, StandardList):
        assert standard.count in (None, len(standard.items))
        assert len(set(standard.items)) == len(standard.items)
    else:
        assert standard.unit in UNITS - {"list"}  # type: ignore[attr-defined]
    assert standard.basis_zh.strip()  # type: ignore[attr-defined]
    assert standard.basis_en.strip()  # type: ignore[attr-defined]
