"""UmaDB, an event store of its own, started for the comparison if it is installed.

Its appends check, as ours do, that nobody wrote to the stream since.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

from scripts.benchmarks.rows import Sample
from scripts.benchmarks.store import STATE, TOPIC
from scripts.benchmarks.trials import Place, Times, Trial
from scripts.failures import Failure

CALLS = 6_000
WRITERS = 32
START_SECONDS = 20.0


def trials_of_umadb() -> list[Trial]:
    """One event a call by 32 threads; nothing where UmaDB is not installed."""
    if find_spec("umadb") is None or _program() is None:
        return []
    return [Trial(case="append", system="umadb", writers=WRITERS, run=append)]


def _program() -> str | None:
    """Return the server that came with the package, also where its folder is not in PATH."""
    beside = Path(sys.executable).with_name("umadb")
    return str(beside) if beside.exists() else shutil.which("umadb")


async def append(place: Place) -> Sample:
    """Measure single events by 32 writers, each on a tag of its own."""
    _import_quietly()
    return await asyncio.to_thread(_race, place.count(CALLS) // WRITERS or 1)


def _import_quietly() -> None:
    """Import UmaDB where it can be (the main thread), and take Ctrl-C back, which it claims."""
    ours = signal.getsignal(signal.SIGINT)
    import_module("umadb")
    signal.signal(signal.SIGINT, ours)


def _race(calls: int) -> Sample:
    times = Times()
    with _server() as client, ThreadPoolExecutor(max_workers=WRITERS) as threads:
        began = time.perf_counter()
        jobs = [threads.submit(_write, client, calls, times) for _ in range(WRITERS)]
        counts = [job.result() for job in jobs]
        return Sample(sum(counts), time.perf_counter() - began, times.call_seconds)


def _write(client: Any, calls: int, times: Times) -> int:
    from umadb import AppendCondition, Event, Query, QueryItem  # noqa: PLC0415  an extra

    stream_id, position = str(uuid4()), None
    unchanged = Query([QueryItem(tags=[stream_id])])
    for _ in range(calls):
        began = time.perf_counter()
        event = Event(TOPIC, STATE, tags=[stream_id])
        position = client.append([event], AppendCondition(unchanged, position))
        times.take(began)
    return calls


@contextmanager
def _server() -> Iterator[Any]:
    from umadb import Client  # noqa: PLC0415  an extra

    with tempfile.TemporaryDirectory(prefix="minzhang-bench-") as folder:
        address = f"127.0.0.1:{_free_port()}"
        with subprocess.Popen(
            [_program() or "", "--listen", address, "--db-path", str(Path(folder, "uma.db"))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as server:
            try:
                client = Client(f"http://{address}")
                _wait_for(client)
                yield client
            finally:
                server.terminate()


def _wait_for(client: Any) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            client.head()
            return
        except Exception as error:  # UmaDB's errors have no common class of their own
            if time.monotonic() > end:
                raise Failure("UmaDB 没有启动。", "UmaDB did not start") from error
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
