"""Bundles are whole, say what the entries say, and the single file verifies them."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from ledger.bundles import writer
from ledger.bundles.writer import (
    CheckpointMissing,
    LogContradictsItself,
    OlderCheckpointContradicts,
    SliceOutside,
)
from ledger.core.entry import Entry
from ledger.core.errors import NotFound
from ledger.merkle.checkpoints import Checkpoint
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries, read_head
from ledger.storage.tree import read_root
from projections.statements import NothingToState
from scripts.failures import Failure
from scripts.verify_ledger import FAILED, NOT_CHECKED, VERIFIED
from tests.bundles import world
from tests.bundles.conftest import Make, Verify, create
from tests.bundles.repacking import entries_of, members
from tests.storage_fixtures import ORIGIN

WHOLE = dict.fromkeys(("form", "checkpoint", "slice", "entries", "statement", "openings"), VERIFIED)


async def test_a_bundle_from_the_beginning_is_verified_in_every_claim(
    make: Make, verify: Verify
) -> None:
    assert verify(await make("--from", "0")) == (0, WHOLE)


async def test_that_a_bundle_was_taken_is_in_the_log_itself(make: Make, booked: Ledger) -> None:
    await make("--estate", world.ESTATES[0], "--period", "2026-02")
    head = await read_head(booked.pool, booked.id)
    (last,) = await read_entries(booked.pool, booked.id, start=head.size - 1, limit=1)
    assert (last.topic, orjson.loads(last.state)["operation"]) == (
        "reading.begun.v1",
        "create_bundle",
    )
    assert world.ESTATES[0] in last.by.reason
    assert "2026-02-01 … 2026-02-28" in last.by.reason


async def test_the_same_slice_gives_the_same_bytes(make: Make) -> None:
    first = await make("--from", "10", "--to", "20")
    second = await make("--from", "10", "--to", "20", name="again.zip")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("start", "end"), [(0, 1), (1, 2), (100, 300), (255, 257), (256, 512)])
async def test_any_slice_is_whole(make: Make, verify: Verify, start: int, end: int) -> None:
    path = await make("--from", str(start), "--to", str(end))
    status, claims = verify(path)
    assert (status, claims["slice"], claims["statement"]) == (0, VERIFIED, VERIFIED)
    assert len(entries_of(members(path)["entries"])) == end - start
    assert claims["openings"] == (VERIFIED if start == 0 else NOT_CHECKED)


async def test_earlier_bundles_confirm_opening_balances(make: Make, verify: Verify) -> None:
    first = await make("--to", "90", name="1.zip")
    second = await make("--from", "90", "--to", "200", name="2.zip")
    third = await make("--from", "200", name="3.zip")
    assert verify(third, "--earlier", first, "--earlier", second) == (
        0,
        WHOLE | {"earlier": VERIFIED},
    )
    status, claims = verify(third, "--earlier", second)
    assert (status, claims["earlier"], claims["openings"]) == (1, FAILED, NOT_CHECKED)


async def test_a_step_taken_back_is_moved_back_on_its_own_day(
    make: Make, verify: Verify, booked: Ledger
) -> None:
    entries = await read_entries(booked.pool, booked.id, start=0, limit=10_000)
    at = next(n for n, entry in enumerate(entries) if entry.topic == "deposit.step_reversed.v1")
    step = entries[at - 1]
    whole = await make("--to", str(at + 1))
    told = [json.loads(line) for line in members(whole)["movements.jsonl"].splitlines()]
    taken, back = told[-2:]
    assert verify(whole) == (0, WHOLE)
    assert (back["position"], back["kind"], back["amount"]) == (at, "top_up_received", -1_000_00)
    assert taken["occurred_at"] == back["occurred_at"]
    assert (taken["position"], step.topic) == (at - 1, "deposit.top_up_received.v1")

    before, alone = await make("--to", str(at), name="1.zip"), await make("--from", str(at))
    assert verify(alone)[1]["statement"] == NOT_CHECKED, "what it takes back is not in the slice"
    assert verify(alone, "--earlier", before) == (0, WHOLE | {"earlier": VERIFIED})


async def test_a_period_is_the_smallest_slice_that_holds_what_occurred_in_it(
    make: Make, verify: Verify, signed: Checkpoint
) -> None:
    path = await make("--period", "2026-02..2026-03")
    status, claims = verify(path)
    assert (status, claims["statement"], claims["openings"]) == (0, VERIFIED, NOT_CHECKED)
    assert claims["period"] == NOT_CHECKED
    files = members(path)
    manifest = json.loads(files["manifest.json"])
    assert 0 < manifest["start"] < manifest["end"] < signed.size
    movements = [json.loads(line) for line in files["movements.jsonl"].splitlines()]
    assert movements[0]["position"] == manifest["start"]
    assert movements[-1]["position"] == manifest["end"] - 1
    assert {line["late"] for line in movements} == {True}, "history is recorded late"
    assert all("2026-01-31T16" <= line["occurred_at"] < "2026-03-31T16" for line in movements)
    assert json.loads(files["statement.json"])["books"]["public_account"]["opening"] > 0


async def test_with_whole_and_what_came_before_a_period_is_complete_and_opens_right(
    make: Make, verify: Verify
) -> None:
    path = await make("--period", "2026Q1", "--whole", name="quarter.zip")
    start = json.loads(members(path)["manifest.json"])["start"]
    before = await make("--to", str(start), "--no-statement", name="before.zip")
    status, claims = verify(path, "--earlier", before)
    assert (status, claims["openings"], claims["period"]) == (0, VERIFIED, NOT_CHECKED)


async def test_an_estates_bundle_is_about_it_and_its_communitys_points(
    make: Make, verify: Verify
) -> None:
    path = await make("--estate", world.ESTATES[1])
    files = members(path)
    accounts = [json.loads(line) for line in files["accounts.jsonl"].splitlines()]
    assert sorted(line["book"] for line in accounts) == [
        "deposit",
        "points_account",
        "points_account",
        "public_account",
    ]
    assert verify(path)[1]["statement"] == VERIFIED
    start = json.loads(files["manifest.json"])["start"]
    before = await make("--to", str(start), "--no-statement", name="before.zip")
    assert verify(path, "--earlier", before) == (0, WHOLE | {"earlier": VERIFIED})


async def test_no_cell_of_the_table_is_a_formula(make: Make) -> None:
    text = members(await make("--from", "0"))["statement.csv"]
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    texts = [cell for row in rows[1:] for cell in row[10:12]]
    assert "'=HYPERLINK(1)" in texts
    assert not [cell for cell in texts if cell.startswith(("=", "+", "-", "@"))]
    assert '惠民便利店,\r\n"东"门' in texts


async def test_older_checkpoints_are_shown_to_be_where_the_log_came_from(
    make: Make, verify: Verify, booked: Ledger, signed: Checkpoint, tmp_path: Path
) -> None:
    files = []
    for size in (1, 64, 150, 200, signed.size):
        root = await read_root(booked.pool, booked.id, size)
        file = tmp_path / f"old-{size}"
        file.write_bytes(world.signed_note(Checkpoint(ORIGIN, size, root)))
        files += ["--since", str(file)]
    path = await make("--from", "100", "--to", "180", *files)
    status, claims = verify(path, *files)
    assert (status, claims["since"], claims["since-signature"]) == (0, VERIFIED, VERIFIED)

    plain = await make("--from", "100", "--to", "180", name="plain.zip")
    asked = verify(plain, "--since", tmp_path / "old-64")
    assert (asked[0], asked[1]["since"]) == (3, NOT_CHECKED)
    assert verify(plain, "--since", tmp_path / "old-150")[0] == 0, "the slice itself shows it"

    for size in (64, 150, 200, signed.size):
        forged = tmp_path / "forged"
        forged.write_bytes(world.signed_note(Checkpoint(ORIGIN, size, bytes(32))))
        status, claims = verify(path, "--since", forged)
        assert (status, claims["since"]) == (1, FAILED), size
        with pytest.raises(OlderCheckpointContradicts):
            await make("--since", str(forged), name="never.zip")
    assert not (tmp_path / "never.zip").exists()


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--from", "9", "--to", "9"), SliceOutside),
        (("--to", "100000"), SliceOutside),
        (("--period", "2019"), NothingToState),
        (("--estate", "000"), NotFound),
        (("--since", "/nowhere/at-all"), Failure),
        (("--period", "2026", "--from", "0"), Failure),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_no_file(
    make: Make, tmp_path: Path, words: tuple[str, ...], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await make(*words)
    assert os.listdir(tmp_path) == []


async def test_a_log_that_was_changed_after_signing_gives_no_bundle(
    make: Make, booked: Ledger, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    swap = """
        UPDATE events SET entry = CASE WHEN position = $2::bigint THEN $3::bytea ELSE $4::bytea END
        WHERE ledger_id = $1 AND position IN ($2::bigint, $2 + 1)
    """
    rows = await superuser.fetch(
        "SELECT entry FROM events WHERE ledger_id = $1 AND position IN (40, 41) ORDER BY position",
        booked.id,
    )
    first, second = (row["entry"] for row in rows)
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute(swap, booked.id, 40, second, first)
    with pytest.raises(LogContradictsItself):
        await make("--from", "0", "--no-statement")
    await superuser.execute(swap, booked.id, 40, first, second)
    assert os.listdir(tmp_path) == []


async def test_a_balance_edited_in_a_view_does_not_pass(
    make: Make, verify: Verify, booked: Ledger
) -> None:
    edit = """
        UPDATE account_lines_v2 SET amount_fen = amount_fen + $2
        WHERE ledger_id = $1 AND position = (
            SELECT min(position) FROM account_lines_v2 WHERE ledger_id = $1
                AND kind = 'revenue_received'
        )
    """
    await booked.pool.execute(edit, booked.id, 1)
    try:
        status, claims = verify(await make("--from", "0"))
    finally:
        await booked.pool.execute(edit, booked.id, -1)
    assert (status, claims["slice"], claims["statement"]) == (1, VERIFIED, FAILED)


async def test_a_bundle_is_written_batch_by_batch(
    make: Make, monkeypatch: pytest.MonkeyPatch, booked: Ledger, signed: Checkpoint, verify: Verify
) -> None:
    asked: list[int] = []

    async def seen(*place: Any, start: int, limit: int) -> list[Entry]:
        asked.append(limit)
        return await read_entries(*place, start=start, limit=limit)

    monkeypatch.setattr(writer, "BATCH_ENTRIES", 16)
    monkeypatch.setattr(writer, "read_entries", seen)
    path = await make("--from", "0")
    assert max(asked) == 16
    assert sum(asked) == signed.size
    assert verify(path)[0] == 0


async def test_without_a_checkpoint_there_is_no_bundle(
    ledger: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointMissing):
        await create(store_dsn, ledger.id, tmp_path / "data", tmp_path / "bundle.zip")
