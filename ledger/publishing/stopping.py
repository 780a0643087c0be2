"""Who finds that the log is not what was signed stops it: for all who append, and the next start.

    heads.stopped       in the database: every append reads it under the head's lock
    DATA/…/stopped      beside the keys: whoever takes the mark out of the database leaves it

The file counts until the log itself has an entry, younger than the file, that answers for it.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from ledger.core.errors import LedgerError
from ledger.key_files import make_private_folder, read_private, write_private
from ledger.log_history import LogHistory
from ledger.storage.connect import Database
from ledger.storage.stops import Stop, stop_appends

log = logging.getLogger(__name__)

STOP_FILE = "stopped"


async def sound_alarm(  # noqa: PLR0913 - where it is noted, why, since when
    db: Database, ledger_id: str, folder: Path, error: LedgerError, *, origin: str, at: datetime
) -> Stop:
    """Stop appends because of an error, in the database and in the file; say why it is stopped."""
    stop = Stop.because_of(error, at)
    if await stop_appends(db, ledger_id, stop, origin=origin):
        log.critical("nothing more is recorded in %s: %s", ledger_id, stop)
        keep_stop(folder, stop)
    return stop


def keep_stop(folder: Path, stop: Stop) -> None:
    """Keep outside the database that the log was stopped."""
    make_private_folder(folder)
    write_private(folder / STOP_FILE, stop.to_text())


def stop_in_file(folder: Path, history: LogHistory | None) -> Stop | None:
    """Return what stopped the log, unless the log has answered for it since."""
    text = read_private(folder / STOP_FILE) if folder.exists() else None
    if text is None:
        return None
    stop = Stop.of_text(text)
    answered_at = history.answered_at if history else None
    return None if answered_at is not None and answered_at > stop.at else stop


def forget_stop(folder: Path) -> None:
    """Take the file away: the log has an entry that answers for the stop."""
    (folder / STOP_FILE).unlink(missing_ok=True)
