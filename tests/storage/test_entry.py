"""Entries: what goes into the log comes out of its bytes, whoever decided and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.aggregate import By, Evidence
from ledger.core.entry import ENTRY_BYTES_MAX, Entry, EntryTooLarge, new_entry, stamp
from ledger.core.errors import InvalidValue
from tests.examples import by
from tests.storage.jars import Jar

ORIGIN = "ledger.example.org/tests"
EVENT_ID = UUID("01900000-0000-7000-8000-000000000001")
RECORDED_AT = datetime(2026, 3, 2, 1, 0, 30, 123456, tzinfo=UTC)

offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001  the zone is drawn apart
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=offsets,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
evidence = st.builds(
    Evidence,
    sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    name=texts,
    media_type=texts,
    size_bytes=st.integers(0, 2**53),
)
envelopes = st.builds(
    By,
    actor_id=st.uuids(),
    at=moments,
    role=texts,
    organisation_id=st.none() | st.uuids(),
    post=texts,
    on_behalf_of=st.none() | st.uuids(),
    cause=st.none() | st.uuids(),
    correlation=st.none() | st.uuids(),
    reason=texts,
    policy_version=st.integers(0, 2**31),
    evidence=st.lists(evidence, max_size=4).map(tuple),
    is_history=st.booleans(),
    breaches=st.lists(texts, max_size=4).map(tuple),
)


def made(said: By, label: str = "jar") -> Jar.Made:
    (event,) = Jar.make(said, label).collect_events()
    assert isinstance(event, Jar.Made)
    return event


def to_bytes(event: Jar.Made, recorded_at: datetime = RECORDED_AT) -> bytes:
    entry = new_entry(event, event_id=EVENT_ID, nonce=bytes(16))
    return entry.to_bytes(origin=ORIGIN, recorded_at=recorded_at)


@given(envelopes, texts, moments)
def test_an_entry_comes_back_whole(said: By, label: str, recorded_at: datetime) -> None:
    event = made(said, label)
    entry = Entry(7, to_bytes(event, recorded_at))

    assert entry.by == said
    assert entry.event == event
    assert (entry.occurred_at, entry.recorded_at) == (said.at, recorded_at)
    assert (entry.event_id, entry.stream_id) == (EVENT_ID, str(event.originator_id))
    assert (entry.topic, entry.version) == ("test_jar.made.v1", 1)


@given(envelopes, texts)
def test_a_header_is_one_line_with_sorted_keys(said: By, label: str) -> None:
    header, newline, state = to_bytes(made(said, label)).partition(b"\n")

    assert newline == b"\n"
    assert b"\n" not in state
    assert orjson.dumps(orjson.loads(header), option=orjson.OPT_SORT_KEYS) == header
    assert orjson.loads(header)["origin"] == ORIGIN


@given(moments)
def test_a_time_is_written_in_utc_always_equally_wide(moment: datetime) -> None:
    written = stamp(moment)

    assert len(written) == len("2026-03-01T09:00:00.000000Z")
    assert datetime.fromisoformat(written) == moment
    assert written == stamp(moment.astimezone(UTC))


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(InvalidValue):
        stamp(datetime(2026, 3, 2))  # noqa: DTZ001


def test_an_entry_may_have_65535_bytes_and_not_one_more() -> None:
    spare = ENTRY_BYTES_MAX - len(to_bytes(made(by(), "")))
    assert len(to_bytes(made(by(), "x" * spare))) == ENTRY_BYTES_MAX
    with pytest.raises(EntryTooLarge):
        to_bytes(made(by(), "x" * (spare + 1)))
