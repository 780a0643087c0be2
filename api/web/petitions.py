"""/petitions: the register with filters, and a petition's handling timeline."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from api.web import labels_petitions as names
from api.web.figures import read_day, read_id
from api.web.places import names_of
from api.web.privacy import sealed_of_record
from api.web.site import Pages, Visit
from ledger.core.clock import local_day
from ledger.core.errors import InvalidValue
from ledger.petitions import Level, Stage, labels
from projections.engine import Row, View
from projections.engine.checkpoints import read_checkpoints
from projections.petition_register import (
    IntakeQuery,
    PetitionAt,
    PetitionQuery,
    petition_counts,
    petition_intake,
    petition_register,
    petition_timeline,
)
from projections.petitions import view

C = TypeVar("C", Stage, Level)

PAGE_SIZE = 50
MONTHS_MAX = 24
"""How many months the intake of a place goes back on its page."""
UNITS = frozenset({"unit_id", "to_unit_id", "department_id", "company_id", "payer_id", "holder_id"})
"""Fields of a step that name one organisation."""
MORE_UNITS = frozenset({"convener_id", "received_by_id", "office_id"})

pages = Pages()


@pages.page("/petitions", "petitions.jinja2")
async def petition_list(visit: Visit) -> dict[str, Any]:
    """Show the petitions of a community, an estate or a unit, narrowed as the visitor asks."""
    query = _query(visit)
    page = await visit.read(petition_register, query)
    intake = await visit.read(petition_intake, _intake(query))
    months = intake.rows[-MONTHS_MAX:]
    for row in months:
        row["first_day"], row["last_day"] = _days_of(row["month"])
    ids = [query.community_id, query.estate_id, query.holder_id, query.unit_id]
    for row in page.rows:
        ids += [row["community_id"], row["estate_id"], row["holder_id"]]
    return {
        "rows": page.rows,
        "next_cursor": page.next_cursor,
        "counts": await visit.read(petition_counts, query),
        "months": months,
        "most": max((row["count"] for row in months), default=1),
        "query": query,
        "names": await names_of(visit, ids),
        "labels": labels,
        "position": await position_of(visit, view),
        **_words(visit),
    }


@pages.page("/petitions/{petition_id}", "petition.jinja2")
async def petition_page(visit: Visit) -> dict[str, Any]:
    """Show who held a petition when and how long, which clocks ran, and every step."""
    query = PetitionAt(
        petition_id=visit.id_in_path("petition_id"),
        at=visit.moment_asked("at"),
        known_at=visit.moment_asked("known_at"),
    )
    timeline = await visit.read(petition_timeline, query)
    petition, steps = timeline["petition"], timeline["steps"]
    named = await names_of(visit, _organisations(timeline))
    by_id = {clock["id"]: clock for clock in timeline["clocks"]}
    for step in steps:
        step["told"] = names.told(visit.words, step["step"], step["detail"], named)
        step["colour"] = colour_of(step["step"])
        step["moved"] = _moved(step, by_id)
    longest = max((held["elapsed_minutes"] for held in timeline["holdings"]), default=0)
    return {
        **timeline,
        **await sealed_of_record(visit, query.petition_id),
        "names": named,
        "longest": max(longest, 1),
        "total": timeline["holdings"] and _total(timeline),
        "clock_states": names.CLOCK_STATES,
        "holder_now": petition["holder_id"] if petition["is_open"] else None,
        "position": await position_of(visit, view),
        **_words(visit),
    }


async def position_of(visit: Visit, shown: View) -> int:
    """Return up to which record a view reflects the ledger."""
    ledger = visit.ledger
    return (await read_checkpoints(ledger.pool, ledger.id, (shown,)))[shown.name].position


def colour_of(step: str) -> str:
    """Return the colour of a step's mark in a timeline."""
    return "bad" if step in names.BAD_STEPS else "good" if step in names.GOOD_STEPS else ""


def _query(visit: Visit) -> PetitionQuery:
    def asked_id(name: str) -> UUID | None:
        return read_id(visit.asked(name), field=name)

    filed_from, filed_to = visit.asked("from"), visit.asked("to")
    return PetitionQuery(
        stage=_one_of(Stage, visit.asked("stage"), "stage"),
        level=_one_of(Level, visit.asked("level"), "level"),
        channel=visit.asked("channel") or None,
        category=visit.asked("category") or None,
        community_id=asked_id("community"),
        estate_id=asked_id("estate"),
        holder_id=asked_id("holder"),
        unit_id=asked_id("unit"),
        is_open=True if visit.asked("open") else None,
        is_overdue=True if visit.asked("overdue") else None,
        filed_from=local_day(read_day(filed_from, field="from")) if filed_from else None,
        filed_to=local_day(read_day(filed_to, field="to")) if filed_to else None,
        at=visit.moment_asked("at"),
        known_at=visit.moment_asked("known_at"),
        cursor=visit.asked("cursor") or None,
        page_size=PAGE_SIZE,
    )


def _one_of(kind: type[C], given: str, field: str) -> C | None:
    try:
        return kind(given) if given else None
    except ValueError as error:
        raise InvalidValue(field=field, rule=", ".join(kind)) from error


def _intake(query: PetitionQuery) -> IntakeQuery:
    return IntakeQuery(
        by=("month",),
        channel=query.channel,
        category=query.category,
        community_id=query.community_id,
        estate_id=query.estate_id,
        month_from=f"{query.filed_from:%Y-%m}" if query.filed_from else None,
        month_to=f"{query.filed_to:%Y-%m}" if query.filed_to else None,
        at=query.at,
        known_at=query.known_at,
        page_size=1_000,
    )


def _days_of(month: str) -> tuple[str, str]:
    """Return the first and the last day of a month such as 2026-03."""
    year, number = (int(part) for part in month.split("-"))
    return f"{month}-01", f"{month}-{monthrange(year, number)[1]}"


def _organisations(timeline: Row) -> list[UUID | None]:
    """Return every organisation that a timeline names."""
    petition = timeline["petition"]
    ids: list[UUID | None] = [
        petition[name] for name in ("community_id", "estate_id", "received_by_id", "holder_id")
    ]
    ids += [petition["supervised_unit_id"], *petition["unit_ids"], *petition["obligor_ids"]]
    for step in timeline["steps"]:
        ids.append(step["organisation_id"])
        detail = step["detail"]
        ids += [UUID(detail[name]) for name in UNITS | MORE_UNITS if detail.get(name)]
        for name in ("department_ids", "unit_ids", "co_unit_ids"):
            ids += map(UUID, detail.get(name, ()))
    return [*ids, *(clock["holder_id"] for clock in timeline["clocks"])]


def _moved(step: Row, clocks: dict[str, Row]) -> list[tuple[str, Row]]:
    """Return the clocks that a step ended or started."""
    moved = step["clocks"]
    started = [("started", clocks[one["id"]]) for one in moved.get("started", ())]
    ended = [("ended", clocks[one["id"]]) for one in moved.get("ended", ()) if one["id"] in clocks]
    return [*ended, *started]


def _total(timeline: Row) -> int:
    """Return the minutes during which somebody held it."""
    held: Iterable[int] = (held["elapsed_minutes"] for held in timeline["holdings"])
    return sum(held)


def _words(visit: Visit) -> dict[str, Any]:
    """Return how templates name codes and spans."""
    words = visit.words
    return {
        "code_name": lambda field, code: names.code_name(words, field, code),
        "pick": lambda label: words.pick(label.zh, label.en),
        "duration": lambda minutes: names.duration(words, minutes),
        "stage_colours": names.STAGE_COLOURS,
        "level_colours": names.LEVEL_COLOURS,
    }
