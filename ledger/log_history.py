"""What happened to the log itself: its public keys, a loss that was admitted, a clock put right.

Whoever trusts a key of this log can read here, in the log that the key signs, which key came
before and after it. A log that lost entries (an old backup was restored) never goes on under its
old name: it gets a new origin and a new key, and the first entry under them says what was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.core import aggregate as core
from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.core.values import derived_id

LOG_HISTORY_ID = derived_id("log-history", "")


class KeyNotSucceeding(RuleViolated):
    """The log's present key is another one: a new key must name the key that it replaces.

    日志当前使用的是另一把密钥：新密钥必须注明它所替换的密钥。
    """


class LogGoesOnUnderItsName(RuleViolated):
    """A log that lost entries goes on under a new origin: the old one has signed what is gone.

    丢失条目的日志须以新的来源名称继续：旧名称已为丢失的内容签过名。
    """


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of this log, as a vkey; ``until`` is when it stops signing, if that is set."""

    vkey: str
    origin: str
    until: datetime | None = None


class LogHistory(core.Aggregate):
    """The history of one ledger's log."""

    TOPIC = "log_history"

    # Events: what can happen to the log itself ------------------------------------------

    @dataclass(frozen=True, kw_only=True)
    class Event(core.Event):
        """Any event of the log's history."""

    @dataclass(frozen=True, kw_only=True)
    class Begun(Event, core.Created):
        """The log begins to tell about itself."""

        TOPIC = "log_history.begun.v1"

    @dataclass(frozen=True, kw_only=True)
    class KeyIntroduced(Event):
        """The log has its first key: ``vkey`` checks what is signed under ``origin``."""

        TOPIC = "log_history.key_introduced.v1"

        origin: str
        vkey: str

        def apply(self, history: LogHistory) -> None:
            history.keys.append(PublicKey(self.vkey, self.origin))

    @dataclass(frozen=True, kw_only=True)
    class KeyRotated(Event):
        """A new key replaced ``former_vkey``, which signs along until ``former_until_at``."""

        TOPIC = "log_history.key_rotated.v1"

        vkey: str
        former_vkey: str
        former_until_at: datetime

        def apply(self, history: LogHistory) -> None:
            origin = history.end_key(self.former_until_at)
            history.keys.append(PublicKey(self.vkey, origin))

    @dataclass(frozen=True, kw_only=True)
    class LossAcknowledged(Event):
        """The log is not what was signed before, and somebody answers for that; see the reason.

        ``former_checkpoint`` is the last signed checkpoint of the old log, as a note.
        ``kept_size`` is how many entries there were when the loss was admitted and
        ``kept_root_sha256`` the root over them: earlier checkpoints up to that size can be
        checked against it. From this event on, entries carry ``origin`` and ``vkey`` signs.
        """

        TOPIC = "log_history.loss_acknowledged.v1"

        former_origin: str
        former_checkpoint: str
        kept_size: int
        kept_root_sha256: str
        origin: str
        vkey: str

        def apply(self, history: LogHistory) -> None:
            history.end_key(self.timestamp)
            history.keys.append(PublicKey(self.vkey, self.origin))
            history.answered_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class ClockPutRight(Event):
        """The clock had run ahead when ``signed_at`` was noted; the log goes on from now.

        This entry may be recorded earlier than the one before it: those before it that are dated
        after it were dated by the wrong clock.
        """

        TOPIC = "log_history.clock_put_right.v1"

        signed_at: datetime

        def apply(self, history: LogHistory) -> None:
            history.answered_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class StopAnswered(Event):
        """Appends had been stopped, and nothing that was signed is lost; see the reason.

        ``why`` is what had stopped them. ``mended`` is what did not fit the entries and was made
        again from them (head, tiles, leaf hashes); the log goes on under its name.
        """

        TOPIC = "log_history.stop_answered.v1"

        why: str
        size: int
        root_sha256: str
        mended: tuple[str, ...]

        def apply(self, history: LogHistory) -> None:
            history.answered_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class SignerMemoryReplaced(Event):
        """What the signer remembers outside the database was gone; it goes on from ``checkpoint``.

        ``checkpoint`` is the newest signed one that the database still had, as a note: whoever
        holds a larger one should compare.
        """

        TOPIC = "log_history.signer_memory_replaced.v1"

        checkpoint: str

        def apply(self, history: LogHistory) -> None:
            history.answered_at = self.timestamp

    @dataclass(frozen=True, kw_only=True)
    class ServiceKeyNamed(Event):
        """From this entry on each entry has a code by the service's key with this check value.

        ``by_former`` is a code by the key before over the new check value; empty for the first
        key, and for one that replaces a key that was lost.
        """

        TOPIC = "log_history.service_key_named.v1"

        key_check: str
        by_former: str

        def apply(self, history: LogHistory) -> None:
            history.service_key_check = self.key_check

    # State: what we remember of it ------------------------------------------------------

    def __init__(self) -> None:
        self.keys: list[PublicKey] = []
        self.answered_at: datetime | None = None
        self.service_key_check = ""

    @staticmethod
    def create_id(*_: object, **__: object) -> UUID:
        """There is one log a ledger."""
        return LOG_HISTORY_ID

    @property
    def current(self) -> PublicKey | None:
        """The key that signs now; ``None`` before there is one."""
        return self.keys[-1] if self.keys else None

    def end_key(self, until: datetime) -> str:
        """Note when the present key stops to sign; return its origin (for ``apply``)."""
        if not self.keys:
            return ""
        ended = self.keys[-1]
        self.keys[-1] = PublicKey(ended.vkey, ended.origin, until)
        return ended.origin

    # Commands: what you may ask for -----------------------------------------------------

    @classmethod
    def begin(cls, by: By) -> LogHistory:
        """Begin the history, without a key."""
        return cls._begin(cls.Begun, by)

    def introduce_key(self, by: By, *, origin: str, vkey: str) -> None:
        """Name the log's first key."""
        if self.current is not None:
            raise KeyNotSucceeding(vkey=vkey, current=self.current.vkey)
        self._record(self.KeyIntroduced, by, origin=origin, vkey=vkey)

    def rotate_key(self, by: By, *, vkey: str, former_vkey: str, former_until_at: datetime) -> None:
        """Name a new key and the one that it replaces."""
        current = self.current.vkey if self.current else ""
        if former_vkey != current or vkey == current:
            raise KeyNotSucceeding(vkey=vkey, current=current)
        self._record(
            self.KeyRotated,
            by,
            vkey=vkey,
            former_vkey=former_vkey,
            former_until_at=former_until_at,
        )

    def acknowledge_loss(  # noqa: PLR0913 - what is said about it, each by name
        self,
        by: By,
        *,
        former_origin: str,
        former_checkpoint: str,
        kept_size: int,
        kept_root: bytes,
        origin: str,
        vkey: str,
    ) -> None:
        """Admit, with a reason, that the log is not what was signed; go on under a new origin."""
        by = by.with_reason()
        if origin == former_origin:
            raise LogGoesOnUnderItsName(origin=origin)
        self._record(
            self.LossAcknowledged,
            by,
            former_origin=former_origin,
            former_checkpoint=former_checkpoint,
            kept_size=kept_size,
            kept_root_sha256=kept_root.hex(),
            origin=origin,
            vkey=vkey,
        )

    def answer_stop(
        self, by: By, *, why: str, size: int, root: bytes, mended: Sequence[str]
    ) -> None:
        """Answer, with a reason, for a stop after which nothing that was signed is lost."""
        self._record(
            self.StopAnswered,
            by.with_reason(),
            why=why,
            size=size,
            root_sha256=root.hex(),
            mended=tuple(mended),
        )

    def replace_signer_memory(self, by: By, *, checkpoint: str) -> None:
        """Answer, with a reason, for a signer that begins again from what the database has."""
        self._record(self.SignerMemoryReplaced, by.with_reason(), checkpoint=checkpoint)

    def name_service_key(self, by: By, *, key_check: str, by_former: str = "") -> None:
        """Name the service's key; one that no former key speaks for needs a reason."""
        if self.service_key_check not in {"", key_check} and not by_former:
            by = by.with_reason()
        self._record(self.ServiceKeyNamed, by, key_check=key_check, by_former=by_former)

    def put_clock_right(self, by: By, *, signed_at: datetime) -> None:
        """Admit that the clock had run ahead, giving the reason."""
        self._record(self.ClockPutRight, by.with_reason(), signed_at=signed_at)
