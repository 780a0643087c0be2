"""/v1/policies, /v1/calendar: every number that rules use, and the working days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le

from api.routing import Routes
from ledger.calendar import WORK_CALENDAR_ID
from ledger.commands.calendar import PublishCalendarYear, calendar_of, publish_calendar_year
from ledger.commands.policies import (
    AdoptStandardPolicies,
    PolicyName,
    PublishPolicyList,
    SetPolicyValue,
    WithdrawPolicyEntry,
    adopt_standard_policies,
    policies_of,
    publish_policy_list,
    set_policy_value,
    withdraw_policy_entry,
)
from ledger.core.clock import local_day
from ledger.core.errors import NotFound
from ledger.core.values import Day
from ledger.policies import POLICY_BOOK_ID, PolicyMissing
from ledger.storage.ledger import Ledger

routes = Routes("policies", zh="政策与日历", en="Policies and calendar")

WorkingDayCount = Annotated[int, Ge(0), Le(1_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesOn:
    """All policies in force on a day (today, unless said)."""

    on: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNamed:
    """All entries of one policy."""

    name: PolicyName


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAfter:
    """A day and a number of working days to count from it."""

    day: Day
    working_days: WorkingDayCount


async def policies_in_force(query: PoliciesOn, ledger: Ledger) -> dict[str, Any]:
    """List every policy in force on a day, with its basis."""
    book = await policies_of(ledger)
    day = query.on or local_day(ledger.clock())
    rows = []
    for name in book.names():
        try:
            rows.append(asdict(book.value(name, on=day)))
        except PolicyMissing:  # not yet, or withdrawn
            continue
    return {"on": day, "version": book.version, "rows": rows}


async def policy_history(query: PolicyNamed, ledger: Ledger) -> dict[str, Any]:
    """List all entries of one policy by first day, withdrawn ones included."""
    book = await policies_of(ledger)
    entries = book.entries(query.name)
    if not entries:
        raise NotFound(kind="policy", id=query.name)
    return {"name": query.name, "version": book.version, "rows": [asdict(e) for e in entries]}


async def due_date(query: DueAfter, ledger: Ledger) -> dict[str, Any]:
    """Count working days; a year without its notice gives a provisional day and says so."""
    calendar = await calendar_of(ledger)
    return asdict(calendar.add_working_days(query.day, query.working_days))


def _of_the_book(path: str, command_type: type, function: Any, zh: str) -> None:
    routes.command(
        path,
        command_type,
        function,
        zh=zh,
        location="/v1/policies",
        addresses=POLICY_BOOK_ID,
    )


_of_the_book(
    "/v1/policies/standard", AdoptStandardPolicies, adopt_standard_policies, "采用标准政策值"
)
_of_the_book("/v1/policies/{name}/values", SetPolicyValue, set_policy_value, "设定政策值")
_of_the_book("/v1/policies/{name}/lists", PublishPolicyList, publish_policy_list, "发布清单")
_of_the_book(
    "/v1/policies/{name}/withdrawals", WithdrawPolicyEntry, withdraw_policy_entry, "撤回政策条目"
)
routes.command(
    "/v1/calendar/years/{year}",
    PublishCalendarYear,
    publish_calendar_year,
    zh="发布年度工作日安排",
    location="/v1/calendar/due-dates",
    addresses=WORK_CALENDAR_ID,
)
routes.consult("/v1/policies", PoliciesOn, policies_in_force, zh="查看现行政策值")
routes.consult("/v1/policies/{name}", PolicyNamed, policy_history, zh="查看政策沿革")
routes.consult("/v1/calendar/due-dates", DueAfter, due_date, zh="推算工作日期限")
