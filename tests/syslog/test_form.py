"""A line for syslog: the form of RFC 5424, and the line of stderr within it."""

from __future__ import annotations

import json
import logging
import os
import re
import socket

import pytest

from ledger.core.log_lines import JsonLines
from scripts.syslog.form import MESSAGE_BYTES_MAX, rfc5424

# The grammar of RFC 5424, section 6, as far as we use it.
FORM = re.compile(
    rb"<(?P<priority>[0-9]{1,3})>1 "
    rb"(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z) "
    rb"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) "
    rb"(?P<kind>[!-~]{1,32}) "
    rb'(?P<data>(\[[!-~]{1,32}( [!-~]{1,32}="[^"\\\]]*")*\])+) '
    rb"\xef\xbb\xbf(?P<message>.+)"
)


def record_of(message: str, level: int = logging.INFO, name: str = "x") -> logging.LogRecord:
    return logging.LogRecord(name, level, "p", 1, message, (), None)


def parts_of(record: logging.LogRecord, sequence: int = 1) -> dict[str, bytes]:
    found = FORM.fullmatch(rfc5424(record, sequence))
    assert found
    return found.groupdict()


@pytest.mark.parametrize(
    ("level", "priority"),
    [(50, 130), (40, 131), (35, 132), (30, 132), (20, 134), (10, 135), (5, 135)],
)
def test_the_priority_is_local0_and_the_severity_of_the_level(level: int, priority: int) -> None:
    assert int(parts_of(record_of("a", level))["priority"]) == priority


def test_who_says_it_is_in_the_header() -> None:
    parts = parts_of(record_of("a", name="api.problems"), 7)
    assert parts["host"].decode() == socket.gethostname()
    assert parts["app"] == b"minzhang"
    assert int(parts["process"]) == os.getpid()
    assert parts["kind"] == b"api.problems"
    assert parts["data"] == b'[origin software="minzhang"][meta sequenceId="7"]'


def test_a_name_fits_into_its_field() -> None:
    assert parts_of(record_of("a", name="账 a" + "x" * 40))["kind"] == b"x" * 32
    assert parts_of(record_of("a", name="账 a"))["kind"] == b"??a"
    assert parts_of(record_of("a", name=""))["kind"] == b"-"


@pytest.mark.parametrize(
    "text", ["账本已打开", "a\r\nb<134>1 forged", "a\x1b[31m\u202eb", 'a"]\\ b', "a\ud800b\x00"]
)
def test_the_message_is_the_line_of_stderr_byte_for_byte(text: str) -> None:
    record = record_of(text)
    message = parts_of(record)["message"]
    assert message.decode() == JsonLines().format(record)
    assert message.decode().isprintable()


@pytest.mark.parametrize("text", ["账" * 20_000, '"' * 20_000, "x" * 20_000])
def test_what_is_too_long_is_shortened_and_stays_json(text: str) -> None:
    message = parts_of(record_of(text))["message"]
    told = json.loads(message)
    assert MESSAGE_BYTES_MAX // 4 < len(message) <= MESSAGE_BYTES_MAX
    assert told["cut"] is True
    assert text.startswith(told["message"])


def deeper(count: int) -> None:
    """Fail far down, by lines that a trace does not fold into one."""
    if count == 0:
        raise ValueError("secret")
    if count % 2:
        deeper(count - 1)
    else:
        deeper(count - 1)


def test_of_a_long_trace_the_end_near_the_error_is_kept() -> None:
    with pytest.raises(ValueError, match="secret") as broken:
        deeper(200)
    told = (broken.type, broken.value, broken.tb)
    record = logging.LogRecord("x", logging.ERROR, "p", 1, "it broke", (), told)
    assert len(JsonLines().format(record)) > MESSAGE_BYTES_MAX
    line = json.loads(parts_of(record)["message"])
    assert (line["message"], line["error"], line["cut"]) == ("it broke", "ValueError", True)
    assert 'raise ValueError("secret")' in line["trace"]
    assert len(line["trace"]) > 1_000
