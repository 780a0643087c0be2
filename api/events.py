"""/v1/events: the audit trail, one event, and what it led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.routing import Routes
from ledger.storage.connect import Database
from projections.audit_trail import (
    AuditQuery,
    ConsequencesQuery,
    audit_trail,
    causes,
    consequences,
    event_by_id,
    view,
)

routes = Routes("events", zh="审计轨迹", en="Audit trail")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAsked:
    """One event."""

    event_id: UUID


async def event(db: Database, ledger_id: str, query: EventAsked) -> dict[str, Any]:
    """Show one event: who, when, on what grounds, its own fields, and the chain that led to it."""
    row = await event_by_id(db, ledger_id, query.event_id)
    return {**row, "causes": await causes(db, ledger_id, query.event_id)}


routes.read("/v1/events", AuditQuery, audit_trail, view=view, zh="查询审计轨迹")
routes.read_one("/v1/events/{event_id}", EventAsked, event, view=view, zh="查看一条事件")
routes.read(
    "/v1/events/{event_id}/consequences",
    ConsequencesQuery,
    consequences,
    view=view,
    zh="查看一条事件的后果",
)
