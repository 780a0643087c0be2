"""The single file alone: signatures, policies, proof files, static logs, old Pythons."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.accounts import PublicAccount
from ledger.deposits import Deposit, events
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, SigningKey
from ledger.merkle.notes import read_note, sign_note
from ledger.merkle.proof_files import ProofFile
from ledger.merkle.tiles import bundles_of, pack_entries, tiles_of
from ledger.points import PointsAccount
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from ledger.storage.tree import read_bundle, read_inclusion_proof, read_root, read_tile
from scripts import verify_ledger
from scripts.verify_ledger import FAILED, NOT_CHECKED, VERIFIED, Refused, is_signed, is_weak
from tests.bundles import world
from tests.bundles.conftest import Make, Verify
from tests.bundles.repacking import repacked
from tests.storage_fixtures import ORIGIN

FILE = Path(verify_ledger.__file__)
STANDARD = {
    "__future__", "argparse", "base64", "contextlib", "csv", "hashlib", "hmac", "io", "json",
    "pathlib", "re", "shutil", "stat", "struct", "subprocess", "sys", "tempfile", "typing", "uuid",
    "zipfile", "zlib",
}  # fmt: skip
WITNESSES = [
    SigningKey(f"witness.example.org/w{n}", KeyKind.COSIGNATURE, bytes([n]) * 32) for n in (1, 2, 3)
]


def test_it_is_one_file_of_plain_python_3_8() -> None:
    tree = ast.parse(FILE.read_text("utf-8"), feature_version=(3, 8))
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    } | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == STANDARD
    assert imported <= set(sys.stdlib_module_names)


async def test_it_runs_alone_on_the_oldest_python_here(make: Make, tmp_path: Path) -> None:
    """Python 3.8 where there is one, isolated from everything that is installed."""
    path, copy = await make("--from", "30", "--to", "60"), tmp_path / "elsewhere.py"
    shutil.copy(FILE, copy)
    command = [oldest_python(), "-I", str(copy), str(path), "--log-key"]
    status, said = ran([*command, str(world.LOG_KEY.verifying)])
    assert status == 0
    assert "VERIFIED" in said
    assert "NOT CHECKED" in said
    assert ran([*command, "nonsense"])[0] == 2


def ran(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def oldest_python() -> str:
    for name in ("python3.8", "python3.9", "python3.10"):
        found = shutil.which(name)
        if found and ran([found, "-V"])[0] == 0:
            return found
    return sys.executable


def test_its_ed25519_agrees_with_the_library_and_refuses_every_changed_bit() -> None:
    dice = Random(8032)  # noqa: S311 - the same messages each time
    public = message = signature = b""
    for length in range(0, 120, 7):
        key = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), dice.randbytes(length)
        signature = key.sign(message)
        assert is_signed(public, message, signature)
        assert not is_weak(public)
        assert not is_signed(public, message + b"x", signature)
        at = dice.randrange(512)
        changed = bytearray(signature)
        changed[at // 8] ^= 1 << at % 8
        assert not is_signed(public, message, bytes(changed))
    too_large = int.from_bytes(signature[32:], "little") + verify_ledger.ORDER
    malleable = signature[:32] + too_large.to_bytes(32, "little")
    assert not is_signed(public, message, malleable), "s must be below the order"


def test_it_knows_every_event_that_moves_or_leaves_a_balance() -> None:
    """An event type that is added to an account must be told to the verifier."""
    owners = (PublicAccount, PointsAccount, events)
    kinds = [kind for owner in owners for kind in vars(owner).values() if isinstance(kind, type)]
    topics = {str(vars(kind).get("TOPIC", "")) for kind in kinds}
    ours = {topic for topic in topics if topic.endswith(".v1")}
    reversals = verify_ledger.REVERSALS
    known = {*verify_ledger.MOVES, *verify_ledger.OPENINGS, *verify_ledger.STILL, *reversals}
    assert known == ours
    assert {topic.partition(".")[0] for topic in ours} == set(verify_ledger.BOOKS)
    assert Deposit.TOPIC in verify_ledger.BOOKS


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    lines = [f"# of an auditor\nlog {world.LOG_KEY.verifying}"]
    lines += [
        f"witness w{n} {key.verifying} https://example.org" for n, key in enumerate(WITNESSES)
    ]
    lines += ["group two 2 w0 w1 w2", "quorum two"]
    file = tmp_path / "policy"
    file.write_text("\n".join(lines) + "\n")
    return file


async def test_a_quorum_of_witnesses_is_asked_for(
    make: Make, verify: Verify, signed: Checkpoint, policy_file: Path
) -> None:
    path, at = await make("--to", "5"), datetime(2026, 6, 1, tzinfo=UTC)
    found = []
    for count in (1, 2):
        lines = [sign_note(str(signed), key, at=at) for key in WITNESSES[:count]]
        note = read_note(world.signed_note(signed)).with_lines(*lines)
        cosigned = repacked(path, "checkpoint", lambda _, note=note: str(note).encode())  # type: ignore[misc]
        status, claims = verify(cosigned, policy=policy_file)
        found.append((status, claims["witnesses"]))
    assert found == [(1, FAILED), (0, VERIFIED)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\n",
        "log KEY\n",
        "log KEY\nquorum two\n",
        "log KEY\nquorum none\nquorum none\n",
        "log KEY\nlog KEY\nquorum none\n",
        "log KEY\nwitness w WITNESS\nwitness v WITNESS\ngroup g 2 w v\nquorum g\n",
        "log KEY\nwitness w WITNESS\ngroup g 2 w w\nquorum g\n",
        "log KEY\nwitness w WITNESS\ngroup g 2 w\nquorum g\n",
        "log KEY\nwitness w WITNESS\ngroup g x w\nquorum g\n",
        "log KEY\nwitness w KEY\nquorum w\n",
        "log WITNESS\nquorum none\n",
        "surprise\n",
        "log KEY\nquorum none",
        "log KEY\r\nquorum none\r\n",
        "log\u00a0KEY\nquorum none\n",
        "log KEY\u00a0\nquorum none\n",
        "log KEY\nwitness w WITNESS\ngroup g 01 w\nquorum g\n",
        "log KEY\nwitness w WITNESS\ngroup g +1 w\nquorum g\n",
        "log KEY\nwitness w WITNESS\ngroup g \uff11 w\nquorum g\n",
    ],
)
def test_a_policy_that_could_mean_two_things_is_refused(text: str) -> None:
    text = text.replace("KEY", str(world.LOG_KEY.verifying))
    text = text.replace("WITNESS", str(WITNESSES[0].verifying))
    with pytest.raises((Refused, ValueError)):
        verify_ledger.read_policy(text.encode())


async def test_a_proof_file_and_its_entry(
    booked: Ledger, signed: Checkpoint, verify: Verify, tmp_path: Path
) -> None:
    (entry,) = await read_entries(booked.pool, booked.id, start=77, limit=1)
    hashes = await read_inclusion_proof(booked.pool, booked.id, 77, signed.size)
    proof = ProofFile(77, tuple(hashes), world.signed_note(signed)).to_bytes()
    paths = tmp_path / "77.tlog-proof", tmp_path / "77.entry"

    def check(proof: bytes, data: bytes) -> tuple[int, dict[str, str]]:
        paths[0].write_bytes(proof)
        paths[1].write_bytes(data)
        return verify("--proof", paths[0], "--entry", paths[1])

    assert check(proof, entry.data) == (0, {"checkpoint": VERIFIED, "inclusion": VERIFIED})
    assert check(proof, entry.data + b" ")[1]["inclusion"] == FAILED
    for old, new in (("index 77", "index 78"), ("index 77", "index 077"), ("v1\n", "v2\n")):
        assert check(proof.replace(old.encode(), new.encode()), entry.data)[0] == 1
    short = proof.replace(b64encode(hashes[-1]) + b"\n", b"")
    assert check(short, entry.data)[1]["inclusion"] == FAILED
    older = tmp_path / "old"
    older.write_bytes(world.signed_note(signed))
    assert verify("--proof", paths[0], "--entry", paths[1], "--since", older)[0] == 1
    check(proof, entry.data)
    assert verify("--proof", paths[0], "--entry", paths[1], "--since", older)[0] == 3


async def exported(ledger: Ledger, checkpoint: Checkpoint, root: Path) -> None:
    """Write a static log."""
    for tile in [*tiles_of(checkpoint.size), *bundles_of(checkpoint.size)]:
        read = read_bundle if tile.level is None else read_tile
        file = root / tile.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(await read(ledger.pool, ledger.id, tile))
    (root / "checkpoint").write_bytes(world.signed_note(checkpoint))


async def test_a_static_log_is_read_tile_by_tile(
    booked: Ledger, signed: Checkpoint, verify: Verify, tmp_path: Path
) -> None:
    root, old = tmp_path / "site", tmp_path / "old"
    await exported(booked, signed, root)
    old_root = await read_root(booked.pool, booked.id, 300)
    old.write_bytes(world.signed_note(Checkpoint(ORIGIN, 300, old_root)))
    status, claims = verify(root, "--since", old)
    assert (status, set(claims.values())) == (0, {VERIFIED})

    # Attack 7: a forged leaf together with its level-0 tile, parents intact.
    bundle, tile = root / "tile/entries/000", root / "tile/0/000"
    above = root / f"tile/1/000.p/{signed.size // 256}"
    honest = bundle.read_bytes(), tile.read_bytes(), above.read_bytes()
    entry = honest[0][2 : 2 + int.from_bytes(honest[0][:2], "big")]
    forged = entry.replace(b"1", b"2", 1)
    bundle.write_bytes(pack_entries([forged]) + honest[0][2 + len(entry) :])
    assert verify(root)[1]["tree"] == FAILED, "a changed entry alone"
    tile.write_bytes(sha256(b"\x00" + forged).digest() + honest[1][32:])
    assert verify(root)[1]["tree"] == FAILED, "with its tile"
    bundle.write_bytes(honest[0])
    tile.write_bytes(honest[1])
    above.write_bytes(bytes(32) + honest[2][32:])
    assert verify(root)[1]["tree"] == FAILED, "the parent"
    above.write_bytes(honest[2] + b"x")
    assert verify(root)[1]["tree"] == FAILED, "trailing bytes"
    above.write_bytes(honest[2])
    shutil.rmtree(root / "tile/entries")
    status, claims = verify(root)
    assert (status, claims["tree"], claims["entries"]) == (0, VERIFIED, NOT_CHECKED)
