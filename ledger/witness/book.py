"""What a witness remembers: the logs it watches, the last it saw of each, and evidence of lies.

One SQLite file. To look at what is stored and to store what comes next is one transaction that
nobody else writes in, and it is on the disk before the witness answers: two requests at the same
moment, in two threads or two processes, cannot both be the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.key_files import make_private_folder
from ledger.merkle.keys import KeyKind, KeyWrong, VerifyingKey

BUSY_SECONDS = 10.0
EVIDENCE_MAX = 1_000

_TABLES = """
    CREATE TABLE IF NOT EXISTS logs (
        vkey     TEXT PRIMARY KEY,
        origin   TEXT NOT NULL,
        added_at TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS latest (
        origin      TEXT PRIMARY KEY,
        size        INTEGER NOT NULL,
        root        BLOB NOT NULL,
        note        TEXT NOT NULL,
        cosigned_at TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS evidence (
        origin TEXT NOT NULL,
        held   TEXT NOT NULL,
        shown  TEXT NOT NULL,
        kind   TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        PRIMARY KEY (origin, held, shown)
    );
"""


class BookUnreadable(LedgerError):
    """The witness's state file is no state file of a witness, or it is broken.

    见证人的状态文件不是见证人的状态文件，或已损坏。
    """


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint of a log that the witness cosigned, as it serves it."""

    size: int
    root: bytes
    note: str
    cosigned_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two notes that the log signed: what the witness held, and what it was shown then.

    ``kind`` is ``fork`` when both are of one size with two roots, which no honest log can sign,
    and ``unproved`` when nobody has shown yet that the second continues the first.
    """

    origin: str
    kind: str
    held: str
    shown: str
    seen_at: datetime


class Page:
    """The book inside one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def seen(self, origin: str) -> Seen | None:
        """Return the last that was cosigned of a log."""
        row = self._db.execute(
            "SELECT size, root, note, cosigned_at FROM latest WHERE origin = ?", (origin,)
        ).fetchone()
        return None if row is None else _seen(*row)

    def note_seen(self, origin: str, seen: Seen) -> None:
        """Replace what was cosigned last."""
        self._db.execute(
            "INSERT INTO latest VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE SET"
            " size = excluded.size, root = excluded.root, note = excluded.note,"
            " cosigned_at = excluded.cosigned_at",
            (origin, seen.size, seen.root, seen.note, seen.cosigned_at.isoformat()),
        )

    def keep_evidence(self, evidence: Evidence) -> None:
        """Keep two notes side by side; the same two once, and of forks every one."""
        (count,) = self._db.execute("SELECT count(*) FROM evidence").fetchone()
        if count >= EVIDENCE_MAX and evidence.kind != "fork":
            return
        self._db.execute(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?, ?)",
            (
                evidence.origin,
                evidence.held,
                evidence.shown,
                evidence.kind,
                evidence.seen_at.isoformat(),
            ),
        )


class Book:
    """The state file of one witness."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make_private_folder(path.parent)
        with self._open() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLES)

    @contextmanager
    def alone(self) -> Iterator[Page]:
        """Look and write in one transaction that nobody else writes in."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield Page(db)
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def add_log(self, key: VerifyingKey, now: datetime) -> bool:
        """Watch what a log key signs; return whether it is new (refuses with ``KeyWrong``)."""
        if key.kind is not KeyKind.NOTE:
            raise KeyWrong(name=key.name, kind=key.kind)
        with self._open() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO logs VALUES (?, ?, ?)",
                (str(key), key.name, now.isoformat()),
            )
            return done.rowcount == 1

    def remove_log(self, key: VerifyingKey) -> bool:
        """No longer believe a log key; what was seen of its log stays. Return whether it was."""
        with self._open() as db:
            return db.execute("DELETE FROM logs WHERE vkey = ?", (str(key),)).rowcount == 1

    def keys_of(self, origin: str) -> list[VerifyingKey]:
        """Return the keys that are believed for a log; none: it is not watched."""
        with self._open() as db:
            rows = db.execute("SELECT vkey FROM logs WHERE origin = ?", (origin,)).fetchall()
        return [VerifyingKey.of_text(vkey) for (vkey,) in rows]

    def logs(self) -> list[VerifyingKey]:
        """Return all keys that are believed, in the order in which they were added."""
        with self._open() as db:
            rows = db.execute("SELECT vkey FROM logs ORDER BY added_at, vkey").fetchall()
        return [VerifyingKey.of_text(vkey) for (vkey,) in rows]

    def seen(self, origin: str) -> Seen | None:
        """Return the last that was cosigned of a log."""
        with self._open() as db:
            return Page(db).seen(origin)

    def evidence(self) -> list[Evidence]:
        """Return all evidence, the oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT origin, kind, held, shown, seen_at FROM evidence ORDER BY seen_at"
            ).fetchall()
        return [_evidence(*row) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            ) as db:
                db.execute("PRAGMA synchronous = FULL")
                yield db
        except sqlite3.DatabaseError as error:
            raise BookUnreadable(path=str(self.path), problem=str(error)) from error


def _seen(size: int, root: bytes, note: str, cosigned_at: str) -> Seen:
    return Seen(size, root, note, datetime.fromisoformat(cosigned_at))


def _evidence(origin: str, kind: str, held: str, shown: str, seen_at: str) -> Evidence:
    return Evidence(origin, kind, held, shown, datetime.fromisoformat(seen_at))
