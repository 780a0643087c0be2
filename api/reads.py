"""One handler for every read: who, which question, whose records, as of which position, answer.

The rows and the position that they reflect are read in one snapshot. With
``after_position`` the answer waits until the view has come that far, so that
whoever recorded something finds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
from aiohttp import web
from annotated_types import Ge, Le
from multidict import MultiMapping

from api.access import authorise
from api.answers import answer
from api.bodies import clean_text
from api.keys import LEDGER
from api.problems import is_lost
from api.routing import ReadRoute, Shape
from api.scopes import SCOPES
from api.validation import lists_of, validator_for
from ledger.belonging import Scope
from ledger.core.errors import InvalidValue, NotFound
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from projections import records
from projections.engine import CursorInvalid, View, Within, wait_for
from projections.engine.checkpoints import read_checkpoints
from projections.engine.scoping import ReadOutsideScope

Position = Annotated[int, Ge(0), Le(2**63 - 1)]

WAIT_SECONDS_MAX = 5.0

_OFFSET_SPOILT = re.compile(r"\d{4}-\d\d-\d\d[Tt][0-9:.]{2,20} \d\d:?\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEnvelope:
    """What may stand beside the fields of every question to a view."""

    after_position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Nothing may stand beside the fields of a question to the records themselves."""


class PositionNotInLog(InvalidValue):
    """The log has no entry at the position that after_position names: there is none to wait for.

    日志中没有 after_position 所指位置的条目，无从等待。
    """


class ReadHandler:
    """Handles the requests of one read route."""

    def __init__(self, route: ReadRoute) -> None:
        self.route = route
        beside = Nothing if route.shape is Shape.CONSULTED else ReadEnvelope
        self.validator = validator_for(route.takes, beside, is_strict=False)
        self._lists = lists_of(route.takes)

    @property
    def _view(self) -> View:
        if self.route.view is None:
            raise TypeError(f"{self.route.path} asks no view")
        return self.route.view

    async def __call__(self, request: web.Request) -> web.Response:
        """Take a question and answer with what the view has."""
        identity = await authorise(request, self.route.operation)
        given = _given(request.query, self._lists)
        given |= {name: clean_text(request.match_info[name]) for name in self.route.parameters}
        query, said = self.validator.read(given, tuple(given))
        ledger = request.app[LEDGER]
        after = said.get("after_position")
        scope = await request.app[SCOPES].reading(identity, self.route.operation, query)
        if self.route.shape is Shape.CONSULTED:
            return await self._consult(ledger, query, scope)
        views = (self._view,) if scope.is_whole else (self._view, records.view)
        if after is not None:
            await _wait(ledger, views, after)
        try:
            return await self._ask(ledger, query, scope, views)
        except NotFound:
            if not scope.is_whole:
                await request.app[SCOPES].note(identity, self.route.operation)
            raise

    async def _consult(self, ledger: Ledger, query: Any, scope: Scope) -> web.Response:
        """Ask the records themselves: only for what is everybody's, or by who reaches all."""
        if not scope.is_whole:
            raise ReadOutsideScope(asked=self.route.operation)
        found = await self.route.function(query, ledger.for_request())
        head = await read_head(ledger.pool, ledger.id)
        return answer({**found, "position": head.size - 1})

    async def _ask(
        self, ledger: Ledger, query: Any, scope: Scope, views: tuple[View, ...]
    ) -> web.Response:
        try:
            found, position = await self._read(ledger, query, scope, views)
        except (asyncpg.DataError, asyncpg.InterfaceError) as error:
            if is_lost(error) or getattr(query, "cursor", None) is None:
                raise
            raise CursorInvalid() from error  # the values in a cursor are the caller's
        if self.route.shape is Shape.ONE:
            return answer({"row": found, "position": position})
        page = {"rows": found.rows, "next_cursor": found.next_cursor, "position": position}
        return answer(page)

    async def _read(
        self, ledger: Ledger, query: Any, scope: Scope, views: tuple[View, ...]
    ) -> tuple[Any, int]:
        """Return what the view has within a scope and the position it reflects, of one moment."""
        async with (
            ledger.pool.acquire() as db,
            db.transaction(isolation="repeatable_read", readonly=True),
        ):
            checkpoints = await read_checkpoints(db, ledger.id, views)
            found = await self.route.function(Within(db, scope), ledger.id, query)
        return found, min(checkpoint.position for checkpoint in checkpoints.values())


async def _wait(ledger: Ledger, views: tuple[View, ...], after: int) -> None:
    """Wait until the views have an entry; for one that does not exist nobody is kept waiting."""
    size = (await read_head(ledger.pool, ledger.id)).size
    if after >= size:
        raise PositionNotInLog(after_position=after, log_size=size)
    for view in views:
        await wait_for(ledger.pool, ledger.id, view, after, WAIT_SECONDS_MAX)


def _given(query: MultiMapping[str], lists: frozenset[str]) -> dict[str, Any]:
    """Return the query by name; a name given twice is a list, where a list is taken."""
    given: dict[str, Any] = {}
    for name in dict.fromkeys(query):
        values = [_with_plus(clean_text(value)) for value in query.getall(name)]
        given[clean_text(name)] = values if name in lists or len(values) > 1 else values[0]
    return given


def _with_plus(value: str) -> str:
    """Put back the plus of a time's offset: in a query an unescaped one means a space."""
    if _OFFSET_SPOILT.fullmatch(value):
        head, _, offset = value.rpartition(" ")
        return f"{head}+{offset}"
    return value
