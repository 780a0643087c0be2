"""Who is asking. What tells (a token, a session) is handed to ``create_app``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who acts, and in which capacity. ``actor_id`` is a pseudonym.

    ``operations`` are all that may be asked for; none named means all that the role may.
    ``on_behalf_of``: the holder of the post, when somebody stands in (``Acting-For``).
    """

    actor_id: UUID
    role: str
    organisation_id: UUID | None = None
    post: str = ""
    on_behalf_of: UUID | None = None
    token_id: UUID | None = None
    session_id: UUID | None = None
    operations: tuple[str, ...] = ()
    has_second_factor: bool = False

    def persons(self) -> frozenset[UUID]:
        """Return who asks: who acts, and for whom."""
        acting = {self.actor_id}
        return frozenset(acting if self.on_behalf_of is None else {*acting, self.on_behalf_of})


Identify: TypeAlias = Callable[[web.Request], Awaitable[Identity]]
"""Tells who sent a request, or refuses with ``NotAuthenticated``."""
