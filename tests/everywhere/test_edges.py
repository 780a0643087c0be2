"""Moments, days, numbers and cursors at the edges: every read and every page takes or names them.

Whatever is outside the bounds is refused with 400 and the name of the field; nothing that a
question can say is a fault of ours.
"""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any, get_type_hints
from urllib.parse import quote

import orjson
from aiohttp import ClientResponse

from tests.everywhere.addresses import READS, Address, addresses_of, filled, query_names
from tests.everywhere.conftest import HERE
from tests.permissions.conftest import County

OUTSIDE_MOMENTS = (
    "0001-01-01T00:00:00+08:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "1989-12-31T23:59:59Z",
    "2100-12-31T00:00:01Z",
    "9999-12-31T23:59:59-08:00",
    "9999-12-31T23:59:59.999999-23:59",
    "10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z",
)
OUTSIDE_DAYS = (
    "0001-01-01",
    "1989-12-31",
    "2101-01-01",
    "9999-12-31",
    "10000-01-01",
    "-0001-01-01",
)
NO_NUMBERS = ("9223372036854775808", "-9223372036854775809", "1" + "0" * 400, "1e400", "-1", "NaN")
EDGES = (
    *("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "0001-01-01", "9999-12-31"),
    *("1990-01-01", "2100-12-31", "2100-12-31T00:00:00Z", "2026-03-01T00:00:00+23:59"),
    *("9223372036854775808", "1" + "0" * 400, "-1", "infinity"),
)
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: an address, a name of its query, and what is said for it."""

    address: Address
    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.address.path} {self.name}={self.value[:40]}"


@asynccontextmanager
async def answer_to(site: County, asked: Asked) -> AsyncIterator[ClientResponse]:
    path = f"{filled(site, asked.address, HERE)}?{asked.name}={quote(asked.value)}"
    who = site.of(asked.address.role, HERE)
    async with site.client.get(path, headers=who, allow_redirects=False) as response:
        yield response


async def wrong_answers(site: County, questions: Iterable[tuple[Asked, bool]]) -> list[str]:
    """Ask all of it; return what was not answered as it should be."""
    waiting, wrong = iter(questions), []

    async def work() -> None:
        for asked, must_refuse in waiting:
            async with answer_to(site, asked) as response:
                if response.status >= 500 or (must_refuse and response.status != 400):
                    wrong.append(f"{asked}: {response.status}")
                elif must_refuse and asked.name not in str(await response.json()):
                    wrong.append(f"{asked}: the field is not named")

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return wrong


def kinds_of(takes: type) -> dict[str, str]:
    """Return the name of the kind of each field: Moment, Day, an integer, or another."""
    hints = get_type_hints(takes, include_extras=True)
    return {field.name: str(hints[field.name]) for field in fields(takes)}


def outside(kind: str) -> tuple[str, ...]:
    """Return what a field of a kind must refuse."""
    if "datetime.datetime" in kind:
        return (*OUTSIDE_MOMENTS, *OUTSIDE_DAYS, "infinity", "now")
    if "datetime.date" in kind:
        return (*OUTSIDE_DAYS, *OUTSIDE_MOMENTS, "infinity")
    return NO_NUMBERS if re.search(r"\bint\b", kind) else ()


async def test_every_read_refuses_what_lies_outside_and_names_the_field(site: County) -> None:
    questions = [
        (Asked(Address("GET", path), name, value), value in outside(kind))
        for path, read in READS.items()
        for name, kind in {**kinds_of(read.takes), "after_position": "int"}.items()
        if name not in read.parameters and (name != "after_position" or read.view)
        for value in (outside(kind) or EDGES)
    ]
    assert len(questions) > 2_000
    assert await wrong_answers(site, questions) == []


async def test_every_page_bears_the_edges(site: County) -> None:
    pages = [one for one in addresses_of(site.app) if one.method == "GET" and one.question is None]
    questions = [
        (Asked(address, name, value), False)
        for address in pages
        if not address.path.endswith("/stream")
        for name in query_names(address.path)
        if name not in {"lang", "no_such_name"}
        for value in EDGES
    ]
    assert len(questions) > 1_000
    assert await wrong_answers(site, questions) == []


async def test_no_cursor_is_a_fault_of_ours(site: County) -> None:
    """Whatever stands in a cursor of a list: its own order with values that nobody gave out."""
    questions = []
    for path, read in READS.items():
        address = Address("GET", path)
        if "page_size" not in kinds_of(read.takes):
            continue
        async with answer_to(site, Asked(address, "page_size", "1")) as response:
            cursor = (await response.json()).get("next_cursor")
        if cursor is None:
            continue
        for forged in forgeries(cursor):
            questions.append((Asked(address, "cursor", forged), False))
    assert len(questions) > 100, "too few lists go on"
    assert await wrong_answers(site, questions) == []


def forgeries(cursor: str) -> list[str]:
    """Return a cursor with each of its values replaced by each edge."""
    read: list[Any] = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    texts = [*EDGES, "", "\u0000", "x" * 10_000, "{}", "null"]
    made = []
    for number, _ in enumerate(read[1]):
        for value in texts:
            values = [*read[1]]
            values[number] = value
            changed = orjson.dumps([read[0], values, *read[2:]])
            made.append(urlsafe_b64encode(changed).decode().rstrip("="))
    return made
