"""`minzhang monitor URL`: follow a log from outside, on a machine of one's own.

minzhang monitor https://ledger.example.org/log --policy policy.txt --once
minzhang monitor http://127.0.0.1:8000 --log-key VKEY --interval 60 --webhook https://…

Exit status 0: all in order; 2: wrong usage; 10 unreachable, 11 note wrong, 12 forked, 13 tiles
wrong, 14 stale, 15 quorum missing, 16 entries wrong. It needs no database.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from api.monitor.alarms import SENTENCES, Raised
from api.monitor.client import log_files
from api.monitor.monitor import Look, Monitor, Watch
from api.outgoing import WebClient, web_client
from ledger.core.clock import utc_now
from ledger.core.errors import LedgerError
from ledger.merkle.keys import KeyKind, VerifyingKey
from ledger.merkle.policies import NONE, Policy, PolicyLog, PolicyMalformed, parse_policy
from ledger.publishing.outgoing import Unreachable
from scripts.arguments import SubParsers
from scripts.failures import Failure
from scripts.logs import start_logging
from scripts.serve import stop_on_signals
from scripts.settings import Settings

log = logging.getLogger(__name__)

TOKEN_VARIABLE = "MINZHANG_MONITOR_TOKEN"  # noqa: S105 - the variable's name
WEBHOOK_VARIABLE = "MINZHANG_MONITOR_WEBHOOK"
WEBHOOK_TRIES = 3
WEBHOOK_PAUSE_SECONDS = 2.0


class Wrong(Failure):
    """The command line asks for what cannot be."""

    exit_code = 2


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("monitor", help="从外部监测日志 / follow a log from outside")
    parser.add_argument("url", type=_url, metavar="URL", help="the log's prefix (C2SP tlog-tiles)")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--policy", type=Path, metavar="FILE", help="whom to trust (tlog-policy)")
    trust.add_argument("--log-key", action="append", type=_key, metavar="VKEY")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path("minzhang-monitor.json"),
        metavar="FILE",
        help="what was seen last; evidence is kept beside it",
    )
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--once", action="store_true", help="look once and say by the exit status")
    pace.add_argument("--interval", type=_seconds, default=60.0, metavar="SECONDS")
    parser.add_argument(
        "--fresh-within", type=_seconds, metavar="SECONDS", help="alarm when nothing is newer"
    )
    parser.add_argument(
        "--whole", action="store_true", help="at the first look read every tile, not only new ones"
    )
    parser.add_argument(
        "--entries",
        action="store_true",
        help=f"also compare entries with their hashes (token in {TOKEN_VARIABLE})",
    )
    parser.add_argument(
        "--webhook",
        type=_url,
        default=os.environ.get(WEBHOOK_VARIABLE) or None,
        metavar="URL",
        help=f"POST alarms there as JSON (also {WEBHOOK_VARIABLE}, for an address that is secret)",
    )
    parser.add_argument("--json", action="store_true", help="print each look as a line of JSON")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Follow the log; return the status of the last look."""
    start_logging(settings)
    fresh = args.fresh_within and timedelta(seconds=args.fresh_within)
    watch = Watch(
        policy=_policy(args),
        fresh_within=fresh,
        is_whole=args.whole,
        are_entries_read=args.entries,
    )
    stop = stop_on_signals()
    token = os.environ.get(TOKEN_VARIABLE) if args.entries else None
    async with log_files(args.url, token=token) as fetch, web_client() as web:
        monitor = Monitor(watch, fetch, args.state, clock=utc_now)
        told: set[Raised] = set()
        while True:
            look = await _look(monitor, args.state)
            _tell(args, look)
            _log(args.url, look, told)
            await _tell_webhook(web, args, look, told)
            told = set(look.alarms)
            is_final = any(one.alarm.is_final for one in look.alarms)
            if args.once or is_final or await _stopped(stop, args.interval):
                return look.exit_status


async def _look(monitor: Monitor, state: Path) -> Look:
    try:
        return await monitor.look()
    except OSError as error:
        raise Failure(
            f"无法写入状态文件 {state}：{error.strerror}。",
            f"cannot write the state file {state}: {error.strerror}",
        ) from error


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for the next look, or for a signal to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True


def _tell(args: argparse.Namespace, look: Look) -> None:
    if args.json:
        print(orjson.dumps(_report(args.url, look)).decode(), flush=True)
        return
    for raised in look.alarms:
        print(f"警报 ALARM {raised.alarm.value}: {_printable(str(raised))}", flush=True)
    if not look.alarms:
        print(f"正常 / in order: {args.url} {look.size}", flush=True)


def _log(url: str, look: Look, told: set[Raised]) -> None:
    """Log what changed since the last look."""
    alarms = set(look.alarms)
    for raised in look.alarms:
        if raised not in told:
            log.error("%s: alarm %s: %s", url, raised.alarm.value, raised)
    if told and not alarms:
        log.warning("%s: in order again", url)


async def _tell_webhook(
    web: WebClient, args: argparse.Namespace, look: Look, told: set[Raised]
) -> None:
    """Tell what changed since the last look, also that all is in order again; try a few times."""
    alarms = {one.alarm for one in look.alarms}
    if args.webhook is None or alarms == {one.alarm for one in told}:
        return
    body, problem = orjson.dumps(_report(args.url, look)), ""
    for attempt in range(WEBHOOK_TRIES):
        try:
            answer = await web.post(args.webhook, body, "application/json")
            if answer.status < 300:
                return
            problem = f"HTTP {answer.status}"
        except Unreachable as error:
            problem = str(error)
        if attempt + 1 < WEBHOOK_TRIES:
            await asyncio.sleep(WEBHOOK_PAUSE_SECONDS)
    print(f"通知未送达 / the webhook did not take it: {_printable(problem)}", flush=True)


def _report(url: str, look: Look) -> dict[str, object]:
    alarms = [
        {
            "alarm": one.alarm.value,
            "exit_status": one.alarm.exit_status,
            "zh": SENTENCES[one.alarm][0],
            "en": SENTENCES[one.alarm][1],
            "detail": one.detail,
        }
        for one in look.alarms
    ]
    return {"log": url, "at": utc_now().isoformat(), "size": look.size, "alarms": alarms}


def _policy(args: argparse.Namespace) -> Policy:
    if args.policy is None:
        return Policy(tuple(map(PolicyLog, args.log_key)), (), (), NONE)
    try:
        policy = parse_policy(args.policy.read_bytes())
    except (OSError, PolicyMalformed) as wrong:
        zh = f"信任策略 {args.policy} 无效：{wrong}"
        raise Wrong(zh, f"the policy {args.policy} is not valid: {wrong}") from wrong
    if not policy.logs:
        raise Wrong("信任策略中没有日志公钥。", "the policy names no log")
    return policy


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.username is not None:
        raise argparse.ArgumentTypeError("an address with a name or a password")
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(text)
    return text


def _key(text: str) -> VerifyingKey:
    try:
        key = VerifyingKey.of_text(text)
    except LedgerError as wrong:
        raise ValueError(text) from wrong
    if key.kind is not KeyKind.NOTE:
        raise ValueError(text)
    return key


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 31_536_000:
        raise ValueError(text)
    return seconds
