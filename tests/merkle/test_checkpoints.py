"""Checkpoints: three lines, read strictly, believed under the log's own name only."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle.checkpoints import (
    SIZE_MAX,
    Checkpoint,
    CheckpointMalformed,
    open_checkpoint,
    read_checkpoint,
)
from ledger.merkle.keys import KeyKind
from ledger.merkle.notes import Note, NoteUnsigned, SignatureLine, SignatureWrong, sign_note
from ledger.merkle.tree import EMPTY_ROOT
from tests.merkle.logs import (
    COSIGNED_AT,
    LOG_KEY,
    ORIGIN,
    WITNESS_KEYS,
    checkpoint,
    key,
    signed,
)

ROOT = b64encode(bytes(range(32))).decode()


def test_a_checkpoint_has_the_form_that_the_specification_shows() -> None:
    root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    text = f"example.com/behind-the-sofa\n20852163\n{root}\n"
    read = read_checkpoint(text)
    assert (read.origin, read.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert str(read) == text


@given(st.integers(1, SIZE_MAX), st.binary(min_size=32, max_size=32))
def test_any_checkpoint_reads_back_as_it_was_written(size: int, root: bytes) -> None:
    written = Checkpoint("账本.example/371329", size, root)
    assert read_checkpoint(str(written)) == written


def test_the_empty_log_has_one_root() -> None:
    assert read_checkpoint(str(checkpoint(0))).root == EMPTY_ROOT
    with pytest.raises(CheckpointMalformed):
        read_checkpoint(f"{ORIGIN}\n0\n{ROOT}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\n5\n{ROOT}\nextension\n",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"\n5\n{ROOT}\n",
        f"two words\n5\n{ROOT}\n",
        f"a+b\n5\n{ROOT}\n",
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n00\n{ROOT}\n",
        f"{ORIGIN}\n+5\n{ROOT}\n",
        f"{ORIGIN}\n-5\n{ROOT}\n",
        f"{ORIGIN}\n-0\n{ROOT}\n",
        f"{ORIGIN}\n 5\n{ROOT}\n",
        f"{ORIGIN}\n5 \n{ROOT}\n",
        f"{ORIGIN}\n5_0\n{ROOT}\n",
        f"{ORIGIN}\n5.0\n{ROOT}\n",
        f"{ORIGIN}\n0x5\n{ROOT}\n",
        f"{ORIGIN}\n\u0665\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n{SIZE_MAX + 1}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5_000}\n{ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n5\n{ROOT} \n",
        f"{ORIGIN}\n5\n{b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n5\n{b64encode(bytes(33)).decode()}\n",
        f"{ORIGIN}\n5\n{bytes(32).hex()}\n",
        f"{ORIGIN}\r\n5\r\n{ROOT}\r\n",
        f"{ROOT}\n5\n{ORIGIN}\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointMalformed):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "text", [f"{ORIGIN}\n05\n{ROOT}\n", f"{ORIGIN}\n5\n{ROOT}\nmore\n", f"{ORIGIN}\n"]
)
def test_a_malformed_checkpoint_is_refused_though_its_log_signed_it(text: str) -> None:
    with pytest.raises(CheckpointMalformed):
        open_checkpoint(str(signed(text)).encode(), [LOG_KEY.verifying])


def test_it_is_opened_with_the_cosignatures_that_hold() -> None:
    note = signed(str(checkpoint(9)), witnesses=WITNESS_KEYS)
    opened = open_checkpoint(
        str(note).encode(), [LOG_KEY.verifying], [one.verifying for one in WITNESS_KEYS[1:]]
    )
    assert opened.checkpoint == checkpoint(9)
    assert opened.note == note
    assert [(one.key, one.at) for one in opened.signatures] == [
        (LOG_KEY.verifying, None),
        (WITNESS_KEYS[1].verifying, COSIGNED_AT),
        (WITNESS_KEYS[2].verifying, COSIGNED_AT),
    ]


def test_witnesses_alone_do_not_make_a_checkpoint() -> None:
    text = str(checkpoint(9))
    lines = tuple(sign_note(text, one, at=COSIGNED_AT) for one in WITNESS_KEYS)
    witnesses = [one.verifying for one in WITNESS_KEYS]
    with pytest.raises(NoteUnsigned):
        open_checkpoint(str(Note(text, lines)).encode(), [LOG_KEY.verifying], witnesses)


def test_a_log_does_not_speak_for_another_log() -> None:
    """Attack 11 in small: a trusted log signs a checkpoint that bears another's name."""
    other = key("elsewhere.example", KeyKind.NOTE, "elsewhere")
    note = signed(str(checkpoint(9)), by=other)
    with pytest.raises(NoteUnsigned):
        open_checkpoint(str(note).encode(), [LOG_KEY.verifying, other.verifying])


def test_a_log_may_have_an_old_key_and_a_new_one() -> None:
    new = key(ORIGIN, KeyKind.NOTE, "rotated")
    text = str(checkpoint(9))
    both = Note(text, (sign_note(text, LOG_KEY), sign_note(text, new)))
    for trusted in ([LOG_KEY], [new], [LOG_KEY, new]):
        opened = open_checkpoint(str(both).encode(), [one.verifying for one in trusted])
        assert len(opened.signatures) == len(trusted)
    broken = Note(text, (both.lines[0], SignatureLine(ORIGIN, new.verifying.id, bytes(64))))
    with pytest.raises(SignatureWrong):
        open_checkpoint(str(broken).encode(), [LOG_KEY.verifying, new.verifying])
