"""Whom records concern: the view that every reading within a scope is narrowed by.

It follows ``ledger/belonging.py``, which says what events tell about it, and knows
nothing of the contexts themselves.
"""

from __future__ import annotations

from uuid import UUID

import orjson

from ledger.belonging import BELONGS, concern_in
from projections.engine import Entry, Rows, View

view = View("records", version=1)
records = view.table("records_v1", key=("record_id",))
ties = view.lines("record_ties_v1")


@view.on_every
async def every(rows: Rows, entry: Entry) -> None:
    """Note whom an event says its record concerns."""
    topic = entry.topic
    if topic not in BELONGS:
        return
    stream_id = entry.stream_id
    concern, through = concern_in(topic, stream_id, orjson.loads(entry.state))
    places = set(concern.places)
    if through is not None and (other := await rows.find(records, through)):
        places |= {other["place_id"]} - {None}
    if entry.version <= 1:
        place_id = min(places, default=None)
        row = {"record_id": UUID(stream_id), "kind": topic.partition(".")[0], "place_id": place_id}
        rows.put(records, row)
    members: list[tuple[str, UUID | None]] = [("place", one) for one in sorted(places)]
    members += [("party", one) for one in sorted(concern.parties)]
    members += [("person", one) for one in sorted(concern.persons)]
    members += [("open", None)] if concern.is_open else []
    for tie, member_id in members:
        record = {"record_id": UUID(stream_id), "stream_id": stream_id}
        rows.add(ties, {**record, "tie": tie, "member_id": member_id})
