"""The lines of the log: one JSON object each, so that nothing in a message can forge a line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from traceback import format_tb
from typing import Any

import orjson


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception only its kind and where it came from."""
        return as_line(self.told(record)).decode()

    def told(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what the line holds, by name."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _escaped(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["error"] = kind.__qualname__
            line["trace"] = "".join(format_tb(trace))
        return line


def as_line(told: dict[str, Any]) -> bytes:
    """Return a line without its end."""
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def _escaped(text: str) -> str:
    """Return a text whose every character shows: no control, no change of direction, no line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
