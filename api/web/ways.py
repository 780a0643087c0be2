"""Which pages somebody may open: links that would be refused are not shown.

    <a{{ to('/petitions') }}>…</a>      a link for who may open it, plain text for others

Whoever has not come in yet is shown all links of business: those that need a login lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from api.identity import Identity
from api.permissions import may_ask
from api.reach import Row


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One link of the head line; ``is_own``: only for who has come in."""

    path: str
    name: str
    is_own: bool = False


NAVIGATION = (
    NavigationItem("/", "全县"),
    NavigationItem("/estates", "小区公示"),
    NavigationItem("/units", "单位与提级"),
    NavigationItem("/volunteers", "志愿积分"),
    NavigationItem("/events", "审计轨迹"),
    NavigationItem("/personal-data", "个人信息"),
    NavigationItem("/proposals", "两人办理", is_own=True),
    NavigationItem("/system-proposals", "用户事项核准", is_own=True),
    NavigationItem("/delegations", "委托与回避", is_own=True),
    NavigationItem("/evidence", "我的材料", is_own=True),
    NavigationItem("/users", "用户", is_own=True),
    NavigationItem("/log", "防篡改证明"),
    NavigationItem("/docs", "接口文档"),
)

NEEDS: tuple[tuple[str, str], ...] = (
    ("/access-trail", "access_trail"),
    ("/delegations", "delegation_register"),
    ("/erasures", "erasure_register"),
    ("/events/", "event"),
    ("/events", "audit_trail"),
    ("/evidence", "upload_evidence"),
    ("/persons/", "person_by_id"),
    ("/petitions/", "petition_by_id"),
    ("/petitions", "petition_register"),
    ("/proposals", "proposal_register"),
    ("/system-proposals", "system_proposals"),
    ("/units", "unit_streaks"),
    ("/users", "user_register"),
    ("/volunteers/", "points_statement"),
    ("/volunteers", "points_accounts"),
)
"""How paths begin, and which row of the table of permissions their pages need; others are open."""


def leads(path: str, visitor: Identity | None, may: Mapping[str, Row]) -> bool:
    """Tell whether a path's page is open to a visitor, or to anybody who comes in."""
    plain = urlsplit(path).path
    operation = next((needed for begin, needed in NEEDS if plain.startswith(begin)), None)
    if operation is None or visitor is None:
        return True
    return may_ask(visitor, operation, may)


def navigation(visitor: Identity | None, may: Mapping[str, Row]) -> Iterator[NavigationItem]:
    """Yield the links of the head line that lead somewhere."""
    for item in NAVIGATION:
        if leads(item.path, visitor, may) and not (item.is_own and visitor is None):
            yield item
