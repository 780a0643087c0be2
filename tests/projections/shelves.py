"""A shelf and its items, whose steps can be told late and taken back: a record with a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.core import aggregate as core
from ledger.core import reversing
from ledger.core.aggregate import By
from ledger.core.reversing import Reversible
from projections.engine import Entry, Rows, View

SQL = """
CREATE TABLE IF NOT EXISTS test_shelves_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    shelf_id    uuid             NOT NULL,
    label       text             NOT NULL DEFAULT '',
    pieces      bigint           NOT NULL DEFAULT 0,
    positions   bigint[]         NOT NULL,
    is_late     boolean          NOT NULL DEFAULT false,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, shelf_id)
);
CREATE TABLE IF NOT EXISTS test_shelf_states_v1 (
    LIKE test_shelves_v1 INCLUDING DEFAULTS,
    position    bigint           NOT NULL,
    image_no    integer          NOT NULL DEFAULT 0,
    is_gone     boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, shelf_id, position, image_no)
);
CREATE TABLE IF NOT EXISTS test_items_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    shelf_id    uuid             NOT NULL,
    item        text COLLATE "C" NOT NULL,
    pieces      bigint           NOT NULL,
    label       text             NOT NULL,
    positions   bigint[]         NOT NULL,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, shelf_id, item)
);
CREATE TABLE IF NOT EXISTS test_item_states_v1 (
    LIKE test_items_v1 INCLUDING DEFAULTS,
    position    bigint           NOT NULL,
    image_no    integer          NOT NULL DEFAULT 0,
    is_gone     boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (ledger_id, shelf_id, item, position, image_no)
);
CREATE TABLE IF NOT EXISTS test_shelf_lines_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    shelf_id    uuid             NOT NULL,
    item        text             NOT NULL,
    pieces      bigint           NOT NULL,
    reverses    bigint,
    is_late     boolean          NOT NULL DEFAULT false,
    true_day    date,
    said_by     uuid,
    proposed_by uuid[]           NOT NULL DEFAULT '{}',
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE TABLE IF NOT EXISTS test_shelf_steps_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    shelf_id    uuid             NOT NULL,
    step        text             NOT NULL,
    voids       bigint[]         NOT NULL DEFAULT '{}',
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
"""


class Shelf(Reversible):
    """Something with items on it."""

    TOPIC = "test_shelf"

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of a shelf."""

    @dataclass(frozen=True, kw_only=True)
    class Built(Event, core.Created):
        """There is a shelf."""

        TOPIC = "test_shelf.built.v1"

    @dataclass(frozen=True, kw_only=True)
    class Put(Event):
        """Pieces of an item came onto it."""

        TOPIC = "test_shelf.put.v1"
        ABOUT: ClassVar[tuple[str, ...]] = ("item",)

        item: str
        pieces: int

        def apply(self, shelf: Shelf) -> None:
            shelf.items[self.item] = shelf.items.get(self.item, 0) + self.pieces

    @dataclass(frozen=True, kw_only=True)
    class Labelled(Event):
        """It has a label now; every item on it shows it."""

        TOPIC = "test_shelf.labelled.v1"
        RESTS_ON_NOTHING: ClassVar[bool] = True

        label: str

        def apply(self, shelf: Shelf) -> None:
            shelf.label = self.label

    @dataclass(frozen=True, kw_only=True)
    class Swapped(Event):
        """All pieces of an item that is there are another item now."""

        TOPIC = "test_shelf.swapped.v1"
        ABOUT: ClassVar[tuple[str, ...]] = ("item", "into")

        item: str
        into: str

        def apply(self, shelf: Shelf) -> None:
            shelf.items[self.into] = shelf.items.get(self.into, 0) + shelf.items[self.item]
            shelf.items[self.item] = 0

    @dataclass(frozen=True, kw_only=True)
    class StepReversed(Event, reversing.StepReversed):
        """A step was a mistake."""

        TOPIC = "test_shelf.step_reversed.v1"

    def __init__(self) -> None:
        self.items: dict[str, int] = {}
        self.label = ""

    @classmethod
    def build(cls, by: By) -> Shelf:
        return cls._begin(cls.Built, by)

    def record(self, event_type: Any, by: By, **fields: Any) -> None:
        self._record(event_type, by, **fields)


def shelves_view() -> View:
    """Return a fresh view with rows of one and of several columns as key, sums and steps."""
    view = View("test_shelves", version=1, sql=SQL)
    shelves = view.table("test_shelves_v1", key=("shelf_id",), history="test_shelf_states_v1")
    items = view.table(
        "test_items_v1",
        key=("shelf_id", "item"),
        history="test_item_states_v1",
        stream="shelf_id",
    )
    lines = view.lines("test_shelf_lines_v1", sums=("pieces",))
    steps = view.lines("test_shelf_steps_v1", record="shelf_id")

    def note(rows: Rows, entry: Entry) -> None:
        shelf_id = entry.event.originator_id
        rows.add(steps, {"shelf_id": shelf_id, "step": entry.topic.split(".")[1]})

    async def change(rows: Rows, event: Any, item: str, pieces: int) -> None:
        shelf = await rows.get(shelves, event.originator_id)
        shelf["pieces"] += pieces
        rows.put(shelves, shelf)
        key = {"shelf_id": event.originator_id, "item": item}
        row = await rows.find(items, event.originator_id, item) or {**key, "pieces": 0}
        row["pieces"] += pieces
        row["label"] = shelf["label"]
        rows.put(items, row)

    @view.on(Shelf.Built)
    async def built(rows: Rows, event: Shelf.Built, entry: Entry) -> None:
        rows.put(shelves, {"shelf_id": event.originator_id})
        note(rows, entry)

    @view.on(Shelf.Put)
    async def put(rows: Rows, event: Shelf.Put, entry: Entry) -> None:
        await change(rows, event, event.item, event.pieces)
        own = {"shelf_id": event.originator_id, "item": event.item}
        rows.add(lines, own | {"pieces": event.pieces})
        note(rows, entry)

    @view.on(Shelf.Labelled)
    async def labelled(rows: Rows, event: Shelf.Labelled, entry: Entry) -> None:
        shelf = await rows.get(shelves, event.originator_id)
        rows.put(shelves, shelf | {"label": event.label})
        note(rows, entry)

    @view.on(Shelf.Swapped)
    async def swapped(rows: Rows, event: Shelf.Swapped, entry: Entry) -> None:
        pieces = (await rows.get(items, event.originator_id, event.item))["pieces"]
        await change(rows, event, event.item, -pieces)
        await change(rows, event, event.into, pieces)
        note(rows, entry)

    @view.on(Shelf.StepReversed)
    async def step_reversed(rows: Rows, event: Shelf.StepReversed, entry: Entry) -> None:
        rows.put(shelves, await rows.get(shelves, event.originator_id))
        note(rows, entry)

    return view
