"""Put the web application together. Everything it needs comes in as an argument.

Nothing here connects, reads the environment or knows a default: ``create_app``
gets an open ledger, a way to tell who is asking, and the addresses to serve.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from aiohttp import web

from api import account, logins
from api.access import identify as identify_request
from api.audit_reads import READINGS, ReadingDesk
from api.bodies import BODY_BYTES_MAX
from api.colleagues import OPERATION as COLLEAGUES
from api.colleagues import add_colleagues
from api.desk import Desk
from api.docs import add_docs
from api.evidence import add_evidence
from api.handlers import handler_of
from api.hardening import harden_answer
from api.health import Health, add_health
from api.identity import Identify
from api.keys import (
    BUCKETS,
    DOOR,
    HEALTH,
    IDENTIFY,
    LEDGER,
    LOG,
    METRICS,
    NEWS,
    OPTIONS,
    PERMISSIONS,
    SESSIONS,
    SIGN_ON,
    TOKENS,
    AllBuckets,
)
from api.log.addresses import add_log
from api.log.desk import LogDesk
from api.log.trust import TrustNow, no_trust
from api.metrics import Metrics, metrics_middleware
from api.options import Options
from api.permissions import LOG as LOG_TABLE
from api.permissions import MAY, check_complete
from api.problems import problem_middleware
from api.rates import LOG_FILES_FACTOR, Buckets, rate_middleware
from api.reach import Row, as_row
from api.reads import ReadHandler
from api.roles import Role
from api.routes import ROUTES
from api.routing import Routes
from api.scopes import SCOPES, Scopes
from api.single_sign_on import SingleSignOn
from api.stream import add_stream
from api.upkeep import keep_counts_told
from api.web import add_web
from api.web.unknown import unknown_page_middleware
from ledger.commands.sign_ins import Door
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.password_hashes import Passwords
from ledger.storage.sessions import Session, find_sessions
from ledger.storage.tokens import Token, find_tokens

OPERATIONS = (
    account.OPERATIONS
    | logins.OPERATIONS
    | {
        COLLEAGUES,
        "event_entry",
        "overview",
        "own_evidence",
        "read_entry_bundle",
        "read_evidence",
        "read_metrics",
        "stream_events",
        "upload_evidence",
        *LOG_TABLE,
    }
)
"""Operations with a row in the table of permissions that are no declared routes."""


def create_app(  # noqa: PLR0913 - what it is made of, each by name
    ledger: Ledger,
    *,
    news: News,
    identify: Identify = identify_request,
    health: Health | None = None,
    options: Options | None = None,
    routes: Iterable[Routes] = ROUTES,
    may: Mapping[str, Row | frozenset[Role]] = MAY,
    trust: TrustNow = no_trust,
) -> web.Application:
    """Build the application around an open ledger; ``trust`` tells the log's keys and policy.

    Refuses to start (``PermissionsIncomplete``) when a route has no row in ``may``.
    """
    app = web.Application(
        middlewares=[
            metrics_middleware,
            problem_middleware,
            rate_middleware,
            unknown_page_middleware,
        ],
        client_max_size=BODY_BYTES_MAX,
    )
    app[LEDGER] = ledger
    app[IDENTIFY] = identify
    app[NEWS] = news
    _add_door(app, ledger, options or Options())
    app[LOG] = LogDesk(ledger, trust)
    rows = {name: as_row(row) for name, row in may.items()}
    app[PERMISSIONS] = rows
    app[SCOPES] = Scopes(ledger, news, rows)
    app[READINGS] = ReadingDesk(ledger)
    app[METRICS] = Metrics(ledger)
    app[HEALTH] = health or Health()
    app.on_response_prepare.append(harden_answer)
    app.cleanup_ctx.append(keep_counts_told)
    add_stream(app)
    add_log(app)
    contexts = tuple(routes)
    operations = set(OPERATIONS)
    for context in contexts:
        operations |= _add_context(app, context)
    check_complete(operations, rows)
    account.add_account(app)
    logins.add_logins(app)
    add_colleagues(app)
    add_evidence(app)
    add_health(app)
    add_docs(app, contexts, rows)
    add_web(app)
    return app


def _add_door(app: web.Application, ledger: Ledger, options: Options) -> None:
    """Add what tells who comes in."""

    async def look_tokens_up(tokens: Collection[str]) -> Mapping[str, Token]:
        return await find_tokens(ledger.pool, ledger.id, tokens, key=ledger.key, now=ledger.clock())

    async def look_sessions_up(secrets: Collection[str]) -> Mapping[str, Session]:
        return await find_sessions(ledger.pool, ledger.id, secrets, now=ledger.clock())

    app[OPTIONS] = options
    app[BUCKETS] = AllBuckets(
        of_address=Buckets(options.rates.of_address),
        of_account=Buckets(options.rates.of_account),
        of_log_files=Buckets(options.rates.of_address * LOG_FILES_FACTOR),
    )
    app[DOOR] = Door(key=ledger.key, passwords=Passwords(options.hash_cost))
    provider = options.provider
    app[SIGN_ON] = None if provider is None else SingleSignOn(provider, ledger.clock)
    app[TOKENS] = Desk(look_tokens_up)
    app[SESSIONS] = Desk(look_sessions_up)


def _add_context(app: web.Application, context: Routes) -> set[str]:
    for command in context.commands:
        app.router.add_post(command.path, handler_of(command).__call__)
    for read in context.reads:
        app.router.add_get(read.path, ReadHandler(read).__call__)
    return context.operations()
