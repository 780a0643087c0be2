"""Whose records the person reaches who asks: worked out once a request, from the log.

    scope = await request.app[SCOPES].reading(identity, row, query)   # as it was then
    versions = await request.app[SCOPES].acting(identity, row, about, command)  # as it is now

``visible`` is the one question for whoever has events in hand (a stream, a proof, a
bundle): which of them may this person see?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from aiohttp import web

from api.audit_reads import AUDIT_DATA
from api.concerning import Sources, guard
from api.errors import DelegationNotInForce, NotAllowed, PostNotInTerm, SecondFactorNeeded
from api.identity import Identity
from api.privacy_rows import WATCHERS
from api.reach import Row, Within
from api.roles import Role
from ledger.belonging import EVERYTHING, NOTHING_AT_ALL, Scope, tells_of_access
from ledger.commands.access_tokens import consulted_user
from ledger.commands.refusals import note_denial
from ledger.commands.standing import Standing, versions_of
from ledger.core.clock import local_day
from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.delegations import Delegation
from ledger.organisations import Chart, Kind
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.users import needs_second_factor

APART = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.DISCIPLINE})
"""Who stands in for nobody: they oversee the others."""
NEAREST = {Within.COMMUNITY: Kind.COMMUNITY, Within.ESTATE: Kind.ESTATE}


class Scopes:
    """Tells whose records people reach."""

    def __init__(self, ledger: Ledger, news: News, may: Mapping[str, Row]) -> None:
        self.standing = Standing(ledger, lambda: news.size)
        self._ledger = ledger
        self._may = may

    async def guard_post(self, identity: Identity) -> None:
        """Refuse (``PostNotInTerm``) who acts in a post outside the term of office."""
        if not identity.post:
            return
        office = (await self.standing.chart()).find(identity.organisation_id)
        today = self._today()
        holder_id = identity.on_behalf_of or identity.actor_id
        if office is None or not office.holds_post(holder_id, identity.post, today):
            await self.note(identity, "acting_in_post")
            raise PostNotInTerm(post=identity.post, on=today.isoformat())

    async def standing_in(self, identity: Identity, given: str) -> Identity:
        """Return who acts when somebody stands in for the holder of a post, by a delegation's id.

        Refuses with ``DelegationNotInForce``: also those whose own duty is to administer the
        service, to audit or to protect data, who must not take part in what they oversee; and with
        ``SecondFactorNeeded`` where the post's role needs a factor that the session has not.
        """
        found = await self._delegation(identity, given)
        if found is None:
            await self.note(identity, "standing_in")
            raise DelegationNotInForce(delegation=_shown_id(given))
        if _lacks_second_factor(identity, found):
            raise SecondFactorNeeded(role=found.role)
        return as_stand_in(identity, found)

    async def delegation_to(self, identity: Identity, given: str) -> Delegation | None:
        """Return the delegation by which somebody may stand in now, if it is one, by its id."""
        found = await self._delegation(identity, given)
        return None if found is None or _lacks_second_factor(identity, found) else found

    async def _delegation(self, identity: Identity, given: str) -> Delegation | None:
        try:
            found = await self.standing.delegation(UUID(given), self._today())
        except ValueError:
            return None
        is_theirs = found is not None and found.person_id == identity.actor_id
        if found is None or not is_theirs or identity.role in APART:
            return None
        return found if await self._holder_may(found) else None

    async def _holder_may(self, found: Delegation) -> bool:
        """Tell whether the holder, if they have an account, may still act in the post themself."""
        holder = await consulted_user(self._ledger, found.holder_id)
        if holder is None:  # who holds a post without an account holds it all the same
            return True
        wanted = (found.role, found.organisation_id, found.post)
        grants = holder.grants_on(self._today())
        return not holder.is_disabled and any(grant.capacity == wanted for grant in grants)

    async def note(self, identity: Identity, operation: str) -> None:
        """Count a refusal in the log: what was out of reach, and what does not exist, alike."""
        await note_denial(
            self._ledger, actor_id=identity.actor_id, role=identity.role, operation=operation
        )

    def is_public(self, operation: str) -> bool:
        """Tell whether everybody may see what an operation shows, also without a login."""
        row = self._may.get(operation)
        return row is not None and row.is_public

    def may(self, role: str, operation: str) -> bool:
        """Tell whether a role may ask for an operation at all."""
        row = self._may.get(operation)
        return row is not None and role in row

    def within(self, role: str, operation: str) -> Within:
        """Return a role's reach in an operation (refuses with ``NotAllowed``)."""
        row = self._may.get(operation)
        if row is None or role not in row:
            raise NotAllowed(role=role, operation=operation)
        return row.reach[Role(role)]

    async def reading(self, identity: Identity, operation: str, query: Any) -> Scope:
        """Return whose records somebody sees, in the tree as it was when the question asks."""
        within, scope = self.within(identity.role, operation), EVERYTHING
        if within is not Within.COUNTY:
            scope = scope_on(await self.standing.chart(), identity, within, self._day_of(query))
            scope = self._with_own(scope, identity, operation)
        hides_access = operation in AUDIT_DATA and identity.role not in WATCHERS
        return replace(scope, hides_access=hides_access) if hides_access else scope

    async def acting(
        self, identity: Identity, operation: str, about: Sources, command: Any
    ) -> Mapping[UUID, int]:
        """Refuse (``NotFound``) a command out of reach, in the tree as it is now.

        Returns the organisations that this rests on, at their versions, for the append to check.
        """
        within = self.within(identity.role, operation)
        if within is Within.COUNTY:
            return {}
        chart, today = await self.standing.chart(), self._today()
        scope = self._with_own(scope_on(chart, identity, within, today), identity, operation)
        try:
            places = await guard(about, command, within, scope, self.standing)
        except NotFound:
            await self.note(identity, operation)
            raise
        own = () if identity.organisation_id is None else (identity.organisation_id,)
        ids = {above for place in (*places, *own) for above in chart.upwards(place, today)}
        return versions_of(chart, ids)

    async def visible(
        self, identity: Identity, operation: str, entries: Iterable[Entry]
    ) -> list[Entry]:
        """Return those of the entries that somebody may see, as things stand now."""
        entries = list(entries)
        scope = await self.reading(identity, operation, None)
        if scope.hides_access:
            entries = [entry for entry in entries if not tells_of_access(entry.topic)]
        if scope.is_whole:
            return entries
        streams = {entry.stream_id for entry in entries}
        look = self.standing.parties_of if scope.parties else self.standing.concerns_of
        concerns = await look(streams)
        return [entry for entry in entries if scope.covers(concerns[entry.stream_id])]

    def _with_own(self, scope: Scope, identity: Identity, operation: str) -> Scope:
        """Add what is about oneself, where the table says that it counts in every role."""
        if not self._may[operation].is_own_too:
            return scope
        return replace(scope, persons=scope.persons | {identity.actor_id})

    def _today(self) -> date:
        return local_day(self._ledger.clock())

    def _day_of(self, query: Any) -> date:
        """Return the day of which a question asks: that of the earlier of its times, or today."""
        on = getattr(query, "on", None)
        given = (getattr(query, "at", None), getattr(query, "known_at", None))
        moments = [moment for moment in given if moment is not None]
        days = [local_day(moment) for moment in moments] + [self._today()]
        return min([*days, on]) if isinstance(on, date) else min(days)


def _shown_id(given: str) -> str:
    """Return an id for an error; what else came in its place may be a secret, and is not told."""
    try:
        shown = str(UUID(given))
    except ValueError:
        return "?"
    return shown if shown == given.lower() else "?"


def as_stand_in(identity: Identity, found: Delegation) -> Identity:
    """Return who acts when somebody stands in by a delegation."""
    return replace(
        identity,
        role=found.role,
        organisation_id=found.organisation_id,
        post=found.post,
        on_behalf_of=found.holder_id,
    )


def _lacks_second_factor(identity: Identity, found: Delegation) -> bool:
    """Tell whether somebody stands in for a role that a password alone does not open.

    A token has the factor that its own role needed when it was issued.
    """
    if not needs_second_factor(found.role):
        return False
    if identity.token_id is not None:
        return not needs_second_factor(identity.role)
    return identity.session_id is not None and not identity.has_second_factor


def scope_on(chart: Chart, identity: Identity, within: Within, day: date) -> Scope:
    """Return whose records somebody reaches on a day."""
    if within is Within.COUNTY:
        return EVERYTHING
    if within is Within.SELF:
        return Scope(persons=frozenset({identity.actor_id}))
    own = identity.organisation_id
    if own is None or not chart.lives(own, day):
        return NOTHING_AT_ALL
    if within is Within.PARTY:
        return Scope(parties=chart.below(own, day))
    top = _top(chart, own, within, day)
    return NOTHING_AT_ALL if top is None else Scope(places=chart.below(top, day))


def _top(chart: Chart, own: UUID, within: Within, day: date) -> UUID | None:
    if within is Within.OWN:
        return own
    if within is Within.AREA:
        path = chart.upwards(own, day)
        return path[1] if len(path) > 1 else None
    return chart.nearest(own, NEAREST[within], day)


SCOPES = web.AppKey("scopes", Scopes)
