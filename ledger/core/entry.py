"""An entry: the exact bytes that are stored, hashed into the log, and proved.

One header line of JSON (keys sorted, no spaces), one ``\\n``, then the event's
own state bytes as the codec or the ``eventsourcing`` library wrote them::

    {"actor":"…","at_post":"…","cause":null,…,"v":1,"version":3}\\n{"amount_fen":500000}

Fields with nothing to say are left out. ``nonce`` is 16 random bytes, so that a
proof that shows this leaf's hash to a neighbour gives nothing to guess. The
position is not in the entry: an inclusion proof binds it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from ledger.core import codec
from ledger.core.aggregate import By, Event, Evidence
from ledger.core.codec import read_uuid
from ledger.core.errors import InvalidValue

T = TypeVar("T")

ENTRY_BYTES_MAX = 65_535  # an entry bundle carries a 16-bit length
FORMAT_VERSION = 1


class EntryTooLarge(InvalidValue):
    """An event must fit into 65,535 bytes together with its header; attach large content instead.

    事件连同其头部不得超过65,535字节；较大的内容请以附件形式提交。
    """


@dataclass(slots=True, kw_only=True)
class NewEntry:
    """An event on its way into the log: all of its header that is known before its turn comes.

    Not frozen, though nobody changes it: freezing would cost each event more than its hash.
    """

    event_id: UUID
    stream_id: str
    version: int
    topic: str
    occurred_at: datetime
    header: dict[str, Any]
    state: bytes

    def to_bytes(self, *, origin: str, recorded_at: datetime) -> bytes:
        """Return the entry as it is stored and hashed (refuses with ``EntryTooLarge``)."""
        header = self.header | {"origin": origin, "recorded_at": stamp(recorded_at)}
        entry = orjson.dumps(header, option=orjson.OPT_SORT_KEYS) + b"\n" + self.state
        if len(entry) > ENTRY_BYTES_MAX:
            raise EntryTooLarge(bytes=len(entry), bytes_max=ENTRY_BYTES_MAX)
        return entry


class remembered(Generic[T]):
    """``functools.cached_property`` without its lock, which in Python 3.11 costs 1 µs a field."""

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self._name = read.__name__
        self.__doc__ = read.__doc__

    def __get__(self, entry: Any, _: type | None = None) -> T:
        value = self._read(entry)
        entry.__dict__[self._name] = value
        return value


@dataclass(frozen=True)
class Entry:
    """An entry as it was read back, with its place in the log (``position`` is 0-based)."""

    position: int
    data: bytes

    @remembered
    def header(self) -> dict[str, Any]:
        """The header line, parsed."""
        header: dict[str, Any] = orjson.loads(self.data[: self.data.index(b"\n")])
        return header

    @remembered
    def state(self) -> bytes:
        """The event's own bytes."""
        return self.data[self.data.index(b"\n") + 1 :]

    @property
    def event_id(self) -> UUID:
        return UUID(self.header["id"])

    @property
    def stream_id(self) -> str:
        stream_id: str = self.header["stream"]
        return stream_id

    @property
    def version(self) -> int:
        version: int = self.header["version"]
        return version

    @property
    def topic(self) -> str:
        topic: str = self.header["topic"]
        return topic

    @remembered
    def occurred_at(self) -> datetime:
        return datetime.fromisoformat(self.header["occurred_at"])

    @remembered
    def recorded_at(self) -> datetime:
        return datetime.fromisoformat(self.header["recorded_at"])

    @remembered
    def by(self) -> By:
        """Who decided, when and on what grounds, as the header says."""
        return _read_by(self.header, self.occurred_at)

    @remembered
    def event(self) -> Event:
        """The domain event (only for entries of this project's own contexts)."""
        return codec.decode(
            self.topic,
            self.state,
            stream_id=read_uuid(self.stream_id),
            version=self.version,
            by=self.by,
        )


def new_entry(event: Event, *, event_id: UUID, nonce: bytes) -> NewEntry:
    """Return a domain event as an entry that waits for its place."""
    topic = codec.topic_of(event)
    stream_id = str(event.originator_id)
    header = _write_by(event.by) | {
        "v": FORMAT_VERSION,
        "id": str(event_id),
        "stream": stream_id,
        "version": event.originator_version,
        "topic": topic,
        "occurred_at": stamp(event.timestamp),
        "nonce": b64encode(nonce).decode(),
    }
    return NewEntry(
        event_id=event_id,
        stream_id=stream_id,
        version=event.originator_version,
        topic=topic,
        occurred_at=event.timestamp,
        header=header,
        state=codec.encode(event),
    )


def stamp(moment: datetime) -> str:
    """Return an aware moment in UTC as ``2026-03-01T09:00:00.000000Z``: always the same width."""
    if moment.tzinfo is None:
        raise InvalidValue(field="datetime", rule="a time needs its offset")
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    if in_utc.microsecond:  # orjson is five times as quick, but leaves out a zero fraction
        return orjson.dumps(in_utc, option=orjson.OPT_UTC_Z)[1:-1].decode()
    return in_utc.isoformat("T", "microseconds")[:-6] + "Z"  # +00:00 is six characters


def _write_by(by: By) -> dict[str, Any]:
    said = {
        "actor": str(by.actor_id),
        "role": by.role,
        "organisation": by.organisation_id and str(by.organisation_id),
        "post": by.post,
        "on_behalf_of": by.on_behalf_of and str(by.on_behalf_of),
        "cause": by.cause and str(by.cause),
        "correlation": by.correlation and str(by.correlation),
        "reason": by.reason,
        "policy": by.policy_version,
        "evidence": [
            {"sha256": e.sha256, "name": e.name, "media_type": e.media_type, "size": e.size_bytes}
            for e in by.evidence
        ],
        "history": by.is_history,
        "breaches": list(by.breaches),
        "late": by.is_late,
        "true_day": by.true_day and by.true_day.isoformat(),
        "said_by": by.said_by and str(by.said_by),
        "proposed_by": [str(one) for one in by.proposed_by],
        "proposal": by.proposal_id and str(by.proposal_id),
    }
    return {name: value for name, value in said.items() if value}


def _read_by(header: dict[str, Any], occurred_at: datetime) -> By:
    said = header.get
    return By(
        actor_id=read_uuid(header["actor"]),
        at=occurred_at,
        role=said("role", ""),
        organisation_id=_read_id(said("organisation")),
        post=said("post", ""),
        on_behalf_of=_read_id(said("on_behalf_of")),
        cause=_read_id(said("cause")),
        correlation=_read_id(said("correlation")),
        reason=said("reason", ""),
        policy_version=said("policy", 0),
        evidence=_read_evidence(header["evidence"]) if "evidence" in header else (),
        is_history=said("history", False),
        breaches=tuple(said("breaches", ())),
        is_late=said("late", False),
        true_day=date.fromisoformat(header["true_day"]) if "true_day" in header else None,
        said_by=_read_id(said("said_by")),
        proposed_by=tuple(map(read_uuid, said("proposed_by", ()))),
        proposal_id=_read_id(said("proposal")),
    )


def _read_id(text: str | None) -> UUID | None:
    return None if text is None else read_uuid(text)


def _read_evidence(documents: list[dict[str, Any]]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            sha256=document["sha256"],
            name=document["name"],
            media_type=document["media_type"],
            size_bytes=document["size"],
        )
        for document in documents
    )
