"""The log's publisher as the settings want it, and the check that comes before everything.

A database that is not the log that was signed is refused with exit code 3 and a sentence that says
what to do: nothing is served and nothing is appended to it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from api.outgoing import web_client
from ledger.core.clock import utc_now
from ledger.core.errors import LedgerError
from ledger.merkle.policies import Policy, PolicyMalformed, parse_policy
from ledger.publishing.announcing import announce_keys
from ledger.publishing.authorities import Authority, AuthorityUnusable, read_authority
from ledger.publishing.checking import (
    KeyLost,
    check_log,
    check_standing,
    check_tree,
    check_with_witnesses,
    look_at_log,
)
from ledger.publishing.log_keys import KeySource, LogKeys
from ledger.publishing.publisher import NO_WITNESSES, Publisher
from ledger.publishing.recovery import finish_recovery
from ledger.publishing.signer import Signer
from ledger.publishing.stopping import sound_alarm
from ledger.storage.connect import connect
from ledger.storage.doubts import (
    LogAheadOfClock,
    LogBehind,
    LogDoubtful,
    LogRewritten,
    LogTorn,
    SignedMissing,
)
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_head
from scripts.database import Database
from scripts.failures import Failure
from scripts.settings import Settings

log = logging.getLogger(__name__)

ASK_SECONDS_MAX = 3.0
STOPPING = (LogBehind, LogRewritten, LogTorn)
"""What says that the log itself is wrong, rather than this machine: it stops all who append."""


class LogRefused(Failure):
    """The database is not the log that was signed; see docs/operating-the-log.md."""

    exit_code = 3


async def guard_log(db: asyncpg.Connection, settings: Settings) -> None:
    """Check the database against what was signed, before anything is appended (``LogRefused``).

    Witnesses, where a policy names some, are asked as well: they know what a machine that was
    restored as a whole has forgotten. One that is down costs a few seconds and says nothing.
    """
    policy = read_policy(settings)
    try:
        here = await look_at_log(db, settings.ledger, await key_source(db, settings))
        await check_tree(db, settings.ledger, here)
        if policy.witnesses:
            async with web_client(seconds_max=ASK_SECONDS_MAX) as web:
                await check_with_witnesses(db, settings.ledger, here, policy, web)
        check_standing(here, utc_now())
    except LogDoubtful as doubt:
        await _stop_if_wrong(db, settings, doubt)
        raise _refused(doubt) from doubt


async def _stop_if_wrong(db: asyncpg.Connection, settings: Settings, doubt: LogDoubtful) -> None:
    """Stop other processes that append to a log that is found wrong."""
    if isinstance(doubt, STOPPING):
        origin = (await read_head(db, settings.ledger)).origin
        folder = settings.log_folder
        await sound_alarm(db, settings.ledger, folder, doubt, origin=origin, at=utc_now())


async def key_source(db: asyncpg.Connection | asyncpg.Pool, settings: Settings) -> KeySource:
    """Return where the keys of the ledger's log come from."""
    head = await read_head(db, settings.ledger)
    finish_recovery(settings.log_folder, head.origin)
    return KeySource(settings.log_folder, head.origin, settings.log_key)


async def ready_source(database: Database, settings: Settings) -> KeySource:
    """Make sure that the log's key is here, or make its first one (``LogRefused``)."""
    db = await connect(database.dsn)
    try:
        source = await key_source(db, settings)
        await check_log(db, settings.ledger, source)
    except LogDoubtful as doubt:
        raise _refused(doubt) from doubt
    finally:
        await db.close()
    if source.find() is None:
        keys = source.create()
        log.warning("a new key for the log was made in %s: %s", source.path, public_key(keys))
    signer = Signer(source.folder)
    if signer.last() is None:  # nothing was ever signed: from now on, that this is so is known
        signer.begin(source.read(), utc_now())
    return source


def public_key(keys: LogKeys) -> str:
    """Return the vkey of the current key."""
    return str(keys.current.verifying)


@asynccontextmanager
async def publishing(
    ledger: Ledger, news: News, database: Database, settings: Settings
) -> AsyncIterator[Publisher]:
    """Publish the ledger's log until the block ends."""
    async with web_client() as web:
        source = await ready_source(database, settings)
        await announce_keys(ledger, source.read())
        publisher = Publisher(
            ledger,
            database.dsn,
            news,
            source,
            web,
            policy=read_policy(settings),
            interval_seconds=settings.publish_interval_seconds,
            authorities=read_authorities(settings),
            stamp_interval_seconds=settings.time_stamp_interval_seconds,
        )
        async with publisher:
            yield publisher


def read_policy(settings: Settings) -> Policy:
    """Return the trust policy that the settings name; without one nobody is asked."""
    path = settings.log_policy
    if path is None:
        return NO_WITNESSES
    try:
        return parse_policy(path.read_bytes())
    except (OSError, PolicyMalformed) as wrong:
        facts = wrong.facts if isinstance(wrong, LedgerError) else wrong
        zh = wrong.title_zh() if isinstance(wrong, LedgerError) else "文件无法读取。"
        en = wrong.title_en() if isinstance(wrong, LedgerError) else "the file cannot be read"
        raise Failure(
            f"信任策略 {path}（MINZHANG_LOG_POLICY）无效：{zh}",
            f"the trust policy {path} (MINZHANG_LOG_POLICY) is not valid: {en} {facts}",
        ) from wrong


def read_authorities(settings: Settings) -> list[Authority]:
    """Return the authorities for time stamps that the settings name."""
    if settings.time_stamp_authorities == "none":
        return []
    named = [one.split() for one in settings.time_stamp_authorities.split(",")]
    try:
        return [read_authority(url, Path(file).expanduser()) for url, file in named]
    except AuthorityUnusable as wrong:
        raise Failure(
            f"MINZHANG_TIME_STAMP_AUTHORITIES 无效：{wrong.title_zh()}",
            f"MINZHANG_TIME_STAMP_AUTHORITIES: {wrong.title_en()} {wrong.facts}",
        ) from wrong


def _refused(doubt: LogDoubtful) -> LogRefused:
    facts = ", ".join(f"{name}={value}" for name, value in doubt.facts.items())
    zh, en = _advice(doubt)
    return LogRefused(f"{doubt.title_zh()}{zh}", f"{doubt.title_en()} ({facts}) {en}")


def _advice(doubt: LogDoubtful) -> tuple[str, str]:
    """Return what helps."""
    match doubt:
        case KeyLost():
            return (
                "请把签名用的密钥文件放回原处，或用 MINZHANG_LOG_KEY 提供该密钥。",
                "put the file with the key that signed back, or bring that key in MINZHANG_LOG_KEY",
            )
        case SignedMissing():
            return (
                "未提供服务，也未写入任何内容。请把该文件放回原处；确已丢失，或这是另一台机器的，"
                "运行 minzhang recover --acknowledge-signed --reason 说明原因。",
                "nothing was served or appended. Put the file back; if it is lost, or this is"
                " another machine, run minzhang recover --acknowledge-signed --reason WHY",
            )
        case LogAheadOfClock():
            return (
                "未提供服务，也未写入任何内容。请校正时钟；时钟曾快而现已校正的，"
                "运行 minzhang recover --acknowledge-clock --reason 说明原因。",
                "nothing was served or appended. Put the clock right; if it had run ahead and is"
                " right now, run minzhang recover --acknowledge-clock --reason WHY",
            )
        case _:
            return (
                "未提供服务，也未写入任何内容。请恢复完整的数据库；确已丢失，或停止的原因已查明的，"
                "运行 minzhang recover --acknowledge-loss --reason 说明原因。",
                "nothing was served or appended. Restore the whole database; if what is missing is"
                " lost for good, or why it was stopped is known, run"
                " minzhang recover --acknowledge-loss --reason WHY",
            )
