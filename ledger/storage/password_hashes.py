"""Passwords are kept as argon2id hashes; checking one is meant to cost memory and time.

Checks run beside the event loop, a few at once, so that guessing cannot take the machine's memory
or hold everybody else up. Who asks for an account that is not there waits for the same check.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 65_536
PASSES = 3
REFUSED_AFTER_SECONDS = 0.75
AT_ONCE_MAX = 2


@dataclass(frozen=True, kw_only=True)
class HashCost:
    """What one check costs: memory in KiB, and how often it is gone through.

    Who is turned away after a check hears so ``refused_after_seconds`` after asking, or when the
    check is done if that is later: how long this very check took is not told.
    """

    memory_kib: int = MEMORY_KIB
    passes: int = PASSES
    refused_after_seconds: float = REFUSED_AFTER_SECONDS


class Passwords:
    """Makes and checks hashes of one cost. ``checks_count`` is how many were checked."""

    def __init__(self, cost: HashCost = HashCost()) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1, type=Type.ID
        )
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)
        self.refused_after_seconds = cost.refused_after_seconds
        self._stand_in: str | None = None
        self.checks_count = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a password that was found good."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password belongs to the hash; without one, take as long and say no."""
        if self._stand_in is None:
            self._stand_in = await self.hash(secrets.token_urlsafe(16))
        async with self._turns:
            self.checks_count += 1
            fits = await asyncio.to_thread(self._fits, password_hash or self._stand_in, password)
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made at another cost and should be made again."""
        return self._hasher.check_needs_rehash(password_hash)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
