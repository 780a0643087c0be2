"""Different persons: a stand-in is the one stood in for, in both directions.

Each case is a record on which one step was taken; the other step is asked by the same person, by
their stand-in, and for them; and by whoever proposed the first one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import ledger
from ledger.core.aggregate import By
from ledger.core.errors import SamePersonTwice
from ledger.core.guards import SOMEBODY, UNPROVEN, UNRECORDED, apart, persons
from tests.examples import by

LEADER, DEPUTY, OTHER = uuid4(), uuid4(), uuid4()
FIRST = replace(by(1, role="street", reason="理由"), actor_id=LEADER)


def as_whom(who: UUID, for_whom: UUID | None = None) -> By:
    return replace(FIRST, actor_id=who, on_behalf_of=for_whom)


SAME: tuple[tuple[By, By], ...] = (
    (as_whom(LEADER), as_whom(LEADER)),
    (as_whom(LEADER), as_whom(DEPUTY, LEADER)),
    (as_whom(DEPUTY, LEADER), as_whom(LEADER)),
    (as_whom(DEPUTY, LEADER), as_whom(DEPUTY)),
    (as_whom(DEPUTY), as_whom(DEPUTY, LEADER)),
    (replace(as_whom(OTHER), proposed_by=(LEADER,)), as_whom(LEADER)),
    (as_whom(LEADER), replace(as_whom(OTHER), proposed_by=(LEADER,))),
)


@pytest.mark.parametrize(("first", "second"), SAME)
def test_the_same_person_however_they_come(first: By, second: By) -> None:
    with pytest.raises(SamePersonTwice):
        apart(second, "second", {"first": persons(first)})


def test_others_are_others() -> None:
    assert apart(as_whom(OTHER), "second", {"first": persons(as_whom(DEPUTY, LEADER))})


def test_whom_history_does_not_name_proves_nothing() -> None:
    unnamed = replace(FIRST, post=UNRECORDED, is_history=True)
    assert persons(unnamed) == {SOMEBODY}
    told = apart(as_whom(OTHER), "second", {"first": persons(unnamed)})
    assert told.breaches == (UNPROVEN,)
    told = apart(unnamed, "second", {"first": persons(as_whom(OTHER))})
    assert told.breaches == (UNPROVEN,)


def _comparisons(tree: ast.AST) -> Iterator[ast.Compare]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            named = {
                n.attr for side in sides for n in ast.walk(side) if isinstance(n, ast.Attribute)
            }
            if "on_behalf_of" in named or "actor_id" in named:
                yield node


MAY_COMPARE = {
    "ledger/core/guards.py",  # the one place where persons are compared
    "ledger/core/entry.py",
    "ledger/commands/telling.py",  # a party's paper, not a second step
    "ledger/commands/persons.py",  # reading about oneself, by whoever asks
    "ledger/commands/access_tokens.py",
    "ledger/commands/delegations.py",  # whose post it is
    "ledger/commands/readings.py",
    "ledger/delegations.py",  # who stands in passes nothing on
    "ledger/reactions/checking.py",  # a reaction's own entries, as in watch.py
    "ledger/reactions/watch.py",
    "ledger/storage/documents.py",  # whose upload it is
    "ledger/users/user.py",
    "ledger/verification/tokens.py",
}


def test_nobody_compares_persons_by_hand() -> None:
    root = Path(next(iter(ledger.__path__)))
    found = {
        str(Path("ledger") / path.relative_to(root))
        for path in root.rglob("*.py")
        if any(True for _ in _comparisons(ast.parse(path.read_text("utf-8"))))
    }
    assert found <= MAY_COMPARE, found - MAY_COMPARE
