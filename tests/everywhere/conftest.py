"""One side of a county, served whole: with documents, for tests that only ever ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.permissions.conftest import County, served_county
from tests.permissions.world import Side

HERE = Side("here")


@pytest.fixture(scope="package")
async def site(store_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """One street with everything in it, served."""
    documents = tmp_path_factory.mktemp("evidence")
    async with served_county(store_dsn, (HERE,), documents=documents) as county:
        yield county
