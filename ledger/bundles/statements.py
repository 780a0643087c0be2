"""A statement: what a slice of the log says about money and points, line by line.

    statement.json    on which basis, about which places, the sums of each book
    accounts.jsonl    {"account": …, "book": …, "place": …, "opening": …, "closing": …}
    movements.jsonl   {"position": …, "account": …, "kind": …, "amount": …, "balance": …, …}
    statement.csv     the same for a spreadsheet: openings, movements, closings

What it says comes from the views, which people see; whoever gets the bundle computes it again
from the entries (``scripts/verify_ledger.py``), so a view that was edited does not pass.
Amounts are in fen, or in points; movements stand in the order of the log.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import orjson

from ledger.core.clock import end_of_day, moment_missed
from ledger.core.entry import stamp

BOOKS = {"public_account": "fen", "deposit": "fen", "points_account": "points"}
"""What accounts there are, and in which unit each is kept."""

BOM = "\ufeff"
CSV_HEADINGS = (
    "序号 position",
    "入账时间 recorded_at",
    "发生时间 occurred_at",
    "账簿 book",
    "账户 account",
    "所属 place",
    "事项 kind",
    "金额 amount",
    "单位 unit",
    "余额 balance",
    "对方 counterparty",
    "银行流水 bank_reference",
    "补记 late",
)
_FORMULAE = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True, slots=True)
class Place:
    """An estate or a community that a statement is about."""

    id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Span:
    """Days in China, both ends included."""

    first: date
    last: date

    @property
    def from_at(self) -> datetime:
        """The first moment."""
        return moment_missed(self.first - timedelta(days=1))

    @property
    def until_at(self) -> datetime:
        """The last moment."""
        return end_of_day(self.last)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a statement is about.

    Without a ``span`` it is about what was recorded in the slice, with one about what occurred
    in it (as far as it was recorded before the slice's end). ``places`` ``None`` is all.
    """

    span: Span | None = None
    places: tuple[Place, ...] | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """One account: what it held before the first movement and after the last."""

    account_id: str
    book: str
    place_id: str
    opening: int
    closing: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of one account, by the event at ``position``."""

    position: int
    account_id: str
    book: str
    place_id: str
    kind: str
    amount: int
    occurred_at: datetime
    recorded_at: datetime
    counterparty: str
    bank_reference: str


class Source(Protocol):
    """Where a statement's figures come from: the views."""

    def balances(self) -> AsyncIterator[Balance]:
        """Return the accounts that hold anything or moved, sorted by book and id."""

    def movements(self) -> AsyncIterator[Movement]:
        """Return all movements in the order of the log."""


@dataclass(slots=True)
class Sums:
    """What one book comes to."""

    opening: int = 0
    came_in: int = 0
    went_out: int = 0
    closing: int = 0
    accounts: int = 0
    movements: int = 0

    def as_json(self) -> dict[str, int]:
        """Return it as it stands in statement.json."""
        return {
            "opening": self.opening,
            "in": self.came_in,
            "out": self.went_out,
            "closing": self.closing,
            "accounts": self.accounts,
            "movements": self.movements,
        }


@dataclass(slots=True)
class Statement:
    """Writes the lines of a statement, and adds up what they come to."""

    scope: Scope
    sums: dict[str, Sums] = field(default_factory=lambda: {book: Sums() for book in BOOKS})
    _balances: dict[str, int] = field(default_factory=dict)

    async def account_lines(self, balances: AsyncIterator[Balance]) -> AsyncIterator[bytes]:
        """Yield accounts.jsonl."""
        async for one in balances:
            sums = self.sums[one.book]
            sums.opening += one.opening
            sums.closing += one.closing
            sums.accounts += 1
            self._balances[one.account_id] = one.opening
            line = {
                "account": one.account_id,
                "book": one.book,
                "place": one.place_id,
                "opening": one.opening,
                "closing": one.closing,
            }
            yield orjson.dumps(line) + b"\n"

    async def movement_lines(self, movements: AsyncIterator[Movement]) -> AsyncIterator[bytes]:
        """Yield movements.jsonl."""
        balances = dict(self._balances)
        async for one in movements:
            balances[one.account_id] += one.amount
            sums = self.sums[one.book]
            sums.came_in += max(0, one.amount)
            sums.went_out += max(0, -one.amount)
            sums.movements += 1
            line = {
                "position": one.position,
                "account": one.account_id,
                "kind": one.kind,
                "amount": one.amount,
                "balance": balances[one.account_id],
                "occurred_at": stamp(one.occurred_at),
                "recorded_at": stamp(one.recorded_at),
                "counterparty": one.counterparty,
                "bank_reference": one.bank_reference,
                "late": self._is_late(one),
            }
            yield orjson.dumps(line) + b"\n"

    async def csv_lines(self, source: Source) -> AsyncIterator[bytes]:
        """Yield statement.csv."""
        balances = dict(self._balances)
        write = _csv_writer()
        yield BOM.encode() + write(CSV_HEADINGS)
        async for balance in source.balances():
            yield write(self._balance_row(balance, "opening", balance.opening))
        async for one in source.movements():
            balances[one.account_id] += one.amount
            yield write(self._movement_row(one, balances[one.account_id]))
        async for balance in source.balances():
            yield write(self._balance_row(balance, "closing", balance.closing))

    def head(self) -> bytes:
        """Return statement.json; the sums are whole once the lines were written."""
        span, places = self.scope.span, self.scope.places
        basis: dict[str, Any] = {"by": "position"}
        if span is not None:
            basis = {
                "by": "occurred_at",
                "from": stamp(span.from_at),
                "until": stamp(span.until_at),
            }
        head = {
            "v": 1,
            "basis": basis,
            "places": places and [{"id": place.id, "code": place.code} for place in places],
            "books": {book: sums.as_json() for book, sums in self.sums.items()},
        }
        return orjson.dumps(head, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    def _is_late(self, one: Movement) -> bool:
        return self.scope.span is not None and one.recorded_at > self.scope.span.until_at

    def _movement_row(self, one: Movement, balance: int) -> Sequence[object]:
        return (
            one.position,
            stamp(one.recorded_at),
            stamp(one.occurred_at),
            one.book,
            one.account_id,
            self._place(one.place_id),
            one.kind,
            one.amount,
            BOOKS[one.book],
            balance,
            guarded(one.counterparty),
            guarded(one.bank_reference),
            "late" if self._is_late(one) else "",
        )

    def _balance_row(self, one: Balance, kind: str, amount: int) -> Sequence[object]:
        place, unit = self._place(one.place_id), BOOKS[one.book]
        about = ("", "", "", one.book, one.account_id, place, kind)
        return (*about, amount, unit, amount, "", "", "")

    def _place(self, place_id: str) -> str:
        codes = {str(place.id): place.code for place in self.scope.places or ()}
        return codes.get(place_id, place_id)


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULAE) else text


def _csv_writer() -> Callable[[Iterable[object]], bytes]:
    buffer = io.StringIO(newline="")
    rows = csv.writer(buffer, lineterminator="\r\n")

    def write(row: Iterable[object]) -> bytes:
        buffer.seek(0)
        buffer.truncate()
        rows.writerow(row)
        return buffer.getvalue().encode()

    return write
