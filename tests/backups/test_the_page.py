"""The page on backups: its commands run as they stand, from top to bottom."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.commands.users import OpenUser, open_user
from ledger.core.aggregate import By
from ledger.core.clock import utc_now
from ledger.log_history import LogHistory
from ledger.storage.reading import read_entries, read_head
from scripts.arguments import OPERATOR
from scripts.service import open_service
from scripts.settings import Settings
from tests.backups.conftest import settings_of
from tests.backups.test_point_in_time import the_log
from tests.platform.conftest import own_directory
from tests.platform.test_cli import minzhang
from tests.waiting import wait_until

LEDGER = "t1"
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backup.md").read_text("utf-8")
STEP = re.compile(
    r"^```sh\n(?P<commands>.*?)^```$(?:\n\n```text\n(?P<printed>.*?)^```$)?", re.M | re.S
)


@dataclass(slots=True)
class Operator:
    """Somebody with a shell, who reads the page from top to bottom."""

    folder: Path
    environment: dict[str, str]
    steps: Iterator[re.Match[str]]

    @property
    def settings(self) -> Settings:
        """Of the real service, which archives as was said before."""
        return settings_of(Path(self.environment["MINZHANG_DATA"]), LEDGER)

    async def next_step(self) -> str:
        """Run the page's next block; return what it prints, which is what the page says."""
        step = next(self.steps)
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", step["commands"]),
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, said = await process.communicate()
        assert process.returncode == 0, (step["commands"], printed.decode(), said.decode())
        if step["printed"] is not None:
            assert step["printed"].strip() in printed.decode()
        return printed.decode()

    async def goes_on(self, count: int) -> int:
        """Serve, and let people record something; return the log's size."""
        async with open_service(self.settings) as service:
            for _ in range(count):
                by = By(actor_id=OPERATOR, at=utc_now(), role="administrator")
                await open_user(OpenUser(), service.ledger.for_request(), by)
            size = (await read_head(service.ledger.pool, LEDGER)).size
            await wait_until(lambda: service.publisher.status.published_size == size)
            return size


@pytest.fixture
def operator() -> Iterator[Operator]:
    with own_directory() as data_dir:
        folder = data_dir.parent
        new = folder / "new"
        yield Operator(
            folder,
            {
                "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HOME": str(folder),
                "MINZHANG_LEDGER": LEDGER,
                "MINZHANG_PORT": "0",
                "MINZHANG_DATA": str(data_dir),
                "MINZHANG_WAL_ARCHIVE": str(folder / "wal"),
                "BACKUPS": str(folder / "backups"),
                "SAFE": str(folder / "safe"),
                "NEW": str(new),
                "LOST": str(folder / "lost"),
            },
            STEP.finditer(PAGE),
        )


async def size_of(data_dir: str) -> int:
    """Return how many entries a log has that a full check finds right."""
    size, _ = await the_log(Path(data_dir))
    return size


async def test_every_step_does_what_the_page_says(operator: Operator) -> None:
    new = operator.environment["NEW"]
    archive = operator.environment["MINZHANG_WAL_ARCHIVE"]
    data_dir = Path(operator.environment["MINZHANG_DATA"])
    async with open_service(settings_of(data_dir, LEDGER, MINZHANG_WAL_ARCHIVE=archive)):
        pass
    first = await operator.goes_on(20)
    said = await operator.next_step()
    assert f"{first:,} 条 / entries" in said and "在归档 / is archived" in said
    assert (await operator.next_step()).count("完好 / nothing wrong") == 2
    await operator.next_step()
    assert await size_of(new) == first

    second = await operator.goes_on(5)
    operator.environment["MOMENT"] = utc_now().isoformat()
    third = await operator.goes_on(5)
    await operator.next_step()
    sizes = {name: await size_of(f"{new}-{name}") for name in ("all", "then", "alone")}
    assert sizes == {"all": third, "then": second, "alone": first}
    await operator.next_step()

    assert "log/t1/signed" in await operator.next_step()
    lost = Path(operator.environment["LOST"])
    refused = lost.with_name(f"{lost.name}.said").read_text("utf-8")
    assert f"size={first}, signed_size={third}" in refused
    assert "minzhang recover" in refused
    await operator.next_step()
    assert next(operator.steps, None) is None, "every step was taken"

    await operator.goes_on(3)
    async with open_service(operator.settings) as service:
        entries = await read_entries(service.ledger.pool, LEDGER, start=first, limit=100)
    loss = next(one.event for one in entries if isinstance(one.event, LogHistory.LossAcknowledged))
    assert loss.kept_size == first
    assert f"\n{third}\n" in loss.former_checkpoint
    done = minzhang("verify", "--views", **operator.environment | {"MINZHANG_WAL_ARCHIVE": ""})
    assert done.returncode == 0, done.stdout
    assert loss.former_origin in done.stdout, "it names what ended"
