"""Hostile answers to a monitor: an alarm for each that is not the log's, and never a crash."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.monitor.monitor import Look, Monitor, Watch
from ledger.merkle.policies import Policy, PolicyLog
from tests.merkle.mutations import mutated
from tests.monitor import site
from tests.profiles import count_of

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WATCH = Watch(
    policy=Policy((PolicyLog(site.KEY.verifying),), (), (), b"none"),
    is_whole=True,
    are_entries_read=True,
)
SIZE = 259


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """All files of a small log with a full tile and partial ones on two levels."""
    root = tmp_path_factory.mktemp("log") / "files"
    site.publish(root, site.entries(SIZE))
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def look_at(files: dict[str, bytes], state: Path) -> Look:
    """Look at the log as somebody does who never saw it before."""
    state.unlink(missing_ok=True)

    async def fetch(path: str) -> bytes | None:
        return files.get(path)

    with asyncio.Runner() as runner:
        return runner.run(Monitor(WATCH, fetch, state, clock=lambda: NOW).look())


@settings(
    max_examples=count_of("examples of each fuzzed format"),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_a_hostile_answer_is_an_alarm(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    changed = data.draw(mutated(files[name]))
    state = tmp_path_factory.getbasetemp() / "monitored"
    alarms = look_at(files | {name: changed}, state).alarms
    if changed == files[name]:
        assert alarms == []
    elif name != "checkpoint":  # there a line by an unknown key may come or go
        assert alarms != []
    elif not alarms:
        text = files[name].partition(b"\n\n")[0]
        assert changed.rpartition(b"\n\n")[0] == text


def test_what_is_mutated_above_is_in_order(files: dict[str, bytes], tmp_path: Path) -> None:
    assert look_at(files, tmp_path / "seen").alarms == []
    assert len(files) == 6
