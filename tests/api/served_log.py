"""A served ledger whose checkpoints are published by hand, and its client."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from api.app import create_app
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from tests.api.conftest import Client, Serve
from tests.published_log import TRUST


@dataclass(frozen=True)
class Log:
    """A served ledger."""

    client: Client
    ledger: Ledger

    async def fetch(self, path: str) -> bytes:
        """GET a file below /log/, for anybody."""
        response = await self.client.get(f"/log/{path}")
        assert response.status == 200, (path, await response.text())
        return await response.read()


@pytest.fixture
async def log(ledger: Ledger, news: News, projector: object, serve: Serve) -> Log:
    return Log(await serve(create_app(ledger, news=news, trust=lambda: TRUST)), ledger)
