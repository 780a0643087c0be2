"""/evidence: what one brought, and a form to bring more.

A browser's form sends a document as one part of several; it is read from the stream piece by piece
with the same limits, checks and quota as at the API's door, and never lies in memory as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from api.access import authorise_identity
from api.bodies import BYTES_A_SECOND_MIN, GRACE_SECONDS
from api.errors import (
    BodyTooLarge,
    BodyTooSlow,
    CrossSite,
    FormMalformed,
    MediaTypeUnsupported,
    NotAuthenticated,
)
from api.evidence import FORMS, SECONDS_MAX, STORE, as_evidence, brought_by, checked_name, store_of
from api.problems import status_of
from api.sessions import CSRF_FIELD, guard_write
from api.web.acting import as_shown
from api.web.forms import Refusal
from api.web.site import Pages, Visit, render, render_error, visit_of
from ledger.core.errors import InvalidValue, LedgerError
from ledger.storage.evidence import FILE_BYTES_MAX
from ledger.storage.evidence_kinds import kind_of

HERE = "/evidence"
FIELD_BYTES_MAX = 1_000
FIELDS_MAX = 10
ODD = (ValueError, RuntimeError, AssertionError, LookupError)
"""What the library meets in forms that are none."""
PIECE_BYTES = 64 * 1024
FORM_BYTES_MAX = FILE_BYTES_MAX + PIECE_BYTES

pages = Pages()


class DocumentMissing(InvalidValue):
    """Pick the document to bring.

    请选择要上传的文件。
    """


@pages.page(HERE, "evidence.jinja2")
async def own_documents(visit: Visit) -> dict[str, Any]:
    """Show what one brought, the newest first."""
    if visit.visitor is None:
        raise NotAuthenticated()
    await authorise_identity(visit.request, visit.visitor, "own_evidence")
    is_kept = visit.request.app[STORE] is not None
    return {
        "here": HERE,
        "brought": None,
        "is_kept": is_kept,
        "may_bring": is_kept and visit.may("upload_evidence"),
        "rows": await brought_by(visit.request, visit.visitor) if is_kept else [],
        "bytes_max": FILE_BYTES_MAX,
    }


async def bring(request: web.Request) -> web.StreamResponse:
    """Take a document from the form; show what a step's ``evidence`` says of it."""
    visit = await visit_of(request)
    if visit.signed is None or visit.visitor is None:
        raise web.HTTPSeeOther("/login")
    shown: dict[str, Any] = {}
    status = 201
    try:
        shown["brought"] = await _take(visit)
    except LedgerError as error:
        if isinstance(error, CrossSite):
            return render_error(visit, error)
        shown["refusal"] = Refusal(
            form="bring", typed={"document": ""}, error=error, field="document"
        )
        status = status_of(error)
    try:
        shown = {**await own_documents(visit), **shown}
    except LedgerError as error:
        return render_error(visit, error)
    return render(visit, "evidence.jinja2", shown, status=status)


async def _take(visit: Visit) -> dict[str, Any]:
    """Read the form in the order in which browsers send it: what it carries, then the document."""
    request = visit.request
    if request.content_type not in FORMS:
        raise MediaTypeUnsupported(media_type=request.content_type)
    if (request.content_length or 0) > FORM_BYTES_MAX:
        raise BodyTooLarge(bytes_max=FILE_BYTES_MAX)
    carried: dict[str, str] = {}
    try:
        parts = await request.multipart()
        while (part := await parts.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise FormMalformed()
            if part.filename is not None:
                return await _store(visit, carried, part)
            carried[part.name] = await _field(part)
            if len(carried) > FIELDS_MAX:
                raise FormMalformed()
    except (*ODD, HttpProcessingError) as error:
        raise FormMalformed() from error
    raise DocumentMissing(field="document")


async def _field(part: BodyPartReader) -> str:
    """Return the text of a field, which is short."""
    text = await part.read_chunk(FIELD_BYTES_MAX)
    if not part.at_eof() and await part.read_chunk(1):
        raise FormMalformed()
    return text.decode()


async def _store(visit: Visit, carried: dict[str, str], part: BodyPartReader) -> dict[str, Any]:
    """Store the document, once it is known that this session's own page sends it."""
    if visit.signed is None:
        raise NotAuthenticated()
    guard_write(visit.request, visit.signed, carried.get(CSRF_FIELD, ""))
    visit = await as_shown(visit, carried)
    if visit.visitor is None:
        raise NotAuthenticated()
    identity = await authorise_identity(visit.request, visit.visitor, "upload_evidence")
    if not part.filename:
        raise DocumentMissing(field="document")
    name = checked_name(part.filename, field="document")
    kind_of(name)
    store = store_of(visit.request)
    copy, _ = await store.take(_pieces(part), name, identity.actor_id)
    return {
        "name": name,
        "evidence": orjson.dumps(as_evidence(copy), option=orjson.OPT_INDENT_2).decode(),
    }


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    """Give a part piece by piece, as long as it comes quickly enough and is not too large."""
    began = asyncio.get_running_loop().time()
    received = 0
    while True:
        patience = began + min(SECONDS_MAX, GRACE_SECONDS + received / BYTES_A_SECOND_MIN)
        try:
            async with asyncio.timeout_at(patience):
                piece = await part.read_chunk(PIECE_BYTES)
        except TimeoutError as error:
            raise BodyTooSlow(seconds_max=int(SECONDS_MAX)) from error
        if not piece:
            return
        received += len(piece)
        if received > FILE_BYTES_MAX:
            raise BodyTooLarge(bytes_max=FILE_BYTES_MAX)
        yield piece


def add_evidence_form(app: web.Application) -> None:
    """Add the address that the form is sent to."""
    app.router.add_post(HERE, bring)
