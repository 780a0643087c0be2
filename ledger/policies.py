"""The policy book: every number, text and list that rules use, with its basis and first day.

Rules are data. An entry is valid from a day on and never changes: a newer one
follows it, or it is withdrawn with a reason. On any day the entry with the latest
first day counts; of two with the same first day, the one recorded later. A
decision names the version of the book it was taken under, and ``value_at`` tells
for ever what that version said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.core.values import derived_id

POLICY_BOOK_ID = derived_id("policy-book", "")

UNITS = frozenset(
    {
        *("basis-points", "fen", "points", "pieces", "square-metres"),
        *("working-days", "days", "hours", "minutes", "months", "years"),
        *("times", "people", "items", "bytes", "text", "list"),
    }
)
"""What a value can be counted in; a list has the unit ``list``, a text ``text``."""

Certainty: TypeAlias = Literal["verified", "second-hand", "general", "source", "inferred", "house"]
"""How sure we are of a basis: see ``ledger.policy_values``."""

Value: TypeAlias = "int | str | tuple[str, ...]"


class PolicyMissing(RuleViolated):
    """No policy of this name is in force on this day.

    该日没有这一名称的有效政策值。
    """


class PolicyKindWrong(RuleViolated):
    """A policy that is a number, a text or a list cannot be read or set as another kind.

    政策值的类型（数字、文字或清单）不符。
    """


class UnitUnknown(RuleViolated):
    """A policy value must be counted in a unit that the ledger knows.

    政策值的计量单位不在账本所列单位之内。
    """


class UnitChanged(RuleViolated):
    """A policy keeps its unit: another unit needs another name.

    同一政策值的计量单位不得更改；需要换单位时应另立名称。
    """


class PolicyNegative(RuleViolated):
    """A policy number cannot be less than zero.

    政策数值不得小于零。
    """


class BasisMissing(RuleViolated):
    """A policy needs its basis, in Chinese and in English, so that people can check it.

    政策值必须用中英文写明依据，以便核对。
    """


class ListCountBroken(RuleViolated):
    """The list does not have the number of items that it must have.

    清单的条目数与规定的条目数不一致。
    """


class ListItemTwice(RuleViolated):
    """An item stands twice in the list.

    清单中有重复的条目。
    """


class PolicyEntryUnknown(RuleViolated):
    """The policy book has no such entry that could be withdrawn.

    政策簿中没有可撤回的这一条目。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an entry rests on (a law, a source document, our own choice), and how surely."""

    zh: str
    en: str
    certainty: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyValue:
    """One entry of the book, as pages explain it.

    ``version_set`` is the version of the book that it came with and
    ``version_withdrawn`` the one that took it back, if any. ``count`` is the number
    of items a list must have; ``edition`` names the edition of a list.
    """

    name: str
    value: Value
    unit: str
    basis: Basis
    valid_from: date
    version_set: int
    version_withdrawn: int | None = None
    count: int | None = None
    edition: str = ""


class PolicyBook(core.Aggregate):
    """All policies of one ledger."""

    TOPIC = "policy_book"

    # Events: what can happen to the book ------------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of the policy book."""

    @dataclass(frozen=True, kw_only=True)
    class Opened(Event, core.Created):
        """The ledger has a policy book, still empty."""

        TOPIC = "policy_book.opened.v1"

    @dataclass(frozen=True, kw_only=True)
    class NumberSet(Event):
        """A number is valid from a day on; ``unit`` says of what."""

        TOPIC = "policy_book.number_set.v1"

        name: str
        value: int
        unit: str
        basis: Basis
        valid_from: date

        def apply(self, book: PolicyBook) -> None:
            book._enter(self, self.value, self.unit)

    @dataclass(frozen=True, kw_only=True)
    class TextSet(Event):
        """A text (such as the name of a time zone) is valid from a day on."""

        TOPIC = "policy_book.text_set.v1"

        name: str
        value: str
        basis: Basis
        valid_from: date

        def apply(self, book: PolicyBook) -> None:
            book._enter(self, self.value, "text")

    @dataclass(frozen=True, kw_only=True)
    class ListPublished(Event):
        """An edition of a list is valid from a day on; ``count`` is how many items it must have."""

        TOPIC = "policy_book.list_published.v1"

        name: str
        edition: str
        items: tuple[str, ...]
        count: int | None
        basis: Basis
        valid_from: date

        def apply(self, book: PolicyBook) -> None:
            book._enter(self, self.items, "list", count=self.count, edition=self.edition)

    @dataclass(frozen=True, kw_only=True)
    class EntryWithdrawn(Event):
        """An entry was set by mistake and no longer counts; ``version_set`` tells which."""

        TOPIC = "policy_book.entry_withdrawn.v1"

        name: str
        version_set: int

        def apply(self, book: PolicyBook) -> None:
            book._entries[self.name] = [
                replace(entry, version_withdrawn=self.originator_version)
                if entry.version_set == self.version_set
                else entry
                for entry in book._entries[self.name]
            ]

    # State: what we remember of it ------------------------------------------------------

    def __init__(self) -> None:
        self._entries: dict[str, list[PolicyValue]] = {}

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """There is one book a ledger."""
        return POLICY_BOOK_ID

    def _enter(
        self,
        event: PolicyBook.NumberSet | PolicyBook.TextSet | PolicyBook.ListPublished,
        value: Value,
        unit: str,
        *,
        count: int | None = None,
        edition: str = "",
    ) -> None:
        entries = self._entries.setdefault(event.name, [])
        entries.append(
            PolicyValue(
                name=event.name,
                value=value,
                unit=unit,
                basis=event.basis,
                valid_from=event.valid_from,
                version_set=event.originator_version,
                count=count,
                edition=edition,
            )
        )
        entries.sort(key=lambda entry: (entry.valid_from, entry.version_set))

    # Questions: what the book says ------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """Return every name that the book has entries for, sorted."""
        return tuple(sorted(self._entries))

    def entries(self, name: str) -> tuple[PolicyValue, ...]:
        """Return all entries of a name by first day, withdrawn ones included."""
        return tuple(self._entries.get(name, ()))

    def value(self, name: str, *, on: date) -> PolicyValue:
        """Return the entry in force on a day (refuses with ``PolicyMissing``)."""
        return self.value_at(name, on=on, version=self.version)

    def value_at(self, name: str, *, on: date, version: int) -> PolicyValue:
        """Return the entry that was in force on a day as this version of the book had it."""
        for entry in reversed(self._entries.get(name, ())):
            if entry.valid_from <= on and _counts(entry, version):
                return entry
        raise PolicyMissing(name=name, on=on.isoformat())

    def number(self, name: str, *, on: date) -> int:
        """Return the number in force on a day, in the unit that its entry names."""
        value = self.value(name, on=on).value
        if not isinstance(value, int):
            raise PolicyKindWrong(name=name, asked="number", kind=_kind(value))
        return value

    def text(self, name: str, *, on: date) -> str:
        """Return the text in force on a day."""
        value = self.value(name, on=on).value
        if not isinstance(value, str):
            raise PolicyKindWrong(name=name, asked="text", kind=_kind(value))
        return value

    def items(self, name: str, *, on: date) -> tuple[str, ...]:
        """Return the items of the list in force on a day, in their published order."""
        value = self.value(name, on=on).value
        if not isinstance(value, tuple):
            raise PolicyKindWrong(name=name, asked="list", kind=_kind(value))
        return value

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def open(cls, by: By) -> PolicyBook:
        """Open the ledger's book, empty."""
        return cls._begin(cls.Opened, by)

    def set_number(  # noqa: PLR0913
        self, by: By, *, name: str, value: int, unit: str, basis: Basis, valid_from: date
    ) -> None:
        """Set a number from a day on; a day that has passed needs a reason."""
        if unit not in UNITS - {"text", "list"}:
            by = by.refuse(UnitUnknown(name=name))
        if value < 0:
            by = by.refuse(PolicyNegative(name=name, value=value))
        by = self._guard_same_kind(by, name=name, value=value, unit=unit)
        by = _guard_basis(by, name=name, basis=basis, valid_from=valid_from)
        self._record(
            self.NumberSet,
            by,
            name=name,
            value=value,
            unit=unit,
            basis=basis,
            valid_from=valid_from,
        )

    def set_text(self, by: By, *, name: str, value: str, basis: Basis, valid_from: date) -> None:
        """Set a text from a day on; a day that has passed needs a reason."""
        by = self._guard_same_kind(by, name=name, value=value, unit="text")
        by = _guard_basis(by, name=name, basis=basis, valid_from=valid_from)
        self._record(self.TextSet, by, name=name, value=value, basis=basis, valid_from=valid_from)

    def publish_list(  # noqa: PLR0913
        self,
        by: By,
        *,
        name: str,
        items: tuple[str, ...],
        count: int | None,
        basis: Basis,
        valid_from: date,
        edition: str = "",
    ) -> None:
        """Publish an edition of a list from a day on.

        A ``count`` once declared holds for every later edition that declares none; an
        edition that declares another count needs a reason.
        """
        declared = self._declared_count(name)
        if count is not None and declared is not None and count != declared:
            by = by.with_reason()
        count = declared if count is None else count
        if count is not None and len(items) != count:
            by = by.refuse(ListCountBroken(name=name, items_count=len(items), count=count))
        if len(set(items)) != len(items):
            twice = next(item for item in items if items.count(item) > 1)
            by = by.refuse(ListItemTwice(name=name, item=twice))
        by = self._guard_same_kind(by, name=name, value=items, unit="list")
        by = _guard_basis(by, name=name, basis=basis, valid_from=valid_from)
        self._record(
            self.ListPublished,
            by,
            name=name,
            edition=edition,
            items=items,
            count=count,
            basis=basis,
            valid_from=valid_from,
        )

    def withdraw(self, by: By, *, name: str, version_set: int) -> None:
        """Take back an entry that was set by mistake; needs a reason."""
        by = by.with_reason()
        if not any(
            entry.version_set == version_set and entry.version_withdrawn is None
            for entry in self._entries.get(name, ())
        ):
            raise PolicyEntryUnknown(name=name, version_set=version_set)
        self._record(self.EntryWithdrawn, by, name=name, version_set=version_set)

    def _declared_count(self, name: str) -> int | None:
        entries = self._entries.get(name)
        return max(entries, key=lambda entry: entry.version_set).count if entries else None

    def _guard_same_kind(self, by: By, *, name: str, value: Value, unit: str) -> By:
        known = self._entries.get(name)
        if not known:
            return by
        if _kind(known[0].value) != _kind(value):
            # Whatever reads this name would break, so not even history may do it.
            raise PolicyKindWrong(name=name, asked=_kind(value), kind=_kind(known[0].value))
        if known[0].unit != unit:
            return by.refuse(UnitChanged(name=name, asked=unit, unit=known[0].unit))
        return by


def _guard_basis(by: By, *, name: str, basis: Basis, valid_from: date) -> By:
    if not (basis.zh.strip() and basis.en.strip()):
        by = by.refuse(BasisMissing(name=name))
    return by.with_reason() if valid_from < local_day(by.at) else by


def _counts(entry: PolicyValue, version: int) -> bool:
    """Tell whether an entry was in the book at a version, and not withdrawn by then."""
    if entry.version_set > version:
        return False
    return entry.version_withdrawn is None or entry.version_withdrawn > version


def _kind(value: Value) -> str:
    if isinstance(value, tuple):
        return "list"
    return "number" if isinstance(value, int) else "text"
