"""Rules about the code itself, so that no reviewer has to remember them."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import api
import ledger
import projections
import scripts
from ledger.core.errors import LedgerError

ROOT = Path(__file__).parent.parent
FOLDERS = ("ledger", "projections", "api", "scripts")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FILE_LINES_MAX = 400
# One file on purpose: an auditor copies it, reads it from top to bottom, and trusts nothing else.
FILES_OF_THEIR_OWN = {"scripts/verify_ledger.py": 1_650}
FUNCTION_LINES_MAX = 60
LEFT_OPEN = re.compile(
    r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError|mark\.(skip|xfail)|pytest\.skip"
)
VAGUE = {"utils", "helpers", "common", "manager", "base", "misc"}
CHINESE = re.compile(r"[一-鿿]")


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_a_file_and_its_functions_fit_in_the_head(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= FILES_OF_THEIR_OWN.get(short(path), FILE_LINES_MAX)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, node.name


def test_nothing_is_left_open() -> None:
    paths = [path for path in SOURCES + TESTS if path != Path(__file__)]
    found = [short(path) for path in paths if LEFT_OPEN.search(path.read_text("utf-8"))]
    assert found == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [short(path) for path in SOURCES + TESTS if path.stem in VAGUE] == []


def test_every_file_says_what_it_is_for() -> None:
    silent = [
        short(path)
        for path in SOURCES
        if path.read_text("utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("path", sorted((ROOT / "projections").glob("*.sql")), ids=short)
def test_every_table_of_a_view_is_declared_next_to_its_functions(path: Path) -> None:
    assert path.with_suffix(".py").exists()


OF_AN_EXTRA = {"scripts.benchmarks.peer"}  # others' way to write a service: none of our errors


def modules() -> Iterator[str]:
    for package in (ledger, projections, api, scripts):
        yield package.__name__
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name not in OF_AN_EXTRA:
                yield module.name


def errors_of(kind: type[LedgerError]) -> Iterator[type[LedgerError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from errors_of(subclass)


def test_every_refusal_has_a_sentence_in_both_languages_and_a_name_of_its_own() -> None:
    for module in modules():
        importlib.import_module(module)
    errors = [
        error for error in errors_of(LedgerError) if error.__module__.split(".")[0] in FOLDERS
    ]
    codes = [error.code() for error in errors]

    assert [e.__name__ for e in errors if not e.title_en() or CHINESE.search(e.title_en())] == []
    assert [e.__name__ for e in errors if not CHINESE.search(e.title_zh())] == []
    assert [code for code in codes if codes.count(code) > 1] == []
    assert len(errors) > 100
