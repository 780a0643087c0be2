"""The command path: validated values in, look up, load, decide, durable, with idempotency keys.

Volunteers check in at activities: of ten commands one opens an activity under the policy
book, the others load it, decide and record. The library's side is its own application class
with an aggregate of the same shape, saved by its PostgreSQL recorder.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from ledger.commands.activities import (
    CheckInVolunteer,
    OpenActivity,
    check_in_volunteer,
    open_activity,
)
from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies, policies_of
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.storage.ledger import Ledger, open_ledger
from ledger.storage.requests import Once
from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import fresh_ledger
from scripts.benchmarks.trials import Place, Times, Trial, race

WRITERS = 64
CALLS = 6_400
LIBRARY_CALLS = 1_280
CHECK_INS = 9
KIND = "patrol"


def trials_of_commands() -> list[Trial]:
    """Commands by 64 callers at once, ours and the library's."""
    return [
        Trial(case="commands", system="minzhang", writers=WRITERS, run=command_path),
        Trial(case="commands", system="eventsourcing", writers=WRITERS, run=library_path),
    ]


async def command_path(place: Place) -> Sample:
    """Measure our commands; every command records one event."""
    rounds, times = place.count(CALLS) // WRITERS // (1 + CHECK_INS) or 1, Times()
    ledger_id = await fresh_ledger(place.dsn)
    async with open_ledger(place.dsn, ledger_id, pool_size_max=10) as ledger:
        await adopt_standard_policies(AdoptStandardPolicies(), ledger, by_clerk())
        await policies_of(ledger)  # a service that runs has read them
        return await race([_serve(ledger, rounds, times) for _ in range(WRITERS)], times)


def by_clerk() -> By:
    """Return the envelope of a benchmark's command."""
    return By(actor_id=uuid4(), at=utc_now(), role="community")


def _handle(ledger: Ledger) -> Ledger:
    key = uuid4().hex
    once = Once(caller="bench", key=key, request_digest=sha256(key.encode()).digest())
    return ledger.for_request(once=once)


async def _serve(ledger: Ledger, rounds: int, times: Times) -> int:
    for _ in range(rounds):
        began = time.perf_counter()
        opened = await open_activity(new_activity(), _handle(ledger), by_clerk())
        times.take(began)
        for _ in range(CHECK_INS):
            began = time.perf_counter()
            command = CheckInVolunteer(activity_id=opened.id, volunteer_id=uuid4())
            await check_in_volunteer(command, _handle(ledger), by_clerk())
            times.take(began)
    return rounds * (1 + CHECK_INS)


def new_activity() -> OpenActivity:
    """Return the command that opens an activity that is on now."""
    now = utc_now()
    return OpenActivity(
        organiser_id=uuid4(),
        place_id=uuid4(),
        kind=KIND,
        title="志愿巡逻",
        starts_at=now - timedelta(minutes=5),
        ends_at=now + timedelta(hours=2),
        capacity=100,
    )


class Gathering(Aggregate):
    """The library's counterpart of an activity, written as its documentation does."""

    @event("Opened")
    def __init__(self, organiser_id: UUID, place_id: UUID, title: str) -> None:
        self.organiser_id = organiser_id
        self.place_id = place_id
        self.title = title
        self.volunteers: list[UUID] = []

    @event("CheckedIn")
    def check_in(self, volunteer_id: UUID) -> None:
        self.volunteers.append(volunteer_id)


async def library_path(place: Place) -> Sample:
    """Measure the library's application on its own recorder, default mode."""
    rounds = place.count(LIBRARY_CALLS) // WRITERS // (1 + CHECK_INS) or 1
    return await asyncio.to_thread(_race_of_library, place.dsn, rounds)


def _race_of_library(dsn: str, rounds: int) -> Sample:
    times = Times()
    application = Application[UUID](env=library_environment(dsn, "gatherings"))
    try:
        with ThreadPoolExecutor(max_workers=WRITERS) as threads:
            began = time.perf_counter()
            jobs = [
                threads.submit(_serve_by_library, application, rounds, times)
                for _ in range(WRITERS)
            ]
            counts = [job.result() for job in jobs]
            return Sample(sum(counts), time.perf_counter() - began, times.call_seconds)
    finally:
        application.close()


def _serve_by_library(application: Application[UUID], rounds: int, times: Times) -> int:
    for _ in range(rounds):
        began = time.perf_counter()
        gathering = Gathering(uuid4(), uuid4(), "志愿巡逻")
        application.save(gathering)
        times.take(began)
        for _ in range(CHECK_INS):
            began = time.perf_counter()
            found: Any = application.repository.get(gathering.id)
            found.check_in(uuid4())
            application.save(found)
            times.take(began)
    return rounds * (1 + CHECK_INS)


def library_environment(dsn: str, name: str) -> dict[str, str]:
    """Return the library's settings for its PostgreSQL module on this database."""
    parts = urlsplit(dsn)
    return {
        "APPLICATION_NAME": name,
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.lstrip("/"),
        "POSTGRES_HOST": parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
        "POSTGRES_PORT": str(parts.port or 5432),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "",
        "POSTGRES_POOL_SIZE": "15",
        "POSTGRES_CONNECT_TIMEOUT": "60",
    }
