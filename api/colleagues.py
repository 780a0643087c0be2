"""/v1/account/colleagues: who else acts for one's own organisation, to pick somebody from.

Only for who decides, only of the very organisation that one acts for, and only people who decide
there or hold a post: login names of others are shown to nobody but administrators.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from api.access import authorise
from api.answers import answer
from api.identity import Identity
from api.keys import LEDGER
from api.permissions import DECIDERS
from ledger.core.clock import local_day
from ledger.storage.ledger import Ledger
from ledger.storage.user_logins import login_names
from projections.engine.reading import PAGE_SIZE_MAX
from projections.organisations import PostQuery, post_holders
from projections.users import GrantQuery, grant_register

PATH = "/v1/account/colleagues"
OPERATION = "own_colleagues"


async def show_colleagues(request: web.Request) -> web.Response:
    """List the people who act for one's own organisation."""
    identity = await authorise(request, OPERATION)
    return answer({"rows": await colleagues_of(request.app[LEDGER], identity)})


async def colleagues_of(ledger: Ledger, identity: Identity) -> list[dict[str, Any]]:
    """Return who decides or holds a post in the organisation that somebody acts for."""
    own, today = identity.organisation_id, local_day(ledger.clock())
    if own is None:
        return []
    query = GrantQuery(organisation_id=own, page_size=PAGE_SIZE_MAX)
    held = await grant_register(ledger.pool, ledger.id, query)
    posts = await post_holders(ledger.pool, ledger.id, PostQuery(organisation_id=own, on=today))
    found: dict[UUID, set[str]] = {}
    for row in held.rows:
        is_in_force = row["revoked_at"] is None and row["from_on"] <= today
        if is_in_force and (row["until_on"] or today) >= today and row["role"] in DECIDERS:
            found.setdefault(row["user_id"], set()).add(row["post"])
    for row in posts.rows:
        found.setdefault(row["person_id"], set()).add(row["post"])
    found.pop(identity.actor_id, None)
    names = await login_names(ledger.pool, ledger.id, list(found))
    rows = [
        {"person_id": one, "login_name": names.get(one), "posts": sorted(held_posts - {""})}
        for one, held_posts in found.items()
    ]
    return sorted(rows, key=lambda row: (row["login_name"] or "~", str(row["person_id"])))


def add_colleagues(app: web.Application) -> None:
    """Add the address."""
    app.router.add_get(PATH, show_colleagues)
