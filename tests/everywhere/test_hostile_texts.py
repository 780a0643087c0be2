"""Texts that would mean something to a database, a template or a shell mean nothing here.

Through every text of every command and every parameter of every question: nothing fails, and what
was recorded is read back as it was sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields
from typing import Any
from unicodedata import normalize

import orjson
import pytest

from api.roles import Role
from ledger.storage.reading import read_entries, read_head
from projections import VIEWS
from projections.engine import catch_up
from tests.everywhere.addresses import (
    Address,
    addresses_of,
    body_of,
    filled,
    is_free_text,
    places_of,
    put,
    query_names,
)
from tests.permissions.conftest import County, served_county
from tests.permissions.world import Side

THERE = Side("there")
HOSTILE = (
    "x'); DROP TABLE events; --\"/* $1 $$ \\' E'\\\\' ;\\g %s %(a)s %% %n `id` $(id) |&",
    "{{7*7}} ${7*7} #{7} {0.__class__} {% x %} <%= 1 %> ‘’“”＇＂ʼ<svg onload=alert(1)>",
    "é" * 99,
    "元00.000,5\u202e\u200b",
)
"""No longer than the shortest free text may be, and in the form in which it is kept."""
LONG = "长'\\" * 660
QUERIES = (HOSTILE[0], HOSTILE[1], LONG, "%", "_", "\\", "9" * 40, "-1", "1e9", "NaN", "\x7f\t\n")
AT_ONCE = 8


@pytest.fixture(scope="module")
async def there(store_dsn: str) -> AsyncIterator[County]:
    """A street of its own: here texts are recorded for real."""
    async with served_county(store_dsn, (THERE,)) as county:
        yield county


def bodies(county: County, address: Address) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each hostile text in each free text of a command."""
    body = body_of(county, address, THERE)
    for place, schema in places_of(county, address).items():
        if is_free_text(schema):
            length = schema.get("maxLength", 2_000)
            for text in (*HOSTILE, LONG[:length]):
                yield (
                    normalize("NFC", text[:length]).strip(),
                    put(county, address, body, place, text[:length]),
                )


async def test_hostile_texts_are_kept_and_told_as_they_were_sent(there: County) -> None:
    recorded: dict[str, set[str]] = {}
    for address in addresses_of(there.app):
        if address.command is None:
            continue
        path, headers = filled(there, address, THERE), there.of(address.role, THERE)
        for text, body in bodies(there, address):
            async with there.client.post(path, json=body, headers=headers) as response:
                told = await response.json()
            assert response.status < 500, (address, text, told)
            assert response.status != 400 or told["code"] in {"invalid-value", "request-invalid"}
            if response.status == 201:
                recorded.setdefault(told["event_ids"][0], set()).add(text)
    assert len(recorded) > 100
    await catch_up(there.ledger, VIEWS)
    await told_exactly(there, recorded)


async def told_exactly(county: County, recorded: dict[str, set[str]]) -> None:
    """Check log, trail and statements: each text that an event was made of stands in it."""
    head = await read_head(county.ledger.pool, county.ledger.id)
    entries = await read_entries(county.ledger.pool, county.ledger.id, start=0, limit=head.size)
    in_log = {
        str(entry.event_id): orjson.loads(orjson.dumps(vars(entry.event), default=str))
        for entry in entries
    }
    kept = 0
    for event_id, texts in recorded.items():
        (text,) = texts
        in_entry = text in set(texts_of(in_log[event_id]))
        kept += in_entry
        path = f"/v1/events/{event_id}"
        async with county.client.get(path, headers=county.of(Role.AUDITOR, THERE)) as response:
            row = (await response.json())["row"]
        assert (text in set(texts_of(row))) is in_entry, (row["topic"], text)
    assert kept > 100


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_of(one)


async def test_no_question_and_no_page_fails_over_a_hostile_text(there: County) -> None:
    asked = iter([one for a in addresses_of(there.app) for one in questions(there, a)])
    failed: list[str] = []

    async def work() -> None:
        for address, path, name, text in asked:
            headers = there.of(address.role, THERE)
            params = {name: text}
            async with there.client.get(path, params=params, headers=headers) as response:
                if response.status >= 500:
                    failed.append(f"{address.path}?{name}={text[:20]!r}: {response.status}")

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    assert failed == []


def questions(county: County, address: Address) -> Iterator[tuple[Address, str, str, str]]:
    """Yield each hostile text as each parameter: all of them of the api, one of each page."""
    if address.method != "GET" or address.path.endswith("/stream"):
        return
    path, question = filled(county, address, THERE), address.question
    if question is not None:
        for name in (one.name for one in fields(question.takes)):
            if name not in address.parameters:
                yield from ((address, path, name, text) for text in QUERIES)
    else:
        for number, name in enumerate(query_names(address.path)):
            yield address, path, name, QUERIES[number % len(QUERIES)]
