"""A ledger with books and a signed checkpoint, recorded once; bundles of it, each made once."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import pytest

from ledger.merkle.checkpoints import Checkpoint
from ledger.publishing.signer import Signed, Signer
from ledger.storage.checkpoints import latest_signed
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from projections import VIEWS
from projections.engine import install
from scripts import bundle, verify_ledger
from scripts.arguments import Parser
from scripts.settings import load_settings
from tests.bundles import world
from tests.storage_fixtures import ORIGIN

Make: TypeAlias = Callable[..., Awaitable[Path]]
Verify: TypeAlias = Callable[..., "tuple[int, dict[str, str]]"]


@pytest.fixture(scope="session")
async def booked(store_dsn: str) -> AsyncIterator[Ledger]:
    """The ledger of ``tests.bundles.world``."""
    ledger_id = f"booked{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await install(db, VIEWS)
    await db.close()
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4) as ledger:
        await world.record(ledger)
        yield ledger


@pytest.fixture(scope="session")
async def signed(booked: Ledger) -> Checkpoint:
    """Its published checkpoint."""
    return await world.sign(booked)


def arguments(*words: str) -> tuple[Callable[..., Awaitable[int | None]], Namespace]:
    """Return what runs a command line, and its arguments."""
    parser = Parser()
    bundle.add(parser.add_subparsers(parser_class=Parser))
    return bundle.create, parser.parse_args(["bundle", "create", *words])


async def remember_signed(dsn: str, ledger_id: str, data: Path) -> None:
    """Keep what was signed last beside the keys, as the signer does."""
    signer = Signer(data / "log" / ledger_id)
    db = await asyncpg.connect(dsn)
    kept = await latest_signed(db, ledger_id)
    await db.close()
    if kept is not None:
        signed = Signed(kept.note, kept.checkpoint, kept.signed_at)
        signer.adopt(signed, after=signer.last(), proof=())


@pytest.fixture
async def machine(
    booked: Ledger, signed: Checkpoint, store_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The data folder of the machine that signed the log."""
    data = tmp_path_factory.mktemp("machine")
    await remember_signed(store_dsn, booked.id, data)
    return data


async def create(dsn: str, ledger_id: str, data: Path, path: Path, *words: str) -> Path:
    """Make a bundle as the command line does."""
    run, args = arguments(*words, "-o", str(path))
    environment = {"MINZHANG_DSN": dsn, "MINZHANG_LEDGER": ledger_id, "MINZHANG_DATA": str(data)}
    assert not await run(args, load_settings({}, environment, path.parent))
    return path


@pytest.fixture
def make(booked: Ledger, machine: Path, store_dsn: str, tmp_path: Path) -> Make:
    """Make a bundle of the ledger."""

    async def make(*words: str, name: str = "bundle.zip") -> Path:
        return await create(store_dsn, booked.id, machine, tmp_path / name, *words)

    return make


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    """Run the single-file verifier; return its exit status and each claim's status by name."""

    def verify(
        *words: object, key: str = str(world.LOG_KEY.verifying), policy: Path | None = None
    ) -> Any:
        capsys.readouterr()
        trust = ["--policy", str(policy)] if policy else ["--log-key", key]
        status = verify_ledger.main([*map(str, words), *trust, "--json"])
        said = capsys.readouterr()
        report = json.loads(said.out or '{"claims": []}')
        return status, {claim["name"]: claim["status"] for claim in report["claims"]}

    return verify
