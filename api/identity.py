"""Who is asking. What tells (tokens now, accounts later) is handed to ``create_app``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who acts, and in which capacity. ``actor_id`` is a pseudonym."""

    actor_id: UUID
    role: str
    organisation_id: UUID | None = None
    post: str = ""
    token_id: UUID | None = None


Identify: TypeAlias = Callable[[web.Request], Awaitable[Identity]]
"""Tells who sent a request, or refuses with ``NotAuthenticated``."""
