"""Processes that write to one ledger for as long as they live, and may be killed at any moment.

They are forked from a parent that has imported everything already, so that a test can
afford to kill a hundred of them. Each runs some lanes at once in one appender: new jars,
several events at once, two aggregates at once, and a jar that everybody wants.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID, uuid4

from ledger.core.aggregate import By
from ledger.core.errors import Conflict
from ledger.core.values import derived_id
from ledger.merkle.tree import leaf_hash
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.errors import Unavailable
from ledger.storage.ledger import Ledger, Recorded, open_ledger
from ledger.storage.requests import Once
from tests.examples import by
from tests.faults.diary import Pen, written_bytes
from tests.storage.jars import Jar
from tests.waiting import wait_until

CALLER = "writers"
LINE_BYTES = 38
PAUSE_SECONDS = 0.05
EVENTS_MAX = 5
SHARED_SHARE = 0.02

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["__main__", __name__])


@dataclass(frozen=True)
class Task:
    """A command with its key: ``fills`` stones go into a new jar, an old one, or both."""

    key: str
    fills: int
    own_jar: UUID | None
    shared_jar: UUID | None

    @property
    def event_count(self) -> int:
        return (self.own_jar is None) + self.fills + (self.shared_jar is not None)


def marked(key: str) -> By:
    """Return an envelope that says which command an event belongs to."""
    return replace(by(), correlation=derived_id("command", key))


def once_for(key: str) -> Once:
    """Return the idempotency of a command with this key."""
    return Once(caller=CALLER, key=key, request_digest=leaf_hash(key.encode()))


async def attempt(ledger: Ledger, task: Task) -> Recorded:
    """Decide and record the command once."""
    said = marked(task.key)
    jar = await ledger.load(Jar, task.own_jar) if task.own_jar else Jar.make(said, label=task.key)
    for _ in range(task.fills):
        jar.fill(said)
    jars = [jar]
    if task.shared_jar is not None:
        shared = await ledger.load(Jar, task.shared_jar)
        shared.fill(said)
        jars.append(shared)
    return await ledger.for_request(once=once_for(task.key)).save(*jars)


async def insist(ledger: Ledger, task: Task) -> Recorded:
    """Ask with the same key until there is an answer, as a client does that is told 503."""
    while True:
        try:
            return await attempt(ledger, task)
        except Conflict:
            continue
        except (Unavailable, *LOST_CONNECTION):
            await asyncio.sleep(PAUSE_SECONDS)


async def write_lane(ledger: Ledger, pen: Pen, shared_jar: UUID, seed: int) -> None:
    """Send one command after the other, for ever."""
    dice = random.Random(seed)  # noqa: S311  dice, not secrets
    own_jar: UUID | None = None
    while True:
        task = Task(
            key=uuid4().hex,
            fills=dice.randrange(1, EVENTS_MAX),
            own_jar=own_jar,
            shared_jar=shared_jar if dice.random() < SHARED_SHARE else None,
        )
        pen.asks(task.key, task.event_count)
        recorded = await insist(ledger, task)
        pen.was_told(task.key, recorded.position)
        own_jar = recorded.id if dice.random() < 0.8 else None


async def write(dsn: str, ledger_id: str, diary: Path, shared_jar: UUID, lanes: int) -> None:
    """Open the ledger and write in ``lanes`` lanes at once."""
    pen = Pen(diary)
    async with open_ledger(dsn, ledger_id, pool_size_max=2) as ledger:
        seeds = [random.getrandbits(32) for _ in range(lanes)]
        await asyncio.gather(*(write_lane(ledger, pen, shared_jar, seed) for seed in seeds))


def run_writer(dsn: str, ledger_id: str, diary: Path, shared_jar: UUID, lanes: int) -> None:
    """Write for ever (the main function of a writer process)."""
    random.seed()
    asyncio.run(write(dsn, ledger_id, diary, shared_jar, lanes))


class Writers:
    """Writer processes on one ledger. None of them is ever stopped gently."""

    def __init__(
        self, dsn: str, ledger_id: str, folder: Path, *, shared_jar: UUID, lanes: int
    ) -> None:
        self.dsn = dsn
        self.ledger_id = ledger_id
        self.folder = folder
        self.shared_jar = shared_jar
        self.lanes = lanes
        self.alive: list[BaseProcess] = []
        self.killed_count = 0

    def __enter__(self) -> Writers:
        return self

    def __exit__(self, *_: object) -> None:
        while self.alive:
            self.kill(self.alive[-1])

    def start(self, count: int = 1) -> None:
        for _ in range(count):
            diary = self.folder / f"{uuid4().hex}.diary"
            wanted = (self.dsn, self.ledger_id, diary, self.shared_jar, self.lanes)
            process = _processes.Process(target=run_writer, args=wanted, daemon=True)
            process.start()
            self.alive.append(process)

    def kill(self, process: BaseProcess) -> None:
        """Kill -9 one of them; its transaction may be anywhere."""
        assert process.is_alive(), f"a writer ended by itself: exit code {process.exitcode}"
        process.kill()
        process.join()
        process.close()
        self.alive.remove(process)
        self.killed_count += 1

    async def all_begun(self) -> None:
        """Wait until each of the living has had an answer."""

        def begun() -> bool:
            diaries = self.folder.glob("*.diary")
            return sum(b"!" in path.read_bytes() for path in diaries) >= len(self.alive)

        await wait_until(begun)

    async def go_on(self, lines: int) -> None:
        """Wait until the diaries have grown by about so many lines: writers are at work."""
        goal = written_bytes(self.folder) + lines * LINE_BYTES
        await wait_until(lambda: written_bytes(self.folder) >= goal)


async def shared_jar_in(dsn: str, ledger_id: str) -> UUID:
    """Make the jar that all writers want."""
    async with open_ledger(dsn, ledger_id, pool_size_max=1) as ledger:
        return (await ledger.save(Jar.make(by(), label="shared"))).id
