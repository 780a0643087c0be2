"""Somebody outside follows a log: what is in order is silent, everything else is an alarm.

Attacks 5, 7, 8, 9 and 12 of the design's list, over real HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.monitor.alarms import EXIT_STATUSES, SENTENCES, Alarm
from api.monitor.client import log_files
from api.monitor.monitor import Look, Monitor, StateUnreadable, Watch, read_state
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import read_note, sign_note
from ledger.merkle.policies import Policy, PolicyGroup, PolicyLog, PolicyWitness
from ledger.merkle.tree import leaf_hash
from tests.monitor import site

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WITNESS = SigningKey("witness.example.org/w", KeyKind.COSIGNATURE, bytes([4]) * 32)
ALONE = Policy((PolicyLog(site.KEY.verifying),), (), (), b"none")
WITNESSED = Policy(
    ALONE.logs,
    (PolicyWitness(b"w", WITNESS.verifying),),
    (PolicyGroup(b"g", 1, (b"w",)),),
    b"g",
)
TREE = site.entries(70_000)

Watching: TypeAlias = Callable[..., Awaitable[Look]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The directory that is served."""
    served = tmp_path / "served"
    served.mkdir()
    return served


@pytest.fixture
async def address(root: Path) -> AsyncIterator[str]:
    """A web server that knows nothing of logs."""
    app = web.Application()
    app.router.add_static("/log/", root)
    async with TestServer(app) as server:
        yield str(server.make_url("/log/"))


@pytest.fixture
def look(address: str, tmp_path: Path) -> Watching:
    """Look at the log once, remembering what was seen."""

    async def look(policy: Policy = ALONE, now: datetime = NOW, **wishes: Any) -> Look:
        async with log_files(address) as fetch:
            watch = Watch(policy=policy, **wishes)
            return await Monitor(watch, fetch, tmp_path / "seen", clock=lambda: now).look()

    return look


def alarms(look: Look) -> list[Alarm]:
    return [one.alarm for one in look.alarms]


async def test_a_log_that_grows_is_in_order(root: Path, look: Watching, tmp_path: Path) -> None:
    for size in (0, 1, 255, 256, 257, 600, 600):
        site.publish(root, TREE, size=size)
        seen = await look(are_entries_read=True)
        assert (alarms(seen), seen.size, seen.exit_status) == ([], size, 0), size
    state = read_state(tmp_path / "seen")
    assert state is not None
    assert state.checkpoint.size == 600


async def test_tiles_of_three_levels_are_followed(root: Path, look: Watching) -> None:
    site.publish(root, TREE, size=69_000)
    assert alarms(await look()) == []
    site.publish(root, TREE)
    assert alarms(await look()) == []


async def test_two_trees_are_told_apart_and_both_notes_kept(
    root: Path, look: Watching, tmp_path: Path
) -> None:
    """Attack 5: the same size, a larger one, a smaller one, each over another history."""
    honest = site.publish(root, TREE, size=600)
    assert alarms(await look()) == []
    for size in (600, 700, 500):
        forged = site.publish(root, site.entries(size, changed=7))
        seen = await look()
        if size == 500:  # the tiles of the larger tree are no longer shown either
            assert alarms(seen) in ([Alarm.FORKED], [Alarm.STALE])
            continue
        assert (alarms(seen), seen.exit_status) == ([Alarm.FORKED], 12)
        kept = tmp_path / f"seen.fork-{size}-{forged.root.hex()[:8]}"
        notes = [part.strip() + "\n" for part in kept.read_text().split("=" * 72)]
        sizes = [read_note(note.encode()).text.split("\n")[1] for note in notes]
        assert sizes == ["600", str(size)]
    site.publish(root, TREE, size=600)
    assert alarms(await look()) == []
    assert read_state(tmp_path / "seen").checkpoint == honest  # type: ignore[union-attr]


async def test_an_older_checkpoint_is_stale_not_forked(root: Path, look: Watching) -> None:
    """Attack 12 and 20: a state that the log had, shown again."""
    site.publish(root, TREE, size=600)
    assert alarms(await look()) == []
    older = Checkpoint(site.NAME, 300, site.publish(root / "aside", TREE, size=300).root)
    site.sign(root, older, sign_note(str(older), site.KEY))
    seen = await look()
    assert (alarms(seen), seen.exit_status) == ([Alarm.STALE], 14)


async def test_a_forged_leaf_with_its_tile_does_not_pass(root: Path, look: Watching) -> None:
    """Attack 7: the parents are as they were; only comparing them with their children shows it."""
    site.publish(root, TREE, size=600)
    tile = root / "tile/0/000"
    honest = tile.read_bytes()
    tile.write_bytes(leaf_hash(b"forged") + honest[32:])
    seen = await look(is_whole=True)
    assert (alarms(seen), seen.exit_status) == ([Alarm.TREE_WRONG], 13)
    tile.write_bytes(honest)
    assert alarms(await look(is_whole=True)) == []


@pytest.mark.parametrize("change", ["swapped", "longer", "shorter", "missing"])
async def test_partial_tiles_are_what_they_say(root: Path, look: Watching, change: str) -> None:
    """Attacks 8 and 9."""
    site.publish(root, TREE, size=600)
    tile = root / "tile/0/002.p/88"
    data = tile.read_bytes()
    if change == "missing":
        tile.unlink()
        assert alarms(await look()) == [Alarm.UNREACHABLE]
        return
    changed = {"swapped": data[32:] + data[:32], "longer": data + b"x", "shorter": data[:-32]}
    tile.write_bytes(changed[change])
    assert alarms(await look()) == [Alarm.TREE_WRONG]


async def test_a_partial_tile_that_became_full_is_found(root: Path, look: Watching) -> None:
    checkpoint = site.publish(root, TREE, size=600)
    above = (root / "tile/1/000.p/2").read_bytes()
    site.publish(root, TREE, size=800)
    site.write(root / "tile/1/000.p/2", above)
    site.sign(root, checkpoint, sign_note(str(checkpoint), site.KEY))
    assert alarms(await look()) == []


async def test_entries_are_compared_with_their_hashes(root: Path, look: Watching) -> None:
    site.publish(root, TREE, size=300)
    bundle = root / "tile/entries/001.p/44"
    data = bundle.read_bytes()
    for changed in (data.replace(b"entry 290", b"entry 291"), data + b"\x00\x00", data[:-1]):
        bundle.write_bytes(changed)
        assert alarms(await look(are_entries_read=True, is_whole=True)) == [Alarm.ENTRIES_WRONG]
        assert alarms(await look(is_whole=True)) in ([], [Alarm.STALE])


@pytest.mark.parametrize(
    "note", [b"", b"hello\n", b"x" * 2_000_000, "html<html>\n\n— a b\n".encode()]
)
async def test_what_is_no_checkpoint_is_said_to_be_none(
    root: Path, look: Watching, note: bytes
) -> None:
    site.write(root / "checkpoint", note)
    assert alarms(await look())[0] in (Alarm.NOTE_WRONG, Alarm.UNREACHABLE)


async def test_only_the_keys_that_are_trusted_count(root: Path, look: Watching) -> None:
    stranger = SigningKey(site.NAME, KeyKind.NOTE, bytes([5]) * 32)
    site.publish(root, TREE, size=300, key=stranger)
    seen = await look()
    assert (alarms(seen), seen.exit_status) == ([Alarm.NOTE_WRONG], 11)


async def test_a_log_that_is_not_there_is_unreachable(look: Watching, tmp_path: Path) -> None:
    seen = await look()
    assert (alarms(seen), seen.exit_status) == ([Alarm.UNREACHABLE], 10)
    async with log_files("http://127.0.0.1:9/log") as fetch:
        watch = Watch(policy=ALONE)
        seen = await Monitor(watch, fetch, tmp_path / "none", clock=lambda: NOW).look()
    assert alarms(seen) == [Alarm.UNREACHABLE]


async def test_a_quorum_and_its_age_are_asked_for(root: Path, look: Watching) -> None:
    checkpoint = site.publish(root, TREE, size=300)
    day = {"fresh_within": timedelta(days=1)}
    seen = await look(WITNESSED, **day)
    assert (alarms(seen), seen.exit_status) == ([Alarm.QUORUM_MISSING], 15)
    lines = [
        sign_note(str(checkpoint), site.KEY),
        sign_note(str(checkpoint), WITNESS, at=NOW - timedelta(hours=2)),
    ]
    site.sign(root, checkpoint, *lines)
    assert alarms(await look(WITNESSED, **day)) == []
    seen = await look(WITNESSED, NOW + timedelta(days=1), **day)
    assert (alarms(seen), seen.exit_status) == ([Alarm.STALE], 14)


async def test_without_witnesses_a_log_is_stale_when_nothing_new_was_seen(
    root: Path, look: Watching
) -> None:
    hour = {"fresh_within": timedelta(hours=1)}
    site.publish(root, TREE, size=300)
    assert alarms(await look(**hour)) == []
    assert alarms(await look(now=NOW + timedelta(minutes=59), **hour)) == []
    assert alarms(await look(now=NOW + timedelta(minutes=61), **hour)) == [Alarm.STALE]
    site.publish(root, TREE, size=301)
    assert alarms(await look(now=NOW + timedelta(minutes=62), **hour)) == []


async def test_a_state_file_that_is_none_is_refused(
    root: Path, look: Watching, tmp_path: Path
) -> None:
    site.publish(root, TREE, size=3)
    for text in ("", "{}", '{"v": 1, "note": "x", "since": "2026-01-01T00:00:00+00:00"}'):
        (tmp_path / "seen").write_text(text)
        with pytest.raises(StateUnreadable):
            await look()


def test_every_alarm_has_a_sentence_and_a_status_of_its_own() -> None:
    assert set(SENTENCES) == set(EXIT_STATUSES) == set(Alarm)
    assert len(set(EXIT_STATUSES.values())) == len(Alarm)
