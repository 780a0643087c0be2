"""The specification of the log's format is what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson

from ledger.core.aggregate import By, Evidence
from ledger.core.entry import FORMAT_VERSION, new_entry
from ledger.merkle.keys import SigningKey
from ledger.merkle.policies import parse_policy
from ledger.merkle.proof_files import ProofFile
from ledger.merkle.tiles import pack_entries
from ledger.merkle.tree import leaf_hash
from tests.golden_files import golden_file
from tests.merkle.logs import LOG_KEY, signed
from tests.storage.jars import Jar

PAGE = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text("utf-8")
EXAMPLE = golden_file("deposit.received.v1").read_bytes().rstrip(b"\n")
ENTRIES = [b"a", b"bb", "业主".encode()]
# Fields that only applications of the eventsourcing library cause.
OF_THE_LIBRARY = {"id_type"}


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return str(found)


def test_the_worked_example_prints_what_the_page_says() -> None:
    command = [sys.executable, "-X", "utf8", "-c", block("python")]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout.decode() == block("text")


def test_the_worked_example_is_what_our_code_makes() -> None:
    shown = block("text")
    leaves = [leaf_hash(entry) for entry in ENTRIES]
    assert b"".join(leaves).hex() in shown
    assert pack_entries(ENTRIES).hex() in shown
    assert str(LOG_KEY.verifying) in shown
    text = "ledger.example.org/demo\n3\nE+SlFa8BJUxIq0XRp1ncAaKzd0vGa6iE0dK9NHOL+8A=\n"
    note = signed(text)
    assert str(note) in shown
    policy = parse_policy(f"log {LOG_KEY.verifying}\nquorum none\n".encode())
    proof = ProofFile(0, (leaves[1], leaves[2]), str(note).encode())
    assert proof.check_entry(b"a", policy).checkpoint.size == 3


def test_the_example_of_an_entry_is_one_and_has_the_hash_that_is_given() -> None:
    assert EXAMPLE.decode() in PAGE
    assert leaf_hash(EXAMPLE).hex() in PAGE


def test_the_table_names_every_field_of_the_header_and_no_other() -> None:
    some_id = UUID(int=1)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    said = By(
        actor_id=some_id,
        at=now,
        role="street",
        organisation_id=some_id,
        post="post",
        on_behalf_of=some_id,
        cause=some_id,
        correlation=some_id,
        reason="reason",
        policy_version=1,
        evidence=(Evidence(sha256="0" * 64, name="n", media_type="m", size_bytes=1),),
        is_history=True,
        breaches=("a-code",),
    )
    (event,) = Jar.make(said).collect_events()
    assert isinstance(event, Jar.Made)
    entry = new_entry(event, event_id=some_id, nonce=bytes(16))
    header = orjson.loads(entry.to_bytes(origin="o", recorded_at=now).partition(b"\n")[0])
    table = re.findall(r"^\| `(\w+)` \| (string|number|array|`true`) \| (optional)?", PAGE, re.M)

    assert {name for name, _, _ in table} == set(header) | OF_THE_LIBRARY
    kinds = {name: kind for name, kind, _ in table}
    for name, value in header.items():
        kind = {str: "string", int: "number", list: "array", bool: "`true`"}[type(value)]
        assert kinds[name] == kind, name
    assert header["v"] == FORMAT_VERSION == 1

    bare = new_entry(
        next(iter(Jar.make(By(actor_id=some_id, at=now, role="")).collect_events())),  # type: ignore[arg-type]
        event_id=some_id,
        nonce=bytes(16),
    )
    needed = orjson.loads(bare.to_bytes(origin="o", recorded_at=now).partition(b"\n")[0])
    assert {name for name, _, optional in table if not optional} == set(needed)


def test_a_private_key_has_the_form_that_the_page_gives() -> None:
    text = LOG_KEY.to_text()
    assert re.fullmatch(r"PRIVATE\+KEY\+[^+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}", text)
    assert SigningKey.of_text(text) == LOG_KEY
