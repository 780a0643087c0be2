"""The form of a line for syslog (RFC 5424):

    <134>1 2026-11-29T08:00:00.123456Z host minzhang 4711 api.problems
        [origin software="minzhang"][meta sequenceId="7"] BOM{"at":…,"level":"info",…}

in one line. The message is the line of stderr, byte for byte, so what is escaped or left out
there is escaped or left out here. One that would be longer than receivers take is shortened: the
trace first, from its far end, then the message, and `cut` says so.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from datetime import UTC, datetime

from ledger.core.log_lines import JsonLines, as_line

LOCAL0 = 16
APP = "minzhang"
BOM = b"\xef\xbb\xbf"
MESSAGE_BYTES_MAX = 8_192
SEQUENCE_MAX = 2_147_483_647
UNSHOWN = re.compile(r"[^\x21-\x7e]")


def rfc5424(record: logging.LogRecord, sequence: int) -> bytes:
    """Return a record as one message for syslog, without its frame."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
    header = " ".join(
        (
            f"<{LOCAL0 * 8 + severity(record.levelno)}>1",
            at.replace("+00:00", "Z"),
            _word(socket.gethostname(), 255),
            APP,
            str(os.getpid()),
            _word(record.name, 32),
            f'[origin software="{APP}"][meta sequenceId="{sequence}"]',
        )
    )
    return header.encode("ascii") + b" " + BOM + _fitting(record)


def severity(level: int) -> int:
    """Return the severity of syslog for a level of logging."""
    bounds = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return next((number for bound, number in bounds if level >= bound), 7)


def _word(text: str, most: int) -> str:
    """Return a field of the header: printable ASCII, its end if it is too long."""
    return UNSHOWN.sub("?", text)[-most:] or "-"


def _fitting(record: logging.LogRecord) -> bytes:
    told = JsonLines().told(record)
    line = as_line(told)
    for name, keep in (("trace", lambda text: text[len(text) // 2 + 1 :]), ("message", _half)):
        while len(line) > MESSAGE_BYTES_MAX and told.get(name):
            told[name] = keep(told[name])
            line = as_line(told | {"cut": True})
    return line


def _half(text: str) -> str:
    return text[: len(text) // 2]
