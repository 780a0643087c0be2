"""Bundles that somebody changed on the way: each change is found, and in the claim that it breaks.

Attacks 1, 2, 8, 10, 11, 15 and 24 of the design's list meet the single-file verifier here.
"""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.tiles import pack_entries
from ledger.merkle.tree import Frontier, leaf_hash
from scripts import verify_ledger
from scripts.verify_ledger import FAILED, VERIFIED, Archive, Refused
from tests.bundles import world
from tests.bundles.conftest import Make, Verify
from tests.bundles.repacking import (
    entries_of,
    members,
    packed,
    repacked,
    with_entries,
    with_json,
    with_text,
)
from tests.storage_fixtures import ORIGIN

OTHER_KEY = SigningKey(ORIGIN, KeyKind.NOTE, bytes(32))


def flipped(data: bytes) -> bytes:
    """Return an entry with one bit changed, in the middle."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


ENTRIES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "one bit": lambda entries: [*entries[:7], flipped(entries[7]), *entries[8:]],
    "one left out": lambda entries: [*entries[:7], *entries[8:]],
    "one twice": lambda entries: [*entries[:7], entries[7], *entries[7:]],
    "two exchanged": lambda entries: [*entries[:7], entries[8], entries[7], *entries[9:]],
    "one added": lambda entries: [*entries, entries[-1]],
}


@pytest.mark.parametrize("change", ENTRIES)
async def test_changed_entries_are_found(make: Make, verify: Verify, change: str) -> None:
    path = await make("--from", "50", "--to", "90")
    forged = repacked(path, "entries", with_entries(ENTRIES[change]))
    status, claims = verify(forged)
    assert (status, claims["slice"]) == (1, FAILED)
    assert "statement" not in claims, "nothing is said about a statement over other entries"


async def test_an_entry_cannot_be_left_out_by_moving_the_bounds(make: Make, verify: Verify) -> None:
    path = await make("--from", "50", "--to", "90")
    shorter = packed(
        path.with_name("shorter.zip"),
        (
            members(path)
            | {
                "entries": with_entries(lambda entries: entries[1:])(members(path)["entries"]),
                "manifest.json": with_json(start=51)(members(path)["manifest.json"]),
            }
        ).items(),
    )
    assert verify(shorter)[0] == 1
    for side in ("left", "right"):
        broken = repacked(
            path, "manifest.json", with_json(**{side: [b64encode(bytes(32)).decode()]})
        )
        assert verify(broken)[0] == 1, side


STATEMENTS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a movement": ("movements.jsonl", with_text('"amount":100', '"amount":900')),
    "a balance": ("movements.jsonl", with_text('"balance":', '"balance":1')),
    "a closing": ("accounts.jsonl", with_text('"closing":', '"closing":1')),
    "the sums": ("statement.json", with_text('"in": ', '"in": 1')),
    "the table": ("statement.csv", with_text("宏达维修公司", "宏达公司")),
    "a row of the table": ("statement.csv", lambda data: data[:-200]),
    "a line too many": ("movements.jsonl", lambda data: data + data.splitlines(True)[-1]),
    "a line too few": ("movements.jsonl", lambda data: b"".join(data.splitlines(True)[:-1])),
    "an account left out": ("accounts.jsonl", lambda data: b"".join(data.splitlines(True)[:-1])),
    "an account twice": ("accounts.jsonl", lambda data: data + data.splitlines(True)[-1]),
    "another estate": ("accounts.jsonl", with_text('"place":"', '"place":"0')),
    "a truth value": ("accounts.jsonl", with_text('"opening":0', '"opening":false')),
    "no JSON": ("statement.json", lambda _: b"[" * 100_000),
    "a fraction": ("movements.jsonl", with_text('"amount":10000', '"amount":1e4')),
}


@pytest.mark.parametrize("change", STATEMENTS)
async def test_a_changed_statement_is_found(make: Make, verify: Verify, change: str) -> None:
    name, forge = STATEMENTS[change]
    status, claims = verify(repacked(await make("--from", "0"), name, forge))
    assert (status, claims["slice"], claims["statement"]) == (1, VERIFIED, FAILED)


async def test_an_account_of_the_estate_cannot_be_kept_out(make: Make, verify: Verify) -> None:
    """Attack 15: the export leaves out what does not look well."""
    path = await make("--from", "0", "--estate", world.ESTATES[0])
    files = members(path)
    lines = [json.loads(line) for line in files["accounts.jsonl"].splitlines()]
    left_out = next(line["account"] for line in lines if line["book"] == "public_account")

    def without(data: bytes) -> bytes:
        kept = [line for line in data.splitlines(True) if left_out.encode() not in line]
        return b"".join(kept)

    for name in ("accounts.jsonl", "movements.jsonl", "statement.csv"):
        files[name] = without(files[name])
    files["statement.json"] = with_json(
        books={
            **json.loads(files["statement.json"])["books"],
            "public_account": dict.fromkeys(
                ("opening", "in", "out", "closing", "accounts", "movements"), 0
            ),
        }
    )(files["statement.json"])
    assert verify(path)[1]["statement"] == VERIFIED
    status, claims = verify(packed(path.with_name("kept-out.zip"), files.items()))
    assert (status, claims["statement"]) == (1, FAILED)


async def test_an_opening_that_was_made_up_is_found_once_the_past_is_given(
    make: Make, verify: Verify
) -> None:
    path = await make("--from", "100", "--to", "140")
    before = await make("--to", "100", name="before.zip")
    files = members(path)
    line = json.loads(files["accounts.jsonl"].splitlines()[0])
    more = {key: line[key] + 5 for key in ("opening", "closing")}
    old, new = (json.dumps(one, separators=(",", ":")) for one in (line, line | more))
    assert verify(path, "--earlier", before)[0] == 0
    forged = repacked(path, "accounts.jsonl", with_text(old, new))
    assert verify(forged, "--earlier", before)[0] == 1


async def test_keys_of_the_command_line_are_the_only_ones_that_count(
    make: Make, verify: Verify, signed: Checkpoint
) -> None:
    path = await make("--from", "0", "--to", "5")
    assert verify(path, key=str(OTHER_KEY.verifying)) == (
        1,
        {"form": VERIFIED, "checkpoint": FAILED},
    )
    resigned = repacked(path, "checkpoint", lambda _: world.signed_note(signed, OTHER_KEY))
    assert verify(resigned)[1]["checkpoint"] == FAILED
    with pytest.raises(SystemExit):
        verify_ledger.main([str(path)])


def zipped(entries: list[bytes], path: Path, origin: str = ORIGIN) -> Path:
    """Return a bundle of these entries as a whole log, signed by its key."""
    frontier = Frontier()
    for entry in entries:
        frontier.append(leaf_hash(entry))
    checkpoint = Checkpoint(ORIGIN, len(entries), frontier.root())
    manifest = {
        "format": "minzhang-audit-bundle",
        "version": 1,
        "origin": ORIGIN,
        "start": 0,
        "end": len(entries),
        "size": len(entries),
        "left": [],
        "right": [],
        "consistency": [],
        "time_stamps": [],
    }
    files = {
        "manifest.json": json.dumps(manifest).encode(),
        "checkpoint": world.signed_note(checkpoint),
        "entries": pack_entries(entries),
    }
    return packed(path, files.items())


async def test_a_leaf_of_another_ledger_and_time_that_runs_back_are_found(
    make: Make, verify: Verify, tmp_path: Path
) -> None:
    """Attacks 11 and 21: though the log itself signed them."""
    entries = entries_of(members(await make("--to", "20"))["entries"])
    assert verify(zipped(entries, tmp_path / "a.zip"))[0] == 0
    foreign = entries[5].replace(ORIGIN.encode(), b"ledger.example.org/tester")
    other = [*entries[:5], foreign, *entries[6:]]
    assert verify(zipped(other, tmp_path / "b.zip"))[1]["entries"] == FAILED
    backwards = [*entries[:5], entries[6], entries[5], *entries[7:]]
    assert verify(zipped(backwards, tmp_path / "c.zip"))[1]["entries"] == FAILED


def test_memory_does_not_grow_with_the_slice(verify: Verify, tmp_path: Path) -> None:
    """Sixteen megabytes of entries are checked within the memory of a few chunks."""
    header = (
        '{"origin":"%s","recorded_at":"2026-01-01T00:00:00.%06dZ","stream":"s","topic":"t.t.v1"}'
    )
    entries = [f"{header % (ORIGIN, n)}\n{{{'x' * 2_000}}}".encode() for n in range(8_000)]
    path = zipped(entries, tmp_path / "long.zip")
    del entries
    tracemalloc.start()
    try:
        assert verify(path)[0] == 0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


async def test_a_topic_that_the_verifier_does_not_know_is_not_passed_over(
    make: Make, verify: Verify, tmp_path: Path
) -> None:
    path = await make("--from", "0")
    entries = entries_of(members(path)["entries"])
    topic = b"public_account.revenue_received.v"
    newer = [entry.replace(topic + b"1", topic + b"2") for entry in entries]
    bundle = members(zipped(newer, tmp_path / "newer.zip"))
    files = members(path) | {
        name: bundle[name] for name in ("manifest.json", "checkpoint", "entries")
    }
    status, claims = verify(packed(tmp_path / "unknown.zip", files.items()))
    assert (status, claims["statement"]) == (3, "NOT CHECKED")


async def test_hostile_archives_are_refused(make: Make, verify: Verify, tmp_path: Path) -> None:
    files = members(await make("--from", "0", "--to", "5"))
    assert verify(packed(tmp_path / "fine.zip", files.items()))[0] == 0
    link = zipfile.ZipInfo("checkpoint")
    link.external_attr = 0o120777 << 16
    without = {name: data for name, data in files.items() if name != "checkpoint"}
    hostile: dict[str, list[tuple[str | zipfile.ZipInfo, bytes]]] = {
        "an unknown file": [*files.items(), ("keys.txt", b"trust me")],
        "a path upwards": [*files.items(), ("../../etc/passwd", b"")],
        "a link": [*without.items(), (link, b"/etc/passwd")],
        "a bomb": [*without.items(), ("checkpoint", bytes(50_000_000))],
        "no checkpoint": list(without.items()),
        "many files": [(f"timestamps/{n % 1000:03}.tsr", b"") for n in range(600)],
    }
    for name, content in hostile.items():
        with zipfile.ZipFile(tmp_path / "hostile.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in content:
                if not isinstance(member, str) or member not in archive.namelist():
                    archive.writestr(member, data)
        status, claims = verify(tmp_path / "hostile.zip")
        assert (status, claims) == (1, {"form": FAILED}), name


@pytest.mark.filterwarnings("ignore:Duplicate name")
async def test_a_name_that_stands_twice_is_refused(make: Make, tmp_path: Path) -> None:
    files = members(await make("--from", "0", "--to", "5"))
    path = packed(tmp_path / "twice.zip", [*files.items(), ("checkpoint", b"")])
    with pytest.raises(Refused):
        Archive(str(path))


async def test_no_change_of_one_byte_is_passed_over_and_none_crashes(
    make: Make, verify: Verify, tmp_path: Path
) -> None:
    """Every 40th byte of the file, and what is cut off; only slack of the ZIP format may differ."""
    data = (await make("--from", "20", "--to", "40")).read_bytes()
    path, survived = tmp_path / "damaged.zip", 0
    for at in range(0, len(data), 40):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        status, claims = verify(path)
        if status == 0:
            assert {"slice", "statement", "checkpoint"} <= claims.keys()
            survived += 1
    assert survived <= len(data) // 40 // 3
    for length in range(0, len(data), 997):
        path.write_bytes(data[:length])
        assert verify(path)[0] in (1, 2)


async def test_the_digest_of_a_key_is_checked(tmp_path: Path, verify: Verify, make: Make) -> None:
    """Attack 24: keys of small order, under a right id, are refused before anything is read."""
    path = await make("--from", "0", "--to", "5")
    for point in (bytes([1]) + bytes(31), bytes(32), (2**255 - 20).to_bytes(32, "little")):
        data = b"\x01" + point
        key_id = sha256(ORIGIN.encode() + b"\n" + data).digest()[:4].hex()
        assert verify(path, key=f"{ORIGIN}+{key_id}+{b64encode(data).decode()}")[0] == 2
    good = str(world.LOG_KEY.verifying)
    assert verify(path, key=good.replace("+", "x+", 1))[0] == 2
