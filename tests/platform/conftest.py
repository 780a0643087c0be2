"""Data directories of their own for servers that are started, killed and erased."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.postgres import erase


@contextmanager
def own_directory() -> Iterator[Path]:
    """A data directory that does not exist yet, below a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="minzhang-own-"))
    folder.chmod(0o711)
    try:
        yield folder / "data"
    finally:
        erase(folder / "data")
        shutil.rmtree(folder)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory for one test."""
    with own_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def shared_data_dir() -> Iterator[Path]:
    """A data directory for the tests of one module, each of which leaves it whole."""
    with own_directory() as directory:
        yield directory
