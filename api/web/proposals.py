"""/proposals, /system-proposals: what waits for a second person; decide on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import orjson
from aiohttp import web

from api.routes import ROUTES
from api.web.acting import Form, act, form_on, seen_by
from api.web.places import names_of
from api.web.site import PageFunction, Pages, Visit
from ledger.proposals import ProposalStage
from projections.engine import Page, Row
from projections.proposals import (
    ProposalQuery,
    proposal_register,
    system_proposals,
    view,
)

ROWS_MAX = 200
HERE = "/proposals"
OF_SYSTEM = "/system-proposals"
Register: TypeAlias = Callable[[Any, str, ProposalQuery], Awaitable[Page]]
Address: TypeAlias = "tuple[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]"
STAGES = {
    ProposalStage.OPEN: "待核准",
    ProposalStage.CARRIED_OUT: "已执行",
    ProposalStage.REFUSED: "已否决",
    ProposalStage.WITHDRAWN: "已撤回",
}

pages = Pages()


@pages.page(HERE, "proposals.jinja2")
async def proposal_page(visit: Visit) -> dict[str, Any]:
    """Show what waits, the latest first, and what became of earlier proposals."""
    return await _page(visit, HERE, proposal_register, "carry_out_proposal")


@pages.page(OF_SYSTEM, "proposals.jinja2")
async def system_proposal_page(visit: Visit) -> dict[str, Any]:
    """Show the same about users and their roles, to administrators."""
    return await _page(visit, OF_SYSTEM, system_proposals, "carry_out_system_proposal")


async def _page(visit: Visit, here: str, ask: Register, carry_out: str) -> dict[str, Any]:
    rows = (await visit.read(ask, ProposalQuery(page_size=ROWS_MAX))).rows
    shown = [_shown(visit, row) for row in rows]
    return {
        "here": here,
        "own_id": visit.visitor.actor_id if visit.visitor else None,
        "open": [row for row in shown if row["stage"] == ProposalStage.OPEN],
        "ended": [row for row in shown if row["stage"] != ProposalStage.OPEN],
        "names": await names_of(visit, (row["organisation_id"] for row in rows)),
        "stage_name": lambda stage: visit.words.say(STAGES[ProposalStage(stage)]),
        "can_carry_out": visit.may(carry_out),
    }


def _shown(visit: Visit, row: Row) -> Row:
    called = {
        one.operation: visit.words.pick(one.zh, one.operation)
        for context in ROUTES
        for one in context.commands
    }
    told: dict[str, Any] = orjson.loads(row["told"])
    return row | {
        "called": called.get(row["operation"], row["operation"]),
        "told": sorted(told.items()),
        "may": visit.may(row["operation"]),
    }


def _form(page: PageFunction, here: str, word: str, operation: str) -> Address:
    async def decide(visit: Visit, form: Form) -> web.StreamResponse:
        given = {name: form.get(name, "") for name in ("proposal_id", "reason")}
        await seen_by(visit, await act(visit, operation, given), view)
        raise web.HTTPSeeOther(here)

    return f"{here}/{word}", form_on(page, "proposals.jinja2", decide)


FORMS = (
    _form(proposal_page, HERE, "approvals", "carry_out_proposal"),
    _form(proposal_page, HERE, "refusals", "refuse_proposal"),
    _form(proposal_page, HERE, "withdrawals", "withdraw_proposal"),
    _form(system_proposal_page, OF_SYSTEM, "approvals", "carry_out_system_proposal"),
    _form(system_proposal_page, OF_SYSTEM, "refusals", "refuse_system_proposal"),
    _form(system_proposal_page, OF_SYSTEM, "withdrawals", "withdraw_system_proposal"),
)


def add_proposal_forms(app: web.Application) -> None:
    """Add the addresses that forms of these pages are sent to."""
    for path, take in FORMS:
        app.router.add_post(path, take)
