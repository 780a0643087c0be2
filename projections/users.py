"""Users and their grants, as of two times: who could act in which role, and who said so."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.core.aggregate import Event
from ledger.core.errors import NotFound
from ledger.core.values import Code
from ledger.storage.connect import Database
from ledger.users import User
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, Select, View

view = View("users", version=1)
users = view.table("users_v1", key=("user_id",), history="user_states_v1")
grants = view.table("user_grants_v1", key=("user_id", "grant_id"), history="user_grant_states_v1")


@dataclass(frozen=True, kw_only=True)
class UserQuery(AsOf, Paging):
    """Which users: all conditions given must hold. Newest first."""

    role: Code | None = None
    is_disabled: bool | None = None


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


# What events do -----------------------------------------------------------------------------


@view.on(User.Opened)
async def opened(rows: Rows, event: User.Opened, entry: Entry) -> None:
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


CHANGES: dict[type[Event], tuple[str, bool]] = {
    User.PasswordSet: ("has_password", True),
    User.SecondFactorEnrolled: ("has_second_factor", True),
    User.SecondFactorRemoved: ("has_second_factor", False),
    User.Disabled: ("is_disabled", True),
    User.Enabled: ("is_disabled", False),
}


# What can be asked --------------------------------------------------------------------------


async def user_register(db: Database, ledger_id: str, query: UserQuery) -> Page:
    """List users by pseudonym, with what they have; never what would tell who they are."""
    select = Select(users, ledger_id, query).equal(is_disabled=query.is_disabled)
    if query.role is not None:
        select.where("roles @> ARRAY[{}]", query.role)
    return await select.page(db, query, order=("-opened_at", "-user_id"))


async def user_by_id(db: Database, ledger_id: str, query: UserAt) -> Row:
    """Return one user with all grants (refuses with ``NotFound``)."""
    row = await Select(users, ledger_id, query).within(user_id=query.user_id).one(db)
    if row is None:
        raise NotFound(kind=User.TOPIC, id=str(query.user_id))
    held = Select(grants, ledger_id, query).within(user_id=query.user_id)
    return row | {"grants": await held.all(db, order=("granted_at", "grant_id"))}


async def grant_register(db: Database, ledger_id: str, query: GrantQuery) -> Page:
    """List grants, revoked ones included: who let whom act, and until when."""
    select = Select(grants, ledger_id, query).within(
        user_id=query.user_id, organisation_id=query.organisation_id
    )
    select.equal(role=query.role)
    return await select.page(db, query, order=("-granted_at", "-grant_id"))
