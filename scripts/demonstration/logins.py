"""Accounts and tokens for the demo's people: one for each role, made once and kept to be shown.

Only the demo keeps tokens in the clear, in a file that only its owner can read: they open
nothing but invented data.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from api.permissions import Role
from ledger.commands.access_tokens import (
    RevokeToken,
    acts,
    has_capacity,
    issue_token,
    revoke_access_token,
    user_of_actor,
)
from ledger.commands.users import GrantRole, OpenUser, grant_role, open_user
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger
from ledger.storage.tokens import NewToken, find_token, list_tokens
from ledger.storage.user_logins import name_user
from ledger.users import User
from scripts.demonstration import people
from scripts.demonstration.county import County
from scripts.demonstration.founding import FOUNDER
from scripts.demonstration.people import DEMO, Person
from scripts.demonstration.volunteers import keeper, organiser, volunteer
from scripts.init import INSTALLER

IN_OFFICE = frozenset({Role.COMMUNITY, Role.OWNERS_COMMITTEE, Role.STREET})
"""Whose post the founding fills: a token with a post acts within its term and at no other time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A token and for whom it stands."""

    role: str
    whom: str
    token: str


def people_of(county: County) -> dict[Role, tuple[Person, str]]:
    """Return one person for each role, and how people would call it."""
    estate, lake = county.named["yangguang"], county.named["hongshihu"].community
    place = estate.zh.removesuffix("（演示）")
    return {
        Role.AUDITOR: (people.county_official(county, "demo-audit"), "审计人员 auditor"),
        Role.OWNERS_COMMITTEE: (people.chair(estate), f"{place}业委会主任 committee chair"),
        Role.OWNER: (people.owner(estate), f"{place}业主 owner"),
        Role.DISCIPLINE: (people.county_official(county, "demo-discipline"), "纪检人员 inspector"),
        Role.COUNTY: (people.county_official(county, "demo-governance"), "县治理办 county office"),
        Role.EFFICIENCY_OFFICE: (
            people.county_official(county, "demo-efficiency"),
            "作风效能办 efficiency office",
        ),
        Role.STREET: (
            people.street_official(estate.community, "leader"),
            "临沭街道负责人 street leader",
        ),
        Role.COMMUNITY: (
            people.secretary(estate.community),
            f"{estate.community.zh}书记 community secretary",
        ),
        Role.COMPANY: (people.manager(estate), f"{estate.company.zh}项目经理 property manager"),
        Role.SUPERVISOR: (people.supervisor(estate), f"{place}监督员 estate supervisor"),
        Role.DEPARTMENT: (people.county_official(county, "demo-housing"), "住建部门 department"),
        Role.HOTLINE: (
            people.of_body(county.bodies["demo-hotline"], "hotline", "operator"),
            "热线话务员 hotline operator",
        ),
        Role.GRID_WORKER: (
            people.grid_worker(estate.community),
            f"{estate.community.zh}网格员 grid worker",
        ),
        Role.RESIDENT: (people.resident(estate), f"{place}居民 resident"),
        Role.DATA_PROTECTION_OFFICER: (
            people.data_protection_officer(county),
            "个人信息保护负责人 data protection officer",
        ),
        Role.ORGANISER: (organiser(lake), f"{lake.zh}志愿队 volunteers' organiser"),
        Role.VOLUNTEER: (volunteer(lake, 1), f"{lake.zh}志愿者 volunteer"),
        Role.SHOP: (keeper(lake), f"{lake.zh}爱心超市 charity shop"),
        Role.ADMINISTRATOR: (FOUNDER, "系统管理员 administrator"),
    }


async def logins(ledger: Ledger, county: County, file: Path) -> list[Login]:
    """Return the demo's tokens; new ones if the file is gone or does not fit this ledger."""
    kept = _read(file)
    if kept and await _all_open(ledger, kept):
        return kept
    for old in await list_tokens(ledger.pool, ledger.id, key=ledger.key):
        if old.name == DEMO and old.is_ours and old.revoked_at is None:
            command = RevokeToken(token_id=old.token_id)
            await revoke_access_token(command, ledger.for_request(), FOUNDER.by(utc_now()))
    made = [
        Login(role=role, whom=whom, token=await _token(ledger, role, person))
        for role, (person, whom) in people_of(county).items()
    ]
    _write(file, made)
    return made


async def _token(ledger: Ledger, role: Role, person: Person) -> str:
    """Return a token of the person's account, which is opened with its role if there is none."""
    new = NewToken(
        name=DEMO,
        role=role,
        actor_id=person.id,
        organisation_id=person.organisation_id,
        post=person.post.split()[-1] if role in IN_OFFICE else "",
    )
    await _open_account(ledger, new)
    return await issue_token(ledger.for_request(), FOUNDER.by(utc_now()), new)


async def _open_account(ledger: Ledger, new: NewToken) -> None:
    """Open the account by which a token acts, under the role's name, as the command line would."""
    by = By(actor_id=INSTALLER, at=utc_now(), role="system")
    user = await user_of_actor(ledger, new.actor_id)
    if user is None:
        opened = await open_user(OpenUser(user_id=new.actor_id), ledger.for_request(), by)
        user = await ledger.load(User, opened.id)
    if not has_capacity(user, new, utc_now()):
        grant = GrantRole(
            user_id=user.id,
            role=new.role,
            organisation_id=new.organisation_id,
            post=new.post,
        )
        await grant_role(grant, ledger.for_request(), by)
    await name_user(ledger.pool, ledger.id, user.id, f"{DEMO}-{new.role}")


async def _all_open(ledger: Ledger, kept: list[Login]) -> bool:
    for login in kept:
        key, now = ledger.key, utc_now()
        found = await find_token(ledger.pool, ledger.id, login.token, key=key, now=now)
        if found is None or found.role != login.role or not await acts(ledger, found):
            return False
    return {login.role for login in kept} == set(Role)


def _read(file: Path) -> list[Login]:
    """Return what the file holds; nothing if it is not there or damaged."""
    try:
        return [Login(**row) for row in orjson.loads(file.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def _write(file: Path, made: list[Login]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as out:
        out.write(orjson.dumps([asdict(login) for login in made], option=orjson.OPT_INDENT_2))
