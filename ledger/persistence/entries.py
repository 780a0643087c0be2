"""Stored events of the ``eventsourcing`` library as entries of a log, and back.

The library hands over a stream id (UUID or text), a version, a topic and bytes.
They become an entry like any other, in the name of one system actor with the
role ``library``; who decided what is inside the bytes, if the application says
so. A header field ``id_type`` tells a text id from a UUID.
"""

from __future__ import annotations

import os
from base64 import b64encode
from datetime import datetime
from uuid import UUID

from eventsourcing.persistence import DataError, Notification, StoredEvent
from uuid_utils.compat import uuid7

from ledger.core.entry import FORMAT_VERSION, Entry, NewEntry, stamp
from ledger.core.values import derived_id

LIBRARY = derived_id("actor", "eventsourcing")
"""Who is named as the actor of everything that the library records."""

NAME_BYTES_MAX = 1_024  # an index entry of PostgreSQL holds no more than 2,700 bytes
VERSION_MAX = 2**63 - 1


def new_entry_of(stored: StoredEvent, *, occurred_at: datetime) -> NewEntry:
    """Return a stored event as an entry that waits for its place (refuses with ``DataError``)."""
    stream_id = checked_name("originator id", str(stored.originator_id))
    if not 0 <= stored.originator_version <= VERSION_MAX:
        raise DataError(f"a version is 0 or more, not {stored.originator_version}")
    event_id = uuid7()
    header = {
        "actor": str(LIBRARY),
        "role": "library",
        "v": FORMAT_VERSION,
        "id": str(event_id),
        "stream": stream_id,
        "version": stored.originator_version,
        "topic": checked_name("topic", stored.topic),
        "occurred_at": stamp(occurred_at),
        "nonce": b64encode(os.urandom(16)).decode(),
    }
    if not isinstance(stored.originator_id, UUID):
        header["id_type"] = "text"
    return NewEntry(
        event_id=UUID(int=event_id.int),
        stream_id=stream_id,
        version=stored.originator_version,
        topic=stored.topic,
        occurred_at=occurred_at,
        header=header,
        state=stored.state,
    )


def stored_event_of(entry: Entry) -> StoredEvent:
    """Return an entry as the event that the library stored."""
    return StoredEvent(
        originator_id=originator_id_of(entry),
        originator_version=entry.version,
        topic=entry.topic,
        state=entry.state,
    )


def notification_of(entry: Entry) -> Notification:
    """Return an entry as a notification: its id is the position + 1."""
    return Notification(
        originator_id=originator_id_of(entry),
        originator_version=entry.version,
        topic=entry.topic,
        state=entry.state,
        id=entry.position + 1,
    )


def originator_id_of(entry: Entry) -> UUID | str:
    """Return the stream's id with the type that it was stored with."""
    return entry.stream_id if entry.header.get("id_type") == "text" else UUID(entry.stream_id)


def checked_name(what: str, name: str) -> str:
    """Return a name that PostgreSQL can keep, or refuse with ``DataError``."""
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError as error:
        raise DataError(f"{what} is not valid Unicode: {name!r}") from error
    if "\0" in name or not 0 < size_bytes <= NAME_BYTES_MAX:
        raise DataError(
            f"{what} must have 1 to {NAME_BYTES_MAX} bytes and no NUL character: {name[:80]!r}"
        )
    return name
