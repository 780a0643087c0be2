"""`minzhang users …`: who may sign in, in which roles. No account is there before.

    minzhang users create-admin --name li.min      prints a one-time link, nothing else
    minzhang users create --name wang.fang         a user without a role yet, and the link
    minzhang users grant USER --role street --organisation 371329001 --until 2027-12-31
    minzhang users revoke USER GRANT --reason "…"
    minzhang users disable USER --reason "…"
    minzhang users link USER --issuer https://login.example.org --subject 8f2c…
    minzhang users unlink USER --issuer … --subject … --reason "…"
    minzhang users list --json

USER is a login name or an id.
"""

from __future__ import annotations

import argparse
from datetime import date
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from api.permissions import ROLE_NAMES_ZH, Role
from ledger.commands.identities import (
    Issuer,
    LinkSingleSignOn,
    Subject,
    UnlinkSingleSignOn,
    link_single_sign_on,
    unlink_single_sign_on,
)
from ledger.commands.users import (
    DisableUser,
    EnableUser,
    GrantRole,
    RemoveSecondFactor,
    RevokeRole,
    create_user,
    disable_user,
    enable_user,
    grant_role,
    invite_user,
    remove_second_factor,
    revoke_role,
)
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.core.errors import NotFound
from ledger.organisations import organisation_id
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_begun_with
from ledger.storage.user_logins import find_login, list_logins, login_names
from ledger.users import User
from scripts.arguments import SubParsers
from scripts.init import INSTALLER
from scripts.settings import Settings
from scripts.tokens import opened_ledger


def add(subparsers: SubParsers) -> None:
    """Add the sub-commands."""
    parser = subparsers.add_parser("users", help="用户与授权 / users and grants")
    actions = parser.add_subparsers(title="actions / 操作", metavar="ACTION", required=True)
    _add_creating(actions)
    _add_granting(actions)
    _add_linking(actions)
    for name, run, help_text in (
        ("disable", disable, "停用账号 / let a user in no more"),
        ("enable", enable, "启用账号 / let a user in again"),
        ("reset-second-factor", reset, "解除动态验证码 / after a device was lost"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("user", metavar="USER", help="login name or id")
        action.add_argument("--reason", required=True, metavar="TEXT")
        action.set_defaults(run=run)
    listing = actions.add_parser("list", help="列出用户 / list users")
    listing.add_argument("--json", action="store_true", help="print as JSON")
    listing.set_defaults(run=show)


def _add_linking(actions: SubParsers) -> None:
    linking = actions.add_parser("link", help="关联单点登录 / let an issuer's subject come in")
    linking.set_defaults(run=link)
    unlinking = actions.add_parser("unlink", help="解除单点登录 / let it in no more")
    unlinking.add_argument("--reason", required=True, metavar="TEXT")
    unlinking.set_defaults(run=unlink)
    for action in (linking, unlinking):
        action.add_argument("user", metavar="USER", help="login name or id")
        for name, read, shown in (("issuer", issuer, "ADDRESS"), ("subject", subject, "SUB")):
            action.add_argument(
                f"--{name}", required=True, type=read, metavar=shown, help="exactly as tokens say"
            )


def _add_creating(actions: SubParsers) -> None:
    for name, run, help_text in (
        ("create-admin", create_admin, "首位管理员 / an administrator, and a one-time link"),
        ("create", create, "新建用户 / a user without a role, and a one-time link"),
    ):
        action = actions.add_parser(name, help=help_text)
        action.add_argument("--name", required=True, metavar="LOGIN", help="login name")
        action.add_argument("--json", action="store_true", help="print as JSON")
        action.set_defaults(run=run)
    inviting = actions.add_parser("invite", help="重发一次性链接 / a new one-time link")
    inviting.add_argument("user", metavar="USER", help="login name or id")
    inviting.add_argument("--json", action="store_true", help="print as JSON")
    inviting.set_defaults(run=invite)


def _add_granting(actions: SubParsers) -> None:
    granting = actions.add_parser("grant", help="授予角色 / let a user act in a role")
    granting.add_argument("user", metavar="USER", help="login name or id")
    roles = ", ".join(f"{role} {ROLE_NAMES_ZH[role]}" for role in Role)
    granting.add_argument(
        "--role", required=True, choices=[role.value for role in Role], metavar="ROLE", help=roles
    )
    granting.add_argument("--organisation", metavar="CODE", help="code of the organisation")
    granting.add_argument("--post", default="", metavar="CODE", help="post held there")
    granting.add_argument("--from", dest="from_on", type=date.fromisoformat, metavar="DAY")
    granting.add_argument("--until", dest="until_on", type=date.fromisoformat, metavar="DAY")
    granting.set_defaults(run=grant)
    revoking = actions.add_parser("revoke", help="撤销授权 / end a grant at once")
    revoking.add_argument("user", metavar="USER", help="login name or id")
    revoking.add_argument("grant_id", type=UUID, metavar="GRANT")
    revoking.add_argument("--reason", required=True, metavar="TEXT")
    revoking.set_defaults(run=revoke)


def issuer(given: str) -> str:
    """Return an issuer's address; argparse says what is none."""
    return TypeAdapter[str](Issuer).validate_python(given)


def subject(given: str) -> str:
    """Return what an issuer calls somebody; argparse says what cannot be that."""
    return TypeAdapter[str](Subject).validate_python(given)


async def create_admin(args: argparse.Namespace, settings: Settings) -> None:
    """Open an administrator's account and print the one-time link."""
    async with opened_ledger(settings) as ledger:
        user_id, secret = await create_user(ledger, _by(), login_name=args.name)
        command = GrantRole(user_id=user_id, role=Role.ADMINISTRATOR.value)
        await grant_role(command, ledger.for_request(), _by())
        _print_link(args, settings, user_id, secret)


async def create(args: argparse.Namespace, settings: Settings) -> None:
    """Open an account without a role and print the one-time link."""
    async with opened_ledger(settings) as ledger:
        user_id, secret = await create_user(ledger, _by(), login_name=args.name)
        _print_link(args, settings, user_id, secret)


async def invite(args: argparse.Namespace, settings: Settings) -> None:
    """Print a new one-time link; the earlier one ends."""
    async with opened_ledger(settings) as ledger:
        user_id = await _user(ledger, args.user)
        names = await login_names(ledger.pool, ledger.id, [user_id])
        if user_id not in names:
            raise NotFound(kind="login", id=str(user_id))
        _print_link(args, settings, user_id, await _link(ledger, user_id, names[user_id]))


async def grant(args: argparse.Namespace, settings: Settings) -> None:
    """Grant a role and print the grant's id."""
    async with opened_ledger(settings) as ledger:
        command = GrantRole(
            user_id=await _user(ledger, args.user),
            role=args.role,
            organisation_id=organisation_id(args.organisation) if args.organisation else None,
            post=args.post,
            from_on=args.from_on,
            until_on=args.until_on,
        )
        recorded = await grant_role(command, ledger.for_request(), _by())
    (event,) = recorded.events
    if isinstance(event, User.RoleGranted):
        print(event.grant_id)


async def revoke(args: argparse.Namespace, settings: Settings) -> None:
    """Revoke a grant."""
    async with opened_ledger(settings) as ledger:
        command = RevokeRole(user_id=await _user(ledger, args.user), grant_id=args.grant_id)
        await revoke_role(command, ledger.for_request(), _by(args.reason))


async def disable(args: argparse.Namespace, settings: Settings) -> None:
    """Disable an account; its sessions end."""
    async with opened_ledger(settings) as ledger:
        command = DisableUser(user_id=await _user(ledger, args.user))
        await disable_user(command, ledger.for_request(), _by(args.reason))


async def enable(args: argparse.Namespace, settings: Settings) -> None:
    """Enable an account."""
    async with opened_ledger(settings) as ledger:
        command = EnableUser(user_id=await _user(ledger, args.user))
        await enable_user(command, ledger.for_request(), _by(args.reason))


async def reset(args: argparse.Namespace, settings: Settings) -> None:
    """Let a user set up another device."""
    async with opened_ledger(settings) as ledger:
        command = RemoveSecondFactor(user_id=await _user(ledger, args.user))
        await remove_second_factor(command, ledger.for_request(), _by(args.reason))


async def link(args: argparse.Namespace, settings: Settings) -> None:
    """Link an identity."""
    async with opened_ledger(settings) as ledger:
        command = LinkSingleSignOn(
            user_id=await _user(ledger, args.user), issuer=args.issuer, subject=args.subject
        )
        await link_single_sign_on(command, ledger.for_request(), _by())


async def unlink(args: argparse.Namespace, settings: Settings) -> None:
    """Unlink an identity; the sessions that it opened end."""
    async with opened_ledger(settings) as ledger:
        command = UnlinkSingleSignOn(
            user_id=await _user(ledger, args.user), issuer=args.issuer, subject=args.subject
        )
        await unlink_single_sign_on(command, ledger.for_request(), _by(args.reason))


async def show(args: argparse.Namespace, settings: Settings) -> None:
    """List all users with their states and grants, those with a login name first, by name."""
    async with opened_ledger(settings) as ledger:
        names = await list_logins(ledger.pool, ledger.id)
        topics = (User.Opened.TOPIC, User.OpenedForPerson.TOPIC)
        begun = [
            one for topic in topics for one in await read_begun_with(ledger.pool, ledger.id, topic)
        ]
        others = [entry.event.originator_id for entry in begun]
        ids = dict.fromkeys((*names, *others))
        users = [await ledger.load(User, user_id) for user_id in ids]
    if args.json:
        rows = [_told(user, names.get(user.id, "")) for user in users]
        print(orjson.dumps(rows, option=orjson.OPT_UTC_Z).decode())
        return
    for user in users:
        print(f"{user.id}  {_state(user):8}  {names.get(user.id, '')}")
        for held in user.grants.values():
            until = held.until_on or ""
            print(f"    {held.grant_id}  {held.role:22}  {held.from_on}  {until}  {held.post}")


def _told(user: User, name: str) -> dict[str, object]:
    return {
        "user_id": user.id,
        "login_name": name,
        "is_disabled": user.is_disabled,
        "has_password": user.has_password,
        "has_second_factor": user.has_second_factor,
        "grants": list(user.grants.values()),
    }


def _state(user: User) -> str:
    if user.is_disabled:
        return "disabled"
    return "open" if user.has_password else "invited"


async def _link(ledger: Ledger, user_id: UUID, name: str) -> str:
    return await invite_user(ledger.for_request(), _by(), user_id=user_id, login_name=name)


def _print_link(args: argparse.Namespace, settings: Settings, user_id: UUID, secret: str) -> None:
    link = f"{settings.address}/set-up?link={secret}"
    if args.json:
        print(orjson.dumps({"user_id": user_id, "link": link}).decode())
    else:
        print(link)


async def _user(ledger: Ledger, given: str) -> UUID:
    """Return the id of the user with this login name or id (refuses with ``NotFound``)."""
    login = await find_login(ledger.pool, ledger.id, given)
    if login is not None:
        return login.user_id
    try:
        return UUID(given)
    except ValueError as error:
        raise NotFound(kind=User.TOPIC, id=given) from error


def _by(reason: str = "") -> By:
    return By(actor_id=INSTALLER, at=utc_now(), role="system", reason=reason)
