"""The persistence module for ``eventsourcing``: ``PERSISTENCE_MODULE=ledger.persistence``.

Any application written with the library runs on the store unchanged, and its
events go into a transparency log. ``MINZHANG_DSN`` says which PostgreSQL,
``MINZHANG_LEDGER`` which ledger. As the library's own modules give each
application tables of its own, each gets a ledger of its own here: the
application ``BankAccounts`` on ``MINZHANG_LEDGER=demo`` has the ledger
``demo-bankaccounts``, its snapshots ``demo-bankaccounts-snapshots``.
"""

from __future__ import annotations

import re
from hashlib import sha256
from types import TracebackType
from typing import Any, TypeVar

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from ledger.persistence.engine import POOL_SIZE_MAX, Engine
from ledger.persistence.recorders import (
    LedgerAggregateRecorder,
    LedgerApplicationRecorder,
    LedgerProcessRecorder,
    LedgerRecorder,
    LedgerSubscription,
    LedgerTrackingRecorder,
)
from ledger.storage.appender import QUEUE_MAX

__all__ = [
    "Factory",
    "LedgerAggregateRecorder",
    "LedgerApplicationRecorder",
    "LedgerProcessRecorder",
    "LedgerSubscription",
    "LedgerTrackingRecorder",
    "ledger_name",
]

R = TypeVar("R", bound=LedgerRecorder)

_LEDGER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_WITHOUT_NAME = "eventsourcing"


def ledger_name(base: str, application: str, purpose: str = "events") -> str:
    """Return the ledger of an application: ``demo-bankaccounts``, always a valid ledger name.

    A name that is too long or has other characters ends in a digest, so that two
    applications never share a ledger by accident.
    """
    parts = (base, application.lower(), "" if purpose == "events" else purpose.lower())
    plain = "-".join(part for part in parts if part) or _WITHOUT_NAME
    if _LEDGER.fullmatch(plain):
        return plain
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:46]
    return f"{readable}-{sha256(plain.encode()).hexdigest()[:16]}".strip("-")


class Factory(InfrastructureFactory[LedgerTrackingRecorder]):
    """Makes recorders as the environment says.

    Reads ``MINZHANG_DSN``, ``MINZHANG_OWNER_DSN``, ``MINZHANG_LEDGER``,
    ``MINZHANG_ORIGIN``, ``MINZHANG_POOL_SIZE_MAX``, ``MINZHANG_QUEUE_MAX`` and the library's
    ``CREATE_TABLE`` and ``*_RECORDER_TOPIC``; as everywhere in the library, a
    name with the application's name before it goes first, and a ledger named so
    (``BANKACCOUNTS_MINZHANG_LEDGER``) is taken as it is. A wrong value raises
    ``OSError`` with the setting's name.
    """

    CREATE_TABLE = "CREATE_TABLE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        dsn = self.env.get("MINZHANG_DSN")
        if not dsn:
            raise OSError("MINZHANG_DSN must name a PostgreSQL: postgresql://…")
        self._base = self.env.get("MINZHANG_LEDGER") or ""
        is_own = f"{self.env.name.upper()}_MINZHANG_LEDGER" in self.env
        self._application = "" if is_own else self.env.name
        if self._base and not _LEDGER.fullmatch(self._base):
            raise OSError(
                "MINZHANG_LEDGER must have 1 to 63 lower-case letters, digits or dashes,"
                f" not {self._base!r}"
            )
        self.engine = Engine(
            dsn,
            self.env.get("MINZHANG_OWNER_DSN") or None,
            pool_size_max=self._whole("MINZHANG_POOL_SIZE_MAX", POOL_SIZE_MAX),
            queue_max=self._whole("MINZHANG_QUEUE_MAX", QUEUE_MAX),
        )

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return a recorder of events without notifications (``snapshots``)."""
        return self._made(LedgerAggregateRecorder, purpose)

    def application_recorder(self) -> ApplicationRecorder:
        """Return a recorder of an application's events."""
        return self._made(self._class(self.APPLICATION_RECORDER_TOPIC, LedgerApplicationRecorder))

    def tracking_recorder(
        self, tracking_recorder_class: type[Any] | None = None
    ) -> LedgerTrackingRecorder:
        """Return a recorder of a view's progress; a view is a subclass with tables of its own."""
        if tracking_recorder_class is None:
            return self._made(self._class(self.TRACKING_RECORDER_TOPIC, LedgerTrackingRecorder))
        return self._made(_checked(tracking_recorder_class, LedgerTrackingRecorder))

    def process_recorder(self) -> ProcessRecorder:
        """Return a recorder of events with what they were processed from."""
        return self._made(self._class(self.PROCESS_RECORDER_TOPIC, LedgerProcessRecorder))

    def close(self) -> None:
        """Finish what waits, then disconnect; the factory's recorders end with it."""
        self.engine.close()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        super().__exit__(exc_type, exc_val, exc_tb)
        self.close()

    def _made(self, recorder_class: type[R], purpose: str = "events") -> R:
        name = ledger_name(self._base, self._application, purpose)
        recorder = recorder_class(self.engine, name)
        if strtobool(self.env.get(self.CREATE_TABLE) or "yes"):
            origin = self.env.get("MINZHANG_ORIGIN") or "minzhang.localhost"
            recorder.create(origin=f"{origin}/{name}")
        return recorder

    def _class(self, setting: str, default: type[R]) -> type[R]:
        topic = self.env.get(setting)
        return _checked(resolve_topic(topic), default) if topic else default

    def _whole(self, setting: str, default: int) -> int:
        text = self.env.get(setting) or str(default)
        if not re.fullmatch(r"[1-9][0-9]{0,6}", text):
            raise OSError(f"{setting} must be a whole number above 0, not {text!r}")
        return int(text)


def _checked(found: Any, wanted: type[R]) -> type[R]:
    if not (isinstance(found, type) and issubclass(found, wanted)):
        raise TypeError(f"{found!r} is no subclass of {wanted.__name__}")
    return found
