"""Everything that runs while a ledger is served, opened from the settings in one place.

    async with open_service(settings) as service:
        async with serving(service.app, settings.host, settings.port) as address: ...

It closes in the opposite order: what was accepted is finished first.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from aiohttp import web

from api.app import create_app
from api.health import Health
from api.keys import METRICS
from api.options import EvidenceOptions, Options, Rates
from api.publishing_figures import PublishingCollector
from api.reaction_figures import ReactionsCollector
from api.single_sign_on import Provider
from ledger.publishing.publisher import Publisher
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.reactions.sealing import SealingUpkeep
from ledger.storage.clear_documents import seal_clear_documents
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.password_hashes import HashCost
from ledger.storage.space import SpaceGuard
from projections import VIEWS
from projections.catching_up import catch_up_in_processes
from projections.engine import Projector
from scripts.database import Database, open_database
from scripts.failures import Failure
from scripts.init import initialise
from scripts.logs import syslog_handler
from scripts.opening import opened
from scripts.publishing import publishing
from scripts.safety_settings import networks_of
from scripts.sealing_keys import read_keys
from scripts.settings import Settings
from scripts.syslog.figures import SyslogCollector
from scripts.trust import TrustOfPublisher

MIB = 1024**2


@dataclass(frozen=True, kw_only=True)
class Service:
    """An open ledger with its views, its reactions and the application around it."""

    ledger: Ledger
    database: Database
    health: Health
    app: web.Application
    publisher: Publisher


@asynccontextmanager
async def open_service(settings: Settings) -> AsyncIterator[Service]:
    """Start or find the database, bring it up to date, and run views and reactions."""
    async with open_database(settings) as database:
        await initialise(database, settings)
        await database.warn_of_power()
        async with (
            opened(
                database,
                settings,
                space=database.space_guard(),
                pool_size_max=settings.pool_size_max,
                queue_max=settings.queue_max,
                keys=await read_keys(settings),
            ) as ledger,
            documents_sealed(ledger),
            News(database.dsn, ledger.id) as news,
            Projector(database.dsn, ledger.id, VIEWS, helpers=catch_up_in_processes),
            Reactions(ledger, REACTIONS) as reactions,
            publishing(ledger, news, database, settings) as publisher,
            SealingUpkeep(ledger),
        ):
            health = Health(
                views=VIEWS,
                reasons_of=[lambda: _failures(reactions), publisher.status.reasons],
                degraded_of=[publisher.status.degraded],
            )
            app = create_app(
                ledger,
                news=news,
                health=health,
                options=options_of(settings),
                trust=TrustOfPublisher(publisher),
            )
            figures = PublishingCollector(publisher.status, ledger.clock)
            app[METRICS].registry.register(figures)
            app[METRICS].registry.register(ReactionsCollector(reactions))
            if second_place := syslog_handler():
                app[METRICS].registry.register(SyslogCollector(second_place))
            with passed_over_by_the_collector():
                yield Service(
                    ledger=ledger, database=database, health=health, app=app, publisher=publisher
                )


@contextmanager
def passed_over_by_the_collector() -> Iterator[None]:
    """Let the cycle collector pass over what is there by now: code and tables, all of it to stay.

    Otherwise it looks through some hundred thousand objects every few seconds, and every
    request waits meanwhile.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@asynccontextmanager
async def documents_sealed(ledger: Ledger) -> AsyncIterator[None]:
    """Serve only once no document lies in clear any more, as an earlier version stored them."""
    await seal_clear_documents(ledger.vault)
    yield


def options_of(settings: Settings) -> Options:
    """Return what the settings say about keeping the service safe."""
    return Options(
        hash_cost=HashCost(
            memory_kib=settings.password_memory_kib,
            passes=settings.password_passes,
            refused_after_seconds=settings.sign_in_refused_after_ms / 1_000,
        ),
        trusted_proxies=networks_of(settings.trusted_proxies),
        public_url=settings.public_url,
        provider=provider_of(settings),
        rates=Rates(of_address=settings.rate_per_address, of_account=settings.rate_per_account),
        evidence=EvidenceOptions(
            quota_bytes=settings.evidence_mib_per_day * MIB,
            space=SpaceGuard(settings.data, settings.free_space_floor_bytes),
        ),
    )


def provider_of(settings: Settings) -> Provider | None:
    """Return the issuer of single sign-on, if one is configured whole."""
    issuer, client = settings.oidc_issuer, settings.oidc_client_id
    secret_file = settings.oidc_client_secret_file
    if issuer is None:
        return None
    if client is None or secret_file is None or not secret_file.is_file():
        raise Failure(
            "单点登录还需要 MINZHANG_OIDC_CLIENT_ID 和可读的 MINZHANG_OIDC_CLIENT_SECRET_FILE。",
            "single sign-on also needs MINZHANG_OIDC_CLIENT_ID and a readable"
            " MINZHANG_OIDC_CLIENT_SECRET_FILE",
        )
    return Provider(
        issuer=issuer,
        client_id=client,
        client_secret=secret_file.read_text("utf-8").strip(),
        hosts=frozenset((settings.oidc_hosts or "").split(",")) - {""},
    )


def _failures(reactions: Reactions) -> list[str]:
    return [
        f"{follower.name} stopped after position {follower.position}"
        for follower in reactions.followers
        if follower.failure is not None
    ]
