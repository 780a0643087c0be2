"""Hostile requests to a witness: it cosigns what continues what it saw, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from ledger.core.errors import InvalidValue, LedgerError
from ledger.merkle.proofs import consistency_ranges, make_proof
from ledger.witness.add_checkpoint import AddCheckpoint, read_request
from ledger.witness.book import Book, Seen
from ledger.witness.witness import Witness
from tests.merkle.logs import LOG_KEY, ORIGIN, WITNESS_KEYS, Nodes, checkpoint, leaves, signed
from tests.merkle.mutations import hostile
from tests.profiles import count_of

OLD_SIZE, SIZE = 6, 11
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOTE = signed(str(checkpoint(SIZE)))
PROOF = tuple(make_proof(consistency_ranges(OLD_SIZE, SIZE), Nodes(leaves(SIZE))))
REQUEST = AddCheckpoint(OLD_SIZE, PROOF, NOTE).to_bytes()


@pytest.fixture(scope="module")
def witness(tmp_path_factory: pytest.TempPathFactory) -> Witness:
    """A witness that saw the log at size 6."""
    book = Book(tmp_path_factory.mktemp("witness") / "state" / "book")
    book.add_log(LOG_KEY.verifying, NOW)
    witness = Witness(WITNESS_KEYS[0], book, lambda: NOW)
    see_the_old(witness)
    return witness


def see_the_old(witness: Witness) -> None:
    old = checkpoint(OLD_SIZE)
    with witness.book.alone() as page:
        page.note_seen(ORIGIN, Seen(old.size, old.root, str(signed(str(old))), NOW))


@settings(
    max_examples=count_of("examples of each fuzzed format"),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(hostile(REQUEST))
def test_a_hostile_request_is_refused_or_cosigns_what_the_log_signed(
    witness: Witness, body: bytes
) -> None:
    try:
        request = read_request(body)
    except InvalidValue:
        return
    try:
        line = witness.add_checkpoint(request)
    except LedgerError:
        return
    see_the_old(witness)
    assert request.note.text == NOTE.text
    assert (request.old_size, request.proof) == (OLD_SIZE, PROOF)
    held = NOTE.with_lines(line).signatures_by([WITNESS_KEYS[0].verifying])
    assert [one.at for one in held] == [NOW]


def test_what_is_mutated_above_is_cosigned(witness: Witness) -> None:
    assert witness.add_checkpoint(read_request(REQUEST)).name == WITNESS_KEYS[0].name
    see_the_old(witness)
