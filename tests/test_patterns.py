"""No pattern of ours takes long over any text: each is linear by its structure.

Python's `re` backtracks. It can only go wrong where a pattern may divide the same text in several
ways between repeats without an end: one repeat within another, two side by side, or a repeat of
alternatives that begin alike. Each such place must be told apart by characters, so that there is
one way only. Patterns of pydantic are left out: its engine does not backtrack.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

import api
import ledger
import projections
import scripts

ROOT = Path(__file__).parent.parent
PACKAGES = (api, ledger, projections, scripts)
ALPHABET = [*map(chr, range(256)), *"中０Ａ－　（〇\u2028\u202e\u0661\U0001f600"]
ENDLESS = 64
"""A repeat of so many or more counts as one without an end."""
REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
TAKES_NOTHING = (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT)
CALLS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer", "compile"}


@dataclass(frozen=True, slots=True)
class Part:
    """What a piece of a pattern can begin with, what its endless repeats take, if it may be empty.

    ``tail`` is what the endless repeats at its end take: what follows must not begin so.
    """

    first: frozenset[str]
    tail: frozenset[str]
    is_optional: bool


NOTHING = Part(frozenset(), frozenset(), True)


class Ambiguous(Exception):
    """A text can be divided in more than one way."""


def part_of(items: Any, flags: int) -> Part:
    """Return what a sequence can begin with (refuses with ``Ambiguous``)."""
    whole = NOTHING
    for item in items:
        one = _one(item, flags)
        if whole.tail & one.first:
            raise Ambiguous(f"repeats side by side: {sorted(whole.tail & one.first)[:3]}")
        whole = Part(
            first=whole.first | one.first if whole.is_optional else whole.first,
            tail=whole.tail | one.tail if one.is_optional else one.tail,
            is_optional=whole.is_optional and one.is_optional,
        )
    return whole


def _one(item: Any, flags: int) -> Part:
    operator, argument = item
    if operator in REPEATS:
        least, most, body = argument
        return _repeat(least, most, body, flags)
    if operator is _constants.SUBPATTERN:
        return part_of(argument[3], flags | argument[1])
    if operator is _constants.BRANCH:
        return _branch([part_of(one, flags) for one in argument[1]])
    if operator in TAKES_NOTHING:
        if operator is not _constants.AT:
            part_of(argument[1], flags)  # it must not be ambiguous itself
        return NOTHING
    if operator is _constants.GROUPREF_EXISTS:
        return _branch([part_of(one or [], flags) for one in argument[1:]])
    return Part(_characters(item, flags), frozenset(), False)


def _branch(parts: list[Part]) -> Part:
    return Part(
        first=frozenset().union(*(one.first for one in parts)),
        tail=frozenset().union(*(one.tail for one in parts)),
        is_optional=any(one.is_optional for one in parts),
    )


def _repeat(least: int, most: int, body: Any, flags: int) -> Part:
    inner = part_of(body, flags)
    if most < ENDLESS:
        return Part(inner.first, inner.tail, inner.is_optional or least == 0)
    if inner.is_optional:
        raise Ambiguous("a repeat of what may be empty")
    if inner.tail & inner.first:
        raise Ambiguous("a repeat within a repeat")
    for choices in _choices_in(body):
        firsts = [part_of(one, flags).first for one in choices]
        if sum(map(len, firsts)) > len(frozenset().union(*firsts)):
            raise Ambiguous("a repeat of alternatives that begin alike")
    return Part(inner.first, inner.tail | inner.first, least == 0)


def _choices_in(body: Any) -> Iterator[Any]:
    """Yield the alternatives that a sequence or a group in it has."""
    for operator, argument in body:
        if operator is _constants.BRANCH:
            yield argument[1]
        elif operator is _constants.SUBPATTERN:
            yield from _choices_in(argument[3])


def _characters(item: Any, flags: int) -> frozenset[str]:
    state = _parser.State()
    state.str = ""
    state.flags = flags
    single = _parser.SubPattern(state, [item])
    compiled = _compiler.compile(single, flags)
    return frozenset(one for one in ALPHABET if compiled.fullmatch(one))


def ambiguity(pattern: str, flags: int = 0) -> str:
    """Return why a text can be divided in several ways, or nothing."""
    parsed = _parser.parse(pattern, flags)
    try:
        part_of(parsed, parsed.state.flags)
    except Ambiguous as found:
        return str(found)
    return ""


def modules() -> Iterator[ModuleType]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".benchmarks" not in found.name and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def compiled_in(value: Any) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in a value: itself, in a collection, or a class's own."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from compiled_in([*value, *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from compiled_in(one)
    elif isinstance(value, type) and value.__module__.startswith(("api", "ledger")):
        yield from compiled_in([one for one in vars(value).values() if not isinstance(one, type)])


def patterns() -> dict[tuple[str, int], str]:
    """Return every pattern of the product with its flags, and a module that has it."""
    found: dict[tuple[str, int], str] = {}
    for module in modules():
        for value in vars(module).values():
            for one in compiled_in(value):
                text = (
                    one.pattern if isinstance(one.pattern, str) else one.pattern.decode("latin-1")
                )
                found[text, one.flags & ~re.UNICODE] = module.__name__
    for path in sources():
        for text in written_in(path):
            found.setdefault((text, 0), path.name)
    return found


def sources() -> list[Path]:
    return [path for one in PACKAGES for path in sorted(Path(one.__path__[0]).rglob("*.py"))]


def written_in(path: Path) -> Iterator[str]:
    """Yield the patterns that a file gives to functions of `re` as plain texts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
        if is_re and node.func.attr in CALLS and isinstance(node.args[0], ast.Constant):
            given = node.args[0].value
            yield given.decode("latin-1") if isinstance(given, bytes) else str(given)


def test_no_pattern_divides_a_text_in_several_ways() -> None:
    known = patterns()
    assert len(known) > 50
    wrong = {
        f"{module}: {text}": why
        for (text, flags), module in known.items()
        if (why := ambiguity(text, flags))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*",
        r"(ab|[a-c]b)*$",
        r"((?:ab|a.))+$",
        r"\d+\d+x",
        r"\s*,?\s*x",
        r".*=.*",
        r"(\w+\s?)*$",
        r"(?=(a+)+b)",
        r"^(?:[a-z]+-?)+$",
        r"a{1,500}a{1,500}b",
    ],
)
def test_what_is_known_to_take_for_ever_is_found(pattern: str) -> None:
    assert ambiguity(pattern)


@pytest.mark.parametrize("pattern", [r"(\.[a-z]+)+", r"[a-z]+\d+", r"(?:a|b)*c", r"\d{4}-\d{2}"])
def test_what_is_linear_is_let_through(pattern: str) -> None:
    assert ambiguity(pattern) == ""
