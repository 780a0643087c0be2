"""The lines of the log: one JSON object each, so that nothing in a message can forge a line.

    {"at": …, "level": "error", "logger": …, "message": …, "error": "ValueError", "trace": …}

Of an error its kind and its place are told, never its values: they may be about a person. What
Python itself would write on stderr in a form of its own becomes such lines as well.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from traceback import format_tb, walk_tb
from types import TracebackType
from typing import Any

import orjson

log = logging.getLogger(__name__)

ELSEWHERE = "elsewhere"
"""What a record carries of an error that another process met: its kind and its trace."""
_OBJECTS_BEGIN = re.compile(r"[\n(<]")


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
            "message": _escaped(_message_of(record)),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            line["error"] = kind.__qualname__
            line["trace"] = "\n".join(map(_escaped, "".join(format_tb(trace)).split("\n")))
        return line | getattr(record, ELSEWHERE, {})


def as_line(told: Mapping[str, Any]) -> bytes:
    """Return a line without its end."""
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def log_as_lines(level: int | str, *others: logging.Handler) -> None:
    """Log on stderr in this form until the process ends, also what Python tells by itself.

    ``others`` bring the same records elsewhere.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler, *others], force=True)
    log_what_python_tells()


def log_what_python_tells() -> None:
    """Log warnings, and errors that nobody caught or that came too late to be caught."""
    logging.raiseExceptions = False  # else what cannot be written is told with all its values
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


def kind_and_place(error: BaseException) -> str:
    """Return what may be shown of an error: ``ValueError in projections/deposits.py:41``."""
    kind = type(error).__qualname__
    frames = list(walk_tb(error.__traceback__))
    if not frames:
        return kind
    frame, line_no = frames[-1]
    file = Path(frame.f_code.co_filename)
    depth = str(frame.f_globals.get("__name__", "")).count(".") + 1 + (file.stem == "__init__")
    return f"{kind} in {'/'.join(file.parts[-depth:])}:{line_no}"


def _message_of(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except Exception:  # its values do not fit its text: better the text alone than no line
        return str(record.msg)
    if record.name == "asyncio" and record.exc_info:
        # Behind its sentence asyncio shows callbacks and futures, with the error's values.
        return _OBJECTS_BEGIN.split(message, maxsplit=1)[0].strip()
    return message


def _escaped(text: str) -> str:
    """Return a text whose every character shows: no control, no change of direction, no line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    log.critical("the process ends with an error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    error = told.exc_value or told.exc_type()
    log.error("a thread ended with an error", exc_info=(told.exc_type, error, told.exc_traceback))


def _log_unraisable(told: sys.UnraisableHookArgs) -> None:
    error = told.exc_value or told.exc_type()
    log.error("an error reached nobody", exc_info=(told.exc_type, error, told.exc_traceback))
