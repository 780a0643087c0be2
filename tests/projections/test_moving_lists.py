"""Lists in the order of what changes are read on as they were at their first page.

Else a row that moves up between two pages would be on neither of them. Every list is looked at
where it is written, also those of which no test has two pages.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import projections

SOURCES = sorted(Path(projections.__file__).parent.glob("*.py"))
UNCHANGING = {
    *("applied_at", "code", "demanded_at", "filed_at", "from_on", "granted_at", "line_no"),
    *("made_at", "month", "occurred_at", "opened_at", "position", "raised_at", "requested_at"),
    *("reserved_at", "sealed_at", "served_on", "signed_at", "starts_at"),
}
"""What lists are in order of, and no event of a row changes; ids beside them."""


def lists_in(source: Path) -> Iterator[tuple[str, set[str], bool]]:
    """Yield the function of each list, what it is in order of, and whether it is read on so."""
    tree = ast.parse(source.read_text("utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and name_of(call.func) in {"page", "page_of"}:
                told = {keyword.arg: keyword.value for keyword in call.keywords}
                if "order" in told:
                    columns = columns_of(told["order"], function, tree)
                    yield function.name, columns, "known_at" in told


def name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def columns_of(order: ast.expr, function: ast.AST, tree: ast.Module) -> set[str]:
    """Return the columns that an order names, also where a name stands for it."""
    names = {node.id for node in ast.walk(order) if isinstance(node, ast.Name)}
    found = [order] + [
        node.value
        for node in (*ast.walk(function), *tree.body)
        if isinstance(node, ast.Assign)
        and any(name_in(target, name) for target in node.targets for name in names)
    ]
    texts = [n.value for one in found for n in ast.walk(one) if isinstance(n, ast.Constant)]
    return {text.removeprefix("-") for text in texts if isinstance(text, str)}


def name_in(target: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target))


def test_no_list_goes_on_in_an_order_that_changed_meanwhile() -> None:
    found = {
        f"{source.stem}.{name}": (columns, is_pinned)
        for source in SOURCES
        for name, columns, is_pinned in lists_in(source)
    }
    moving = {
        name: changing
        for name, (columns, is_pinned) in found.items()
        if not is_pinned
        and (changing := {c for c in columns - UNCHANGING if not c.endswith("_id")})
    }
    assert moving == {}
    assert len(found) > 25, "the lists are not found where they are written"
    assert all(columns for columns, _ in found.values()), "an order is not understood"
    assert {name for name, (_, is_pinned) in found.items() if is_pinned} >= {
        "conduct.unit_streaks",
        "findings.company_findings",
        "points.points_accounts",
    }
