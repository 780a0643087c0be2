"""The page for sceptics: its commands run as they stand, and print what the page says."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.app import create_app
from api.serving import serving
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_head
from tests.published_log import LOG_KEY, TRUST, fill, publish_now
from tests.tokens import issued

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verifying-the-log.md").read_text("utf-8")
STEP = re.compile(r"^```sh\n(?P<commands>.*?)^```\n\n```text\n(?P<printed>.*?)^```$", re.M | re.S)
HASH = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}|[0-9a-f]{16,}")
FIRST, LATER = 300, 520


@dataclass(frozen=True)
class Auditor:
    """Somebody with a shell, an address, a key and a token."""

    folder: Path
    environment: dict[str, str]

    async def run(self, commands: str) -> str:
        """Run a block of the page; return what it prints."""
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", commands),
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed.decode()
        return printed.decode()


@pytest.fixture
async def auditor(ledger: Ledger, store_dsn: str, tmp_path: Path) -> AsyncIterator[Auditor]:
    token = await issued(ledger, "auditor")
    await fill(ledger, FIRST - (await read_head(ledger.pool, ledger.id)).size)
    await publish_now(ledger)
    shutil.copy(ROOT / "scripts" / "verify_ledger.py", tmp_path)
    async with News(store_dsn, ledger.id) as news:
        app = create_app(ledger, news=news, trust=lambda: TRUST)
        async with serving(app, "127.0.0.1", 0) as address:
            environment = {
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "LEDGER": address,
                "VKEY": str(LOG_KEY.verifying),
                "TOKEN": token,
            }
            yield Auditor(tmp_path, environment)


def without_hashes(text: str) -> str:
    """What is the same in every run."""
    return HASH.sub("…", text)


async def test_every_step_prints_what_the_page_says(auditor: Auditor, ledger: Ledger) -> None:
    steps = list(STEP.finditer(PAGE))
    assert len(steps) == PAGE.count("```sh\n") == 8
    printed = []
    for step in steps:
        if "checkpoint.old\ncurl" in step["commands"]:
            await fill(ledger, LATER - FIRST)
            await publish_now(ledger)
        printed.append(await auditor.run(step["commands"]))
    for step, real in zip(steps, printed, strict=True):
        assert without_hashes(real.strip()) == without_hashes(step["printed"].strip())
