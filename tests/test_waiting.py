"""No loop asks again without a pause, and none takes any other answer for the awaited one."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from api.serving import serving
from tests.test_tidy import ROOT, TESTS, short
from tests.waiting import WaitedInVain, wait_for_answer, wait_until

ASKS = frozenset({"get", "post", "request", "urlopen"})
OWN_LOOPS = {
    "tests/waiting.py": "the waiting itself",
    "tests/api/test_service.py": "a client that sends a byte now and then",
    "tests/faults/writers.py": "a caller who insists until the answer is certain",
    "tests/faults/test_server_killed.py": "the same, while the server is killed",
    "tests/storage/test_crowds.py": "the same, while connections are cut",
    "tests/permissions/test_links.py": "somebody who follows every link once",
    "tests/everywhere/test_canaries.py": "somebody who cancels statements again and again",
    "tests/projections/test_engine.py": "followers that take turns while somebody writes",
}
"""Loops that pause by themselves: they act rather than wait for something."""


def loops(path: Path) -> Iterator[ast.While]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.While):
            yield node


def calls(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield whose method is called, and its name."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            yield ast.unparse(one.func.value), one.func.attr


def waits(loop: ast.While) -> bool:
    return any(name == "sleep" for _, name in calls(loop))


def asks_a_service(loop: ast.While) -> bool:
    return any(name in ASKS and "client" in whose for whose, name in calls(loop))


def of_tests() -> list[Path]:
    return TESTS


def test_whoever_waits_does_it_in_the_one_place() -> None:
    found = {
        short(path)
        for path in of_tests()
        if any(waits(loop) or asks_a_service(loop) for loop in loops(path))
    }
    assert "tests/waiting.py" in found
    assert sorted(found - OWN_LOOPS.keys() - turning_pages()) == []


def turning_pages() -> set[str]:
    """Return where a loop over a register's pages asks for the next one, which is no waiting."""
    return {
        short(path)
        for path in of_tests()
        if all("cursor" in ast.unparse(loop) for loop in loops(path) if asks_a_service(loop))
        and not any(waits(loop) for loop in loops(path))
    }


async def test_an_answer_that_is_not_the_awaited_one_fails_by_its_name() -> None:
    told: list[int] = [409, 409, 200, 409, 429]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=told.pop(0), headers={"Retry-After": "0.01"}, text="why")

    app = web.Application()
    app.router.add_get("/asked", answer)
    async with serving(app, "127.0.0.1", 0) as address, ClientSession(address) as client:
        found = await wait_for_answer(lambda: client.get("/asked"), not_yet={409})
        assert found.status == 200
        with pytest.raises(WaitedInVain, match="GET /asked: 429 why"):
            await wait_for_answer(lambda: client.get("/asked"), not_yet={409})


async def test_what_never_comes_is_named() -> None:
    with pytest.raises(WaitedInVain, match="a train"):
        await wait_until(lambda: False, seconds=0.02, what="a train")


HANGING = """
import time

def test_that_hangs():
    time.sleep(3)

def test_that_does_not():
    pass
"""


def test_a_test_that_hangs_is_named_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(HANGING)
    options = ("-p", "tests.hanging", "-n", "2", "--rootdir", ".", "-c", os.devnull)
    told = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        env=os.environ | {"MINZHANG_TEST_LONG_SECONDS": "1", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout
    assert "still running after 1 seconds: test_some.py::test_that_hangs" in told.stderr
    assert "test_that_does_not" not in told.stderr
