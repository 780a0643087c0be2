"""The log on stderr: a line is a line, whatever somebody sent, and values of errors stay out."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from ledger.core.log_lines import JsonLines


def line_of(message: str, *, failed: bool = False) -> str:
    secret = "hunter" + "2"
    try:
        raise ValueError(secret)
    except ValueError:
        told = sys.exc_info() if failed else None
    return JsonLines().format(logging.LogRecord("x", 20, "p", 1, message, (), told))


@pytest.mark.parametrize(
    "hostile",
    ["a\r\nb", "a\x1b[31mb", "a\u202eb", "a\u2028b", "a\x00b", "a\u200bb", "a\x9bb", "a\ud800b"],
)
def test_what_somebody_sent_cannot_forge_or_turn_a_line(hostile: str) -> None:
    line = line_of(hostile)
    assert line.isprintable()
    shown = json.loads(line)["message"]
    assert shown.isprintable() and shown.startswith("a\\")


def test_chinese_stays_as_it_is() -> None:
    assert json.loads(line_of("账本已打开"))["message"] == "账本已打开"


def test_of_an_error_its_kind_and_place_are_told_never_its_values() -> None:
    line = line_of("failed", failed=True)
    told = json.loads(line)
    assert told["error"] == "ValueError"
    assert "line_of" in told["trace"]
    assert "hunter2" not in line
