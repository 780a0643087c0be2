"""GET /v1/events/{id}/interval: between which moments an event provably came into the log.

    {"position": 91228,
     "not_before": {"at": "…", "size": 91220, "by": "street.example.org/w", "is_time_stamp": false},
     "not_after": {"at": "…", "size": 91229, "by": "tsa.example.org/tsr", "is_time_stamp": true}}

For everybody, as proofs are: it tells nothing of what happened. A side that nobody dated is null.
"""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from api.answers import answer
from api.keys import LOG
from api.log.answers import open_to_all
from api.log.desk import LogDesk
from ledger.publishing.intervals import Interval, interval_of

INTERVAL = "/v1/events/{event_id}/interval"


async def event_interval(request: web.Request) -> web.Response:
    """Tell when an event came into the log, by what outsiders dated."""
    desk = request.app[LOG]
    position = await desk.position_of(request.match_info["event_id"])
    await desk.covering(position)
    found = await interval_at(desk, position)
    return answer({"position": position, **asdict(found)})


async def interval_at(desk: LogDesk, position: int) -> Interval:
    """Return the interval by the witnesses and authorities that the service trusts."""
    trust, ledger = desk.trust(), desk.ledger
    witnesses = [one.key for one in trust.policy.witnesses] if trust.policy else []
    return await interval_of(
        ledger.pool, ledger.id, position, witnesses=witnesses, authorities=trust.authorities
    )


def add_interval(app: web.Application) -> None:
    """Add the address."""
    app.router.add_get(INTERVAL, open_to_all(event_interval))
