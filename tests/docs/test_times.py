"""Every command says its kind of time and its undo; the table that people read says the same."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ledger.commands
from api.concerning import EVERYWHERE
from api.routes import ROUTES
from api.routing import Routes
from ledger.core.times import Kind, NoUndo, Timing, TimingMissing, timing_of
from ledger.storage.ledger import Recorded
from scripts.times_table import table

ROOT = Path(__file__).parent.parent.parent


def commands() -> Iterator[Any]:
    """Yield every function that takes a command, a ledger and who decides."""
    for module in pkgutil.walk_packages(ledger.commands.__path__, "ledger.commands."):
        for _, function in inspect.getmembers(
            importlib.import_module(module.name), inspect.iscoroutinefunction
        ):
            is_own = function.__module__ == module.name and not function.__name__.startswith("_")
            if is_own and list(inspect.signature(function).parameters)[:3] == [
                "command",
                "ledger",
                "by",
            ]:
                yield function


@pytest.mark.parametrize("function", list(commands()), ids=lambda f: f.__name__)
def test_a_command_says_its_kind_wherever_it_is_called_from(function: Any) -> None:
    assert isinstance(timing_of(function), Timing)


def test_a_command_without_a_kind_fails_at_import() -> None:
    async def silent(command: Any, ledger: Any, by: Any) -> Recorded:
        raise AssertionError

    routes = Routes("broken", zh="故障", en="Broken")
    with pytest.raises(TimingMissing, match="silent"):
        routes.command("/v1/broken", Silent, silent, about=EVERYWHERE)


class Silent:
    __dataclass_fields__: dict[str, Any] = {}


def test_the_table_is_up_to_date() -> None:
    written = (ROOT / "docs" / "times.md").read_text("utf-8")
    assert written == table(), "run: python -m scripts.times_table"


def test_only_what_happened_or_was_said_has_a_bound_and_a_term() -> None:
    for routes in ROUTES:
        for route in routes.commands:
            timing = timing_of(route.function)
            is_bounded = timing.kind in (Kind.FACT, Kind.STATEMENT)
            assert bool(timing.after) == bool(timing.term) == is_bounded, route.operation
            assert timing.undo if isinstance(timing.undo, str) else timing.undo.why
            assert isinstance(timing.undo, str | NoUndo)


def test_what_takes_a_step_back_can_be_asked_for() -> None:
    operations = {route.operation for routes in ROUTES for route in routes.commands}
    named = {
        route.operation: timing_of(route.function).undo
        for routes in ROUTES
        for route in routes.commands
    }
    missing = {name: undo for name, undo in named.items() if isinstance(undo, str)}
    assert {name for name, undo in missing.items() if undo not in operations} == set()
