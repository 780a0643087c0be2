"""The keys that protect everything sealed, as one short text that is kept apart from the database.

    # minzhang sealing keys: whoever has these and the database can read personal data
    kek 20261125-5f3a <base64 of 32 bytes>
    index <base64 of 32 bytes>

``kek`` lines are key-encryption keys: the last one wraps new slots, the others
still open old ones until ``minzhang sealing rotate`` has wrapped those again.
``index`` is the key of the blind indexes, and of nothing else. Where the text
comes from (a file, the environment, a command's output) is the caller's affair.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core.errors import LedgerError

KEY_BYTES = 32
NONCE_BYTES = 12
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


class KeyringWrong(LedgerError):
    """The sealing keys cannot be read: each line is ``kek NAME BASE64`` or ``index BASE64``.

    无法读取密封密钥：每行应为“kek 名称 BASE64”或“index BASE64”。
    """


class KeyUnknown(LedgerError):
    """The key-encryption key that this was sealed under is not among the keys given.

    所给密钥中没有密封此内容时使用的密钥加密密钥。
    """


class SecretBroken(LedgerError):
    """A wrapped secret does not open: it was changed, or belongs to another place.

    密封密钥无法打开：内容被改动，或不属于该位置。
    """


@dataclass(frozen=True, slots=True)
class WrappedSecret:
    """A slot's secret as it is stored: under which key, and the nonce with the wrapped bytes."""

    kek: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys in use. Never shown: its representation names keys, it does not tell them."""

    current: str
    keks: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    def wrap(self, secret: bytes, *, place: bytes) -> WrappedSecret:
        """Wrap a slot's secret under the current key, bound to its place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.keks[self.current]).encrypt(nonce, secret, _bound(place, self.current))
        return WrappedSecret(self.current, nonce + sealed)

    def unwrap(self, given: WrappedSecret, *, place: bytes) -> bytes:
        """Return a slot's secret (refuses with ``KeyUnknown``, ``SecretBroken``)."""
        kek = self.keks.get(given.kek)
        if kek is None:
            raise KeyUnknown(kek=given.kek)
        nonce, sealed = given.wrapped[:NONCE_BYTES], given.wrapped[NONCE_BYTES:]
        try:
            return AESGCM(kek).decrypt(nonce, sealed, _bound(place, given.kek))
        except (InvalidTag, ValueError) as error:
            raise SecretBroken(kek=given.kek) from error

    def blind_index(self, ledger_id: str, kind: str, value: str) -> bytes:
        """Return what a value is found by: without the index key it cannot be guessed."""
        said = b"\n".join(part.encode() for part in ("minzhang index v1", ledger_id, kind, value))
        return hmac.digest(self.index_key, said, sha256)

    def to_text(self) -> str:
        """Return the keyring as the text it is kept as."""
        lines = [_HEAD]
        names = [name for name in self.keks if name != self.current]
        lines += [f"kek {name} {_encode(self.keks[name])}" for name in (*names, self.current)]
        return "\n".join([*lines, f"index {_encode(self.index_key)}", ""])

    def with_new_kek(self, on: date) -> Keyring:
        """Return the keyring with a new current key; the old ones still open what they wrapped."""
        name = f"{on:%Y%m%d}-{secrets.token_hex(2)}"
        keks = {**self.keks, name: secrets.token_bytes(KEY_BYTES)}
        return Keyring(name, keks, self.index_key)


_HEAD = "# minzhang sealing keys: whoever has these and the database can read personal data"


def new_keyring(on: date) -> Keyring:
    """Return a keyring with fresh random keys."""
    return Keyring("", {}, secrets.token_bytes(KEY_BYTES)).with_new_kek(on)


def read_keyring(text: str) -> Keyring:
    """Read a keyring's text (refuses with ``KeyringWrong``, which names the line, not its key)."""
    keks: dict[str, bytes] = {}
    index_key = b""
    for number, line in enumerate(text.splitlines(), 1):
        match line.split():
            case [] | ["#", *_]:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["kek", name, encoded] if _NAME.fullmatch(name) and name not in keks:
                keks[name] = _decode(encoded, number)
            case ["index", encoded] if not index_key:
                index_key = _decode(encoded, number)
            case _:
                raise KeyringWrong(line=number)
    if not keks or not index_key:
        raise KeyringWrong(missing="kek" if not keks else "index")
    if len({*keks.values(), index_key}) != len(keks) + 1:
        raise KeyringWrong(problem="two keys are the same")
    return Keyring(list(keks)[-1], keks, index_key)


def _decode(encoded: str, line: int) -> bytes:
    try:
        key = b64decode(encoded, validate=True)
    except ValueError as error:
        raise KeyringWrong(line=line) from error
    if len(key) != KEY_BYTES:
        raise KeyringWrong(line=line, bytes=len(key), bytes_needed=KEY_BYTES)
    return key


def _encode(key: bytes) -> str:
    return b64encode(key).decode()


def _bound(place: bytes, kek: str) -> bytes:
    return b"minzhang wrap v1\n" + kek.encode() + b"\n" + place
