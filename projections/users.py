"""Users and their grants, as of two times: who could act in which role, and who said so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import MaxLen

from ledger.core.aggregate import Event
from ledger.core.errors import NotFound
from ledger.core.values import Code
from ledger.storage.connect import Database
from ledger.users import SignIn, User
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, View

view = View("users", version=3)
users = view.table("users_v3", key=("user_id",), history="user_states_v3")
grants = view.table(
    "user_grants_v3",
    key=("user_id", "grant_id"),
    history="user_grant_states_v3",
    stream="user_id",
)

sign_ins = view.lines("user_sign_ins_v3")

UserIds = Annotated[tuple[UUID, ...], MaxLen(100)]
"""Up to 100 users."""


@dataclass(frozen=True, kw_only=True)
class UserQuery(AsOf, Paging):
    """Which users: all conditions given must hold. Newest first."""

    role: Code | None = None
    is_disabled: bool | None = None
    user_ids: UserIds | None = None


@dataclass(frozen=True, kw_only=True)
class UserAt(AsOf):
    """One user."""

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class GrantQuery(AsOf, Paging):
    """Which grants: of a user, of a role, for an organisation. Newest first."""

    user_id: UUID | None = None
    role: Code | None = None
    organisation_id: UUID | None = None
    user_ids: UserIds | None = None


# What events do -----------------------------------------------------------------------------


@view.on(User.Opened, User.OpenedForPerson)
async def opened(rows: Rows, event: Event, entry: Entry) -> None:
    """Begin the user's row."""
    rows.put(users, {"user_id": event.originator_id, "opened_at": entry.occurred_at})


@view.on(User.RoleGranted)
async def role_granted(rows: Rows, event: User.RoleGranted, entry: Entry) -> None:
    """Enter the grant."""
    user = await rows.get(users, event.originator_id)
    user["roles"] = sorted([*user["roles"], event.role])
    rows.put(users, user)
    rows.put(
        grants,
        {
            "user_id": event.originator_id,
            "grant_id": event.grant_id,
            "role": event.role,
            "organisation_id": event.organisation_id,
            "post": event.post,
            "from_on": event.from_on,
            "until_on": event.until_on,
            "granted_by": entry.by.actor_id,
            "granted_at": entry.occurred_at,
        },
    )


@view.on(User.RoleRevoked)
async def role_revoked(rows: Rows, event: User.RoleRevoked, entry: Entry) -> None:
    """Note that the grant ended."""
    user = await rows.get(users, event.originator_id)
    user["roles"].remove(event.role)
    rows.put(users, user)
    grant = await rows.get(grants, event.originator_id, event.grant_id)
    grant["revoked_by"] = entry.by.actor_id
    grant["revoked_at"] = entry.occurred_at
    grant["reason"] = entry.by.reason
    rows.put(grants, grant)


@view.on(
    User.PasswordSet,
    User.SecondFactorEnrolled,
    User.SecondFactorRemoved,
    User.Disabled,
    User.Enabled,
)
async def changed(rows: Rows, event: Event, entry: Entry) -> None:
    """Note what the user has, and whether it may come in."""
    user = await rows.get(users, event.originator_id)
    column, value = CHANGES[type(event)]
    user[column] = value
    rows.put(users, user)


@view.on(User.SingleSignOnLinked)
async def linked(rows: Rows, event: User.SingleSignOnLinked, entry: Entry) -> None:
    """Note that the user may also come in through an issuer."""
    user = await rows.get(users, event.originator_id)
    user["identities_count"] += 1
    rows.put(users, user)


@view.on(User.SingleSignOnUnlinked)
async def unlinked(rows: Rows, event: User.SingleSignOnUnlinked, entry: Entry) -> None:
    """Note that an identity lets the user in no more."""
    user = await rows.get(users, event.originator_id)
    user["identities_count"] -= 1
    rows.put(users, user)


@view.on(SignIn.Succeeded)
async def came_in(rows: Rows, event: SignIn.Succeeded, entry: Entry) -> None:
    """Enter that somebody came in."""
    rows.add(sign_ins, {"user_id": event.user_id})


CHANGES: dict[type[Event], tuple[str, bool]] = {
    User.PasswordSet: ("has_password", True),
    User.SecondFactorEnrolled: ("has_second_factor", True),
    User.SecondFactorRemoved: ("has_second_factor", False),
    User.Disabled: ("is_disabled", True),
    User.Enabled: ("is_disabled", False),
}


_LAST_SIGN_INS = """
    SELECT user_id, max(occurred_at) AS last_at FROM user_sign_ins_v3
    WHERE ledger_id = $1 AND user_id = ANY($2)
        AND ($3::timestamptz IS NULL OR occurred_at <= $3)
        AND ($4::timestamptz IS NULL OR recorded_at <= $4)
    GROUP BY user_id
"""


# What can be asked --------------------------------------------------------------------------


async def user_register(db: Database, ledger_id: str, query: UserQuery) -> Page:
    """List users by pseudonym, with what they have; never what would tell who they are."""
    select = Select(users, ledger_id, query).equal(is_disabled=query.is_disabled)
    if query.role is not None:
        select.where("roles @> ARRAY[{}]", query.role)
    if query.user_ids is not None:
        select.where("user_id = ANY({})", list(query.user_ids))
    page = await select.page(db, query, order=("-opened_at", "-user_id"))
    last = await _last_sign_ins(db, ledger_id, query, [row["user_id"] for row in page.rows])
    for row in page.rows:
        row["last_sign_in_at"] = last.get(row["user_id"])
    return page


async def user_by_id(db: Database, ledger_id: str, query: UserAt) -> Row:
    """Return one user with all grants (refuses with ``NotFound``)."""
    row = await Select(users, ledger_id, query).within(user_id=query.user_id).one(db)
    if row is None:
        raise NotFound(kind=User.TOPIC, id=str(query.user_id))
    held = Select(grants, ledger_id, query).within(user_id=query.user_id)
    last = await _last_sign_ins(db, ledger_id, query, [query.user_id])
    return row | {
        "last_sign_in_at": last.get(query.user_id),
        "grants": await held.all(db, order=("granted_at", "grant_id")),
    }


async def grant_register(db: Database, ledger_id: str, query: GrantQuery) -> Page:
    """List grants, revoked ones included: who let whom act, and until when."""
    select = Select(grants, ledger_id, query).within(
        user_id=query.user_id, organisation_id=query.organisation_id
    )
    select.equal(role=query.role)
    if query.user_ids is not None:
        select.where("user_id = ANY({})", list(query.user_ids))
    return await select.page(db, query, order=("-granted_at", "-grant_id"))


async def _last_sign_ins(
    db: Database, ledger_id: str, as_of: AsOf, user_ids: Collection[UUID]
) -> dict[UUID, datetime]:
    """Return when each of these users came in last, as of two times."""
    found = await db.fetch(_LAST_SIGN_INS, ledger_id, list(user_ids), as_of.at, as_of.known_at)
    return {row["user_id"]: row["last_at"] for row in found}
