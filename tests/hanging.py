"""Says on the terminal which tests have run for long: xdist shows their names only at the end.

A test that hangs in a fixture, in a thread or in the server's start is ended by its limit only
after minutes, or never. Who collects the results knows from each worker which test it began.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

LONG_SECONDS = float(os.environ.get("MINZHANG_TEST_LONG_SECONDS", "90"))


class Running:
    """The tests that began and have not ended, told of once each when they take long."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="running tests", daemon=True)
        self._thread.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note that a test began."""
        self._since[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note that a test ended."""
        self._since.pop(nodeid, None)

    def pytest_unconfigure(self) -> None:
        """Stop."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LONG_SECONDS / 10):
            before = time.monotonic() - LONG_SECONDS
            for nodeid, since in list(self._since.items()):
                if since < before and self._since.pop(nodeid, None) is not None:
                    told = f"\nstill running after {LONG_SECONDS:g} seconds: {nodeid}\n"
                    os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, told.encode())


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    """Watch in the process that collects the results."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Running(), "running tests")
