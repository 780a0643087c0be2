"""What is told late or taken back: every answer is the log folded by both times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

import pytest

from ledger.core.entry import Entry
from ledger.core.reversing import StepReversed
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from projections import VIEWS
from projections.engine import AsOf, Row, Select, View, catch_up, install_missing, verify
from projections.engine.following import Following
from tests.examples import AT, by
from tests.projections.shelves import Shelf, shelves_view

HOUR = timedelta(hours=1)


async def entries_of(ledger: Ledger) -> list[Entry]:
    """Return the whole log."""
    return await read_entries(ledger.pool, ledger.id, start=0, limit=10_000)


def folded(entries: list[Entry], as_of: AsOf) -> dict[UUID, tuple[str, dict[str, int]]]:
    """Return each shelf's label and items, from what was known then and had happened then."""
    known = [e for e in entries if as_of.known_at is None or e.recorded_at <= as_of.known_at]
    gone = {
        (e.stream_id, version)
        for e in known
        if isinstance(e.event, StepReversed)
        for version in e.event.versions_reversed
    }
    shelves: dict[UUID, tuple[str, dict[str, int]]] = {}
    for entry in known:
        if as_of.at is not None and entry.occurred_at > as_of.at:
            continue
        if (entry.stream_id, entry.version) in gone:
            continue
        event = entry.event
        label, items = shelves.get(event.originator_id, ("", {}))
        match event:
            case Shelf.Put():
                items[event.item] = items.get(event.item, 0) + event.pieces
            case Shelf.Labelled():
                label = event.label
            case Shelf.Swapped() if event.item in items:
                items[event.into] = items.get(event.into, 0) + items[event.item]
                items[event.item] = 0
        shelves[event.originator_id] = (label, items)
    return shelves


async def shown(ledger: Ledger, view: View, as_of: AsOf) -> Any:
    """Return the same as the view's rows and lines have it."""
    tables = {table.name: table for table in view.tables}
    lines = next(one for one in view.all_lines if one.sums)
    shelves = await Select(tables["test_shelves_v1"], ledger.id, as_of).all(ledger.pool, order=())
    items = await Select(tables["test_items_v1"], ledger.id, as_of).all(ledger.pool, order=())
    sums = await Select(lines, ledger.id, as_of).sums(ledger.pool, ("pieces",), by=("shelf_id",))
    found: dict[UUID, tuple[str, dict[str, int]]] = {
        row["shelf_id"]: (row["label"], {}) for row in shelves
    }
    for item in items:
        found[item["shelf_id"]][1][item["item"]] = item["pieces"]
    summed = {row["shelf_id"]: row["pieces"] for row in sums}
    for row in shelves:
        pieces = sum(found[row["shelf_id"]][1].values())
        assert row["pieces"] == pieces == summed.get(row["shelf_id"], 0), as_of
    return found


async def assert_right_at_all_times(ledger: Ledger, view: View) -> None:
    """Compare the view with the folded log for every pair of moments there is."""
    entries = await entries_of(ledger)
    moments = sorted({e.occurred_at for e in entries})
    known = sorted({e.recorded_at for e in entries})
    times: list[tuple[datetime | None, datetime | None]] = [
        (None, None),
        *product([*moments, moments[0] - HOUR, None], [*known, None]),
    ]
    for at, known_at in times:
        as_of = AsOf(at=at, known_at=known_at)
        assert await shown(ledger, view, as_of) == folded(entries, as_of), as_of


async def one_late(ledger: Ledger) -> Shelf:
    shelf = Shelf.build(by())
    shelf.record(Shelf.Put, by(at=AT + 1 * HOUR), item="rice", pieces=3)
    shelf.record(Shelf.Labelled, by(at=AT + 5 * HOUR), label="food")
    shelf.record(Shelf.Put, by(at=AT + 6 * HOUR), item="oil", pieces=2)
    await ledger.save(shelf)
    loaded = await ledger.load(Shelf, shelf.id)
    loaded.record(Shelf.Put, replace(by(at=AT + 2 * HOUR), is_late=True), item="oil", pieces=5)
    await ledger.save(loaded)
    return await ledger.load(Shelf, shelf.id)


async def test_a_late_fact_counts_from_its_own_moment(ledger: Ledger) -> None:
    view = shelves_view()
    await one_late(ledger)
    await catch_up(ledger, [view])

    await assert_right_at_all_times(ledger, view)
    (row,) = await Select(view.tables[0], ledger.id, AsOf(at=AT + 3 * HOUR)).all(
        ledger.pool, order=()
    )
    assert (row["pieces"], row["label"], row["is_late"]) == (8, "", True)
    (line,) = (
        await Select(view.all_lines[0], ledger.id).equal(is_late=True).all(ledger.pool, order=())
    )
    assert (line["pieces"], line["true_day"], line["said_by"]) == (5, None, None)


async def test_only_images_that_would_be_wrong_are_written(ledger: Ledger) -> None:
    view = shelves_view()
    await one_late(ledger)
    await catch_up(ledger, [view])
    images = await ledger.pool.fetch(
        "SELECT occurred_at, image_no FROM test_shelf_states_v1"
        " WHERE ledger_id = $1 AND position = 4 ORDER BY 1",
        ledger.id,
    )
    of_items = await ledger.pool.fetch(
        "SELECT pieces, label FROM test_item_states_v1"
        " WHERE ledger_id = $1 AND position = 4 ORDER BY occurred_at",
        ledger.id,
    )

    assert [row["occurred_at"] for row in images] == [AT + n * HOUR for n in (2, 5, 6)]
    assert [row["image_no"] for row in images] == [0, 1, 2]
    assert [tuple(row) for row in of_items] == [(5, ""), (5, "food"), (7, "food")]


async def test_a_step_taken_back_was_never_there_once_that_is_known(ledger: Ledger) -> None:
    view = shelves_view()
    shelf = await one_late(ledger)
    shelf.take_back(by(at=AT + 9 * HOUR, reason="数错了"), version=2)
    await ledger.save(shelf)
    await catch_up(ledger, [view])

    await assert_right_at_all_times(ledger, view)
    rows = await Select(view.tables[1], ledger.id).all(ledger.pool, order=("item",))
    assert [(row["item"], row["pieces"]) for row in rows] == [("oil", 7)], "no row of rice is left"
    steps = await Select(view.all_lines[1], ledger.id).all(ledger.pool, order=("position",))
    assert [(step["step"], step["voided_by"]) for step in steps] == [
        ("built", None),
        ("put", 5),
        ("labelled", None),
        ("put", None),
        ("put", None),
        ("step_reversed", None),
    ]
    (opposite,) = (
        await Select(view.all_lines[0], ledger.id).equal(reverses=1).all(ledger.pool, order=())
    )
    assert (opposite["pieces"], opposite["occurred_at"]) == (-3, AT + HOUR)
    known = await entries_of(ledger)
    before = Select(view.all_lines[1], ledger.id, AsOf(known_at=known[4].recorded_at))
    assert all(step["voided_by"] is None for step in await before.all(ledger.pool, order=()))


class Chance:
    """Random steps of a few shelves: late ones, reversals, and moments that are not in order."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)  # noqa: S311 - the same each time
        self.hour = 0

    def moment(self) -> datetime:
        self.hour += self.dice.randint(0, 2)
        told = self.hour - (self.dice.randint(0, 12) if self.dice.random() < 0.4 else 0)
        return AT + max(told, 0) * HOUR

    async def step(self, ledger: Ledger, shelf_id: UUID) -> None:
        shelf = await ledger.load(Shelf, shelf_id)
        kind, item = self.dice.random(), self.dice.choice("abc")
        reversible = [e for e in shelf.counting() if isinstance(e, Shelf.Put | Shelf.Labelled)]
        free = [e for e in reversible if not shelf.resting_on(e)]
        if kind < 0.2 and free:
            version = self.dice.choice(free).originator_version
            shelf.take_back(by(at=AT + self.hour * HOUR, reason="记错了"), version=version)
        elif kind < 0.35:
            shelf.record(Shelf.Labelled, by(at=self.moment()), label=self.dice.choice("xyz"))
        elif kind < 0.5 and item in shelf.items:
            into = self.dice.choice([one for one in "abc" if one != item])
            shelf.record(Shelf.Swapped, by(at=self.moment()), item=item, into=into)
        else:
            pieces = self.dice.randint(1, 9)
            shelf.record(Shelf.Put, by(at=self.moment()), item=item, pieces=pieces)
        await ledger.save(shelf)


@pytest.mark.parametrize("seed", range(6))
async def test_any_history_is_folded_right_at_all_times(
    ledger: Ledger, store_dsn: str, seed: int
) -> None:
    view, chance = shelves_view(), Chance(seed)
    await install_missing(ledger.pool, (view,))
    shelves = [(await ledger.save(Shelf.build(by(at=AT)))).id for _ in range(2)]
    following = Following(ledger.pool, ledger.id, [view], batch_entries=seed + 1)
    for number in range(18):
        await chance.step(ledger, shelves[number % 2])
        if number % (seed + 1) == 0:
            await following.catch_up()
    await catch_up(ledger, [view])

    await assert_right_at_all_times(ledger, view)
    verified = await verify(store_dsn, ledger.id, view)
    assert verified.is_right, verified.difference


def test_rows_of_one_stream_say_so() -> None:
    """Only such rows can be folded again, so whoever adds a history has to say whose it is."""
    without = {t.name for view in VIEWS for t in view.tables if t.history and not t.stream}
    assert without == {"policy_entries_v2"}


def test_lines_that_add_up_say_what_reversed_them() -> None:
    for view in VIEWS:
        for lines in view.all_lines:
            ddl = view.sql.partition(f"CREATE TABLE IF NOT EXISTS {lines.name} (")[2]
            columns: Row = dict.fromkeys(ddl.partition("PRIMARY KEY")[0].split())
            assert not lines.sums or "reverses" in columns, lines.name
            assert not lines.record or "voids" in columns, lines.name
