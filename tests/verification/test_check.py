"""The full check finds every change and says where; an honest ledger passes."""

from __future__ import annotations

from random import Random
from typing import Any

import asyncpg
import pytest

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.storage.ledger import Ledger
from ledger.verification import check as product
from ledger.verification.check import NOT_BOUND
from tests.storage_fixtures import ORIGIN
from tests.verification.conftest import Check, Tampered

CHANGES = 200
BOUND = {
    "events": (
        "ledger_id", "position", "stream_id", "version", "topic", "occurred_at", "recorded_at",
        "leaf_hash", "entry",
    ),
    "heads": ("ledger_id", "origin", "size", "frontier", "recorded_at"),
    "tiles": ("ledger_id", "level", "number", "hashes", "root"),
    "checkpoints": ("size", "root", "note"),
    "cosignatures": ("size", "key_name", "key_id", "line", "cosigned_at"),
    "time_stamps": ("size", "stamped"),
    "receipts": ("stream_id", "version", "first_position", "event_count"),
}  # fmt: skip
"""What the log binds: a change of one bit in any of these must be found."""

_COUNT = "SELECT count(*) FROM {} WHERE ledger_id = 'checked'"
_ROW = """
    SELECT ctid::text AS at, {0} AS value, pg_typeof({0})::text AS kind FROM {1}
    WHERE ledger_id = 'checked' ORDER BY ctid OFFSET {2}
"""
_SET = "UPDATE {1} SET {0} = $2::{3} WHERE ctid = $1::text::tid"
_SET_TIME = """
    UPDATE {1} SET {0} = '2000-01-01Z'::timestamptz + $2::bigint * interval '1 microsecond'
    WHERE ctid = $1::text::tid
"""
_MICROS = "SELECT (extract(epoch FROM $1::timestamptz - '2000-01-01Z') * 1000000)::bigint"


def flipped(value: Any, dice: Random) -> Any:
    """Return a value with one bit changed."""
    if isinstance(value, int):
        return value ^ 1 << dice.randrange(15)
    data = bytearray(value.encode() if isinstance(value, str) else value)
    at = dice.randrange(len(data))
    data[at] ^= 1 << dice.randrange(8)
    return data.decode() if isinstance(value, str) else bytes(data)


async def flip_one(db: asyncpg.Connection, table: str, dice: Random) -> str | None:
    """Change one bit of one column of one row; ``None`` where the table does not let it be."""
    column = dice.choice(BOUND[table])
    count = await db.fetchval(_COUNT.format(table))
    row = await db.fetchrow(_ROW.format(column, table, dice.randrange(count)))
    value, form = row["value"], _SET
    if row["kind"] == "timestamp with time zone":
        value, form = await db.fetchval(_MICROS, value), _SET_TIME
    try:
        changed = flipped(value, dice)
        await db.execute(form.format(column, table, "", row["kind"]), row["at"], changed)
    except (asyncpg.PostgresError, asyncpg.DataError, UnicodeDecodeError):
        return None
    return f"{table}.{column} {row['at']}: {value!r} to {changed!r}"


async def test_an_honest_ledger_has_nothing_wrong(check: Check, kept: Ledger) -> None:
    report = await check()
    assert report.findings.first == []
    assert report.size > 512
    assert set(NOT_BOUND) < set(report.not_checked)


async def test_it_is_the_same_by_worker_processes(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product, "RANGE_ENTRIES", 256)
    assert (await check(workers=None)).findings.count == 0, "a few, by no other process"
    monkeypatch.setattr(product, "FEW_ENTRIES", 0)
    here, there = await check(), await check(workers=2)
    assert (there.findings.first, there.size, there.root) == ([], here.size, here.root)


async def test_every_change_of_one_bit_is_found(
    check: Check, superuser: asyncpg.Connection, tampered: Tampered
) -> None:
    """F16: any column that the log binds; what the table itself refuses is no change."""
    dice, found, missed = Random(16), 0, list[str]()  # noqa: S311
    while found + len(missed) < CHANGES:
        table = dice.choice(list(BOUND))
        async with tampered(f"SELECT 1 -- {table}"):
            what = await flip_one(superuser, table, dice)
            if what is not None and (await check()).findings.count:
                found += 1
            elif what is not None:
                missed.append(what)
    assert missed == []


END = -1
"""Stands for the log's size."""

CASES: dict[str, tuple[str, set[tuple[str, str, int | None, str]]]] = {
    "an entry": (
        "UPDATE events SET entry = entry || ' ' WHERE position = 77",
        {("entry-changed", "events", 77, "entry")},
    ),
    "a leaf hash": (
        "UPDATE events SET leaf_hash = sha256(leaf_hash) WHERE position = 77",
        {("leaf-changed", "events", 77, "leaf_hash")},
    ),
    "an entry with its leaf hash": (
        "UPDATE events SET entry = entry || ' ', leaf_hash = sha256('\\x00' || entry || ' ')"
        " WHERE position = 77",
        {
            ("tile-changed", "tiles", 77, "hashes"),
            ("head-differs", "heads", END, "frontier"),
            ("checkpoint-contradicts", "checkpoints", END, "root"),
        },
    ),
    "an amount in the index": (
        "UPDATE events SET occurred_at = occurred_at - interval '1 year' WHERE position = 300",
        {("column-differs", "events", 300, "occurred_at")},
    ),
    "two columns": (
        "UPDATE events SET topic = 'x.y.v1', recorded_at = recorded_at - interval '1 s'"
        " WHERE position = 300",
        {
            ("column-differs", "events", 300, "topic"),
            ("column-differs", "events", 300, "recorded_at"),
        },
    ),
    "a row": (
        "DELETE FROM events WHERE position = 77",
        {("row-missing", "events", 77, ""), ("version-broken", "events", 78, "version")},
    ),
    "a tile": ("DELETE FROM tiles WHERE number = 1", {("tile-missing", "tiles", 256, "number")}),
    "the root of a tile": (
        "UPDATE tiles SET root = sha256(root) WHERE number = 1",
        {("tile-changed", "tiles", 256, "root")},
    ),
    "a checkpoint's root": (
        "UPDATE checkpoints SET root = sha256(root) WHERE size = 4",
        {
            ("checkpoint-malformed", "checkpoints", 4, "root"),
            ("checkpoint-contradicts", "checkpoints", 4, "root"),
        },
    ),
    "a receipt": (
        "UPDATE receipts SET event_count = 2 WHERE first_position = 1",
        {
            ("receipt-differs", "receipts", 1, "event_count"),
            ("receipts-overlap", "receipts", 2, "first_position, event_count"),
        },
    ),
    "a witness's time": (
        "UPDATE cosignatures SET cosigned_at = cosigned_at - interval '1 day'",
        {("cosignature-wrong", "cosignatures", END, "cosigned_at")},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_it_names_position_column_and_rule(
    check: Check, tampered: Tampered, kept: Ledger, case: str
) -> None:
    statement, expected = CASES[case]
    size = (await check()).size
    expected = {(r, t, size if p == END else p, c) for r, t, p, c in expected}
    async with tampered(statement):
        report = await check()
    found = {(one.rule, one.table, one.position, one.column) for one in report.findings.first}
    assert found == expected
    assert all(one.zh and one.en for one in report.findings.first)


async def test_a_history_that_was_rewritten_whole_contradicts_what_was_signed(
    check: Check, tampered: Tampered, kept: Ledger
) -> None:
    """Attacks 3, 4 and 6, as far as this database's own checkpoints and signer remember."""
    cut = """
        WITH gone AS (DELETE FROM events WHERE position >= 512)
        UPDATE heads SET size = 512, recorded_at = (
            SELECT recorded_at FROM events WHERE position = 511
        ), frontier = (
            SELECT sha256('\\x01'::bytea || string_agg(root, ''::bytea ORDER BY number)) FROM tiles
        )
    """
    signed = Checkpoint(ORIGIN, (whole := await check()).size, whole.root)
    async with tampered(cut):
        report = await check(signed=signed)
    rules = {(one.rule, one.table) for one in report.findings.first}
    assert rules == {("log-shorter", "checkpoints"), ("log-shorter", "signed")}
    other = Checkpoint(ORIGIN, signed.size, bytes(32))
    report = await check(signed=other)
    assert [one.rule for one in report.findings.first] == ["signer-contradicts"]


async def test_a_checkpoint_by_another_key_is_unsigned(check: Check) -> None:
    stranger = SigningKey(ORIGIN, KeyKind.NOTE, bytes(32)).verifying
    report = await check(log_keys=(stranger,))
    assert {one.rule for one in report.findings.first} == {
        "checkpoint-unsigned",
        "time-stamp-wrong",
    }


async def test_tripwires_that_were_cut_are_missed(
    check: Check, superuser: asyncpg.Connection
) -> None:
    """Attack 17 and 19: triggers disabled, constraints dropped, a view in a table's place."""
    drop, back = "ALTER TABLE events {} TRIGGER events_are_append_only", ("DISABLE", "ENABLE")
    await superuser.execute(drop.format(back[0]))
    cut = await check()
    await superuser.execute(drop.format(back[1]))
    assert [(one.rule, one.detail) for one in cut.findings.first] == [
        ("tripwire-missing", "trigger events_are_append_only")
    ]
    await superuser.execute("ALTER TABLE receipts RENAME TO receipts_away")
    await superuser.execute("CREATE VIEW receipts AS TABLE receipts_away")
    await superuser.execute("GRANT SELECT ON receipts TO PUBLIC")
    swapped = await check()
    await superuser.execute("DROP VIEW receipts")
    await superuser.execute("ALTER TABLE receipts_away RENAME TO receipts")
    assert ("receipts", "not a plain table") in {
        (one.table, one.detail) for one in swapped.findings.first
    }
    assert (await check()).findings.count == 0
