"""The log's private keys: one that signs, and those that sign along for a while after a rotation.

    PRIVATE+KEY+ledger.example.org/371329+2ade02e0+…
    PRIVATE+KEY+ledger.example.org/371329+91c1d0b7+… until 2026-04-01T00:00:00Z

A key a line, the current one first. That is how they are kept, in a file of mode 0600 outside the
database, and how the environment may bring them instead. A key's name is the log's origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.core.errors import InvalidValue, LedgerError
from ledger.key_files import make_private_folder, read_private, write_private
from ledger.merkle.keys import KeyKind, SigningKey, VerifyingKey
from ledger.merkle.notes import Note, sign_note

KEYS_MAX = 8
KEY_FILE = "key"
UNTIL = " until "


class KeysMalformed(InvalidValue):
    """Private keys are one a line, the first alone, each further one with " until TIME".

    私钥应每行一个：首行仅为密钥，其余各行在密钥后写 “ until 时间”。
    """


class KeyMissing(LedgerError):
    """There is no private key for this log: run minzhang keys create.

    本账本日志没有私钥：请运行 minzhang keys create。
    """


class KeyExists(LedgerError):
    """This log has a private key already; minzhang keys rotate replaces it.

    本账本日志已有私钥；如需更换请运行 minzhang keys rotate。
    """


class KeyOfAnotherLog(LedgerError):
    """The private key's name is not this log's origin: it belongs to another log.

    私钥的名称与本日志的来源不符：该私钥属于另一日志。
    """


class KeysFromEnvironment(LedgerError):
    """The keys come from the environment: put the new key on the first line there yourself.

    私钥来自环境变量：请自行在该变量的首行加入新私钥。
    """


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A key that was replaced and signs along until a moment."""

    key: SigningKey
    until: datetime

    def __str__(self) -> str:
        return f"{self.key.to_text()}{UNTIL}{_stamp(self.until)}"


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The current key and the former ones. ``repr`` shows public keys only."""

    current: SigningKey
    former: tuple[FormerKey, ...] = ()

    @property
    def origin(self) -> str:
        """The log that they sign for."""
        return self.current.name

    def signing(self, now: datetime) -> Iterator[SigningKey]:
        """Yield the keys that sign at a moment, the current one first."""
        yield self.current
        yield from (former.key for former in self.former if now < former.until)

    def verifying(self) -> list[VerifyingKey]:
        """Return the public halves, the current one first."""
        return [self.current.verifying, *(former.key.verifying for former in self.former)]

    def sign(self, text: str, now: datetime) -> Note:
        """Return a text as a note with a signature by each key that signs at this moment."""
        return Note(text, tuple(sign_note(text, key) for key in self.signing(now)))

    def rotated(self, *, until: datetime) -> LogKeys:
        """Return the keys with a new current one; the one so far signs along ``until`` then."""
        new = SigningKey.generate(self.origin, KeyKind.NOTE)
        former = (FormerKey(self.current, until.replace(microsecond=0)), *self.former)
        return LogKeys(new, former[: KEYS_MAX - 1])

    def to_text(self) -> str:
        """Return them as they are kept: a secret."""
        lines = (self.current.to_text(), *map(str, self.former))
        return "".join(f"{line}\n" for line in lines)


def new_keys(origin: str) -> LogKeys:
    """Make a first key for a log."""
    return LogKeys(SigningKey.generate(origin, KeyKind.NOTE))


def parse_keys(text: str) -> LogKeys:
    """Read keys (refuses with ``KeysMalformed`` and ``KeyWrong``, which repeat nothing of them)."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= KEYS_MAX or UNTIL in lines[0]:
        raise KeysMalformed(lines=len(lines), lines_max=KEYS_MAX)
    keys = LogKeys(SigningKey.of_text(lines[0]), tuple(map(_parse_former, lines[1:])))
    every = [keys.current, *(former.key for former in keys.former)]
    if any(key.kind is not KeyKind.NOTE or key.name != keys.origin for key in every):
        raise KeysMalformed(rule="all keys are of kind 1 and have one name")
    if len({key.verifying for key in every}) < len(every):
        raise KeysMalformed(rule="no key is there twice")
    return keys


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a log's keys come from: the file ``key`` in its folder, unless ``given`` brings them.

    ``given`` is what the environment holds; ``repr`` does not show it.
    """

    folder: Path
    origin: str
    given: str | None = None

    def __repr__(self) -> str:
        return f"KeySource({self.folder}, {self.origin})"

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / KEY_FILE

    def find(self) -> LogKeys | None:
        """Return the keys; ``None`` if there are none yet.

        Raises ``FileNotPrivate``, ``KeysMalformed``, ``KeyWrong`` and ``KeyOfAnotherLog``.
        """
        text = self.given or self._in_file()
        if text is None:
            return None
        keys = parse_keys(text)
        if keys.origin != self.origin:
            raise KeyOfAnotherLog(name=keys.origin, origin=self.origin)
        return keys

    def read(self) -> LogKeys:
        """Return the keys (``KeyMissing`` if there are none, and the errors of ``find``)."""
        keys = self.find()
        if keys is None:
            raise KeyMissing(origin=self.origin, path=str(self.path))
        return keys

    def create(self) -> LogKeys:
        """Make and keep a first key (refuses with ``KeyExists``)."""
        if self.find() is not None:
            raise KeyExists(origin=self.origin)
        keys = new_keys(self.origin)
        self._write(keys)
        return keys

    def rotate(self, *, until: datetime) -> LogKeys:
        """Make and keep a new key; the current one signs along ``until`` then."""
        if self.given:
            raise KeysFromEnvironment(origin=self.origin)
        keys = self.read().rotated(until=until)
        self._write(keys)
        return keys

    def _in_file(self) -> str | None:
        if not self.folder.exists():
            return None
        make_private_folder(self.folder)
        return read_private(self.path)

    def _write(self, keys: LogKeys) -> None:
        make_private_folder(self.folder)
        write_private(self.path, keys.to_text())


def _parse_former(line: str) -> FormerKey:
    secret, gap, until = line.partition(UNTIL)
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        raise KeysMalformed(rule="KEY until TIME") from None
    if not gap or moment.tzinfo is None:
        raise KeysMalformed(rule="KEY until TIME, with its offset")
    return FormerKey(SigningKey.of_text(secret), moment.astimezone(UTC))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
