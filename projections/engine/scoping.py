"""Reading within a scope: what is out of reach is not in the answer, because it is not asked for.

    petitions = view.table("petitions_v2", key=("petition_id",), ties=Ties(record="petition_id"))
    page = await petition_register(Within(db, scope), ledger_id, query)

A table declares by ``Ties`` how its rows belong to whom: by their record (see
``projections/records.py``) or by columns of their own. ``Select`` adds the condition;
statements written by hand take it from ``restrict``. Whatever does neither cannot read
within a scope at all: ``Within`` refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger.belonging import KINDS_OF_ACCESS, TOPICS_OF_ACCESS, Scope
from ledger.core.errors import LedgerError
from ledger.storage.connect import Database

AddValue = Callable[[Any], str]
"""Sends a value along with a statement and returns its place, such as ``$4``."""


class ReadOutsideScope(LedgerError):
    """This question cannot be asked within a scope; it needs the whole ledger.

    该查询不能限定在权限范围内进行，需要全账本权限。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """How a table's rows belong to whom. Any of them is enough; the columns never change.

    ``record``: the column with the record's id; ``stream``: with its id as text. ``place``,
    ``party``, ``person``: columns that name one. ``topic``: the column with an event's topic, of
    which some are not for everybody who reaches the record.
    """

    record: str = ""
    stream: str = ""
    place: str = ""
    party: str = ""
    person: str = ""
    topic: str = ""


class Within:
    """A database as somebody may read it who reaches only ``scope``."""

    def __init__(self, db: Database, scope: Scope) -> None:
        self.db = db
        self.scope = scope

    def __getattr__(self, name: str) -> Any:
        """Pass on what reads everything; refuse a question that was not narrowed."""
        if not self.scope.is_whole:
            raise ReadOutsideScope(asked=name)
        return getattr(self.db, name)


def restrict(db: Database, ties: Ties | None, add: AddValue) -> tuple[Database, str]:
    """Return the database to ask, and the condition that keeps rows within reach.

    Refuses (``ReadOutsideScope``) a table that does not say whose its rows are.
    """
    if not isinstance(db, Within):
        return db, "true"
    seen = _not_of_access(ties, add) if db.scope.hides_access and ties else "true"
    if db.scope.is_whole:
        return db.db, seen
    if ties is None:
        raise ReadOutsideScope()
    conditions = _of_columns(ties, db.scope, add)
    if ties.record or ties.stream:
        conditions.append(_of_record(ties, db.scope, add))
    return db.db, f"({' OR '.join(conditions)}) AND {seen}" if conditions else "false"


def _not_of_access(ties: Ties, add: AddValue) -> str:
    if not ties.topic:
        return "true"
    kinds, topics = add(sorted(KINDS_OF_ACCESS)), add(sorted(TOPICS_OF_ACCESS))
    return (
        f"(split_part({ties.topic}, '.', 1) <> ALL({kinds}::text[])"
        f" AND {ties.topic} <> ALL({topics}::text[]))"
    )


def whole(db: Database) -> Database:
    """Return the database without a scope: for what is looked up about rows already found."""
    return db.db if isinstance(db, Within) else db


def _reached(scope: Scope) -> list[tuple[str, frozenset[UUID]]]:
    kinds = (("place", scope.places), ("party", scope.parties), ("person", scope.persons))
    return [(tie, members) for tie, members in kinds if members]


def _of_columns(ties: Ties, scope: Scope, add: AddValue) -> list[str]:
    columns = {"place": ties.place, "party": ties.party, "person": ties.person}
    return [
        f"{columns[tie]} = ANY({add(list(members))}::uuid[])"
        for tie, members in _reached(scope)
        if columns[tie]
    ]


def _either(conditions: list[str]) -> str:
    return " OR ".join(f"({one})" for one in conditions)


def _of_record(ties: Ties, scope: Scope, add: AddValue) -> str:
    column, theirs = (ties.record, "record_id") if ties.record else (ties.stream, "stream_id")
    reached = ["tie = 'open'"]
    reached += [
        f"tie = '{tie}' AND member_id = ANY({add(list(members))}::uuid[])"
        for tie, members in _reached(scope)
    ]
    # One condition, not a UNION: only so does the planner know how much of the table is within
    # reach, and whether to go through rows in order or to begin with the records.
    chosen = f"SELECT {theirs} FROM record_ties_v1 WHERE ledger_id = $1 AND ({_either(reached)})"  # noqa: S608 - names from code
    return f"{column} IN ({chosen})"
