"""`minzhang tokens create|list|revoke`: tokens for programs and for the demo's people.

TOKEN=$(minzhang tokens create --role auditor --organisation 371329)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID, uuid4

import orjson

from api.permissions import MAY, ROLE_NAMES_ZH, Role
from ledger.commands.access_tokens import RevokeToken, issue_with_account, revoke_access_token
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.organisations import Organisation, organisation_id
from ledger.storage.ledger import Ledger
from ledger.storage.tokens import NewToken, Token, list_tokens, revoke_token
from ledger.users import AccessToken
from scripts.arguments import SubParsers
from scripts.database import open_database
from scripts.failures import Failure
from scripts.init import INSTALLER, initialise
from scripts.opening import opened
from scripts.settings import Settings

DAYS_MAX = 3650


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("tokens", help="访问令牌 / tokens for the API")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    _add_create(actions)
    listing = actions.add_parser("list", help="列出令牌 / list tokens")
    listing.add_argument("--json", action="store_true", help="print as JSON")
    listing.set_defaults(run=show)
    revoking = actions.add_parser("revoke", help="作废令牌 / end a token at once")
    revoking.add_argument("token_id", type=UUID, metavar="TOKEN_ID")
    revoking.set_defaults(run=revoke)


def _add_create(actions: SubParsers) -> None:
    creating = actions.add_parser("create", help="新建令牌 / make a token and print it alone")
    roles = ", ".join(f"{role} {ROLE_NAMES_ZH[role]}" for role in Role)
    creating.add_argument(
        "--role", required=True, choices=[role.value for role in Role], metavar="ROLE", help=roles
    )
    creating.add_argument("--organisation", metavar="CODE", help="code of the organisation")
    creating.add_argument("--post", default="", metavar="CODE", help="post held there")
    creating.add_argument("--name", default="", metavar="TEXT", help="what it is for")
    creating.add_argument(
        "--actor", type=UUID, metavar="UUID", help="whose account acts; default: a new one"
    )
    creating.add_argument("--expires-days", type=_days, metavar="N", help="default: never")
    creating.add_argument(
        "--operations", default="", metavar="NAMES", help="only these, parted by commas"
    )
    creating.set_defaults(run=create)


async def create(args: argparse.Namespace, settings: Settings) -> None:
    """Make a token and print it, alone: it cannot be shown again.

    It acts as an account with this role; who has none yet gets one with it.
    """
    now = utc_now()
    async with opened_ledger(settings) as ledger:
        new = NewToken(
            name=args.name,
            role=args.role,
            actor_id=args.actor or uuid4(),
            organisation_id=await _organisation(ledger, args.organisation),
            post=args.post,
            expires_at=now + timedelta(days=args.expires_days) if args.expires_days else None,
            operations=_operations(args.operations),
        )
        token = await issue_with_account(ledger.for_request(), _by(), new)
    print(token)


async def show(args: argparse.Namespace, settings: Settings) -> None:
    """List tokens, never what they are."""
    async with opened_ledger(settings) as ledger:
        tokens = await list_tokens(ledger.pool, ledger.id, key=ledger.key)
    if args.json:
        print(orjson.dumps([asdict(token) for token in tokens], option=orjson.OPT_UTC_Z).decode())
        return
    for token in tokens:
        used = "" if token.last_used_at is None else f"{token.last_used_at:%Y-%m-%dT%H:%MZ}"
        print(f"{token.token_id}  {_state(token):8}  {token.role:22}  {used:17}  {token.name}")


async def revoke(args: argparse.Namespace, settings: Settings) -> None:
    """End a token; the next request with it is refused."""
    async with opened_ledger(settings) as ledger:
        if await ledger.find(AccessToken, args.token_id) is None:  # a row that nobody here wrote
            await revoke_token(ledger.pool, ledger.id, args.token_id, now=utc_now())
            return
        command = RevokeToken(token_id=args.token_id)
        await revoke_access_token(command, ledger.for_request(), _by())


@asynccontextmanager
async def opened_ledger(settings: Settings) -> AsyncIterator[Ledger]:
    """Open the ledger that the settings name, for one command."""
    async with open_database(settings) as database:
        await initialise(database, settings)
        async with opened(database, settings, pool_size_max=1) as ledger:
            yield ledger


async def _organisation(ledger: Ledger, code: str | None) -> UUID | None:
    """Return the organisation's id; one that is not entered yet gets its token all the same."""
    if code is None:
        return None
    found = organisation_id(code)
    if await ledger.find(Organisation, found) is None:
        sys.stderr.write(
            f"minzhang: 账本中还没有代码为 {code} 的组织。"
            f" / the ledger has no organisation with the code {code} yet\n"
        )
    return found


def _operations(given: str) -> tuple[str, ...]:
    """Return the operations that were named (refuses one that there is not)."""
    asked = tuple(name.strip() for name in given.split(",") if name.strip())
    if unknown := [name for name in asked if name not in MAY]:
        raise Failure(f"没有名为 {unknown[0]} 的操作。", f"there is no operation {unknown[0]}")
    return asked


def _by() -> By:
    return By(actor_id=INSTALLER, at=utc_now(), role="system")


def _state(token: Token) -> str:
    if not token.is_ours:
        return "forged"
    if token.revoked_at is not None:
        return "revoked"
    expired = token.expires_at is not None and token.expires_at <= utc_now()
    return "expired" if expired else "valid"


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(text)
    return days
