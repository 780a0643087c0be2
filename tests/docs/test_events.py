"""The catalogue of events is what the code says."""

from __future__ import annotations

from pathlib import Path

from api.event_names import event_names
from scripts.event_catalogue import catalogue, event_types, topic_of

ROOT = Path(__file__).parent.parent.parent


def test_the_catalogue_is_up_to_date() -> None:
    written = (ROOT / "docs" / "events.md").read_text("utf-8")
    assert written == catalogue(), "run: python -m scripts.event_catalogue"


def test_every_event_has_a_name_in_both_languages_and_no_name_is_left_over() -> None:
    assert {topic_of(event_type) for event_type in event_types()} == set(event_names())


def test_every_event_is_described() -> None:
    assert [e.__name__ for e in event_types() if not (e.__doc__ or "").strip()] == []
