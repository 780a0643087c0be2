"""Statements are never built from values: the linter looks, and every exception says why."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.test_tidy import ROOT, SOURCES, short

PYPROJECT = ROOT / "pyproject.toml"
EXCUSED = re.compile(r"# noqa:[^#\n]*\bS608\b(?P<why>.*)$")
WHY = re.compile(r" - \w.{6,}")


def lint() -> dict[str, list[str]]:
    settings: dict[str, list[str]] = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["ruff"][
        "lint"
    ]
    return settings


def excused() -> list[tuple[Path, int, str]]:
    return [
        (path, number, found["why"])
        for path in SOURCES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (found := EXCUSED.search(line))
    ]


def test_the_linter_looks_for_statements_made_of_values() -> None:
    rules = lint()
    assert "S" in rules["select"]
    assert [one for one in rules["ignore"] if re.fullmatch("S|S6.*", one)] == ["S603"]


def test_every_statement_that_is_put_together_says_of_what() -> None:
    sites = excused()
    assert len(sites) > 20
    assert [f"{short(path)}:{number}" for path, number, why in sites if not WHY.match(why)] == []
