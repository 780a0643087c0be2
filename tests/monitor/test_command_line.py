"""`minzhang monitor` as cron and people run it: exit statuses, webhook, plain `http.server`."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from argparse import Namespace
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts import monitor
from scripts.arguments import Parser
from scripts.settings import load_settings
from tests.monitor import site


@contextlib.asynccontextmanager
async def plain_server(root: Path) -> AsyncIterator[str]:
    """What anybody has: `python3 -m http.server`."""
    command = (sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1")
    server = await create_subprocess_exec(*command, cwd=root, stdout=PIPE, stderr=PIPE)
    try:
        assert server.stdout is not None
        line = (await server.stdout.readline()).decode()
        yield f"http://127.0.0.1:{line.split(' port ')[1].split()[0]}"
    finally:
        server.kill()
        await server.communicate()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take away what the command logs with: it writes to the stderr of this test only."""
    before = logging.root.handlers[:]
    yield
    logging.basicConfig(level=logging.WARNING, handlers=before, force=True)


class Receiver:
    """Takes webhooks; the first ones are refused, to be sent again."""

    def __init__(self, refuses: int) -> None:
        self.refuses, self.bodies = refuses, list[Any]()

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(json.loads(await request.text()))
        return web.Response(status=503 if len(self.bodies) <= self.refuses else 204)


def arguments(*words: str) -> Namespace:
    parser = Parser()
    monitor.add(parser.add_subparsers(parser_class=Parser))
    return parser.parse_args(["monitor", *words])


async def test_it_follows_a_plain_directory_and_tells_of_a_fork(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "WEBHOOK_PAUSE_SECONDS", 0.0)
    root, receiver = tmp_path / "served", Receiver(refuses=1)
    settings = load_settings({}, {"HOME": str(tmp_path)}, tmp_path)
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    site.publish(root, site.entries(300))
    async with plain_server(root) as address, TestServer(app) as hook:
        words = ["--state", str(tmp_path / "seen"), "--log-key", str(site.KEY.verifying), "--once"]
        args = arguments(address, *words, "--entries", "--webhook", str(hook.make_url("/hook")))
        assert await monitor.run(args, settings) == 0
        assert "300" in capsys.readouterr().out
        assert receiver.bodies == []

        site.publish(root, site.entries(400, changed=3))
        assert await monitor.run(args, settings) == 12
        said = capsys.readouterr().out
        assert "ALARM forked" in said
        assert "历史被改写" in said
        assert [body["alarms"][0]["alarm"] for body in receiver.bodies] == ["forked", "forked"]
        assert receiver.bodies[-1]["alarms"][0]["exit_status"] == 12
        assert [name[:13] for name in os.listdir(tmp_path) if "fork" in name] == ["seen.fork-400"]

        json_args = arguments(address, *words, "--json")
        assert await monitor.run(json_args, settings) == 12
        assert json.loads(capsys.readouterr().out)["alarms"][0]["alarm"] == "forked"


@pytest.mark.parametrize(
    "words",
    [
        ("ftp://example.org", "--log-key", str(site.KEY.verifying)),
        ("http://example.org",),
        ("http://example.org", "--log-key", "nonsense"),
        ("http://example.org", "--log-key", str(site.KEY.verifying), "--interval", "0"),
        ("http://example.org", "--log-key", str(site.KEY.verifying), "--once", "--interval", "9"),
    ],
)
def test_wrong_usage_has_the_status_2(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as wrong:
        arguments(*words)
    assert wrong.value.code == 2
