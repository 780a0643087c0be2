"""What each kind of event is called on pages and in the catalogue of events."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class EventName:
    """A topic's name in two languages."""

    zh: str
    en: str


@cache
def event_names() -> dict[str, EventName]:
    """Return the name of every topic of this project."""
    text = files("api").joinpath("event_names.csv").read_text("utf-8")
    return {
        row["topic"]: EventName(row["zh"], row["en"]) for row in csv.DictReader(text.splitlines())
    }


def event_name(topic: str) -> EventName:
    """Return a topic's name; what another application recorded goes by its topic."""
    return event_names().get(topic, EventName(topic, topic))
