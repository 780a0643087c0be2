"""A declared interest keeps from every step for an authority; a party's own words stay open."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType

import pytest

from ledger.commands import (
    conduct,
    findings,
    petition_closing,
    petition_handling,
    petition_supervision,
    petitions,
)
from ledger.core.times import Kind, timing_of

OF_PARTIES = frozenset(
    {
        "claim_responsibility",
        "file_petition",
        "report_obligor_spend",
        "reverse_obligor_spend",
        "withdraw_petition",
    }
)
"""What a petitioner or a company says for itself."""
OF_POSTS = frozenset({"appoint_supervisor", "assign_supervisor", "release_supervisor"})
"""About who supervises, not about a matter."""
GUARDS = frozenset({"_in_office", "in_office", "without_interest"})

MODULES: tuple[ModuleType, ...] = (
    conduct,
    findings,
    petition_closing,
    petition_handling,
    petition_supervision,
    petitions,
)
STEPS = [
    function
    for module in MODULES
    for _, function in inspect.getmembers(module, inspect.iscoroutinefunction)
    if function.__module__ == module.__name__ and hasattr(function, "__timing__")
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_every_step_for_an_authority_asks_for_interests(step: object) -> None:
    tree = ast.parse(inspect.getsource(step))  # type: ignore[arg-type]
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    name: str = step.__name__  # type: ignore[attr-defined]
    asks = not called.isdisjoint(GUARDS)
    assert asks is (name not in OF_PARTIES | OF_POSTS)
    if timing_of(step).kind is Kind.STATEMENT:  # type: ignore[arg-type]
        assert not asks
