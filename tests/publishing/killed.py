"""A publisher that dies at a chosen moment.

    python -m tests.publishing.killed DSN LEDGER FOLDER AT

``AT`` is ``signed`` (signed, not stored) or ``stored`` (stored, not published). The process kills
itself, as a power cut would: nothing is tidied up.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from api.outgoing import web_client
from ledger.publishing.log_keys import KeySource
from ledger.publishing.publisher import Publisher
from ledger.publishing.signer import Signer
from ledger.storage.connect import connect
from ledger.storage.ledger import open_ledger
from ledger.storage.news import News
from tests.storage_fixtures import ORIGIN


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once_signed() -> None:
    sign = Signer.sign

    def sign_and_die(*given: Any, **named: Any) -> Any:
        sign(*given, **named)
        die()

    Signer.sign = sign_and_die  # type: ignore[method-assign]


def die_once_stored() -> None:
    module: Any = sys.modules[Publisher.__module__]
    keep = module.keep_signed

    async def keep_and_die(*given: Any, **named: Any) -> None:
        await keep(*given, **named)
        die()

    module.keep_signed = keep_and_die


async def main(dsn: str, ledger_id: str, folder: Path, at: str) -> None:
    {"signed": die_once_signed, "stored": die_once_stored}[at]()
    async with (
        open_ledger(dsn, ledger_id, pool_size_max=2) as ledger,
        News(dsn, ledger_id) as news,
        web_client() as web,
    ):
        publisher = Publisher(ledger, dsn, news, KeySource(folder, ORIGIN), web)
        db = await connect(dsn)
        await publisher.take_up(db)
        await publisher.publish_news(db)
    raise AssertionError("it should have died")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
