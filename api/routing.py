"""Declare an address by naming what it takes and the function it calls.

    routes = Routes("deposits", zh="履约保证金", en="Performance deposits")
    routes.command(
        "/v1/deposits/{deposit_id}/draw-downs", RequestDraw, request_draw,
        about=of_record("deposit_id", "deposit"),
    )
    routes.read("/v1/deposits", DepositQuery, deposit_register, view=deposits.view)

A name in braces fills the field of the same name; the other fields come from the
body of a command or the query of a read. The operation's name is the function's.
What is wrong with a declaration is found when it is made, at import.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias

from api.concerning import Source, Sources, unknown_fields
from api.free_ids import needlessly_free, uncovered
from ledger.core.times import timing_of
from projections.engine.view import View

CommandFunction: TypeAlias = Callable[..., Awaitable[Any]]
ReadFunction: TypeAlias = Callable[..., Awaitable[Any]]

ENVELOPE = frozenset({"reason", "evidence", "occurred_at", "said_by"})
"""What every command's body may say beside the command's own fields."""
READ_ENVELOPE = frozenset({"after_position"})
"""What every read's query may say beside the query's own fields."""

_PATH = re.compile(r"/v1(/([a-z0-9-]+|\{[a-z_]+\}))+")
_PARAMETER = re.compile(r"\{([a-z_]+)\}")


class Shape(StrEnum):
    """What a read answers with."""

    PAGE = "page"  # rows and a cursor, from a view
    ONE = "one"  # one row, from a view
    CONSULTED = "consulted"  # one object, from the log itself


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRoute:
    """POST: a command. ``location`` is where its record can be read, ``{id}`` the record's id."""

    path: str
    takes: type
    function: CommandFunction
    tag: str
    zh: str
    location: str
    about: Sources
    discloses: bool = False

    @property
    def operation(self) -> str:
        return self.function.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        return parameters_of(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRoute:
    """GET: a question to a view (``view``), or to records of the log (``view`` is ``None``)."""

    path: str
    takes: type
    function: ReadFunction
    tag: str
    zh: str
    shape: Shape
    view: View | None = None

    @property
    def operation(self) -> str:
        return self.function.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        return parameters_of(self.path)


class DeclarationWrong(Exception):
    """A route is declared in a way that cannot work."""


class Routes:
    """The addresses of one context."""

    def __init__(self, tag: str, *, zh: str, en: str) -> None:
        self.tag = tag
        self.zh = zh
        self.en = en
        self.commands: list[CommandRoute] = []
        self.reads: list[ReadRoute] = []

    def operations(self) -> set[str]:
        """Return the names of all that can be asked for here."""
        return {c.operation for c in self.commands} | {r.operation for r in self.reads}

    def command(  # noqa: PLR0913 - what a route is, each by name
        self,
        path: str,
        command_type: type,
        function: CommandFunction,
        *,
        about: Source | Sources,
        zh: str = "",
        location: str = "",
        discloses: bool = False,
    ) -> None:
        """POST ``path``: ``function(command, ledger, by)`` records something.

        ``about`` says what of the command tells whom it concerns (``api/concerning.py``). The
        function says which kind of command it is (``ledger/core/times.py``). ``discloses``: it is
        recorded so that its answer may tell something; it cannot be tried without.
        """
        _check(path, command_type, ENVELOPE)
        timing_of(function)
        sources = about if isinstance(about, tuple) else (about,)
        if unknown := unknown_fields(sources, command_type):
            raise DeclarationWrong(f"{command_type.__name__} has no field {sorted(unknown)}")
        _check_ids(command_type, sources)
        route = CommandRoute(
            path=path,
            takes=command_type,
            function=function,
            tag=self.tag,
            zh=zh,
            location=location or _location(path),
            about=sources,
            discloses=discloses,
        )
        self.commands.append(route)

    def read(
        self, path: str, query_type: type, function: ReadFunction, *, view: View, zh: str = ""
    ) -> None:
        """GET ``path``: ``function(db, ledger_id, query)`` returns a ``Page`` of a view."""
        self._add_read(path, query_type, function, zh, Shape.PAGE, view)

    def read_one(
        self, path: str, query_type: type, function: ReadFunction, *, view: View, zh: str = ""
    ) -> None:
        """GET ``path``: ``function(db, ledger_id, query)`` returns a dict, or ``NotFound``."""
        self._add_read(path, query_type, function, zh, Shape.ONE, view)

    def consult(self, path: str, query_type: type, function: ReadFunction, *, zh: str = "") -> None:
        """GET ``path``: ``function(query, ledger)`` returns a dict from the records themselves."""
        self._add_read(path, query_type, function, zh, Shape.CONSULTED, None)

    def _add_read(  # noqa: PLR0913, PLR0917
        self,
        path: str,
        takes: type,
        function: ReadFunction,
        zh: str,
        shape: Shape,
        view: View | None,
    ) -> None:
        _check(path, takes, READ_ENVELOPE)
        self.reads.append(
            ReadRoute(
                path=path,
                takes=takes,
                function=function,
                tag=self.tag,
                zh=zh,
                shape=shape,
                view=view,
            )
        )


def parameters_of(path: str) -> tuple[str, ...]:
    """Return the names in braces, in order."""
    return tuple(_PARAMETER.findall(path))


def _check(path: str, takes: type, envelope: frozenset[str]) -> None:
    names = {field.name for field in fields(takes)}
    if not _PATH.fullmatch(path):
        raise DeclarationWrong(f"{path}: a path is /v1/ and lower-case words or {{names}}")
    if unknown := set(parameters_of(path)) - names:
        raise DeclarationWrong(f"{path}: {takes.__name__} has no field {sorted(unknown)}")
    if taken := names & envelope:
        raise DeclarationWrong(f"{takes.__name__}: {sorted(taken)} is said beside the fields")


def _check_ids(command_type: type, sources: Sources) -> None:
    """Every id is covered by a scope or declared free with a reason; EVERYWHERE covers all."""
    covered = frozenset(name for source in sources for name in source.names)
    if sources and (left := uncovered(command_type, covered)):
        raise DeclarationWrong(
            f"{command_type.__name__}: no source covers {left}, and api/free_ids.py does not say"
            " why none has to"
        )
    if needless := needlessly_free(command_type, covered):
        raise DeclarationWrong(f"{command_type.__name__}: {needless} need not be declared free")


def _location(path: str) -> str:
    """Return the address of what a command changes: the path up to its last name in braces."""
    if "{" not in path:
        return path + "/{id}"
    return path[: path.rindex("}") + 1]
