"""/v1/events/…/proof, /v1/log/consistency, /v1/log/checkpoint: proofs for anybody.

A proof is public: with the random nonce in each entry its hashes tell nothing. Who wants to
know what an entry says needs the entry itself, and for that a permission.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from aiohttp import web

from api.access import authorise
from api.answers import answer
from api.identity import Identity
from api.keys import LEDGER, LOG
from api.log.answers import ASK_AGAIN, FOREVER, OCTETS, TEXT, answer_file, open_to_all
from api.log.desk import NotCoveredYet
from api.log.queries import ConsistencyAsked, read_consistency_query, read_size_query
from api.scopes import SCOPES
from ledger.core.errors import Fact, NotFound
from ledger.merkle.proof_files import FILE_SUFFIX, MEDIA_TYPE, ProofFile
from ledger.storage.checkpoints import KeptCheckpoint
from ledger.storage.connect import Database
from ledger.storage.reading import read_entries
from ledger.storage.tile_cache import TileCache
from ledger.storage.tree import read_growth, read_inclusion_proof

PROOF = "/v1/events/{event_id}/proof"
ENTRY = "/v1/events/{event_id}/entry"
CONSISTENCY = "/v1/log/consistency"
STANDING = "/v1/log/checkpoint"
READ_ENTRY = "event_entry"


async def event_proof(request: web.Request) -> web.Response:
    """Give the proof file of an event, under the latest checkpoint or the one of ``size``."""
    desk = request.app[LOG]
    size = read_size_query(request.query)
    position = await desk.position_of(request.match_info["event_id"])
    ledger, kept = desk.ledger, await desk.covering(position, size)
    proof = await prove(ledger.pool, ledger.id, position, kept, desk.cache)
    name = f"{position}{FILE_SUFFIX}"
    return answer_file(
        request,
        proof.to_bytes(),
        cache=ASK_AGAIN,
        headers={
            "Content-Type": MEDIA_TYPE,
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


async def prove(
    db: Database,
    ledger_id: str,
    position: int,
    kept: KeptCheckpoint,
    cache: TileCache | None = None,
) -> ProofFile:
    """Return the proof that an entry is in the log as of a checkpoint."""
    size = kept.checkpoint.size
    hashes = await read_inclusion_proof(db, ledger_id, position, size, cache)
    return ProofFile(position, tuple(hashes), str(kept.note).encode())


async def event_entry(request: web.Request) -> web.Response:
    """Give the exact bytes that were hashed, to whoever may read the event."""
    identity = await authorise(request, READ_ENTRY)
    return await answer_entry(request, request.match_info["event_id"], identity)


async def answer_entry(request: web.Request, event: str, identity: Identity) -> web.Response:
    """Answer with an entry's bytes; one out of reach looks like one that is not there."""
    ledger = request.app[LEDGER]
    position = await request.app[LOG].position_of(event)
    found = await read_entries(ledger.pool, ledger.id, start=position, limit=1)
    seen = await request.app[SCOPES].visible(identity, READ_ENTRY, found)
    if not seen or seen[0].position != position:
        named: dict[str, Fact] = {"position": position} if event.isdecimal() else {"id": event}
        raise NotFound(kind="event", **named)
    (entry,) = seen
    return answer_file(
        request,
        entry.data,
        cache=f"private, {FOREVER}",
        headers={
            "Content-Type": OCTETS,
            "Content-Disposition": f'attachment; filename="{position}.entry"',
            "Vary": "Authorization, Cookie",
        },
    )


async def log_consistency(request: web.Request) -> web.Response:
    """Prove that the log at one size begins with the log at a smaller one."""
    asked = read_consistency_query(request.query)
    desk = request.app[LOG]
    ledger = desk.ledger
    latest = await desk.recent(max(asked.from_size, asked.to_size or 0))
    size = latest.checkpoint.size if asked.to_size is None else asked.to_size
    if size > latest.checkpoint.size:
        raise NotCoveredYet(to=size, size=latest.checkpoint.size)
    growth = await read_growth(ledger.pool, ledger.id, asked.from_size, size, desk.cache)
    if asked.is_text:
        return _for_a_witness(request, asked, growth.proof, await desk.published_at(size))
    return answer(
        {
            "origin": latest.checkpoint.origin,
            "from": asked.from_size,
            "from_root": _in_base64(growth.old_root),
            "to": size,
            "to_root": _in_base64(growth.root),
            "hashes": [_in_base64(one) for one in growth.proof],
        }
    )


def _for_a_witness(
    request: web.Request, asked: ConsistencyAsked, hashes: Sequence[bytes], kept: KeptCheckpoint
) -> web.Response:
    """The form in which witnesses are asked (C2SP tlog-witness): old size, hashes, checkpoint."""
    lines = [f"old {asked.from_size}", *map(_in_base64, hashes)]
    body = "".join(f"{line}\n" for line in lines) + f"\n{kept.note}"
    return answer_file(
        request,
        body.encode(),
        cache=ASK_AGAIN,
        headers={"Content-Type": f"{TEXT}; charset=utf-8"},
    )


async def log_checkpoint(request: web.Request) -> web.Response:
    """Tell of the latest published checkpoint: how old it is, who cosigned, which keys sign."""
    return answer((await request.app[LOG].standing()).told())


def _in_base64(data: bytes) -> str:
    return b64encode(data).decode()


def add_proofs(app: web.Application) -> None:
    """Add the addresses."""
    app.router.add_get(PROOF, open_to_all(event_proof))
    app.router.add_get(ENTRY, event_entry)
    app.router.add_get(CONSISTENCY, open_to_all(log_consistency))
    app.router.add_get(STANDING, open_to_all(log_checkpoint))
