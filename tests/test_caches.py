"""Nothing that a process remembers grows for ever: each has a bound, or can only hold so much."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ledger.storage.recent import Recent
from tests.test_tidy import SOURCES, short

FEW = {
    "api/validation.py:validator_for": "a validator for each command",
    "ledger/core/codec.py:_shape_of": "a shape for each topic",
    "ledger/core/codec.py:reader_of": "a reader for each type that a field has",
    "ledger/storage/quick.py:_statement": "two flags",
    "scripts/imports/columns.py": "a process that imports ends",
    "scripts/demonstration": "a process that loads the demo ends",
    "projections/engine/reading.py:_shapes": "a shape for each table",
    "api/pdf_faces.py": "the typefaces of one folder",
    "api/web/assets.py": "an answer for each file that is served",
}
"""What is remembered for ever, because there are only so many of them."""

BOUNDED_BY_STATE = {
    "ledger/reactions/sealing.py:_erased": "what the log says is erased, which must stay so",
    "ledger/reactions/reaction.py:_handlers": "a handler for each event class",
    "ledger/reactions/reaction.py:aggregates": "lives as long as one step",
    "ledger/reactions/engine.py:set_aside": "keys of timers that the database keeps, for the gauge",
    "ledger/reactions/reaction.py:set_aside": "lives as long as one step",
    "ledger/reactions/reaction.py:timers_ended": "lives as long as one step",
    "ledger/persistence/listening.py:_waiting": "a ledger each, of those that an application opens",
    "ledger/persistence/engine.py:_appenders": "an appender for each application",
    "projections/engine/rows.py": "lives as long as one batch, but for the cache, which ages",
    "api/stream.py:of_account": "adding an empty counter forgets whoever has no stream left",
    "api/health.py:waits_for": "what the process starts, when it starts",
}
"""Collections without a way out that are no caches."""
LONG_LIVED = (
    "api/",
    "ledger/core/",
    "ledger/persistence/",
    "ledger/publishing/",
    "ledger/reactions/",
    "ledger/sealing/",
    "ledger/storage/",
    "ledger/witness/",
    "projections/engine/",
)
"""Where objects live as long as the process; aggregates and commands come and go."""


EMPTY = r"\{\}|(?:set|dict|OrderedDict|Counter)\(\)|field\(default_factory=(?:dict|set)\b.*\)"


def excused(name: str, listed: dict[str, str]) -> bool:
    return any(name.startswith(known) for known in listed)


def remembered_for_ever(tree: ast.Module) -> Iterator[str]:
    """Yield functions with arguments whose answers are all kept."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (node.args.args or node.args.kwonlyargs):
            for one in node.decorator_list:
                text = ast.unparse(one)
                if text.split(".")[-1] == "cache" or "maxsize=None" in text or "_cache()" in text:
                    yield node.name


def collections_kept(tree: ast.Module) -> Iterator[str]:
    """Yield the names of mappings and sets that instances or modules begin empty and keep."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        value = ast.unparse(node.value)
        begins_empty = re.fullmatch(EMPTY, value)
        if (
            begins_empty
            and isinstance(target, ast.Attribute)
            and ast.unparse(target.value) == "self"
        ):
            yield target.attr
        elif begins_empty and isinstance(target, ast.Name) and not is_local(tree, node):
            yield target.id


def is_local(tree: ast.Module, node: ast.stmt) -> bool:
    """Tell whether a name is of a function, and gone when that returns."""
    return any(
        node in ast.walk(one)
        for one in ast.walk(tree)
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))
    )


def shrinks(source: str, name: str) -> bool:
    """Tell whether something is ever taken out, or the whole made anew."""
    takes_out = rf"\b{name}\.(?:pop|popitem|clear|discard|remove|difference_update)\("
    deletes = rf"\bdel [\w.]*\b{name}\["
    anew = rf"\b(?:self\.)?{name}(?:: [^=]+)?(?:, [\w.]+)* = "
    return bool(re.search(takes_out, source) or re.search(deletes, source)) or (
        len(re.findall(anew, source)) > 1
    )


def of_services() -> list[Path]:
    return [path for path in SOURCES if not short(path).startswith("tests")]


def test_answers_that_are_kept_for_ever_are_few() -> None:
    found = [
        f"{short(path)}:{name}"
        for path in of_services()
        for name in remembered_for_ever(ast.parse(path.read_text("utf-8")))
    ]
    assert len(found) >= 4
    assert [name for name in found if not excused(name, FEW)] == []


def test_collections_that_objects_keep_can_shrink() -> None:
    found = []
    for path in of_services():
        source = path.read_text("utf-8") if short(path).startswith(LONG_LIVED) else ""
        for name in collections_kept(ast.parse(source)):
            if not shrinks(source, name):
                found.append(f"{short(path)}:{name}")
    assert [one for one in found if not excused(one, FEW | BOUNDED_BY_STATE)] == []


def test_the_least_lately_used_goes_first() -> None:
    recent: Recent[int, str] = Recent(2)
    recent.put(1, "one")
    recent.put(2, "two")
    assert recent.get(1) == "one"
    recent.put(3, "three")
    assert (recent.get(1), recent.get(2), recent.get(3), len(recent)) == ("one", None, "three", 2)
    recent.forget(1)
    assert recent.get(1) is None
