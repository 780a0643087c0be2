"""The witness itself: is this checkpoint signed, does it continue what I saw, then cosign it.

The answers are those of C2SP tlog-witness; each refusal is an error of its own, which
``api/witness`` maps to its status. A cosignature says: at this time, this was the largest tree of
this log that I saw, and it contains all that I saw before.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from ledger.core.clock import Clock
from ledger.core.errors import InvalidValue, LedgerError
from ledger.merkle.keys import SigningKey, is_key_name, read_base64
from ledger.merkle.notes import Note, Signature, SignatureLine, SignatureWrong, sign_note
from ledger.merkle.proofs import ProofWrong, check_consistency
from ledger.merkle.tree import EMPTY_ROOT, HASH_BYTES
from ledger.witness.add_checkpoint import AddCheckpoint, RequestMalformed, read_size
from ledger.witness.book import Book, Evidence, Page, Seen


class LogNotWatched(LedgerError):
    """This witness does not watch a log of this origin.

    本见证人不见证此来源的日志。
    """


class NotSignedByLog(LedgerError):
    """The checkpoint has no valid signature by a key that this witness believes for the log.

    检查点没有本见证人认可的该日志密钥的有效签名。
    """


class OldSizeTooLarge(InvalidValue):
    """The old size must not be larger than the checkpoint's.

    旧大小不得大于检查点的大小。
    """


class OldSizeStale(LedgerError):
    """The old size is not the size that this witness cosigned last; ``size`` says which that is.

    旧大小不是本见证人上次联署的大小；应使用的大小见 size。
    """


class NotConsistent(LedgerError):
    """The checkpoint is not shown to continue what this witness cosigned before.

    未能证明该检查点延续本见证人此前联署的检查点。
    """


class WitnessClockBackwards(LedgerError):
    """The witness's clock shows a time before its last cosignature; it must be put right first.

    见证人的时钟早于其上次联署的时间，须先校正。
    """


@dataclass(frozen=True, slots=True)
class Shown:
    """What a checkpoint says, its extension lines aside (they are cosigned and mean nothing)."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its key, its book, its clock. Its methods block for a few milliseconds."""

    key: SigningKey
    book: Book
    clock: Clock

    def add_checkpoint(self, request: AddCheckpoint) -> SignatureLine:
        """Cosign a checkpoint that continues what was seen, and remember it.

        Raises ``RequestMalformed``, ``LogNotWatched``, ``NotSignedByLog``, ``OldSizeTooLarge``,
        ``OldSizeStale``, ``NotConsistent`` and ``WitnessClockBackwards``.
        """
        shown = _read_shown(request.note)
        signed = self._signed_by_log(request.note, shown.origin)
        if request.old_size > shown.size:
            raise OldSizeTooLarge(old_size=request.old_size, size=shown.size)
        with self.book.alone() as page:
            refusal = self._refusal(page, request, shown, signed)
            if refusal is None:
                return self._cosign(page, shown, signed)
        raise refusal  # outside of the transaction, which keeps the evidence

    def latest(self, origin_hash: str) -> str | None:
        """Return the last checkpoint of a log with its and the witness's signatures."""
        for key in self.book.logs():
            if hash_of_origin(key.name) == origin_hash:
                seen = self.book.seen(key.name)
                return None if seen is None else seen.note
        return None

    def _signed_by_log(self, note: Note, origin: str) -> Note:
        """Return the note with the signatures of the log's keys only."""
        keys = self.book.keys_of(origin)
        if not keys:
            raise LogNotWatched(origin=origin)
        try:
            signatures: list[Signature] = note.signatures_by(keys)
        except SignatureWrong as wrong:
            raise NotSignedByLog(origin=origin, **wrong.facts) from wrong
        if not signatures:
            raise NotSignedByLog(origin=origin)
        return Note(note.text, tuple(signature.line for signature in signatures))

    def _refusal(
        self, page: Page, request: AddCheckpoint, shown: Shown, signed: Note
    ) -> LedgerError | None:
        """Return why the checkpoint is not cosigned, keeping evidence where there is some."""
        seen = page.seen(shown.origin)
        size, root = (0, EMPTY_ROOT) if seen is None else (seen.size, seen.root)
        is_fork = seen is not None and shown.size == size and shown.root != root
        if is_fork:
            self._keep_evidence(page, "fork", shown.origin, seen, signed)
        if request.old_size != size:
            return OldSizeStale(origin=shown.origin, old_size=request.old_size, size=size)
        try:
            _check_shown(shown)
            check_consistency(
                old_size=size,
                old_root=root,
                size=shown.size,
                root=shown.root,
                proof=request.proof,
            )
        except ProofWrong:
            if not is_fork:
                self._keep_evidence(page, "unproved", shown.origin, seen, signed)
            return NotConsistent(origin=shown.origin, old_size=size, size=shown.size)
        if seen is not None and self.clock() < seen.cosigned_at:
            return WitnessClockBackwards(cosigned_at=seen.cosigned_at.isoformat())
        return None

    def _cosign(self, page: Page, shown: Shown, signed: Note) -> SignatureLine:
        now = self.clock().replace(microsecond=0)
        line = sign_note(signed.text, self.key, at=now)
        served = str(signed.with_lines(line))
        page.note_seen(shown.origin, Seen(shown.size, shown.root, served, now))
        return line

    def _keep_evidence(
        self, page: Page, kind: str, origin: str, seen: Seen | None, signed: Note
    ) -> None:
        if seen is not None:
            page.keep_evidence(Evidence(origin, kind, seen.note, str(signed), self.clock()))


def _read_shown(note: Note) -> Shown:
    """Read a checkpoint; unlike in our own log, extension lines are let through."""
    lines = note.text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines) or not is_key_name(lines[0]):
        raise RequestMalformed(rule="a checkpoint is origin, size, root, each on a line")
    size, root = read_size(lines[1]), read_base64(lines[2])
    if size is None or root is None or len(root) != HASH_BYTES:
        raise RequestMalformed(size=lines[1][:20], rule="size in decimal, root in base64")
    return Shown(lines[0], size, root)


def _check_shown(shown: Shown) -> None:
    if shown.size == 0 and shown.root != EMPTY_ROOT:
        raise ProofWrong(size=0)


def hash_of_origin(origin: str) -> str:
    """Return the name under which a witness serves a log's checkpoint."""
    return sha256(origin.encode()).hexdigest()
