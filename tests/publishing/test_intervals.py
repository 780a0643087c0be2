"""Between which moments an event came into the log, by what others dated and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import Note, sign_note
from ledger.publishing.intervals import Bound, Interval, interval_of
from ledger.publishing.log_keys import KeySource
from ledger.storage.checkpoints import (
    checkpoint_at,
    keep_cosignatures,
    keep_signed,
    latest_signed,
    publish,
)
from ledger.storage.ledger import Ledger
from ledger.storage.tree import read_root
from tests.publishing.conftest import fill

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WITNESS = SigningKey("witness.example.org/w1", KeyKind.COSIGNATURE, bytes(32))
OTHER = SigningKey("witness.example.org/w2", KeyKind.COSIGNATURE, bytes([1]) * 32)


async def cosign(
    db: asyncpg.Connection, ledger: Ledger, source: KeySource, size: int, dates: Sequence[datetime]
) -> None:
    """Sign a checkpoint and let the witness cosign it at these moments."""
    root = await read_root(db, ledger.id, size)
    note = source.read().sign(str(Checkpoint(source.origin, size, root)), NOON)
    checkpoint = Checkpoint(source.origin, size, root)
    await keep_signed(db, ledger.id, checkpoint, note, signed_at=NOON)
    for at in dates:
        line = sign_note(note.text, WITNESS, at=at)
        held = Note(note.text, (line,)).signatures_by([WITNESS.verifying])
        await keep_cosignatures(db, ledger.id, size, held)
    await publish(db, ledger.id, size, at=NOON)


@pytest.fixture
async def dated(db: asyncpg.Connection, ledger: Ledger, source: KeySource) -> None:
    """Six entries: 2 were cosigned at noon and again at one, 3 by nobody, 5 at two and at three."""
    await fill(ledger, 6)
    await cosign(db, ledger, source, 2, [NOON, NOON + timedelta(hours=1)])
    await cosign(db, ledger, source, 3, [])
    await cosign(db, ledger, source, 5, [NOON + timedelta(hours=n) for n in (2, 3)])


def bound(size: int, hours: int) -> Bound:
    at = NOON + timedelta(hours=hours)
    return Bound(at=at, size=size, by=WITNESS.name, is_time_stamp=False)


@pytest.mark.usefixtures("dated")
@pytest.mark.parametrize(
    ("position", "before", "after"),
    [
        (0, None, bound(2, 0)),
        (1, None, bound(2, 0)),
        (2, bound(2, 1), bound(5, 2)),
        (4, bound(2, 1), bound(5, 2)),
        (5, bound(5, 3), None),
    ],
)
async def test_it_lies_between_the_last_date_without_it_and_the_first_with_it(
    db: asyncpg.Connection, ledger: Ledger, position: int, before: Bound, after: Bound
) -> None:
    found = await interval_of(db, ledger.id, position, witnesses=[WITNESS.verifying])
    assert found == Interval(not_before=before, not_after=after)
    nothing = Interval(not_before=None, not_after=None)
    assert await interval_of(db, ledger.id, position, witnesses=[OTHER.verifying]) == nothing


def test_attack_13_a_claimed_time_outside_of_the_interval_is_told() -> None:
    found = Interval(not_before=bound(2, 1), not_after=bound(5, 2))
    assert found.contains(NOON + timedelta(hours=1, minutes=30))
    assert not found.contains(NOON)
    assert not found.contains(NOON + timedelta(hours=3))
    assert Interval(not_before=None, not_after=None).contains(NOON)


def test_an_honest_time_is_not_told_for_what_dates_leave_open() -> None:
    """A checkpoint is dated a moment after it was made, and a witness says whole seconds only."""
    found = Interval(not_before=bound(2, 1), not_after=bound(5, 2))
    before, after = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    assert found.contains(before - timedelta(seconds=59))
    assert not found.contains(before - timedelta(seconds=61))
    assert found.contains(after + timedelta(microseconds=999_999))
    assert not found.contains(after + timedelta(seconds=1))
    stamped = Bound(at=after, size=5, by="authority", is_time_stamp=True)
    exact = Interval(not_before=None, not_after=stamped)
    assert exact.contains(after)
    assert not exact.contains(after + timedelta(microseconds=1))


@pytest.mark.usefixtures("dated")
@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE cosignatures SET line = replace(line, 'A', 'B') WHERE ledger_id = $1",
        "UPDATE cosignatures SET line = 'x' WHERE ledger_id = $1",
        "UPDATE checkpoints SET note = replace(note, E'\\n5\\n', E'\\n4\\n') WHERE ledger_id = $1",
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints AS o WHERE"
        " o.ledger_id = $1 AND size = 2) WHERE ledger_id = $1 AND size = 5",
    ],
)
async def test_dates_that_somebody_wrote_into_the_database_do_not_count(
    db: asyncpg.Connection, superuser: asyncpg.Connection, ledger: Ledger, spoil: str
) -> None:
    await superuser.execute("DELETE FROM cosignature_renewals WHERE ledger_id = $1", ledger.id)
    await superuser.execute(spoil, ledger.id)
    found = await interval_of(db, ledger.id, 4, witnesses=[WITNESS.verifying])
    assert found.not_after is None


@pytest.mark.usefixtures("dated")
async def test_the_newest_cosignature_is_given_out_and_the_first_is_kept(
    db: asyncpg.Connection, ledger: Ledger
) -> None:
    kept = await checkpoint_at(db, ledger.id, 5)
    assert kept is not None
    (held,) = kept.note.signatures_by([WITNESS.verifying])
    assert held.at == NOON + timedelta(hours=3)
    latest = await latest_signed(db, ledger.id)
    assert latest is not None and latest.note == kept.note
