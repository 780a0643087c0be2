"""Signed notes: read strictly, and believed only as far as known keys signed them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle.keys import KeyKind, VerifyingKey
from ledger.merkle.notes import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Note,
    NoteMalformed,
    NoteUnsigned,
    SignatureLine,
    SignatureWrong,
    open_note,
    read_note,
    read_signature_lines,
    sign_note,
)
from tests.merkle.logs import COSIGNED_AT, LOG_KEY, WITNESS_KEYS, key
from tests.merkle.test_keys import SPECIFIED_VKEY

SPECIFIED_KEY = VerifyingKey.of_text(SPECIFIED_VKEY)
SPECIFIED_SIGNATURE = (
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
)
SPECIFIED_NOTE = (
    f"This is an example message.\n\n— example.com/foo {SPECIFIED_SIGNATURE}\n".encode()
)
WITNESS = WITNESS_KEYS[0]
TEXT = "一段正文\n\nwith an empty line\n"


def test_the_note_of_the_specification() -> None:
    note, (signature,) = open_note(SPECIFIED_NOTE, [SPECIFIED_KEY])
    assert note.text == "This is an example message.\n"
    assert signature.key == SPECIFIED_KEY
    assert signature.at is None
    assert str(note).encode() == SPECIFIED_NOTE


def test_the_text_ends_at_the_last_empty_line() -> None:
    note = Note(TEXT, (sign_note(TEXT, LOG_KEY),))
    read, signatures = open_note(str(note).encode(), [LOG_KEY.verifying])
    assert read == note
    assert [one.key for one in signatures] == [LOG_KEY.verifying]


def test_a_witness_signs_the_moment_too() -> None:
    line = sign_note(TEXT, WITNESS, at=COSIGNED_AT)
    data = str(Note(TEXT, (line,))).encode()
    _, (signature,) = open_note(data, [WITNESS.verifying])
    assert signature.at == COSIGNED_AT
    seconds = int(COSIGNED_AT.timestamp())
    assert line.signature[:8] == seconds.to_bytes(8, "big")
    assert WITNESS.verifying.signed(
        f"cosignature/v1\ntime {seconds}\n{TEXT}".encode(), line.signature[8:]
    )
    later = (seconds + 1).to_bytes(8, "big") + line.signature[8:]
    with pytest.raises(SignatureWrong):
        Note(TEXT, (SignatureLine(line.name, line.key_id, later),)).signatures_by(
            [WITNESS.verifying]
        )


def test_a_witness_without_a_moment_does_not_sign() -> None:
    with pytest.raises(ValueError, match="when"):
        sign_note(TEXT, WITNESS)


def test_a_cosignature_is_no_signature_of_a_log_nor_the_other_way() -> None:
    """The same public key as both kinds: neither signature passes for the other."""
    as_log = key("one.example", KeyKind.NOTE, "one")
    as_witness = key("one.example", KeyKind.COSIGNATURE, "one")
    by_log = sign_note(TEXT, as_log)
    by_witness = sign_note(TEXT, as_witness, at=COSIGNED_AT)
    swapped = [
        (SignatureLine("one.example", as_witness.verifying.id, by_log.signature), as_witness),
        (SignatureLine("one.example", as_log.verifying.id, by_witness.signature), as_log),
        (SignatureLine("one.example", as_log.verifying.id, by_witness.signature[8:]), as_log),
    ]
    for line, pretended in swapped:
        with pytest.raises(SignatureWrong):
            Note(TEXT, (line,)).signatures_by([pretended.verifying])


def test_unknown_signatures_are_ignored_even_under_a_known_name_or_id() -> None:
    stranger = key(LOG_KEY.name, KeyKind.NOTE, "stranger")
    good = sign_note(TEXT, LOG_KEY)
    lines = (
        sign_note(TEXT, stranger),
        SignatureLine("elsewhere.example", LOG_KEY.verifying.id, bytes(64)),
        SignatureLine(LOG_KEY.name, bytes(4), b"?"),
        SignatureLine("post.quantum.example", bytes(4), bytes(2_428)),
        good,
    )
    _, signatures = open_note(str(Note(TEXT, lines)).encode(), [LOG_KEY.verifying])
    assert [one.line for one in signatures] == [good]
    with pytest.raises(NoteUnsigned):
        open_note(str(Note(TEXT, lines[:-1])).encode(), [LOG_KEY.verifying])


@pytest.mark.parametrize("is_first", [True, False])
def test_a_known_key_that_fails_refuses_the_whole_note(is_first: bool) -> None:
    good = sign_note(TEXT, LOG_KEY)
    witnessed = sign_note(TEXT, WITNESS, at=COSIGNED_AT)
    bad = SignatureLine(good.name, good.key_id, bytes(64))
    lines = (bad, good, witnessed) if is_first else (good, witnessed, bad)
    with pytest.raises(SignatureWrong):
        open_note(str(Note(TEXT, lines)).encode(), [LOG_KEY.verifying])
    with pytest.raises(SignatureWrong):
        open_note(str(Note(TEXT, lines)).encode(), [LOG_KEY.verifying, WITNESS.verifying])
    # To whom the failing key is unknown, its line says nothing.
    _, signatures = open_note(str(Note(TEXT, lines)).encode(), [WITNESS.verifying])
    assert [one.key for one in signatures] == [WITNESS.verifying]


@pytest.mark.parametrize("signature", [b"?", bytes(63), bytes(65), bytes(72), bytes(200)])
def test_a_signature_of_another_length_is_wrong(signature: bytes) -> None:
    for signer in (LOG_KEY, WITNESS):
        line = SignatureLine(signer.name, signer.verifying.id, signature)
        with pytest.raises(SignatureWrong):
            Note(TEXT, (line,)).signatures_by([signer.verifying])


def test_a_signature_counts_once_however_often_it_stands_there() -> None:
    good = sign_note(TEXT, LOG_KEY)
    again = sign_note(TEXT, WITNESS, at=COSIGNED_AT)
    later = sign_note(TEXT, WITNESS, at=COSIGNED_AT + timedelta(days=1))
    note = Note(TEXT, (good, good, again, later, good))
    _, signatures = open_note(
        str(note).encode(), [LOG_KEY.verifying, LOG_KEY.verifying, WITNESS.verifying]
    )
    assert [(one.key, one.at) for one in signatures] == [
        (LOG_KEY.verifying, None),
        (WITNESS.verifying, COSIGNED_AT),
    ]
    assert Note(TEXT, (good,)).with_lines(good, again, again).lines == (good, again)


@pytest.mark.parametrize("seconds", [253_402_300_800, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_cosignature_beyond_the_calendar_is_wrong(seconds: int) -> None:
    signed = WITNESS.sign(f"cosignature/v1\ntime {seconds}\n{TEXT}".encode())
    line = SignatureLine(WITNESS.name, WITNESS.verifying.id, seconds.to_bytes(8, "big") + signed)
    with pytest.raises(SignatureWrong):
        Note(TEXT, (line,)).signatures_by([WITNESS.verifying])


def test_the_last_second_of_the_calendar_is_a_time() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    note = Note(TEXT, (sign_note(TEXT, WITNESS, at=last),))
    assert note.signatures_by([WITNESS.verifying])[0].at == last


GOOD_LINE = str(sign_note("text\n", LOG_KEY))
ENCODED = GOOD_LINE.split(" ")[2].strip()
UNPADDED = b64encode(b64decode(ENCODED) + b"\0").decode()  # 69 bytes: no padding


def not_canonical(encoded: str) -> str:
    """The same bytes with other bits in what the padding leaves unused."""
    assert encoded.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(encoded.rstrip("=")) - 1
    other = encoded[:at] + alphabet[alphabet.index(encoded[at]) + 1] + encoded[at + 1 :]
    assert b64decode(other) == b64decode(encoded)
    return other


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        b"text\n",
        b"text\n\n",
        f"text\n{GOOD_LINE}".encode(),
        f"\n\n{GOOD_LINE}".encode(),
        f"text\n\n{GOOD_LINE}".encode()[:-1],
        f"text\n\n{GOOD_LINE}\n".encode(),
        f"text\n\n{GOOD_LINE}trailing".encode(),
        f"text\n\n{GOOD_LINE}trailing\n".encode(),
        f"text\n\n {GOOD_LINE}".encode(),
        f"text\r\n\r\n{GOOD_LINE}".encode(),
        f"text\n\n{GOOD_LINE}".replace("\n", "\r\n").encode(),
        f"te\txt\n\n{GOOD_LINE}".encode(),
        f"te\0xt\n\n{GOOD_LINE}".encode(),
        f"te\x1fxt\n\n{GOOD_LINE}".encode(),
        b"te\xffxt\n\n" + GOOD_LINE.encode(),
        b"te\xed\xa0\x80xt\n\n" + GOOD_LINE.encode(),
        b"\xff\xfe" + f"text\n\n{GOOD_LINE}".encode("utf-16-le"),
        f"text\n\n{GOOD_LINE}".replace("—", "-").encode(),
        f"text\n\n{GOOD_LINE}".replace("—", "–").encode(),
        f"text\n\n{GOOD_LINE}".replace("— ", "—").encode(),
        f"text\n\n{GOOD_LINE}".replace("— ", "—  ").encode(),
        f"text\n\n{GOOD_LINE}".replace("— ", "—\u00a0").encode(),
        f"text\n\n{GOOD_LINE}".replace(" " + ENCODED, "  " + ENCODED).encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, ENCODED + " ").encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, "").encode(),
        f"text\n\n{GOOD_LINE}".replace(" " + ENCODED, "").encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, ENCODED.rstrip("=")).encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, ENCODED + "=").encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, UNPADDED + "====").encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, "-_" + ENCODED[2:]).encode(),
        f"text\n\n{GOOD_LINE}".replace(ENCODED, "AAAAAA==").encode(),  # an id and no signature
        f"text\n\n{GOOD_LINE}".replace(ENCODED, "AAAA").encode(),
        f"text\n\n{GOOD_LINE}".replace(LOG_KEY.name, "a+b").encode(),
        f"text\n\n{GOOD_LINE}".replace(LOG_KEY.name, "a\u3000b").encode(),
        f"text\n\n{GOOD_LINE}".replace(LOG_KEY.name, "").encode(),
        f"text\n\n{GOOD_LINE * (SIGNATURES_MAX + 1)}".encode(),
        f"{'x' * NOTE_BYTES_MAX}\n\n{GOOD_LINE}".encode(),
    ],
)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteMalformed):
        open_note(data, [LOG_KEY.verifying])


def test_base64_that_is_not_canonical_is_refused() -> None:
    line = str(SignatureLine("a.example", bytes(4), bytes(63)))
    encoded = line.split(" ")[2].strip()
    read_note(f"text\n\n{line}".encode())
    with pytest.raises(NoteMalformed):
        read_note(f"text\n\n{line}".replace(encoded, not_canonical(encoded)).encode())


def test_at_least_16_signatures_are_read_and_large_ones() -> None:
    lines = tuple(
        SignatureLine(f"witness.example/{number}", bytes(4), bytes(2_428)) for number in range(16)
    )
    note = Note(TEXT, (*lines, sign_note(TEXT, LOG_KEY)))
    _, signatures = open_note(str(note).encode(), [LOG_KEY.verifying])
    assert len(signatures) == 1


def test_the_answer_of_a_witness_is_lines_alone() -> None:
    answered = sign_note(TEXT, WITNESS, at=COSIGNED_AT)
    assert read_signature_lines(str(answered) * 2) == (answered, answered)
    for wrong in ("", "\n", str(answered)[:-1], f"{answered}\n", f"\n{answered}"):
        with pytest.raises(NoteMalformed):
            read_signature_lines(wrong)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="+"),
    min_size=1,
    max_size=40,
)
TEXTS = st.text(
    st.characters(codec="utf-8", min_codepoint=32) | st.just("\n"), min_size=1, max_size=200
).map(lambda text: text + "\n")


@given(TEXTS, st.lists(st.tuples(NAMES, st.binary(min_size=4, max_size=4)), min_size=1, max_size=8))
def test_any_note_reads_back_as_it_was_written(text: str, signers: list[tuple[str, bytes]]) -> None:
    lines = tuple(SignatureLine(name, key_id, b"signature") for name, key_id in signers)
    assert read_note(str(Note(text, lines)).encode()) == Note(text, lines)
