"""What every process of ours writes on stderr are lines of the log, whoever wrote them and when."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from projections.catching_up import WORKER

SECRET = "hunter" + "2"
DSN = f"postgresql://nobody:{SECRET}@127.0.0.1:1/nowhere"
ORDERS = json.dumps({"dsn": DSN, "ledger": "t"}).encode() + b"\n"
SPOILED = """
import atexit, asyncio, logging, sys, threading, warnings

HOSTILE = "a\\r\\n\\x1b[31mb\\u202ec\\u2028d"

class Lost:
    def __del__(self):
        raise ValueError(SECRET)

async def lose():
    asyncio.get_running_loop().create_future().set_exception(ValueError(SECRET))

def fail():
    over.wait()
    raise ValueError(SECRET)

def tell():
    warnings.warn(HOSTILE)
    logging.getLogger("aiohttp.server").error("%s", HOSTILE)
    logging.getLogger("does.not.fit").error("%d", SECRET)
    Lost()
    asyncio.run(lose())
    over.set()
    failing.join()

over = threading.Event()
failing = threading.Thread(target=fail, daemon=True)
failing.start()
atexit.register(tell)
"""
"""What Python imports by itself at its start: others' code, that warns and fails at the end."""
LOGGERS = {
    "py.warnings": 1,
    "aiohttp.server": 1,
    "does.not.fit": 1,
    "asyncio": 1,
    "ledger.core.log_lines": 3,  # the thread, what reached nobody, and what ended the process
}
PARENT = f"""
import asyncio, logging
from ledger.core.log_lines import log_as_lines
from projections import VIEWS
from projections.catching_up import catch_up_in_processes
log_as_lines(logging.WARNING)
asyncio.run(catch_up_in_processes({DSN!r}, "t", VIEWS[:1]))
raise ValueError({SECRET!r})
"""
UNREACHABLE = f"""
import sys
from scripts import verify
from scripts.cli import main
async def run(*_):
    raise ValueError({SECRET!r})
verify.run = run
sys.exit(main(["verify"]))
"""


async def lines_of(tmp_path: Path, *arguments: str, given: bytes = b"") -> list[dict[str, Any]]:
    """Run Python among hostile code; return the lines of its stderr, each shown whole."""
    (tmp_path / "sitecustomize.py").write_text(f"SECRET = {SECRET!r}\n{SPOILED}", "utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments),
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{Path.cwd()}", "HOME": str(tmp_path)},
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    _, told = await process.communicate(given)
    assert process.returncode
    text = told.decode()
    assert SECRET not in text
    lines = text.split("\n")
    assert lines.pop() == "" and all(line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


def packed(*messages: object) -> bytes:
    """Return what ``ledger.verification.workers`` reads."""
    packs = [pickle.dumps(message) for message in messages]
    return b"".join(len(pack).to_bytes(4, "big") + pack for pack in packs)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("-m", "ledger.verification.workers"), packed((DSN, "none"))),
        (("-m", "scripts.demonstration.following"), ORDERS),
        (("-c", UNREACHABLE), b""),
    ],
    ids=["checking", "following", "a command"],
)
async def test_whatever_a_process_tells_is_a_line_without_values(
    tmp_path: Path, arguments: tuple[str, ...], given: bytes
) -> None:
    lines = await lines_of(tmp_path, *arguments, given=given)

    assert Counter(line["logger"] for line in lines) == LOGGERS
    (ends,) = [line for line in lines if line["level"] == "critical"]
    assert ends["error"] and ends["trace"]


async def test_what_a_worker_tells_at_its_end_is_a_line_of_who_started_it(tmp_path: Path) -> None:
    lines = await lines_of(tmp_path, "-c", PARENT)

    twice = {name: 2 * count for name, count in LOGGERS.items()}
    assert Counter(line["logger"] for line in lines) == twice
    theirs, ours = [line for line in lines if line["level"] == "critical"]
    assert (
        "ConnectionRefusedError" in theirs["error"] and WORKER.replace(".", "/") in theirs["trace"]
    )
    assert ours["error"] == "ValueError"
