"""/v1/policies, /v1/calendar: every number that rules use, and the working days."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from annotated_types import Ge, Le

from api.concerning import EVERYWHERE
from api.routing import Routes
from ledger.commands.calendar import PublishCalendarYear, calendar_of, publish_calendar_year
from ledger.commands.policies import (
    AdoptStandardPolicies,
    PublishPolicyList,
    SetPolicyValue,
    WithdrawPolicyEntry,
    adopt_standard_policies,
    publish_policy_list,
    set_policy_value,
    withdraw_policy_entry,
)
from ledger.core.values import Day
from ledger.storage.ledger import Ledger
from projections.policies import (
    PolicyAt,
    PolicyQuery,
    policies_in_force,
    policy_history,
    policy_in_force,
    view,
)

routes = Routes("policies", zh="政策与日历", en="Policies and calendar")

WorkingDayCount = Annotated[int, Ge(0), Le(1_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAfter:
    """A day and a number of working days to count from it."""

    day: Day
    working_days: WorkingDayCount


async def due_date(query: DueAfter, ledger: Ledger) -> dict[str, Any]:
    """Count working days; a year without its notice gives a provisional day and says so."""
    calendar = await calendar_of(ledger)
    return asdict(calendar.add_working_days(query.day, query.working_days))


routes.command(
    "/v1/policies/standard",
    AdoptStandardPolicies,
    adopt_standard_policies,
    about=EVERYWHERE,
    zh="采用标准政策值",
    location="/v1/policies",
)
routes.command(
    "/v1/policies/{name}/values",
    SetPolicyValue,
    set_policy_value,
    about=EVERYWHERE,
    zh="设定政策值",
)
routes.command(
    "/v1/policies/{name}/lists",
    PublishPolicyList,
    publish_policy_list,
    about=EVERYWHERE,
    zh="发布清单",
)
routes.command(
    "/v1/policies/{name}/withdrawals",
    WithdrawPolicyEntry,
    withdraw_policy_entry,
    about=EVERYWHERE,
    zh="撤回政策条目",
)
routes.command(
    "/v1/calendar/years/{year}",
    PublishCalendarYear,
    publish_calendar_year,
    about=EVERYWHERE,
    zh="发布年度工作日安排",
    location="/v1/calendar/due-dates",
)
routes.read("/v1/policies", PolicyQuery, policies_in_force, view=view, zh="查看现行政策值")
routes.read_one("/v1/policies/{name}", PolicyAt, policy_in_force, view=view, zh="查看一项政策值")
routes.read("/v1/policies/{name}/entries", PolicyAt, policy_history, view=view, zh="查看政策沿革")
routes.consult("/v1/calendar/due-dates", DueAfter, due_date, zh="推算工作日期限")
