"""What permissions are decided from: the tree of organisations and whom records concern.

All of it comes from the log, never from a view. The tree is kept in memory and brought
up to date when the log has grown, by one small query for all who wait; where a record is
never changes, so it is remembered too. A process sees what it did itself at once, and what
others did within a moment; what a command relied on is checked by its append.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from math import inf
from uuid import UUID

import orjson

from ledger.belonging import BELONGS, NOTHING, Concern, Fields, concern_in
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.delegations import Delegation
from ledger.organisations import Chart, Kind, Organisation
from ledger.storage.ledger import Ledger
from ledger.storage.reading import (
    read_first_of_streams,
    read_head,
    read_of_streams,
    read_standing,
)

LOOK_EVERY_SECONDS = 0.05
"""How soon, at the latest, a process notices what another one did to the tree."""
REMEMBERED_RECORDS_MAX = 100_000
TOPICS = tuple(BELONGS)


class Standing:
    """The tree of one ledger and its records, for one process.

    ``size_known`` tells how far the log reaches, as far as this process has heard.
    """

    def __init__(self, ledger: Ledger, size_known: Callable[[], int]) -> None:
        self._ledger = ledger
        self._size_known = size_known
        self._chart = Chart()
        self._delegations: dict[UUID, Delegation] = {}
        self._size = 0
        self._looked_at = -inf
        self._is_there = False
        self._looking: asyncio.Task[None] | None = None
        self._concerns: OrderedDict[str, Concern] = OrderedDict()

    async def chart(self) -> Chart:
        """Return the tree: with all that this process recorded, and what others did a moment ago.

        Most of what makes the log grow says nothing about it, so it is not looked up each time.
        """
        while not self._is_there or self._size < self._ledger.appender.standing_size:
            await self._look()
        has_grown = self._size < self._size_known()
        if has_grown and time.monotonic() - self._looked_at > LOOK_EVERY_SECONDS:
            await self._look()
        return self._chart

    async def look_again(self) -> None:
        """Take in what others have recorded, without waiting for the news of it."""
        await self._look()

    async def _look(self) -> None:
        """Look once for all who wait."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._take(), name="standing")
        looking = self._looking
        try:
            await asyncio.shield(looking)
        finally:
            if looking.done():
                self._looking = None

    async def _take(self) -> None:
        pool, ledger_id = self._ledger.pool, self._ledger.id
        self._looked_at = time.monotonic()
        head = await read_head(pool, ledger_id)
        for entry in await read_standing(pool, ledger_id, start=self._size):
            event = entry.event
            if isinstance(event, Organisation.Event | Organisation.Established):
                self._chart.take(event)
            elif isinstance(event, Delegation.Event | Delegation.Granted):
                self._take_delegation(event)
            self._size = entry.position + 1
        self._size = max(self._size, head.size)
        self._is_there = True

    def _take_delegation(self, event: Delegation.Event | Delegation.Granted) -> None:
        changed = event.mutate(self._delegations.get(event.originator_id))
        if isinstance(changed, Delegation):
            self._delegations[event.originator_id] = changed

    async def delegation(self, delegation_id: UUID, day: date) -> Delegation | None:
        """Return a delegation that lets somebody stand in on a day, while its post is held."""
        chart = await self.chart()
        found = self._delegations.get(delegation_id)
        if found is None or not found.covers(day):
            return None
        office = chart.find(found.organisation_id)
        is_held = office is not None and office.holds_post(found.holder_id, found.post, day)
        return found if is_held else None

    async def concern_of(self, stream_id: str) -> Concern:
        """Return where a record is and the persons it began with; ``NOTHING`` if there is none."""
        return (await self.concerns_of([stream_id]))[stream_id]

    async def concerns_of(self, stream_ids: Collection[str]) -> dict[str, Concern]:
        """Return where each of these records is, and whom it concerned when it began."""
        found = {one: self._concerns[one] for one in stream_ids if one in self._concerns}
        unknown = [one for one in stream_ids if one not in found]
        if unknown:
            read = await self._read(unknown, is_whole=False)
            found |= read
            for stream_id, concern in read.items():
                if concern is not NOTHING:  # what is not there yet may come
                    self._concerns[stream_id] = concern
            while len(self._concerns) > REMEMBERED_RECORDS_MAX:
                self._concerns.popitem(last=False)
        return found

    async def parties_of(self, stream_ids: Collection[str]) -> dict[str, Concern]:
        """Return whom each of these records concerns now, also who was drawn in later."""
        return await self._read(list(dict.fromkeys(stream_ids)), is_whole=True)

    async def known_in_community(self, concern: Concern) -> Concern:
        """Who is known to a community is known to its estates and groups as well."""
        chart, today = await self.chart(), local_day(self._ledger.clock())
        communities = [
            place
            for place in concern.places
            if (found := chart.find(place)) is not None and found.kind is Kind.COMMUNITY
        ]
        below = frozenset[UUID]().union(*(chart.below(place, today) for place in communities))
        return replace(concern, places=concern.places | below)

    async def has_begun(self, stream_id: str) -> bool:
        """Tell whether there is a record of this id, whoever it concerns."""
        pool, ledger_id = self._ledger.pool, self._ledger.id
        return bool(await read_first_of_streams(pool, ledger_id, [stream_id]))

    async def told_in(self, stream_id: str, topic: str) -> list[Fields]:
        """Return the fields of a record's events of one topic, in order."""
        pool, ledger_id = self._ledger.pool, self._ledger.id
        entries = await read_of_streams(pool, ledger_id, [stream_id], [topic])
        return [_fields(entry) for entry in entries]

    async def _read(self, stream_ids: list[str], *, is_whole: bool) -> dict[str, Concern]:
        pool, ledger_id = self._ledger.pool, self._ledger.id
        if is_whole:
            entries = await read_of_streams(pool, ledger_id, stream_ids, TOPICS)
        else:
            entries = await read_first_of_streams(pool, ledger_id, stream_ids)
        found = dict.fromkeys(stream_ids, NOTHING)
        for entry in entries:
            if entry.topic not in BELONGS:
                continue
            concern, through = concern_in(entry.topic, entry.stream_id, _fields(entry))
            if through is not None:
                concern |= await self.concern_of(str(through))
            found[entry.stream_id] |= concern
        return found


def versions_of(chart: Chart, ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the versions of organisations, for an append to check."""
    found = ((one, chart.find(one)) for one in ids)
    return {one: organisation.version for one, organisation in found if organisation is not None}


def _fields(entry: Entry) -> Fields:
    fields: Fields = orjson.loads(entry.state)
    return fields
