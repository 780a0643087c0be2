"""The threat model names every attack, and every test of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NUMBERS = re.compile(r"Attacks? (\d+)(?: and (\d+))?\b")


def numbered_attacks() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each test in ``tests/attacks`` and the attacks that it says it carries out."""
    for path in sorted((ROOT / "tests" / "attacks").glob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found = NUMBERS.match(ast.get_docstring(node) or "")
                numbers = tuple(int(group) for group in found.groups() if group) if found else ()
                if node.name.startswith("test_"):
                    yield node.name, numbers


def test_each_attack_has_a_row_with_all_of_its_tests_and_no_other() -> None:
    rows = {
        int(number): set(re.findall(r"`(test_\w+)`", row)) for number, *_, row in ROW.findall(PAGE)
    }
    carried_out: dict[int, set[str]] = {number: set() for number in range(1, 27)}
    for name, numbers in numbered_attacks():
        for number in numbers:
            carried_out[number].add(name)
    assert rows == carried_out
    assert [number for number, tests in rows.items() if not tests] == []


def test_every_test_of_an_attack_says_which_and_who_detects_it() -> None:
    """A few only show that the world is sound without an attack."""
    silent = [name for name, numbers in numbered_attacks() if not numbers]
    assert sorted(silent) == [
        "test_a_sound_log_raises_no_alarm",
        "test_an_honest_export_is_verified",
        "test_an_honest_time_lies_within_what_the_witness_dated",
        "test_nothing_is_found_before_anybody_attacks",
        "test_the_world_is_sound_before_anybody_attacks_it",
    ]
