"""Policies: the values in force on a day, each with its basis, and how they came to be.

Which entry counts on a day follows from its first day (``valid_from``), not from when it was
recorded; ``known_at`` asks for the book as it was then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.core.aggregate import Event
from ledger.core.clock import local_day, utc_now
from ledger.core.errors import NotFound
from ledger.core.values import Day, PolicyName
from ledger.policies import Basis, PolicyBook
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Row, Rows, Select, View

view = View("policies", version=2)
entries = view.table(
    "policy_entries_v2", key=("name", "version_set"), history="policy_entry_states_v2"
)


@dataclass(frozen=True, kw_only=True)
class PolicyQuery(AsOf):
    """The policies in force on a day: ``on``, or the day of ``at``, or today.

    ``name`` is how their names begin (``deposit.``).
    """

    on: Day | None = None
    name: str | None = None

    @property
    def day(self) -> Day:
        """The day that is asked for."""
        return self.on or local_day(self.at or utc_now())

    @property
    def known(self) -> AsOf:
        """Only what the ledger knew counts: an entry's own first day says when it was true."""
        return AsOf(known_at=self.known_at)


@dataclass(frozen=True, kw_only=True)
class PolicyAt(PolicyQuery):
    """One policy, by its whole name."""

    name: PolicyName


# What events do -----------------------------------------------------------------------------


@view.on(PolicyBook.NumberSet)
async def number_set(rows: Rows, event: PolicyBook.NumberSet, entry: Entry) -> None:
    """Enter a number."""
    _enter(rows, event, {"kind": "number", "value": event.value, "unit": event.unit})


@view.on(PolicyBook.TextSet)
async def text_set(rows: Rows, event: PolicyBook.TextSet, entry: Entry) -> None:
    """Enter a text."""
    _enter(rows, event, {"kind": "text", "value": event.value, "unit": "text"})


@view.on(PolicyBook.ListPublished)
async def list_published(rows: Rows, event: PolicyBook.ListPublished, entry: Entry) -> None:
    """Enter an edition of a list."""
    own = {"value": list(event.items), "count": event.count, "edition": event.edition}
    _enter(rows, event, {"kind": "list", "unit": "list", **own})


@view.on(PolicyBook.EntryWithdrawn)
async def entry_withdrawn(rows: Rows, event: PolicyBook.EntryWithdrawn, entry: Entry) -> None:
    """Note that an entry no longer counts."""
    row = await rows.get(entries, event.name, event.version_set)
    row["version_withdrawn"] = event.originator_version
    rows.put(entries, row)


def _enter(rows: Rows, event: Event, own: dict[str, Any]) -> None:
    said: Any = event
    basis: Basis = said.basis
    rows.put(
        entries,
        {
            "name": said.name,
            "version_set": event.originator_version,
            "edition": "",
            "basis_zh": basis.zh,
            "basis_en": basis.en,
            "certainty": basis.certainty,
            "valid_from": said.valid_from,
            **own,
        },
    )


# What can be asked --------------------------------------------------------------------------


async def policies_in_force(db: Database, ledger_id: str, query: PolicyQuery) -> Page:
    """List the entries in force on a day, by name."""
    select = Select(entries, ledger_id, query.known).starts_with(name=query.name)
    return Page(await _in_force(db, select, query.day))


async def policy_in_force(db: Database, ledger_id: str, query: PolicyAt) -> Row:
    """Return one policy's entry in force on a day (refuses with ``NotFound``)."""
    select = Select(entries, ledger_id, query.known).equal(name=query.name)
    found = await _in_force(db, select, query.day)
    if not found:
        raise NotFound(kind="policy", id=query.name, on=query.day.isoformat())
    return found[0]


async def policy_history(db: Database, ledger_id: str, query: PolicyAt) -> Page:
    """List every entry of one policy by its first day, withdrawn ones included."""
    select = Select(entries, ledger_id, query.known).equal(name=query.name)
    return Page(await select.all(db, order=("valid_from", "version_set")))


async def _in_force(db: Database, select: Select, day: Day) -> list[Row]:
    """Of each name's entries take the latest that had begun and was not withdrawn."""
    select.at_most(valid_from=day).where("version_withdrawn IS NULL")
    found = await select.all(db, order=("name", "valid_from", "version_set"))
    return list({row["name"]: row for row in found}.values())
