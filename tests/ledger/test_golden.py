"""What was once stored must be readable, byte for byte, for ever.

Never edit a golden file: a new type, or a new version of one, gets a new file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.core import codec
from ledger.core.entry import Entry, new_entry
from tests.golden_files import GOLDEN_DIR, NONCE, entry_bytes, examples, golden_file, topics

FILES = sorted(GOLDEN_DIR.glob("*.jsonl"))
WRITE = "write the missing golden files with: python -m tests.golden_files"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_entry_still_reads_and_writes_the_same(path: Path) -> None:
    data = path.read_bytes().removesuffix(b"\n")
    entry = Entry(position=0, data=data)

    again = new_entry(entry.event, event_id=entry.event_id, nonce=NONCE)

    assert entry.topic == path.stem
    assert type(entry.event) is codec.event_type_of(path.stem)
    assert again.to_bytes(origin=entry.header["origin"], recorded_at=entry.recorded_at) == data


@pytest.mark.parametrize("topic", sorted(examples()))
def test_every_example_reads_back_as_it_was_written(topic: str) -> None:
    for event in examples()[topic]:
        assert Entry(position=0, data=entry_bytes(event)).event == event


def test_every_event_type_has_exactly_one_example() -> None:
    found = examples()

    assert topics() - found.keys() == set(), "add these to EXAMPLES in tests/examples"
    assert {topic: len(events) for topic, events in found.items() if len(events) > 1} == {}


@pytest.mark.parametrize("topic", sorted(examples()))
def test_every_example_has_a_golden_file(topic: str) -> None:
    assert golden_file(topic).exists(), WRITE


def test_every_golden_file_belongs_to_an_event_type() -> None:
    assert {path.stem for path in FILES} <= topics(), "a stored type can never be removed"
