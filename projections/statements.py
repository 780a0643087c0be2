"""Statements for audit bundles: what the views say about money and points, streamed line by line.

Public accounts, deposits and volunteers' points, in one order: that of the log. The figures are
those that pages and the API show; whoever gets a bundle computes them again from the entries.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ledger.bundles.statements import Balance, Movement, Place, Scope, Span
from ledger.core.clock import local_day, utc_now
from ledger.core.errors import InvalidValue, NotFound
from ledger.organisations import Kind, Organisation, organisation_id
from ledger.storage.connect import Connection
from ledger.storage.ledger import Ledger
from projections import accounts, deposits, points
from projections.engine import View

VIEWS: tuple[View, ...] = (accounts.view, deposits.view, points.view)
"""The views that a statement is read from: they must have read as far as the slice goes."""

PREFETCH_ROWS = 2_000

# Texts stand only where the event itself has them: a reader of one slice can check no others.
_MOVEMENTS = """
    SELECT position, line_no, account_id, 'public_account' AS book, estate_id AS place_id, kind,
        amount_fen AS amount, occurred_at, recorded_at,
        CASE WHEN kind IN ('revenue_received', 'paid_out') THEN counterparty ELSE '' END
            AS counterparty, bank_reference
    FROM account_lines_v2
    WHERE ledger_id = $1 AND position < $2
        AND kind IN ('revenue_received', 'revenue_reversed', 'paid_out', 'payment_reversed')
    UNION ALL
    SELECT position, line_no, deposit_id, 'deposit', estate_id, kind, held_fen, occurred_at,
        recorded_at, '', bank_reference
    FROM deposit_lines_v2
    WHERE ledger_id = $1 AND position < $2
        AND kind IN ('received', 'top_up_received', 'draw_paid', 'draw_refunded', 'returned',
            'forfeited')
    UNION ALL
    SELECT position, line_no, account_id, 'points_account', community_id, 'points_' || kind, points,
        occurred_at, recorded_at, '', ''
    FROM points_lines_v2
    WHERE ledger_id = $1 AND position < $2 AND kind <> 'opened'
"""
_BEFORE = "(position < $3 AND $4::timestamptz IS NULL) OR occurred_at < $4"
_INSIDE = """
    (($4::timestamptz IS NULL AND position >= $3) OR occurred_at BETWEEN $4 AND $5)
"""
_OF_PLACES = "($6::uuid[] IS NULL OR place_id = ANY($6))"
_ORDERED = f"""
    SELECT position, account_id::text, book, place_id::text, kind, amount, occurred_at, recorded_at,
        counterparty, bank_reference
    FROM ({_MOVEMENTS}) AS found WHERE {_INSIDE} AND {_OF_PLACES} ORDER BY position, line_no
"""  # noqa: S608 - put together from the texts above
_BALANCES = f"""
    SELECT account_id::text, book, place_id::text,
        coalesce(sum(amount) FILTER (WHERE {_BEFORE}), 0)::bigint AS opening,
        coalesce(sum(amount) FILTER (WHERE {_BEFORE} OR {_INSIDE}), 0)::bigint AS closing
    FROM ({_MOVEMENTS}) AS found WHERE {_OF_PLACES}
    GROUP BY found.account_id, book, found.place_id
    HAVING coalesce(sum(amount) FILTER (WHERE {_BEFORE}), 0) <> 0 OR bool_or({_INSIDE})
    ORDER BY book COLLATE "C", found.account_id
"""  # noqa: S608 - put together from the texts above
_REACH = f"""
    SELECT min(position), max(position) FROM ({_MOVEMENTS}) AS found
    WHERE {_INSIDE} AND {_OF_PLACES}
"""  # noqa: S608 - put together from the texts above


class NothingToState(InvalidValue):
    """Nothing of these places happened in this period.

    所选期间与范围内没有任何变动。
    """


class PlaceHasNoBooks(InvalidValue):
    """Statements are about estates and communities: this code is of something else.

    对账单只针对小区或社区；该代码属于其他组织。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedStatement:
    """The figures of one slice and scope, read from the views in the caller's snapshot."""

    db: Connection
    ledger_id: str
    start: int
    end: int
    scope: Scope

    async def balances(self) -> AsyncIterator[Balance]:
        """Return the accounts that hold anything or moved, sorted by book and id."""
        async for row in self.db.cursor(_BALANCES, *self._asked(), prefetch=PREFETCH_ROWS):
            yield Balance(*row)

    async def movements(self) -> AsyncIterator[Movement]:
        """Return all movements in the order of the log."""
        async for row in self.db.cursor(_ORDERED, *self._asked(), prefetch=PREFETCH_ROWS):
            yield Movement(*row)

    def _asked(self) -> tuple[Any, ...]:
        return _arguments(self.ledger_id, self.start, self.end, self.scope)


async def reach(db: Connection, ledger_id: str, size: int, scope: Scope) -> tuple[int, int]:
    """Return the smallest [start, end) below ``size`` that holds all movements of a scope.

    Raises ``NothingToState``.
    """
    row = await db.fetchrow(_REACH, *_arguments(ledger_id, 0, size, scope))
    if row is None or row[0] is None:
        raise NothingToState()
    return row[0], row[1] + 1


async def places_of(ledger: Ledger, codes: Sequence[str]) -> tuple[Place, ...] | None:
    """Return the places that codes name; an estate brings its community, which keeps points.

    Raises ``NotFound`` and ``PlaceHasNoBooks``.
    """
    if not codes:
        return None
    today = local_day(utc_now())
    found: dict[UUID, Place] = {}
    for code in codes:
        organisation = await _organisation(ledger, organisation_id(code), code)
        found[organisation.id] = Place(organisation.id, organisation.code)
        community_id = organisation.parent_on(today)
        if organisation.kind is Kind.ESTATE and community_id is not None:
            community = await _organisation(ledger, community_id, code)
            found[community.id] = Place(community.id, community.code)
    return tuple(sorted(found.values(), key=lambda place: place.code))


async def _organisation(ledger: Ledger, organisation_id: UUID, code: str) -> Organisation:
    organisation = await ledger.find(Organisation, organisation_id)
    if organisation is None:
        raise NotFound(kind="organisation", code=code)
    if organisation.kind not in (Kind.ESTATE, Kind.COMMUNITY):
        raise PlaceHasNoBooks(code=code, kind=organisation.kind)
    return organisation


def _arguments(ledger_id: str, start: int, end: int, scope: Scope) -> tuple[Any, ...]:
    span: Span | None = scope.span
    moments = (None, None) if span is None else (span.from_at, span.until_at)
    places = None if scope.places is None else [place.id for place in scope.places]
    return ledger_id, end, start, *moments, places
