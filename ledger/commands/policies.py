"""Adopt, set, publish and withdraw policies; ``policies_of`` is how other commands read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import MaxLen

from ledger.commands.policy_changes import (
    FROM_THE_PAST,
    guard_change,
    guard_items,
    guard_number,
    guard_text,
)
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue, NotFound
from ledger.core.guards import by_two, marked
from ledger.core.times import NoUndo, decision
from ledger.core.values import Count, Day, Name, OptionalName, PolicyName, Statement
from ledger.policies import POLICY_BOOK_ID, Basis, Certainty, PolicyBook
from ledger.policy_values import (
    StandardList,
    StandardValue,
    accounts,
    conduct,
    deposits,
    entries,
    expenses,
    findings,
    organisations,
    petitions,
    points,
    privacy,
)
from ledger.storage.ledger import Ledger, Recorded

Items = Annotated[tuple[Name, ...], MaxLen(1_000)]
"""The items of a list, in order."""

STANDARD: tuple[StandardValue | StandardList, ...] = (
    *(entries.VALUES + organisations.VALUES + points.VALUES),
    *(entries.LISTS + organisations.LISTS + points.LISTS),
    *(deposits.VALUES + accounts.VALUES + expenses.VALUES),
    *(deposits.LISTS + accounts.LISTS + expenses.LISTS),
    *(petitions.VALUES + findings.VALUES + conduct.VALUES),
    *(petitions.LISTS + findings.LISTS + conduct.LISTS),
    *(privacy.VALUES + privacy.LISTS),
)
"""Every number and list that a new ledger starts from, context by context."""


ADOPTED = "采用标准政策值 Standard policies adopted"
"""Why standard entries are valid from days that have passed, unless another reason is given."""


async def policies_of(ledger: Ledger) -> PolicyBook:
    """Return the ledger's policy book, to read only; ``NotFound`` before ``minzhang init``."""
    book = await ledger.consult(PolicyBook, POLICY_BOOK_ID)
    if book is None:
        raise NotFound(kind=PolicyBook.__name__, id=str(POLICY_BOOK_ID))
    return book


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptStandardPolicies:
    """Put the standard numbers and lists into the policy book; names it has already stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicyValue:
    """Set a number or a text from a day on; the unit of a text is ``text``."""

    name: PolicyName
    value: Count | Statement
    unit: Name
    basis_zh: Statement
    basis_en: Statement
    certainty: Certainty
    valid_from: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicyList:
    """Publish an edition of a list from a day on; ``count``, if given, must be its length."""

    name: PolicyName
    items: Items
    basis_zh: Statement
    basis_en: Statement
    certainty: Certainty
    valid_from: Day
    count: Count | None = None
    edition: OptionalName = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawPolicyEntry:
    """Take back an entry that was set by mistake; ``version_set`` is the book's version of it."""

    name: PolicyName
    version_set: Count


@decision(undo="withdraw_policy_entry")
async def adopt_standard_policies(
    command: AdoptStandardPolicies, ledger: Ledger, by: By
) -> Recorded | None:
    """Open the book and enter what it lacks of ``STANDARD``; ``None`` if it lacked nothing."""
    by = by if by.reason.strip() else replace(by, reason=ADOPTED)
    book = await ledger.find(PolicyBook, POLICY_BOOK_ID) or PolicyBook.open(by)
    known = frozenset(book.names())
    for standard in STANDARD:
        if standard.name not in known:
            _adopt(book, standard, by)
    return await ledger.save(book) if book.pending_events else None


@decision(undo="withdraw_policy_entry", by_two=True)
async def set_policy_value(command: SetPolicyValue, ledger: Ledger, by: By) -> Recorded:
    """Set a number or a text in the policy book."""
    book = await ledger.load(PolicyBook, POLICY_BOOK_ID)
    by = guard_change(by, valid_from=command.valid_from, certainty=command.certainty)
    if isinstance(command.value, int):
        by = guard_number(
            by,
            book,
            name=command.name,
            value=command.value,
            unit=command.unit,
            on=command.valid_from,
        )
    else:
        by = guard_text(by, name=command.name, value=command.value)
    _set(book, command, by)
    return await ledger.save(book)


@decision(undo="withdraw_policy_entry", by_two=True)
async def publish_policy_list(command: PublishPolicyList, ledger: Ledger, by: By) -> Recorded:
    """Publish an edition of a list in the policy book."""
    book = await ledger.load(PolicyBook, POLICY_BOOK_ID)
    by = guard_change(by, valid_from=command.valid_from, certainty=command.certainty)
    by = guard_items(by, name=command.name, items=command.items)
    _publish(book, command, by, edition=command.edition)
    return await ledger.save(book)


@decision(undo=NoUndo("it is itself a taking back; the entry is set anew"), by_two=True)
async def withdraw_policy_entry(command: WithdrawPolicyEntry, ledger: Ledger, by: By) -> Recorded:
    """Take back an entry of the policy book."""
    book = await ledger.load(PolicyBook, POLICY_BOOK_ID)
    by = by_two(by)
    book.withdraw(
        _marked_if_past(by, book, command), name=command.name, version_set=command.version_set
    )
    return await ledger.save(book)


def _marked_if_past(by: By, book: PolicyBook, command: WithdrawPolicyEntry) -> By:
    """Mark a withdrawal of what has held already: it changes days that have passed."""
    days = [
        e.valid_from for e in book.entries(command.name) if e.version_set == command.version_set
    ]
    return marked(by, FROM_THE_PAST) if days and days[0] <= local_day(by.now) else by


def _adopt(book: PolicyBook, standard: StandardValue | StandardList, by: By) -> None:
    if isinstance(standard, StandardList):
        _publish(book, standard, by)
    else:
        _set(book, standard, by)


def _set(book: PolicyBook, said: StandardValue | SetPolicyValue, by: By) -> None:
    basis = Basis(zh=said.basis_zh, en=said.basis_en, certainty=said.certainty)
    if isinstance(said.value, int):
        book.set_number(
            by,
            name=said.name,
            value=said.value,
            unit=said.unit,
            basis=basis,
            valid_from=said.valid_from,
        )
    elif said.unit == "text":
        book.set_text(by, name=said.name, value=said.value, basis=basis, valid_from=said.valid_from)
    else:
        raise InvalidValue(field="unit", rule="the unit of a text is 'text'")


def _publish(
    book: PolicyBook, said: StandardList | PublishPolicyList, by: By, *, edition: str = ""
) -> None:
    book.publish_list(
        by,
        name=said.name,
        items=said.items,
        count=said.count,
        basis=Basis(zh=said.basis_zh, en=said.basis_en, certainty=said.certainty),
        valid_from=said.valid_from,
        edition=edition,
    )
