"""Which documents somebody may have: their own, and those that an event within reach opens.

An event opens a document that it names only if who recorded it could open it: they brought it, or
could read an event that opens it. Naming the digest of somebody else's document, which many may
know, opens nothing; it looks like naming a document that is kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from api.identity import Identity
from api.keys import LEDGER, PERMISSIONS
from api.permissions import is_allowed
from api.scopes import SCOPES
from ledger.commands.documents import hidden_documents
from ledger.storage.documents import Copy, copies_of
from projections.audit_trail import evidence_named, evidence_namers
from projections.engine import Row, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """A document that somebody may have: the copy to give, if there is one, and who says its name.

    ``is_named``: the copy's own name may be shown, since who reads it brought it, or who brought
    it named it in an event that this person reads.
    """

    copy: Copy | None
    said: Row | None
    is_named: bool
    is_restricted: bool


async def reachable(
    request: web.Request, identity: Identity, digests: Collection[str]
) -> dict[str, Reachable]:
    """Return those documents that are this person's, or named by an event within reach."""
    ledger = request.app[LEDGER]
    copies = await copies_of(ledger.pool, ledger.id, digests)
    about = {(one.slot_id, one.subject_id) for one in copies if one.subject_id is not None}
    hidden = await hidden_documents(ledger, about)
    found: dict[str, Reachable] = {}
    for digest in digests:
        of_digest = [one for one in copies if one.sha256 == digest]
        own = [one for one in of_digest if one.actor_id == identity.actor_id]
        said, opens = await _named(request, identity, digest, {one.actor_id for one in of_digest})
        if said is None and not own:
            continue
        known = of_digest if opens else own
        attached = [one for one in known if said and one.actor_id == said["actor_id"]]
        shown = [one for one in (*own, *attached, *known) if one.slot_id not in hidden]
        found[digest] = Reachable(
            copy=shown[0] if shown else None,
            said=said,
            is_named=bool(shown) and shown[0] in (*own, *attached),
            is_restricted=bool(known),
        )
    return found


async def _named(
    request: web.Request, identity: Identity, digest: str, owners: Collection[UUID]
) -> tuple[Row | None, bool]:
    """Return what an event within reach says of a document, and whether that event opens it."""
    said = await _said(request, identity, digest)
    if said is None or not owners:
        return said, False
    opening = await _said(request, identity, digest, owners)
    if opening is None:
        opening = await _said(request, identity, digest, await _entitled(request, digest, owners))
    return opening or said, opening is not None


async def _entitled(request: web.Request, digest: str, owners: Collection[UUID]) -> frozenset[UUID]:
    """Return whose events open a document: who brought it, and who reads one that opens it."""
    ledger = request.app[LEDGER]
    entitled = frozenset(owners)
    namers = await evidence_namers(ledger.pool, ledger.id, digest)
    while True:
        more = set[UUID]()
        for row in namers:
            if row["actor_id"] not in entitled | more:
                namer = Identity(**row)
                if await _said(request, namer, digest, entitled) is not None:
                    more.add(namer.actor_id)
        if not more:
            return entitled
        entitled |= more


async def _said(
    request: web.Request,
    identity: Identity,
    digest: str,
    actors: Collection[UUID] | None = None,
) -> Row | None:
    """Return what an event within this person's reach says of a document."""
    if not is_allowed(identity.role, "event", request.app[PERMISSIONS]):
        return None
    scope = await request.app[SCOPES].reading(identity, "event", None)
    ledger = request.app[LEDGER]
    return await evidence_named(Within(ledger.pool, scope), ledger.id, digest, actors)
