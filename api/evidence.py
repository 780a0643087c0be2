"""/v1/evidence: upload a document for a command's ``evidence``, and get it back.

    curl -T invoice.pdf -X POST -H 'File-Name: invoice.pdf' .../v1/evidence
    curl -T id.jpg -X POST -H 'File-Name: id.jpg' '.../v1/evidence?about=0198...'

The body is the document, nothing around it; the name comes beside (percent-encoded where it is not
ASCII), is only ever a name, and is sealed with the document: commands, and so the log, name it by
its digest. ``about`` says whose it is, so that it goes when their data does. A document is served
as a download to who uploaded it, and to whoever may read an event that names it and opens it
(``api/evidence_reach.py``); to others it does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any
from unicodedata import category
from urllib.parse import quote, unquote_to_bytes
from uuid import UUID

from aiohttp import web

from api.access import authorise, authorise_identity
from api.answers import answer
from api.bodies import chunks_of, clean_text
from api.commands import DECISIONS_MAX
from api.envelope import decided_by
from api.errors import MediaTypeUnsupported, RequestInvalid
from api.evidence_reach import Reachable, reachable
from api.identity import Identity
from api.keys import LEDGER, OPTIONS, PERMISSIONS
from api.permissions import may_ask
from api.persons import PERSON
from api.scopes import SCOPES
from api.sentences import UNKNOWN, shown_name
from ledger.commands.documents import SealDocument, seal_document
from ledger.commands.persons import SealContact
from ledger.commands.plain_texts import guard_texts
from ledger.commands.sealing import PersonalData
from ledger.core.errors import Conflict, InvalidValue, NotFound
from ledger.core.times import timing_of
from ledger.persons import Person, PersonRestricted
from ledger.sealing import NewSlot
from ledger.storage.documents import Copy
from ledger.storage.evidence import FILE_BYTES_MAX, About, EvidenceStore
from ledger.storage.evidence_errors import EvidenceGone, EvidenceNotKept
from ledger.storage.evidence_kinds import kind_of, plain_name, suffix_for
from ledger.storage.vault import NewDocument

PATH = "/v1/evidence"
ONE = PATH + "/{sha256}"
FILE_NAME = "File-Name"
NAME_CHARACTERS_MAX = 100
OWN_ROWS_MAX = 200
SECONDS_MAX = 120.0
"""For a whole document; the rule of 1 KiB a second holds beside it."""
CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
ABOUT, SEAL = "about", "seal_contact"
FORMS = frozenset({"multipart/form-data"})

STORE: web.AppKey[EvidenceStore | None] = web.AppKey("evidence")
_DIGEST = re.compile(r"[0-9a-f]{64}")


async def upload_evidence(request: web.Request) -> web.Response:
    """Store the body as a document; answer what a command's ``evidence`` says of it."""
    identity = await authorise(request, "upload_evidence")
    store = store_of(request)
    if request.content_type in FORMS:
        raise MediaTypeUnsupported(media_type=request.content_type)
    about = await _about(request, identity)
    name = _name(request)
    kind_of(name)
    chunks = chunks_of(request, FILE_BYTES_MAX, SECONDS_MAX)
    copy, is_new = await store.take(chunks, name, identity.actor_id, about)
    headers = {"Location": ONE.format(sha256=copy.sha256)}
    return answer(as_evidence(copy), status=201 if is_new else 200, headers=headers)


def as_evidence(copy: Copy) -> dict[str, Any]:
    """Return what a command's ``evidence`` says of a document."""
    return {
        "sha256": copy.sha256,
        "name": plain_name(copy.sha256, copy.media_type),
        "media_type": copy.media_type,
        "size_bytes": copy.size_bytes,
    }


async def own_evidence(request: web.Request) -> web.Response:
    """List what one brought, the newest first, under the names that one gave."""
    identity = await authorise(request, "own_evidence")
    return answer({"rows": await brought_by(request, identity)})


async def brought_by(request: web.Request, identity: Identity) -> list[dict[str, Any]]:
    """Return the documents that somebody brought (refuses with ``EvidenceNotKept``)."""
    store = store_of(request)
    rows = []
    for copy in await store.brought_by(identity.actor_id, rows_max=OWN_ROWS_MAX):
        told = as_evidence(copy)
        name = await store.name(copy) or told["name"]
        rows.append(
            told | {"name": name, "uploaded_at": copy.uploaded_at, "about": copy.subject_id}
        )
    return rows


async def read_evidence(request: web.Request) -> web.Response:
    """Give a document as a download, checked against its digest."""
    identity = await authorise(request, "read_evidence")
    digest = request.match_info["sha256"]
    store = request.app[STORE]
    found = None
    if store is not None and _DIGEST.fullmatch(digest):
        found = (await reachable(request, identity, [digest])).get(digest)
    if store is None or found is None:
        await request.app[SCOPES].note(identity, "read_evidence")
        raise NotFound(kind="evidence", id=digest if _DIGEST.fullmatch(digest) else None)
    if found.copy is None:
        raise PersonRestricted() if found.is_restricted else EvidenceGone(sha256=digest)
    data = await store.read(found.copy)
    headers = {
        "Content-Disposition": _disposition(found.copy, await _shown_name(store, found)),
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-store",
    }
    return web.Response(body=data, content_type=found.copy.media_type, headers=headers)


async def readable(
    request: web.Request, identity: Identity | None, digests: Collection[str]
) -> dict[str, str]:
    """Return which documents this person may download, and their names: for links."""
    store = request.app[STORE]
    if store is None or identity is None or not digests:
        return {}
    if not may_ask(identity, "read_evidence", request.app[PERMISSIONS]):
        return {}
    return {
        digest: await _shown_name(store, found) or plain_name(digest, found.copy.media_type)
        for digest, found in (await reachable(request, identity, digests)).items()
        if found.copy is not None
    }


async def _shown_name(store: EvidenceStore, found: Reachable) -> str | None:
    """Return a document's name as far as this person may know it: the copy's, or the event's."""
    if found.copy is not None and found.is_named:
        name = await store.name(found.copy)
        if name is not None:
            return name
    return None if found.said is None else str(found.said["name"])


async def _about(request: web.Request, identity: Identity) -> About | None:
    """Return whom a document is about; who uploads it may seal that person's contact data."""
    for name in request.query:
        if name != ABOUT:
            raise RequestInvalid(UNKNOWN.about({}, parameter=shown_name(name)))
    given = request.query.get(ABOUT)
    if given is None:
        return None
    try:
        person_id = UUID(given)
    except ValueError as error:
        raise InvalidValue(field=ABOUT, rule="UUID") from error
    await authorise_identity(request, identity, SEAL)
    await _guard_person(request, identity, person_id)

    async def record(slot: NewSlot, document: NewDocument) -> None:
        command = SealDocument(person_id=person_id, slot=slot, document=document)
        for _ in range(DECISIONS_MAX - 1):
            try:
                return await _record(request, identity, command)
            except Conflict:  # another document about the same person came first
                await request.app[SCOPES].standing.look_again()
        return await _record(request, identity, command)

    return About(person_id, record)


async def _guard_person(request: web.Request, identity: Identity, person_id: UUID) -> None:
    """Refuse (``NotFound``, ``PersonRestricted``) before the document is taken."""
    await _reached(request, identity, person_id)
    person = await request.app[LEDGER].for_request().load(Person, person_id)
    if person.is_restricted(person_id):
        raise PersonRestricted()


async def _reached(request: web.Request, identity: Identity, person_id: UUID) -> Mapping[UUID, int]:
    """Refuse (``NotFound``) a person out of reach; return the organisations that this rests on."""
    sealing = SealContact(person_id=person_id, person=PersonalData())
    return await request.app[SCOPES].acting(identity, SEAL, (PERSON,), sealing)


async def _record(request: web.Request, identity: Identity, command: SealDocument) -> None:
    handle = request.app[LEDGER].for_request()
    handle.rely_on(await _reached(request, identity, command.person_id))
    await seal_document(
        command, handle, await decided_by(identity, {}, handle, timing_of(seal_document))
    )


def store_of(request: web.Request) -> EvidenceStore:
    """Return the store (refuses with ``EvidenceNotKept``)."""
    store = request.app[STORE]
    if store is None:
        raise EvidenceNotKept()
    return store


def _name(request: web.Request) -> str:
    """Return the document's name (refuses with ``InvalidValue``, ``PersonalDataInText``)."""
    given = request.headers.get(FILE_NAME, "")
    try:
        raw = unquote_to_bytes(given.encode("utf-8", "surrogateescape"))
        name = clean_text(raw.decode("utf-8")).strip()
    except ValueError as error:
        raise InvalidValue(field=FILE_NAME, rule="UTF-8, percent-encoded") from error
    return checked_name(name, field=FILE_NAME)


def checked_name(name: str, *, field: str) -> str:
    """Return a document's name, if it is one (``InvalidValue``, ``PersonalDataInText``)."""
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise InvalidValue(field=field, rule=f"1 to {NAME_CHARACTERS_MAX} characters")
    if any(one in "/\\:" or category(one).startswith("C") for one in name):
        raise InvalidValue(field=field, rule="a name, not a path; no control characters")
    guard_texts([(field, name)])
    return name


def _disposition(copy: Copy, name: str | None) -> str:
    """Return that it is a download, and its name, if that ends as the content is."""
    suffix, plain = suffix_for(copy.media_type), plain_name(copy.sha256, copy.media_type)
    name = clean_name(name or "")
    if PurePosixPath(name).suffix.lower() not in {suffix, suffix.replace("jpg", "jpeg")}:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def clean_name(name: str) -> str:
    """Return a name that an event gave without what is no part of a file's name."""
    return "".join(one for one in name if one not in '/\\:"' and not category(one).startswith("C"))


def add_evidence(app: web.Application) -> None:
    """Add the two addresses, and the store if there is a place for it."""
    options = app[OPTIONS].evidence
    store = None
    if options is not None:
        store = EvidenceStore(app[LEDGER], quota_bytes=options.quota_bytes, space=options.space)
    app[STORE] = store
    app.router.add_post(PATH, upload_evidence)
    app.router.add_get(PATH, own_evidence)
    app.router.add_get(ONE, read_evidence)
