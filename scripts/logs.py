"""Logs: one JSON object a line on stderr, so that nothing in a message can forge a line."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from traceback import format_tb

import orjson


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; of an exception only its kind and where it came from."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _escaped(record.getMessage()),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["error"] = kind.__qualname__
            line["trace"] = "".join(format_tb(trace))
        return orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()


def _escaped(text: str) -> str:
    """Return a text whose every character shows: no control, no change of direction, no line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def start_logging(level: str) -> None:
    """Log from ``level`` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
