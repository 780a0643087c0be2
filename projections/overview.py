"""The county at a glance: for each place the figures of everything below it.

No view of its own: it adds up what other views have, place by place, and carries
the sums up the tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from ledger.storage.connect import Database
from projections.engine import Row
from projections.organisations import TreeQuery, organisation_tree

# By community and estate first, because an index has just that.
_PETITIONS = """
    SELECT coalesce(estate_id, community_id) AS place_id,
           sum(counted)::bigint AS petition_count,
           sum(open_counted)::bigint AS open_petition_count,
           sum(missed_counted)::bigint AS missed_petition_count
    FROM (
        SELECT community_id, estate_id, count(*) AS counted,
               count(*) FILTER (WHERE is_open) AS open_counted,
               count(*) FILTER (WHERE missed_count > 0) AS missed_counted
        FROM petitions_v2 WHERE ledger_id = $1 GROUP BY community_id, estate_id
    ) AS of_places GROUP BY 1
"""
_ACCOUNTS = """
    SELECT estate_id AS place_id, sum(balance_fen)::bigint AS balance_fen,
           sum(received_fen - reversed_fen)::bigint AS revenue_fen
    FROM accounts_v2 WHERE ledger_id = $1 GROUP BY 1
"""
_DEPOSITS = """
    SELECT estate_id AS place_id, sum(held_fen)::bigint AS deposit_fen
    FROM deposits_v2 WHERE ledger_id = $1 GROUP BY 1
"""
_LAST_POSITION = "SELECT min(position) FROM view_checkpoints WHERE ledger_id = $1"


@dataclass(slots=True)
class Figures:
    """What a place and everything below it come to; amounts in fen."""

    estate_count: int = 0
    petition_count: int = 0
    open_petition_count: int = 0
    missed_petition_count: int = 0
    balance_fen: int = 0
    revenue_fen: int = 0
    deposit_fen: int = 0

    def add(self, other: Figures) -> None:
        """Add what another place comes to."""
        for figure in fields(self):
            name = figure.name
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Place:
    """One organisation of the tree, its figures and what stands below it."""

    row: Row
    figures: Figures = field(default_factory=Figures)
    children: list[Place] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        place_id: UUID = self.row["organisation_id"]
        return place_id

    @property
    def kind(self) -> str:
        kind: str = self.row["kind"]
        return kind

    def children_of_kind(self, kind: str) -> list[Place]:
        """Return the children of one kind."""
        return [child for child in self.children if child.kind == kind]


@dataclass(frozen=True, slots=True)
class Overview:
    """The tops of the tree, and up to which position the views had read."""

    tops: list[Place]
    position: int | None


async def overview(db: Database, ledger_id: str, query: TreeQuery) -> Overview:
    """Return the tree (or what stands below an organisation) with its figures."""
    tree = await organisation_tree(db, ledger_id, query)
    places = [Place(row) for row in tree.rows]
    by_id = {place.id: place for place in places}
    for statement in (_PETITIONS, _ACCOUNTS, _DEPOSITS):
        for row in await db.fetch(statement, ledger_id):
            if place := by_id.get(row["place_id"]):
                place.figures.add(_figures(dict(row)))
    for place in reversed(places):  # children stand after their parents
        place.figures.estate_count += place.kind == "estate"
        parent = by_id.get(place.row["parent_id"])
        if parent is not None and parent is not place:
            parent.figures.add(place.figures)
            parent.children.insert(0, place)
    tops = [place for place in places if place.row["parent_id"] not in by_id]
    return Overview(tops, await db.fetchval(_LAST_POSITION, ledger_id))


def _figures(row: dict[str, Any]) -> Figures:
    return Figures(**{name: value for name, value in row.items() if name != "place_id"})
