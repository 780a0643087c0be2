"""/v1/logins: what lets users in, for administrators: login names, identities elsewhere, sessions.

It is kept beside the log and tells who somebody is, so it stands in no view and nobody who
oversees sees it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from api.access import authorise
from api.account import Handler, id_in_path
from api.answers import answer
from api.bodies import clean_text
from api.errors import RequestInvalid
from api.keys import LEDGER
from api.sentences import UNKNOWN
from ledger.core.errors import NotFound
from ledger.storage.ledger import Ledger
from ledger.storage.sessions import sessions_of
from ledger.storage.user_identities import identities_of
from ledger.storage.user_logins import login_names, search_logins
from ledger.users import User

ROWS_MAX = 100
QUERY = frozenset({"name", "after"})


async def list_logins(request: web.Request) -> web.Response:
    """List users by login name; ``name`` is a part of it, ``after`` the last one seen."""
    await authorise(request, "login_register")
    if unknown := request.query.keys() - QUERY:
        raise RequestInvalid(UNKNOWN.about({}, parameter=min(unknown)))
    name, after = (clean_text(request.query.get(one, "")) for one in ("name", "after"))
    ledger = request.app[LEDGER]
    found = await search_logins(ledger.pool, ledger.id, name, after=after, rows_max=ROWS_MAX)
    rows = [{"user_id": user_id, "login_name": called} for user_id, called in found.items()]
    last = rows[-1]["login_name"] if len(rows) == ROWS_MAX else None
    return answer({"rows": rows, "after": last})


async def show_login(request: web.Request) -> web.Response:
    """Show a user's login name, linked identities and living sessions."""
    await authorise(request, "user_login")
    return answer(await login_told(request.app[LEDGER], id_in_path(request, "user_id")))


async def login_told(ledger: Ledger, user_id: UUID) -> dict[str, Any]:
    """Return what lets a user in, never a secret (refuses with ``NotFound``)."""
    if await ledger.for_request().consult(User, user_id) is None:
        raise NotFound(kind=User.TOPIC, id=str(user_id))
    names = await login_names(ledger.pool, ledger.id, [user_id])
    sessions = await sessions_of(ledger.pool, ledger.id, user_id, now=ledger.clock())
    return {
        "user_id": user_id,
        "login_name": names.get(user_id),
        "identities": await identities_of(ledger.pool, ledger.id, user_id),
        "sessions": [
            {
                "session_id": session.session_id,
                "method": session.method,
                "created_at": session.created_at,
                "seen_at": session.seen_at,
            }
            for session in sessions
        ],
    }


ADDRESSES: tuple[tuple[str, Handler], ...] = (
    ("/v1/logins", list_logins),
    ("/v1/users/{user_id}/login", show_login),
)
OPERATIONS = frozenset({"login_register", "user_login"})


def add_logins(app: web.Application) -> None:
    """Add the addresses."""
    for path, handler in ADDRESSES:
        app.router.add_get(path, handler)
