"""Organisations: the tree on any day, as known at any time; names, posts and who held them.

``on`` (or the day of ``at``, or today) is the day the tree is asked for: what counts on
it follows from first and last days, not from when something was recorded. ``known_at`` asks
for what the ledger knew then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.core.clock import local_day, utc_now
from ledger.core.errors import NotFound
from ledger.core.values import Day
from ledger.organisations import Kind, Organisation
from ledger.storage.connect import Database
from projections.engine import AsOf, Entry, Page, Paging, Row, Rows, View
from projections.engine.cursors import cursor_after, values_of

view = View("organisations", version=1)
organisations = view.lines("organisations_v1")
names = view.lines("organisation_names_v1")
places = view.lines("organisation_places_v1")
ends = view.lines("organisation_ends_v1")
tenures = view.lines("organisation_tenures_v1")
leavings = view.lines("organisation_leavings_v1")


@dataclass(frozen=True, kw_only=True)
class OnDay(AsOf):
    """A day, as the ledger knew it at ``known_at``."""

    on: Day | None = None

    @property
    def day(self) -> Day:
        """The day that is asked for."""
        return self.on or local_day(self.at or utc_now())


@dataclass(frozen=True, kw_only=True)
class TreeQuery(OnDay):
    """The whole tree, or what stands below an organisation (itself included)."""

    below: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class OrganisationQuery(OnDay, Paging):
    """Organisations that existed on a day; ``name`` is a part of a name, in either language."""

    kind: Kind | None = None
    code: str | None = None
    name: str | None = None
    parent_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class OrganisationAt(OnDay):
    """One organisation on a day."""

    organisation_id: UUID


@dataclass(frozen=True, kw_only=True)
class PostQuery(OnDay):
    """Who held which posts on a day; with ``ever`` also those who held them on other days."""

    organisation_id: UUID | None = None
    person_id: UUID | None = None
    post: str | None = None
    ever: bool = False


# What events do -----------------------------------------------------------------------------


@view.on(Organisation.Established)
async def established(rows: Rows, event: Organisation.Established, entry: Entry) -> None:
    """Enter the organisation, its first names and its first place."""
    since = {"organisation_id": event.originator_id, "valid_from": event.valid_from}
    rows.add(organisations, {**since, "code": event.code, "kind": str(event.kind)})
    rows.add(names, {**since, "name_zh": event.name_zh, "name_en": event.name_en})
    rows.add(places, {**since, "parent_id": event.parent_id})


@view.on(Organisation.Renamed)
async def renamed(rows: Rows, event: Organisation.Renamed, entry: Entry) -> None:
    """Enter its names from a day on."""
    since = {"organisation_id": event.originator_id, "valid_from": event.valid_from}
    rows.add(names, {**since, "name_zh": event.name_zh, "name_en": event.name_en})


@view.on(Organisation.Reparented)
async def reparented(rows: Rows, event: Organisation.Reparented, entry: Entry) -> None:
    """Enter its place from a day on."""
    since = {"organisation_id": event.originator_id, "valid_from": event.valid_from}
    rows.add(places, {**since, "parent_id": event.parent_id})


@view.on(Organisation.Dissolved)
async def dissolved(rows: Rows, event: Organisation.Dissolved, entry: Entry) -> None:
    """Enter its last day."""
    rows.add(ends, {"organisation_id": event.originator_id, "until_on": event.until_on})


@view.on(Organisation.PostFilled)
async def post_filled(rows: Rows, event: Organisation.PostFilled, entry: Entry) -> None:
    """Enter the tenure."""
    rows.add(
        tenures,
        {
            "organisation_id": event.originator_id,
            "person_id": event.person_id,
            "post": event.post,
            "from_on": event.from_on,
            "until_on": event.until_on,
            "term": event.term,
        },
    )


@view.on(Organisation.PostVacated)
async def post_vacated(rows: Rows, event: Organisation.PostVacated, entry: Entry) -> None:
    """Enter the day on which it ended after all."""
    rows.add(
        leavings,
        {
            "organisation_id": event.originator_id,
            "person_id": event.person_id,
            "post": event.post,
            "until_on": event.until_on,
        },
    )


# What can be asked --------------------------------------------------------------------------

# The organisations of ledger $1 that exist on day $2, as known at $3 (null: now).
_ON_DAY = """
    SELECT o.organisation_id, o.code, o.kind, o.valid_from, e.until_on,
           n.name_zh, n.name_en, p.parent_id,
           ARRAY(SELECT DISTINCT made FROM unnest(
               ARRAY[o.position, n.position, p.position, e.position]
           ) AS made WHERE made IS NOT NULL ORDER BY made) AS positions
    FROM organisations_v1 AS o
    LEFT JOIN LATERAL (
        SELECT * FROM organisation_names_v1 AS found
        WHERE found.ledger_id = $1 AND found.organisation_id = o.organisation_id
            AND found.valid_from <= $2
            AND ($3::timestamptz IS NULL OR found.recorded_at <= $3)
        ORDER BY found.valid_from DESC, found.position DESC LIMIT 1
    ) AS n ON true
    LEFT JOIN LATERAL (
        SELECT * FROM organisation_places_v1 AS found
        WHERE found.ledger_id = $1 AND found.organisation_id = o.organisation_id
            AND found.valid_from <= $2
            AND ($3::timestamptz IS NULL OR found.recorded_at <= $3)
        ORDER BY found.valid_from DESC, found.position DESC LIMIT 1
    ) AS p ON true
    LEFT JOIN LATERAL (
        SELECT * FROM organisation_ends_v1 AS found
        WHERE found.ledger_id = $1 AND found.organisation_id = o.organisation_id
            AND ($3::timestamptz IS NULL OR found.recorded_at <= $3)
        ORDER BY found.position DESC LIMIT 1
    ) AS e ON true
    WHERE o.ledger_id = $1 AND o.valid_from <= $2
        AND ($3::timestamptz IS NULL OR o.recorded_at <= $3)
        AND (e.until_on IS NULL OR e.until_on >= $2)
"""
_NAMES = """
    SELECT DISTINCT ON (n.organisation_id) n.organisation_id, n.name_zh, n.name_en, o.kind, o.code
    FROM organisation_names_v1 AS n
    JOIN organisations_v1 AS o USING (ledger_id, organisation_id)
    WHERE n.ledger_id = $1 AND n.organisation_id = ANY($3) AND n.valid_from <= $2
    ORDER BY n.organisation_id, n.valid_from DESC, n.position DESC
"""
# From the top, or from $4, downwards; what stands below something that is not there is a top too.
_TREE = f"""
    WITH RECURSIVE here AS MATERIALIZED ({_ON_DAY}),
    tree AS (
        SELECT here.*, 0 AS depth, ARRAY[here.code] AS codes FROM here
        WHERE here.organisation_id = $4 OR ($4::uuid IS NULL AND NOT EXISTS (
            SELECT FROM here AS above WHERE above.organisation_id = here.parent_id
        ))
        UNION ALL
        SELECT here.*, tree.depth + 1, tree.codes || here.code
        FROM tree JOIN here ON here.parent_id = tree.organisation_id
        WHERE here.code <> ALL (tree.codes)
    )
    SELECT * FROM tree ORDER BY codes
"""  # noqa: S608 - one constant in another
_ABOVE = f"""
    WITH RECURSIVE here AS MATERIALIZED ({_ON_DAY}),
    above AS (
        SELECT here.*, 0 AS steps FROM here WHERE here.organisation_id = $4
        UNION ALL
        SELECT here.*, above.steps + 1
        FROM above JOIN here ON here.organisation_id = above.parent_id
        WHERE above.steps < 50
    )
    SELECT * FROM above ORDER BY steps DESC
"""  # noqa: S608 - one constant in another
_REGISTER = f"""
    SELECT * FROM ({_ON_DAY}) AS here
    WHERE ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR starts_with(code, $5))
        AND ($6::text IS NULL OR strpos(name_zh, $6) > 0
             OR strpos(lower(name_en), lower($6)) > 0)
        AND ($7::uuid IS NULL OR parent_id = $7) AND ($8::text IS NULL OR code > $8)
    ORDER BY code LIMIT $9
"""  # noqa: S608 - one constant in another
_POSTS = """
    SELECT t.organisation_id, t.person_id, t.post, t.term, t.from_on,
           coalesce(l.until_on, t.until_on) AS until_on,
           array_remove(ARRAY[t.position, l.position], NULL) AS positions
    FROM organisation_tenures_v1 AS t
    LEFT JOIN LATERAL (
        SELECT * FROM organisation_leavings_v1 AS found
        WHERE found.ledger_id = $1 AND found.organisation_id = t.organisation_id
            AND found.person_id = t.person_id AND found.post = t.post
            AND found.position > t.position AND found.until_on >= t.from_on
            AND (t.until_on IS NULL OR found.until_on <= t.until_on)
            AND ($3::timestamptz IS NULL OR found.recorded_at <= $3)
        ORDER BY found.position DESC LIMIT 1
    ) AS l ON true
    WHERE t.ledger_id = $1 AND ($3::timestamptz IS NULL OR t.recorded_at <= $3)
        AND ($4::uuid IS NULL OR t.organisation_id = $4)
        AND ($5::uuid IS NULL OR t.person_id = $5) AND ($6::text IS NULL OR t.post = $6)
        AND ($7 OR (t.from_on <= $2
            AND (coalesce(l.until_on, t.until_on) IS NULL
                 OR coalesce(l.until_on, t.until_on) >= $2)))
    ORDER BY t.organisation_id, t.post, t.from_on, t.position
"""


async def organisation_names(
    db: Database, ledger_id: str, ids: Collection[UUID], *, on: Day | None = None
) -> dict[UUID, Row]:
    """Return ``name_zh``, ``name_en``, ``kind`` and ``code`` of organisations by id."""
    day = on or local_day(utc_now())
    found = await db.fetch(_NAMES, ledger_id, day, list(ids))
    return {row["organisation_id"]: dict(row) for row in found}


async def organisation_tree(db: Database, ledger_id: str, query: TreeQuery) -> Page:
    """List the tree from the top down, children by code; ``depth`` counts from 0."""
    found = await db.fetch(_TREE, ledger_id, query.day, query.known_at, query.below)
    return Page([dict(row) for row in found])


async def subtree_ids(
    db: Database,
    ledger_id: str,
    organisation_id: UUID,
    *,
    on: Day | None = None,
    known_at: datetime | None = None,
) -> list[UUID]:
    """Return an organisation and all that stands below it on a day."""
    query = TreeQuery(below=organisation_id, on=on, known_at=known_at)
    return [row["organisation_id"] for row in (await organisation_tree(db, ledger_id, query)).rows]


async def organisation_register(db: Database, ledger_id: str, query: OrganisationQuery) -> Page:
    """List organisations by code."""
    order = ("code",)
    after = None if query.cursor is None else values_of(query.cursor, order)[0]
    found = await db.fetch(
        _REGISTER,
        *(ledger_id, query.day, query.known_at),
        *(query.kind, query.code, query.name, query.parent_id),
        *(after, query.page_size + 1),
    )
    rows: list[Row] = [dict(row) for row in found[: query.page_size]]
    return Page(rows, cursor_after(rows[-1], order) if len(found) > query.page_size else None)


async def organisation_by_id(db: Database, ledger_id: str, query: OrganisationAt) -> Row:
    """Return one organisation with what stands ``above`` it and its ``posts``.

    Refuses with ``NotFound`` when it did not exist on the day.
    """
    place: tuple[Any, ...] = (ledger_id, query.day, query.known_at, query.organisation_id)
    found = [dict(row) for row in await db.fetch(_ABOVE, *place)]
    if not found:
        raise NotFound(kind="organisation", id=str(query.organisation_id))
    *above, own = found
    seen = {"organisation_id", "code", "kind", "name_zh", "name_en"}
    posts = PostQuery(on=query.day, known_at=query.known_at, organisation_id=query.organisation_id)
    return {
        **{name: value for name, value in own.items() if name != "steps"},
        "above": [{name: row[name] for name in row if name in seen} for row in above],
        "posts": (await post_holders(db, ledger_id, posts)).rows,
    }


async def post_holders(db: Database, ledger_id: str, query: PostQuery) -> Page:
    """List who held which post from when to when."""
    found = await db.fetch(
        _POSTS,
        *(ledger_id, query.day, query.known_at),
        *(query.organisation_id, query.person_id, query.post, query.ever),
    )
    return Page([dict(row) for row in found])
