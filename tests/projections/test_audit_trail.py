"""The audit trail: every event with who, when and why, by any filter, at any time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.core.aggregate import By, Evidence
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from projections.audit_trail import (
    AuditQuery,
    ConsequencesQuery,
    audit_trail,
    causes,
    consequences,
    event_by_id,
    event_by_position,
    events_at,
    stream_history,
    view,
)
from projections.engine import catch_up, verify
from tests.examples import AT, by
from tests.storage.jars import Jar

STREET = UUID(int=77)
PHOTO = Evidence(sha256="ab" * 32, name="照片.jpg", media_type="image/jpeg", size_bytes=9)


async def make(ledger: Ledger, who: By, *fillings: By) -> UUID:
    """Record a jar and its fillings by these persons; return its id."""
    jar = Jar.make(who)
    for filler in fillings:
        jar.fill(filler)
    return (await ledger.save(jar)).id


async def some_events(ledger: Ledger) -> UUID:
    """Five events by two persons on two days; the last broke two rules."""
    jar_id = await make(
        ledger,
        replace(by(1, reason="群众来电"), organisation_id=STREET, post="站长"),
        by(2, role="community"),
        replace(by(1), evidence=(PHOTO,), correlation=UUID(int=5)),
    )
    await make(
        ledger,
        by(2, at=AT + timedelta(days=3), reason="补录"),
        replace(
            by(2, at=AT + timedelta(days=4)), is_history=True, breaches=("too-late", "too-much")
        ),
    )
    await catch_up(ledger, [view])
    return jar_id


async def positions(ledger: Ledger, **filters: Any) -> list[int]:
    """Return the positions that a query finds, oldest first."""
    query = AuditQuery(**filters, oldest_first=True)
    page = await audit_trail(ledger.pool, ledger.id, query)
    return [row["position"] for row in page.rows]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"topic": "test_jar.made"}, [0, 3]),
        ({"topic": "test_jar."}, [0, 1, 2, 3, 4]),
        ({"topic": "jar"}, []),
        ({"kind": "test_jar"}, [0, 1, 2, 3, 4]),
        ({"kind": "deposit"}, []),
        ({"actor_id": UUID(int=2)}, [1, 3, 4]),
        ({"organisation_id": STREET}, [0]),
        ({"role": "community"}, [1]),
        ({"correlation": UUID(int=5)}, [2]),
        ({"reason": "来电"}, [0]),
        ({"has_breaches": True}, [4]),
        ({"has_breaches": False}, [0, 1, 2, 3]),
        ({"breach": "too-much"}, [4]),
        ({"is_history": True}, [4]),
        ({"occurred_from": AT + timedelta(days=1)}, [3, 4]),
        ({"occurred_to": AT + timedelta(days=3)}, [0, 1, 2, 3]),
        ({"recorded_to": AT}, []),
        ({"recorded_from": AT}, [0, 1, 2, 3, 4]),
        ({"position_from": 1, "position_to": 3}, [1, 2, 3]),
        ({"at": AT}, [0, 1, 2]),
        ({"known_at": AT}, []),
        ({"actor_id": UUID(int=2), "topic": "test_jar.filled", "at": AT}, [1]),
    ],
)
async def test_filters(ledger: Ledger, filters: dict[str, Any], found: list[int]) -> None:
    await some_events(ledger)

    assert await positions(ledger, **filters) == found


async def test_events_of_one_thing(ledger: Ledger) -> None:
    jar_id = await some_events(ledger)

    assert await positions(ledger, stream_id=str(jar_id)) == [0, 1, 2]
    assert await positions(ledger, about=jar_id) == [0, 1, 2]
    history = await stream_history(ledger.pool, ledger.id, str(jar_id))
    assert [row["version"] for row in history] == [1, 2, 3]


async def test_the_newest_come_first_page_by_page(ledger: Ledger) -> None:
    await some_events(ledger)
    first = await audit_trail(ledger.pool, ledger.id, AuditQuery(page_size=3))
    rest = await audit_trail(
        ledger.pool, ledger.id, AuditQuery(page_size=3, cursor=first.next_cursor)
    )

    assert [row["position"] for row in first.rows + rest.rows] == [4, 3, 2, 1, 0]
    assert rest.next_cursor is None


async def test_a_row_says_who_when_and_why(ledger: Ledger) -> None:
    jar_id = await some_events(ledger)
    first = await event_by_position(ledger.pool, ledger.id, 0)
    third = await event_by_position(ledger.pool, ledger.id, 2)
    last = await event_by_position(ledger.pool, ledger.id, 4)

    assert first["stream_id"] == str(jar_id)
    assert (first["kind"], first["topic"], first["version"]) == (
        "test_jar",
        "test_jar.made.v1",
        1,
    )
    assert (first["actor_id"], first["role"], first["post"]) == (UUID(int=1), "street", "站长")
    assert (first["organisation_id"], first["reason"]) == (STREET, "群众来电")
    assert (first["occurred_at"], first["policy_version"]) == (AT, 1)
    assert first["recorded_at"] > AT
    assert first["fields"] == {"label": "jar"}
    assert third["evidence"] == [
        {"sha256": "ab" * 32, "name": "照片.jpg", "media_type": "image/jpeg", "size": 9}
    ]
    assert (last["breaches"], last["is_history"]) == (["too-late", "too-much"], True)
    assert await event_by_id(ledger.pool, ledger.id, first["event_id"]) == first
    assert "ledger_id" not in first


async def test_an_unknown_event_is_not_found(ledger: Ledger) -> None:
    await some_events(ledger)
    with pytest.raises(NotFound):
        await event_by_id(ledger.pool, ledger.id, uuid4())
    with pytest.raises(NotFound):
        await event_by_position(ledger.pool, ledger.id, 5)


async def test_the_events_behind_a_row(ledger: Ledger) -> None:
    await some_events(ledger)
    found = await events_at(ledger.pool, ledger.id, [3, 1])

    assert [row["position"] for row in found] == [1, 3]
    assert await events_at(ledger.pool, ledger.id, []) == []


async def test_what_led_to_an_event_and_what_it_led_to(ledger: Ledger) -> None:
    last: UUID | None = None
    ids: list[UUID] = []
    for number in range(4):
        recorded = await ledger.save(Jar.make(replace(by(number), cause=last)))
        last = recorded.event_ids[0]
        ids.append(last)
    await make(ledger, replace(by(9), cause=ids[1]))
    await catch_up(ledger, [view])
    led_here = await causes(ledger.pool, ledger.id, ids[3])
    led_to = await consequences(ledger.pool, ledger.id, ConsequencesQuery(event_id=ids[1]))

    assert [row["event_id"] for row in led_here] == ids[:3]
    assert [row["position"] for row in led_to.rows] == [2, 4]
    assert await causes(ledger.pool, ledger.id, ids[0]) == []


async def test_made_again_it_is_the_same(ledger: Ledger, store_dsn: str) -> None:
    await some_events(ledger)

    assert (await verify(store_dsn, ledger.id, view)).is_right
