"""The proof panel of an event's page: what the log says, and what the visitor's browser checks.

``said`` is what ``static/proof.js`` compares with the exact entry and with the proof file; the
panel shows a seal only once that script has recomputed everything itself.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from api.answers import to_json
from api.keys import LOG
from api.log.desk import LogDesk
from api.log.files import CHECKPOINT
from api.log.interval import interval_at
from api.log.proofs import prove
from api.log.receipts import proof_path
from api.log.standing import Vouching, vouching
from api.log.trust import Trust
from api.web.site import Visit
from ledger.core.entry import Entry, stamp
from ledger.merkle.tree import leaf_hash
from ledger.publishing.intervals import Bound, Interval
from ledger.storage.checkpoints import (
    KeptCheckpoint,
    first_covering,
    latest_published,
)
from ledger.storage.reading import read_entries
from projections.engine import Row

ENTRY = "/log/entry/{position}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What is shown of a proof. Without ``kept`` no published checkpoint covers the event yet."""

    position: int
    leaf: str
    proof: str
    entry: str
    kept: KeptCheckpoint | None = None
    root: str = ""
    hashes: tuple[str, ...] = ()
    is_signed: bool = False
    is_quorate: bool | None = None
    witnesses: tuple[Vouching, ...] = ()
    not_earlier: Bound | None = None
    not_later: NotLater | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLater:
    """Somebody else had seen the event by this moment; with ``by`` empty it is our own word."""

    at: datetime
    by: str


async def panel_of(visit: Visit, event: Row) -> Panel:
    """Return the proof panel of an event of the audit trail."""
    desk = visit.request.app[LOG]
    pool, ledger_id, position = visit.ledger.pool, visit.ledger.id, event["position"]
    (entry,) = await read_entries(pool, ledger_id, start=position, limit=1)
    bare = Panel(
        position=position,
        leaf=in_base64(leaf_hash(entry.data)),
        proof=proof_path(position),
        entry=ENTRY.format(position=position),
    )
    kept = await latest_published(pool, ledger_id)
    if kept is None or kept.checkpoint.size <= position:
        return bare
    trust = desk.trust()
    proof = await prove(pool, ledger_id, position, kept, desk.cache)
    cosignatures = trust.by_witnesses(kept.note)
    interval = await interval_at(desk, position)
    return Panel(
        position=position,
        leaf=bare.leaf,
        proof=bare.proof,
        entry=bare.entry,
        kept=kept,
        root=in_base64(kept.checkpoint.root),
        hashes=tuple(map(in_base64, proof.hashes)),
        is_signed=bool(trust.by_log(kept.note)),
        is_quorate=trust.is_quorate(cosignatures),
        witnesses=vouching(trust, cosignatures),
        not_earlier=interval.not_before,
        not_later=await _not_later(desk, position, interval),
        said=_said(event, bare, entry, trust),
    )


async def _not_later(desk: LogDesk, position: int, found: Interval) -> NotLater | None:
    """Return by when somebody else saw a checkpoint that covers an event; else our own word."""
    if found.not_after:
        return NotLater(at=found.not_after.at, by=found.not_after.by)
    first = await first_covering(desk.ledger.pool, desk.ledger.id, position)
    return None if first is None else NotLater(at=first.published_at or first.signed_at, by="")


def _said(event: Row, bare: Panel, entry: Entry, trust: Trust) -> str:
    """Return what the page says of the event, for the browser to compare with the entry."""
    said = {
        "position": event["position"],
        "leaf": bare.leaf,
        "proof": bare.proof,
        "entry": bare.entry,
        "checkpoint": CHECKPOINT,
        "header": {
            "id": event["event_id"],
            "topic": event["topic"],
            "stream": event["stream_id"],
            "version": event["version"],
            "occurred_at": stamp(event["occurred_at"]),
            "recorded_at": stamp(event["recorded_at"]),
            "role": event["role"] or None,
            "reason": event["reason"] or None,
            "post": event["post"] or None,
            "actor": event["actor_id"],
            "organisation": event["organisation_id"],
            "on_behalf_of": event["on_behalf_of"],
            "cause": event["cause"],
            "policy": event["policy_version"] or None,
            "history": event["is_history"] or None,
            "breaches": event["breaches"] or None,
            "evidence": event["evidence"] or None,
        },
        "state": event["fields"],
        **keys_said(trust),
    }
    return to_json(said).decode()


def keys_said(trust: Trust) -> dict[str, list[str]]:
    """Return the keys that the browser is to check signatures with."""
    witnesses = trust.policy.witnesses if trust.policy else ()
    return {
        "keys": [str(key) for key in trust.keys],
        "witnesses": [str(one.key) for one in witnesses],
    }


def in_base64(data: bytes) -> str:
    """Return a hash as checkpoints and proof files write it."""
    return b64encode(data).decode()
