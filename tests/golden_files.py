"""Write the golden files that are missing: ``python -m tests.golden_files``.

A golden file is one event as the log stores it, header line and state line, under
the name of its topic. It is written once, when its type is new, and never again:
what was once stored must stay readable for ever.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from uuid import UUID

import ledger
import tests.examples
from ledger.core import codec
from ledger.core.aggregate import Aggregate, Event
from ledger.core.entry import new_entry

GOLDEN_DIR = Path(__file__).parent / "golden"

EVENT_ID = UUID("01900000-0000-7000-8000-000000000001")
NONCE = bytes(range(16))
ORIGIN = "ledger.example.org/golden"
RECORDED_AT = datetime(2026, 3, 2, 1, 0, 30, 123456, tzinfo=UTC)


def golden_file(topic: str) -> Path:
    """Return where the golden entry of a topic is kept."""
    return GOLDEN_DIR / f"{topic}.jsonl"


def entry_bytes(event: Event) -> bytes:
    """Return an event as the log would store it, had it been recorded by a fixed clock and dice."""
    entry = new_entry(event, event_id=EVENT_ID, nonce=NONCE)
    return entry.to_bytes(origin=ORIGIN, recorded_at=RECORDED_AT)


def examples() -> dict[str, list[Event]]:
    """Return the example events of all contexts, by topic."""
    found: dict[str, list[Event]] = {}
    for module in iter_modules(tests.examples.__path__):
        for event in import_module(f"tests.examples.{module.name}").EXAMPLES:
            found.setdefault(codec.topic_of(event), []).append(event)
    return found


def topics() -> set[str]:
    """Return the topic of every event that any aggregate of the ledger can record."""
    for module in walk_packages(ledger.__path__, "ledger."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    return {topic for kind in _kinds(Aggregate) for topic in _topics_of(kind)}


def _kinds(parent: type[Aggregate]) -> Iterator[type[Aggregate]]:
    for kind in parent.__subclasses__():
        if kind.__module__.startswith("ledger."):
            yield kind
        yield from _kinds(kind)


def _topics_of(kind: type[Aggregate]) -> Iterator[str]:
    for member in vars(kind).values():
        if isinstance(member, type) and issubclass(member, Event) and "TOPIC" in vars(member):
            yield vars(member)["TOPIC"]


def write_missing() -> list[Path]:
    """Write the files of topics that have none yet; return them."""
    GOLDEN_DIR.mkdir(exist_ok=True)
    written = []
    for topic, (event, *_) in examples().items():
        path = golden_file(topic)
        if not path.exists():
            path.write_bytes(entry_bytes(event) + b"\n")
            written.append(path)
    return written


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in write_missing())
