"""/v1/evidence: upload a document for a command's ``evidence``, and get it back.

    curl -T invoice.pdf -X POST -H 'File-Name: invoice.pdf' .../v1/evidence

The body is the document, nothing around it; the name comes beside (percent-encoded where it is not
ASCII), is only ever a name, and is not stored: events carry it. A document is served as a download
to whoever may read an event that names it, and to who uploaded it; to others it does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath
from unicodedata import category
from urllib.parse import quote, unquote_to_bytes

from aiohttp import web

from api.access import authorise
from api.answers import answer
from api.bodies import chunks_of, clean_text
from api.errors import MediaTypeUnsupported
from api.identity import Identity
from api.keys import LEDGER, OPTIONS, PERMISSIONS
from api.permissions import is_allowed
from api.scopes import SCOPES
from ledger.commands.plain_texts import PersonalDataInText
from ledger.core.errors import InvalidValue, NotFound
from ledger.sealing import find_personal
from ledger.storage.evidence import FILE_BYTES_MAX, Document, EvidenceStore
from ledger.storage.evidence_errors import EvidenceNotKept
from ledger.storage.evidence_kinds import kind_of, suffix_for
from projections.audit_trail import evidence_named
from projections.engine import Row, Within

PATH = "/v1/evidence"
ONE = PATH + "/{sha256}"
FILE_NAME = "File-Name"
NAME_CHARACTERS_MAX = 100
SECONDS_MAX = 120.0
"""For a whole document; the rule of 1 KiB a second holds beside it."""
CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
CACHED = "private, max-age=31536000, immutable"
FORMS = frozenset({"multipart/form-data"})

STORE: web.AppKey[EvidenceStore | None] = web.AppKey("evidence")
_DIGEST = re.compile(r"[0-9a-f]{64}")


async def upload_evidence(request: web.Request) -> web.Response:
    """Store the body as a document; answer what a command's ``evidence`` says of it."""
    identity = await authorise(request, "upload_evidence")
    store = _store(request)
    if request.content_type in FORMS:
        raise MediaTypeUnsupported(media_type=request.content_type)
    name = _name(request)
    kind_of(name)
    chunks = chunks_of(request, FILE_BYTES_MAX, SECONDS_MAX)
    now = request.app[LEDGER].clock()
    document, is_new = await store.take(chunks, name, identity.actor_id, now)
    body = {
        "sha256": document.sha256,
        "name": name,
        "media_type": document.media_type,
        "size_bytes": document.size_bytes,
    }
    headers = {"Location": ONE.format(sha256=document.sha256)}
    return answer(body, status=201 if is_new else 200, headers=headers)


async def read_evidence(request: web.Request) -> web.Response:
    """Give a document as a download, checked against its digest."""
    identity = await authorise(request, "read_evidence")
    digest = request.match_info["sha256"]
    store = request.app[STORE]
    found = None
    if store is not None and _DIGEST.fullmatch(digest):
        found = await store.find(digest, identity.actor_id)
    said = None if found is None else await _named(request, identity, digest)
    if store is None or found is None or (said is None and not found.is_own):
        await request.app[SCOPES].note(identity, "read_evidence")
        raise NotFound(kind="evidence", id=digest[:64])
    data = await store.read(found)
    headers = {
        "Content-Disposition": _disposition(found, said),
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": CACHED,
        "ETag": f'"{digest}"',
    }
    if f'"{digest}"' in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=data, content_type=found.media_type, headers=headers)


async def readable(
    request: web.Request, identity: Identity | None, digests: Collection[str]
) -> frozenset[str]:
    """Return which documents are stored here and may be downloaded by this person: for links."""
    store = request.app[STORE]
    if store is None or identity is None or not digests:
        return frozenset()
    if not is_allowed(identity.role, "read_evidence", request.app[PERMISSIONS]):
        return frozenset()
    stored = await store.stored(digests, identity.actor_id)
    return frozenset(
        {
            digest
            for digest, is_own in stored.items()
            if is_own or await _named(request, identity, digest) is not None
        }
    )


async def _named(request: web.Request, identity: Identity, digest: str) -> Row | None:
    """Return what an event within this person's reach says of a document."""
    if not is_allowed(identity.role, "event", request.app[PERMISSIONS]):
        return None
    scope = await request.app[SCOPES].reading(identity, "event", None)
    ledger = request.app[LEDGER]
    return await evidence_named(Within(ledger.pool, scope), ledger.id, digest)


def _store(request: web.Request) -> EvidenceStore:
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
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise InvalidValue(field=FILE_NAME, rule=f"1 to {NAME_CHARACTERS_MAX} characters")
    if any(one in "/\\:" or category(one).startswith("C") for one in name):
        raise InvalidValue(field=FILE_NAME, rule="a name, not a path; no control characters")
    if found := find_personal(name):
        raise PersonalDataInText(field=FILE_NAME, kind=found[0].kind)
    return name


def _disposition(document: Document, said: Row | None) -> str:
    """Return that it is a download, and its name: the event's, if it ends as the content is."""
    suffix = suffix_for(document.media_type)
    plain = document.sha256[:16] + suffix
    name = clean_name("" if said is None else said["name"])
    if PurePosixPath(name).suffix.lower() not in {suffix, suffix.replace("jpg", "jpeg")}:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def clean_name(name: str) -> str:
    """Return a name that an event gave without what is no part of a file's name."""
    return "".join(one for one in name if one not in '/\\:"' and not category(one).startswith("C"))


def add_evidence(app: web.Application) -> None:
    """Add the two addresses, and the store if there is a place for it."""
    options, ledger = app[OPTIONS].evidence, app[LEDGER]
    store = None
    if options is not None:
        store = EvidenceStore(
            ledger.pool,
            ledger.id,
            options.folder,
            quota_bytes=options.quota_bytes,
            space=options.space,
        )
    app[STORE] = store
    app.router.add_post(PATH, upload_evidence)
    app.router.add_get(ONE, read_evidence)
