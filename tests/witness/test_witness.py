"""The witness decides: every answer of the format, and no two trees of one log, however asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.errors import LedgerError
from ledger.key_files import FileNotPrivate
from ledger.merkle.checkpoints import Checkpoint, open_checkpoint
from ledger.merkle.keys import KeyKind, KeyWrong, SigningKey
from ledger.merkle.notes import Note, NoteMalformed, sign_note
from ledger.merkle.tree import EMPTY_ROOT
from ledger.witness.add_checkpoint import (
    AddCheckpoint,
    RequestMalformed,
    read_request,
    write_request,
)
from ledger.witness.book import Book, BookUnreadable
from ledger.witness.witness import (
    LogNotWatched,
    NotConsistent,
    NotSignedByLog,
    OldSizeStale,
    OldSizeTooLarge,
    Witness,
    WitnessClockBackwards,
    hash_of_origin,
)
from tests.witness.conftest import NOW, ORIGIN, MadeUpLog, SteppedClock


def test_it_cosigns_what_continues_and_serves_the_last(witness: Witness, log: MadeUpLog) -> None:
    old = 0
    for size in (0, 1, 7, 7, 8, 33):
        request = log.request(old, size)
        line = witness.add_checkpoint(read_request(request.to_bytes()))
        cosigned = str(request.note.with_lines(line)).encode()
        opened = open_checkpoint(cosigned, [log.vkey], [witness.key.verifying])
        assert opened.checkpoint.size == size
        assert opened.signatures[1].at == NOW
        assert witness.latest(hash_of_origin(ORIGIN)) == cosigned.decode()
        old = size
    assert witness.book.evidence() == []


def test_another_size_is_told_and_going_on_from_there_works(
    witness: Witness, log: MadeUpLog
) -> None:
    witness.add_checkpoint(log.request(0, 9))
    for old in (0, 8, 10):
        with pytest.raises(OldSizeStale) as stale:
            witness.add_checkpoint(log.request(old, 12))
        assert stale.value.facts["size"] == 9
    witness.add_checkpoint(log.request(9, 12))


def test_a_smaller_tree_is_never_cosigned(witness: Witness, log: MadeUpLog) -> None:
    witness.add_checkpoint(log.request(0, 9))
    with pytest.raises(OldSizeTooLarge):
        witness.add_checkpoint(log.request(9, 8))
    with pytest.raises(OldSizeStale):
        witness.add_checkpoint(log.request(8, 8))


def test_a_fork_is_refused_and_both_notes_are_kept(witness: Witness, log: MadeUpLog) -> None:
    held = log.request(0, 9)
    witness.add_checkpoint(held)
    fork = log.forked(at=4)
    with pytest.raises(NotConsistent):
        witness.add_checkpoint(fork.request(9, 9))
    with pytest.raises(OldSizeStale):  # also when the log pretends not to know the size
        witness.add_checkpoint(fork.request(0, 9))
    with pytest.raises(NotConsistent):
        witness.add_checkpoint(fork.request(9, 20))
    kinds = [(one.kind, one.origin) for one in witness.book.evidence()]
    assert kinds == [("fork", ORIGIN), ("unproved", ORIGIN)]
    for one in witness.book.evidence():
        for note in (one.held, one.shown):
            open_checkpoint(note.encode(), [log.vkey])
    witness.add_checkpoint(log.request(9, 10))  # the honest log goes on


def test_a_wrong_proof_is_refused(witness: Witness, log: MadeUpLog) -> None:
    with pytest.raises(NotConsistent):  # none is needed from nothing
        witness.add_checkpoint(AddCheckpoint(0, (EMPTY_ROOT,), log.note(9)))
    witness.add_checkpoint(log.request(0, 9))
    for proof in ((), log.proof(8, 12), log.proof(9, 12)[:-1], log.proof(9, 12)[::-1]):
        with pytest.raises(NotConsistent):
            witness.add_checkpoint(AddCheckpoint(9, proof, log.note(12)))


def test_an_empty_tree_has_one_root(witness: Witness, log: MadeUpLog) -> None:
    text = str(Checkpoint(ORIGIN, 0, b"\1" * 32))
    with pytest.raises(NotConsistent):
        witness.add_checkpoint(AddCheckpoint(0, (), Note(text, (sign_note(text, log.key),))))


def test_only_keys_of_watched_logs_count(witness: Witness, log: MadeUpLog) -> None:
    stranger = MadeUpLog(SigningKey.generate("ledger.example.org/other", KeyKind.NOTE))
    with pytest.raises(LogNotWatched):
        witness.add_checkpoint(stranger.request(0, 5))
    impostor = MadeUpLog(SigningKey.generate(ORIGIN, KeyKind.NOTE))
    with pytest.raises(NotSignedByLog):
        witness.add_checkpoint(impostor.request(0, 5))
    (line,) = log.note(5).lines
    broken = Note(log.note(5).text, (replace(line, signature=bytes(64)),))
    with pytest.raises(NotSignedByLog):
        witness.add_checkpoint(AddCheckpoint(0, (), broken))
    both = impostor.note(5).with_lines(line)  # an unknown signature besides is ignored
    witness.add_checkpoint(AddCheckpoint(0, (), both))
    latest = witness.latest(hash_of_origin(ORIGIN))
    assert latest is not None and latest.count("— ") == 2
    with pytest.raises(KeyWrong):
        witness.book.add_log(witness.key.verifying, NOW)


def test_after_a_rotation_either_key_is_believed(witness: Witness, log: MadeUpLog) -> None:
    new = MadeUpLog(SigningKey.generate(ORIGIN, KeyKind.NOTE))
    assert witness.book.add_log(new.vkey, NOW)
    assert not witness.book.add_log(new.vkey, NOW)
    witness.add_checkpoint(log.request(0, 5))
    witness.add_checkpoint(new.request(5, 9))
    assert witness.book.remove_log(log.vkey)
    assert not witness.book.remove_log(log.vkey)
    with pytest.raises(NotSignedByLog):
        witness.add_checkpoint(log.request(9, 10))


def test_extension_lines_are_cosigned_and_mean_nothing(witness: Witness, log: MadeUpLog) -> None:
    text = f"{log.note(5).text}an extension\n"
    line = witness.add_checkpoint(AddCheckpoint(0, (), Note(text, (sign_note(text, log.key),))))
    assert Note(text, (line,)).signatures_by([witness.key.verifying])
    witness.add_checkpoint(log.request(5, 6))


def test_a_clock_set_back_cosigns_nothing(
    witness: Witness, log: MadeUpLog, clock: SteppedClock
) -> None:
    witness.add_checkpoint(log.request(0, 5))
    clock.now -= timedelta(seconds=2)
    with pytest.raises(WitnessClockBackwards):
        witness.add_checkpoint(log.request(5, 6))
    clock.now += timedelta(hours=1)
    witness.add_checkpoint(log.request(5, 5))
    seen = witness.book.seen(ORIGIN)
    assert seen is not None and seen.cosigned_at == clock.now


def test_what_was_seen_survives(witness: Witness, log: MadeUpLog) -> None:
    witness.add_checkpoint(log.request(0, 5))
    again = Witness(witness.key, Book(witness.book.path), witness.clock)
    with pytest.raises(OldSizeStale):
        again.add_checkpoint(log.request(0, 6))
    again.add_checkpoint(log.request(5, 6))


def cosigned(path: Path, key: SigningKey, requests: list[bytes]) -> int:
    """Ask for all of them; return how many were cosigned."""
    witness, count = Witness(key, Book(path), lambda: NOW), 0
    for body in requests:
        try:
            witness.add_checkpoint(read_request(body))
            count += 1
        except (OldSizeStale, NotConsistent):
            pass
    return count


def test_of_two_forks_shown_at_the_same_moment_one_is_cosigned(
    witness: Witness, log: MadeUpLog
) -> None:
    fork = log.forked(at=0)
    path, key = witness.book.path, witness.key
    bodies = [log.request(0, 5).to_bytes(), fork.request(0, 5).to_bytes()]
    with ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(cosigned, path, key, [bodies[n % 2]]) for n in range(16)]
        assert sum(job.result() for job in jobs) == 1
    bodies = [log.request(5, 9).to_bytes(), fork.request(5, 9).to_bytes()]
    with get_context("spawn").Pool(2) as pool:
        counts = pool.starmap(cosigned, [(path, key, [body]) for body in bodies])
    assert sum(counts) == 1


def test_a_file_that_is_no_book_or_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(FileNotPrivate):
        Book(tmp_path / "open" / "witness.sqlite3")
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "book").write_bytes(b"no database, but long enough to be read" * 40)
    with pytest.raises(BookUnreadable):
        Book(tmp_path / "closed" / "book")


# The request as bytes ------------------------------------------------------------------------


EXAMPLE = b"""old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\xe2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501


def test_the_example_of_the_specification_is_read_and_written() -> None:
    request = read_request(EXAMPLE)
    assert (request.old_size, len(request.proof)) == (20_852_014, 2)
    assert request.to_bytes() == EXAMPLE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 5",
        b"\n\n",
        EXAMPLE.replace(b"old 20852014", b"old 020852014"),
        EXAMPLE.replace(b"old 20852014", b"old -1"),
        EXAMPLE.replace(b"old 20852014", b"old \xd9\xa1"),
        EXAMPLE.replace(b"old 20852014", b"old 9223372036854775808"),
        EXAMPLE.replace(b"old ", b"Old "),
        EXAMPLE.replace(b"old ", b"old  "),
        EXAMPLE.replace(b"kaw=\n", b"kaw=\r\n"),
        EXAMPLE.replace(b"kaw=\n", b"kaw\n"),
        EXAMPLE.replace(b"PlRN", b"PlR"),
        EXAMPLE.replace(b"\n\nexample", b"\nexample"),
        write_request(0, [bytes(32)] * 64, "text\n\n— a AAAAAAAA\n"),
        EXAMPLE.replace(b"\xe2\x80\x94 ", b"- "),
    ],
)
def test_a_malformed_request_is_refused(body: bytes) -> None:
    with pytest.raises((RequestMalformed, NoteMalformed)):
        read_request(body)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(EXAMPLE) - 1), st.binary(max_size=3), st.booleans())
def test_a_spoiled_request_never_crashes(at: int, data: bytes, is_replaced: bool) -> None:
    spoiled = EXAMPLE[:at] + data + EXAMPLE[at + (len(data) if is_replaced else 0) :]
    with suppress(LedgerError):
        read_request(spoiled)
