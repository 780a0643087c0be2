"""Attacks on what is handed out: notes, keys, receipts, proofs, figures.

Whoever hands them out may be the operator, somebody on the way, or somebody who pretends.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest
from proofbundle.tlogproof import verify_tlog_proof

from ledger.core.errors import InvalidValue
from ledger.merkle.checkpoints import Checkpoint
from ledger.merkle.keys import KeyKind, KeyWrong, VerifyingKey
from ledger.merkle.notes import NoteUnsigned
from ledger.merkle.policies import PolicyKeyWrong, parse_policy
from ledger.merkle.proof_files import ProofFile
from ledger.merkle.proofs import ProofWrong
from ledger.merkle.tree import tree_root
from ledger.storage.ledger import open_ledger
from projections import VIEWS
from projections.engine import verify, view_named
from tests.attacks.rewriting import cut_tail
from tests.attacks.world import PROVED, SIZE, STREET_KEY, World, record
from tests.merkle.logs import inclusion, key, leaves, signed
from tests.storage_fixtures import ORIGIN

OTHER_ORIGIN = "ledger.example.org/other"


async def test_a_leaf_of_another_ledger_is_passed_off(world: World) -> None:
    """Attack 11. Detected by the proof checker: the checkpoint is not of the log it trusts."""
    other_key = key(OTHER_ORIGIN, KeyKind.NOTE, "other")
    of_other = Checkpoint(OTHER_ORIGIN, 11, tree_root(leaves(11)))
    note = signed(str(of_other), by=other_key, witnesses=[STREET_KEY])
    proof = ProofFile(6, tuple(inclusion(6, 11)), str(note).encode())
    with pytest.raises(NoteUnsigned):
        proof.check(leaves(11)[6], world.auditor.policy)

    renamed = signed(str(Checkpoint(ORIGIN, 11, of_other.root)), by=other_key)
    with pytest.raises(NoteUnsigned):  # another key does not become ours with our name in the text
        ProofFile(6, proof.hashes, str(renamed).encode()).check(leaves(11)[6], world.auditor.policy)


async def test_an_accepted_event_is_never_logged(world: World) -> None:
    """Attack 14. Detected by whoever holds the receipt, and by nobody else.

    Until a checkpoint covers an event the operator can still drop it: no signer, no witness has
    seen it. The receipt names position and leaf hash, and the log cannot prove them any more.
    """
    async with open_ledger(world.dsn, world.ledger_id, pool_size_max=2) as ledger:
        await record(ledger, SIZE + 1)
        row = await world.db.fetchrow(
            "SELECT position, leaf_hash FROM events WHERE ledger_id = $1"
            " ORDER BY position DESC LIMIT 1",
            world.ledger_id,
        )
        assert row is not None
        position, leaf = row["position"], row["leaf_hash"]  # what the receipt says
        await cut_tail(world.db, world.ledger_id, SIZE)
    async with open_ledger(world.dsn, world.ledger_id, pool_size_max=2) as ledger:
        await record(ledger, SIZE + 10)

    await world.start_up()
    note = await world.publish()  # signer and witness have nothing to object
    proof = await world.prove(position, note, SIZE + 10)
    with pytest.raises(ProofWrong):
        proof.check(leaf, world.auditor.policy)


async def test_a_figure_is_edited_by_hand(world: World) -> None:
    """Attack 18. Detected by ``minzhang projections verify``, which makes the view again."""
    view = view_named(VIEWS, "accounts")
    assert (await verify(world.dsn, world.ledger_id, view)).is_right
    done = await world.db.execute(
        "UPDATE account_lines_v2 SET amount_fen = amount_fen + 100"
        " WHERE ledger_id = $1 AND position = $2",
        world.ledger_id,
        PROVED,
    )
    assert done == "UPDATE 1"
    verified = await verify(world.dsn, world.ledger_id, view)
    assert not verified.is_right


def second_line(note: str) -> str:
    return note.split("\n")[1]


def last_signature(note: str) -> str:
    return note.rstrip("\n").rpartition(" ")[2]


def not_canonical(encoded: str) -> str:
    """Other base64 of the same bytes, if padding leaves room; else without its padding."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(encoded.rstrip("=")) - 1
    other = encoded[:at] + alphabet[alphabet.index(encoded[at]) ^ 1] + encoded[at + 1 :]
    assert encoded.endswith("=") and b64decode(other) == b64decode(encoded)
    return other


def with_wrong_signature(note: str) -> str:
    encoded = last_signature(note)
    data = b64decode(encoded)
    return note.replace(encoded, b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode())


NOTES: dict[str, Callable[[str], str]] = {
    "CRLF": lambda note: note.replace("\n", "\r\n"),
    "a tab": lambda note: note.replace("\n", "\t\n", 1),
    "leading zeros": lambda note: note.replace(
        f"\n{second_line(note)}\n", f"\n0{second_line(note)}\n", 1
    ),
    "another size": lambda note: note.replace(
        f"\n{second_line(note)}\n", f"\n{int(second_line(note)) + 1}\n", 1
    ),
    "an extension line": lambda note: note.replace("\n\n", "\nextension\n\n", 1),
    "no padding": lambda note: note.replace(last_signature(note), last_signature(note)[:-1]),
    "non-canonical base64": lambda note: note.replace(
        last_signature(note), not_canonical(last_signature(note))
    ),
    "a wrong signature": with_wrong_signature,
    "a wrong signature first": lambda note: note.replace(
        "\n\n", "\n\n" + with_wrong_signature(note).rstrip("\n").rpartition("\n")[2] + "\n", 1
    ),
    "no signature": lambda note: note.partition("\n\n")[0] + "\n\n",
    "an unknown signature alone": lambda note: (
        note.partition("\n\n")[0] + "\n\n— nobody.example AAAAAAAA\n"
    ),
    "a hyphen for the dash": lambda note: note.replace("—", "-"),
    "text below the signatures": lambda note: note + "more\n",
    "cut off": lambda note: note[:-1],
}


# Where proofbundle is more lenient than we are: it decodes base64 with stray bits in the padding,
# and a signature that fails does not matter to it once another by the same key holds.
ACCEPTED_BY_PROOFBUNDLE = {"non-canonical base64", "a wrong signature first"}


@pytest.mark.parametrize("change", NOTES)
async def test_a_checkpoint_is_malformed(world: World, change: str) -> None:
    """Attack 23. Detected by the reader; most of it by proofbundle, which others wrote, as well."""
    note = str(await world.published())
    doctored = NOTES[change](note)
    assert doctored != note
    with pytest.raises(InvalidValue):
        world.auditor.policy.open(doctored.encode())

    proof = await world.prove(PROVED, await world.published(), SIZE)
    for text, is_accepted in ((note, True), (doctored, change in ACCEPTED_BY_PROOFBUNDLE)):
        verdict = verify_tlog_proof(
            ProofFile(PROVED, proof.hashes, text.encode()).to_bytes().decode(),
            world.auditor.entry,
            world.vkey,
            [str(STREET_KEY.verifying)],
            threshold=1,
            expected_origin=ORIGIN,
        )
        assert verdict["ok"] is is_accepted, verdict


async def test_unknown_and_repeated_signatures_do_no_harm_and_do_not_count(world: World) -> None:
    """Attack 23. They are ignored, and nobody's signature counts twice for a quorum."""
    note = str(await world.published())
    street = note.rstrip("\n").rpartition("\n")[2]
    padded = note + f"— nobody.example AAAAAAAA\n{street}\n{street}\n"
    opened = world.auditor.policy.open(padded.encode())
    assert [one.key for one in opened.signatures].count(STREET_KEY.verifying) == 1

    other = key("audit.example.org/w", KeyKind.COSIGNATURE, "audit").verifying
    both = world.auditor.policy.to_bytes().replace(
        b"quorum street", f"witness audit {other}\ngroup two all street audit\nquorum two".encode()
    )
    with pytest.raises(InvalidValue):
        parse_policy(both).open(padded.encode())


# Of order 1, 2, 4, 4 and 8 (with both signs): what they "sign" anybody can make.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def vkey_of(name: str, kind: KeyKind, public: bytes) -> str:
    """A vkey with the right id, whatever its point is."""
    data = bytes([kind]) + public
    key_id = sha256(name.encode() + b"\n" + data).hexdigest()[:8]
    return f"{name}+{key_id}+{b64encode(data).decode()}"


@pytest.mark.parametrize("point", SMALL_ORDER)
async def test_a_policy_lists_a_key_of_small_order(world: World, point: str) -> None:
    """Attack 24. Detected by the reader of the policy: it refuses the file."""
    witness = vkey_of("w.example", KeyKind.COSIGNATURE, bytes.fromhex(point))
    with pytest.raises(PolicyKeyWrong):
        parse_policy(f"log {world.vkey}\nwitness w {witness}\nquorum w\n".encode())
    log = vkey_of(ORIGIN, KeyKind.NOTE, bytes.fromhex(point))
    with pytest.raises(PolicyKeyWrong):
        parse_policy(f"log {log}\nquorum none\n".encode())
    with pytest.raises(KeyWrong):
        VerifyingKey.of_text(log)
