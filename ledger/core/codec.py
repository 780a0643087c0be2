"""Events to the bytes that are hashed and stored, and back.

``encode`` gives an event's own fields as JSON: keys sorted, no spaces. What all
events share (who, when, which stream) is in the entry's header (``entry.py``).
Bytes are encoded once, when the event is recorded; nothing ever encodes an old
event again, so a newer encoder cannot change what an old leaf says.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any, TypeAlias, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from eventsourcing.utils import TopicError, get_topic, resolve_topic

from ledger.core.aggregate import ENVELOPE_FIELDS, Aggregate, By, Created, Event
from ledger.core.errors import LedgerError

Reader: TypeAlias = Callable[[Any], Any]

read_uuid = lru_cache(maxsize=16_384)(UUID)
"""Read a UUID; the same few persons, streams and places come again and again."""

_PLAIN: dict[object, Reader] = {
    UUID: read_uuid,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


class KindUnknown(LedgerError):
    """An entry is of a kind that only a newer version of this program knows: install that version.

    有条目属于更新版本的程序才认识的种类，请安装相应版本。
    """


def topic_of(event: Event) -> str:
    """Return the stable name of the event's type, such as ``deposit.drawn_down.v1``."""
    return get_topic(type(event))


def event_type_of(topic: str) -> type[Event]:
    """Return the event class that this topic names (refuses with ``KindUnknown``)."""
    try:
        return cast(type[Event], resolve_topic(topic))
    except TopicError as unknown:
        raise KindUnknown(topic=topic) from unknown


@lru_cache(maxsize=4_096)
def is_newer(topic: str) -> bool:
    """Tell whether a topic is of a record that we know and yet unknown: of a newer version.

    Whoever follows the log must not pass over it: what it means is lost on this version.
    """
    if topic.partition(".")[0] not in _topics_below(Aggregate):
        return False  # of other software, which keeps its own records here
    return topic not in known_topics()


def known_topics() -> frozenset[str]:
    """Return the topics of all kinds of events that this program has."""
    return _topics_below(Event)


def _topics_below(kind: type) -> frozenset[str]:
    found = frozenset({topic} if (topic := vars(kind).get("TOPIC")) else ())
    return found.union(*map(_topics_below, kind.__subclasses__()))


def encode(event: Event) -> bytes:
    """Return the event's own fields as JSON bytes."""
    own = {name: value for name, value in vars(event).items() if name not in ENVELOPE_FIELDS}
    return orjson.dumps(own, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def decode(topic: str, state: bytes, *, stream_id: UUID, version: int, by: By) -> Event:
    """Return the event that was stored as ``state`` under ``topic``."""
    event_type, begins, readers = _shape_of(topic)
    own: dict[str, Any] = orjson.loads(state)
    for name, read in readers:
        if name in own:
            own[name] = read(own[name])
    if begins:
        own["originator_topic"] = begins
    return event_type(
        originator_id=stream_id, originator_version=version, timestamp=by.at, by=by, **own
    )


def read_value(hint: Any, value: Any) -> Any:
    """Return JSON ``value`` as the Python type ``hint`` describes."""
    read = reader_of(hint)
    return value if read is None else read(value)


@cache
def _shape_of(topic: str) -> tuple[type[Event], str, tuple[tuple[str, Reader], ...]]:
    """Return the topic's class, the stream's topic where it is a first event, and its readers."""
    event_type = event_type_of(topic)
    begins = topic.partition(".")[0] if issubclass(event_type, Created) else ""
    return event_type, begins, _field_readers(event_type)


def _field_readers(event_type: type[Event]) -> tuple[tuple[str, Reader], ...]:
    hints = get_type_hints(event_type)
    own = ((name, reader_of(hint)) for name, hint in hints.items() if name not in ENVELOPE_FIELDS)
    return tuple((name, read) for name, read in own if read is not None)


@cache
def reader_of(hint: Any) -> Reader | None:
    """Return what turns JSON into the hinted type; ``None`` where JSON is it already."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in _COMPOSED:
        return _COMPOSED[origin](arguments)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return cache(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_reader(hint)
    return None


def _optional_reader(arguments: tuple[Any, ...]) -> Reader | None:
    (inner,) = (argument for argument in arguments if argument is not type(None))
    read = reader_of(inner)
    return None if read is None else lambda value: None if value is None else read(value)


def _tuple_reader(arguments: tuple[Any, ...]) -> Reader:
    read = reader_of(arguments[0])
    return tuple if read is None else lambda value: tuple(read(item) for item in value)


def _dict_reader(arguments: tuple[Any, ...]) -> Reader | None:
    read_key, read_item = (reader_of(argument) or _same for argument in arguments)
    if read_key is _same and read_item is _same:
        return None
    return lambda value: {read_key(key): read_item(item) for key, item in value.items()}


def _dataclass_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    names = frozenset(field.name for field in fields(kind))
    found = ((name, reader_of(hints[name])) for name in sorted(names))
    readers = [(name, read) for name, read in found if read is not None]

    def read_one(value: dict[str, Any]) -> Any:
        own = {name: given for name, given in value.items() if name in names}
        for name, read in readers:
            if name in own:
                own[name] = read(own[name])
        return kind(**own)

    return read_one


def _same(value: Any) -> Any:
    return value


_COMPOSED: dict[Any, Callable[[tuple[Any, ...]], Reader | None]] = {
    Union: _optional_reader,
    types.UnionType: _optional_reader,
    tuple: _tuple_reader,
    dict: _dict_reader,
}
