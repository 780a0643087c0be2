"""How many requests are taken from one address and for one account: a bucket of tokens each.

A bucket holds ten seconds' worth and fills all the time. The buckets are of one process: their job
is to keep one client from taking a process from all others, and each process has its own time to
give. What must hold for all processes together (guessing passwords) is counted in the database.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil

from aiohttp import web

from api.errors import TooManyRequests
from api.keys import BUCKETS
from api.peers import client_address
from api.problems import Handler

BURST_SECONDS = 10
BUCKETS_MAX = 100_000
LOG_FILES = "/log/"
LOG_FILES_FACTOR = 10
"""Who checks the whole log asks for thousands of its files, and each costs little to give."""
FREE_PATHS = frozenset({"/healthz", "/readyz"})
"""What load balancers ask, who may share an address with all clients; looking costs little:
however many ask at once, readiness is looked at once."""


class Buckets:
    """The buckets of one kind of client."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._capacity = float(per_second * BURST_SECONDS)
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, whose: Hashable) -> None:
        """Take one token (refuses with ``TooManyRequests``)."""
        now = self._clock()
        level, seen_at = self._levels.pop(whose, (self._capacity, now))
        level = min(self._capacity, level + (now - seen_at) * self._per_second)
        is_there = level >= 1
        self._levels[whose] = (level - 1 if is_there else level, now)
        if len(self._levels) > BUCKETS_MAX:  # who was not seen for longest has filled up since
            self._levels.popitem(last=False)
        if not is_there:
            seconds = max(1, ceil((1 - level) / self._per_second))
            raise TooManyRequests(retry_after_seconds=seconds)


@web.middleware
async def rate_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take a token of the address for each request; who asks whether we live or serve is free."""
    if request.path not in FREE_PATHS:
        buckets = request.app[BUCKETS]
        is_log_file = request.path.startswith(LOG_FILES)
        limit = buckets.of_log_files if is_log_file else buckets.of_address
        limit.take(client_address(request))
    return await handler(request)
