"""How a view is declared: its tables, and one function per event that changes them.

    view = View("deposits", version=1)  # its tables are in deposits.sql, names end in _v1
    deposits = view.table("deposits_v2", key=("deposit_id",), history="deposit_states_v2")
    lines = view.lines("deposit_lines_v2")

    @view.on(Deposit.Received)
    async def received(rows: Rows, event: Deposit.Received, entry: Entry) -> None:
        row = await rows.get(deposits, event.originator_id)
        row["held_fen"] += event.amount_fen
        rows.put(deposits, row)
        rows.add(lines, {"deposit_id": event.originator_id, "amount_fen": event.amount_fen})

A function decides from the event and from rows of its own view, from nothing
else: no clock, no chance, no other table. That is why a rebuild gives the same
bytes. A changed view gets a higher version and new table names.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from eventsourcing.utils import get_topic

from ledger.core.aggregate import Event
from ledger.core.entry import Entry
from ledger.core.reversing import StepReversed
from projections.engine.scoping import Ties

if TYPE_CHECKING:
    from projections.engine.rows import Rows

E = TypeVar("E", bound=Event)
Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[Hashable, ...]
Handler: TypeAlias = "Callable[[Rows, E, Entry], Awaitable[None]]"
EveryHandler: TypeAlias = "Callable[[Rows, Entry], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows about things, found by ``key`` (without ``ledger_id``).

    Columns that the engine fills where the table has them: ``ledger_id``; ``positions`` (all
    that made the row, for rows that few events make) or ``first_position`` and
    ``last_position``; ``occurred_at`` (the latest among its events), ``recorded_at`` (of its
    last event). ``history`` is the table that keeps an image of the row after each event that
    changed it: the same columns and ``position``, ``image_no``, ``is_gone``, ``recorded_at``;
    with a history, the row needs ``occurred_at``. ``is_late``: an event that made the row was
    told late. ``stream`` is the column with the id of the stream whose events alone change
    the row: only such rows can be folded again (``replaying.py``).
    """

    name: str
    key: tuple[str, ...]
    history: str | None = None
    is_per_stream: bool = True
    ties: Ties | None = None
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows that are only ever added, key ``(ledger_id, position, line_no)``.

    The engine fills ``ledger_id``, ``position``, ``line_no`` (from 0 within an event),
    ``occurred_at`` and ``recorded_at``, and where the table has them ``is_late``, ``true_day``,
    ``said_by``, ``proposed_by`` and ``voids`` (the positions of what a reversal took back).
    ``sums`` are columns that add up: a reversal adds opposite lines, dated as the reversed ones,
    with their position in ``reverses``. ``record`` is the column with the record whose steps the
    lines are: readers then find in ``voided_by`` what took a step back.
    """

    name: str
    ties: Ties | None = None
    sums: tuple[str, ...] = ()
    record: str = ""


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """Which row of ``table`` an event will ask for."""

    table: Table
    key_of: Callable[[Any], Key]


@dataclass(slots=True)
class View:
    """A named, versioned view of the log."""

    name: str
    version: int = field(kw_only=True)
    sql: str = field(kw_only=True, default="", repr=False)
    tables: list[Table] = field(init=False, default_factory=list)
    all_lines: list[Lines] = field(init=False, default_factory=list)
    handlers: dict[str, Handler[Any]] = field(init=False, default_factory=dict)
    every: EveryHandler | None = field(init=False, default=None)
    read_aheads: dict[str, list[ReadAhead]] = field(init=False, default_factory=dict)
    _reversing: frozenset[str] | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self.sql = self.sql or (files("projections") / f"{self.name}.sql").read_text("utf-8")

    def table(  # noqa: PLR0913 - each by name
        self,
        name: str,
        *,
        key: tuple[str, ...],
        history: str | None = None,
        is_per_stream: bool | None = None,
        ties: Ties | None = None,
        stream: str | None = None,
    ) -> Table:
        """Declare a table of rows that change.

        ``is_per_stream``: the key is the id of the stream whose events change the row (assumed
        of a key of one column); the rows of a whole batch are then read at once.
        ``ties``: whose its rows are; without them it is read as a whole or not at all.
        ``stream``: the column with the id of the stream whose events alone change a row (the
        key, if it is that id); a table with a history that has none shows late events late.
        """
        per_stream = len(key) == 1 if is_per_stream is None else is_per_stream
        if stream is None:
            stream = key[0] if per_stream else ""
        table = Table(name, key, history, per_stream, ties, stream)
        self.tables.append(table)
        return table

    def lines(
        self,
        name: str,
        *,
        ties: Ties | None = None,
        sums: tuple[str, ...] = (),
        record: str = "",
    ) -> Lines:
        """Declare a table of rows that are only added; ``ties`` say whose its rows are.

        ``sums``: the columns that add up; ``record``: the column with the record whose steps
        the lines are.
        """
        lines = Lines(name, ties, sums, record)
        self.all_lines.append(lines)
        return lines

    def on(self, *event_types: type[E]) -> Callable[[Handler[E]], Handler[E]]:
        """Register the decorated function as what these types of event do to the view."""

        def register(handler: Handler[E]) -> Handler[E]:
            for event_type in event_types:
                topic = get_topic(event_type)
                if topic in self.handlers:
                    raise ValueError(f"the view {self.name} handles {topic} twice")
                self.handlers[topic] = handler
            return handler

        return register

    def on_every(self, handler: EveryHandler) -> EveryHandler:
        """Register the decorated function for every entry; it gets the entry undecoded."""
        self.every = handler
        return handler

    def read_ahead(self, table: Table, event_type: type[E], key_of: Callable[[E], Key]) -> None:
        """Say which other row an event needs, so that a batch reads all of them at once.

        Only for speed: ``view.read_ahead(accounts, Expense.Paid, lambda e: (e.account_id,))``.
        """
        self.read_aheads.setdefault(get_topic(event_type), []).append(ReadAhead(table, key_of))

    @property
    def reversing(self) -> frozenset[str]:
        """The topics of the events that take back steps of the records that it follows."""
        if self._reversing is None:
            followed = {topic.partition(".")[0] for topic in self.handlers}
            topics = map(get_topic, _every_kind_of(StepReversed))
            self._reversing = frozenset(t for t in topics if t.partition(".")[0] in followed)
        return self._reversing

    def wants(self, topic: str) -> bool:
        """Tell whether entries of a topic change the view."""
        return self.every is not None or topic in self.handlers or topic in self.reversing

    def table_names(self) -> Iterable[str]:
        """Return the names of all its tables, histories included."""
        for table in self.tables:
            yield table.name
            if table.history:
                yield table.history
        for lines in self.all_lines:
            yield lines.name


def _every_kind_of(event_type: type[Event]) -> Iterable[type[Event]]:
    for kind in event_type.__subclasses__():
        yield kind
        yield from _every_kind_of(kind)
