"""Who uses the server: one locked file each in `users/`.

The lock ends with its process, so a user that was killed counts no longer and nobody has to
clean up behind it; files without a holder are removed by whoever looks next.
"""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from ledger.postgres.files import try_lock


class Users:
    """The users of one server. Call only while holding the server's start lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def join(self) -> User:
        """Register one more user, for as long as this process lives or until it leaves."""
        path = self.folder / f"{os.getpid()}-{uuid4().hex}"
        held = try_lock(path)
        if held is None:
            raise AssertionError(f"{path} was just invented and yet is locked")
        return User(path, held)

    def anyone(self) -> bool:
        """Whether a living user is left; the files of dead ones are removed."""
        alive = False
        for path in self.folder.iterdir():
            held = try_lock(path)
            if held is None:
                alive = True
                continue
            path.unlink()
            os.close(held)
        return alive


class User:
    """One registered user."""

    def __init__(self, path: Path, held: int) -> None:
        self._path = path
        self._held = held

    def leave(self) -> None:
        """Count no longer."""
        self._path.unlink(missing_ok=True)
        os.close(self._held)
