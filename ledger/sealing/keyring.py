"""The keys that protect everything sealed, as one short text that is kept apart from the database.

    # minzhang sealing keys: whoever has these and the database can read personal data
    kek 20261125-5f3a <base64 of 32 bytes>
    index <base64 of 32 bytes>

``kek`` lines are key-encryption keys: the last one wraps new slots, the others
still open old ones until ``minzhang sealing rotate`` has wrapped those again.
``index`` lines are keys of the blind indexes, and of nothing else: new values are found by each
of them, and by the last alone once ``minzhang sealing rotate-index`` is done. Where the text
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
    index_keys: tuple[bytes, ...] = field(repr=False)

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

    @property
    def index_names(self) -> tuple[str, ...]:
        """The names of all index keys."""
        return tuple(map(_index_name, self.index_keys))

    @property
    def index_name(self) -> str:
        """The name of the current index key: it tells keys apart, and nothing about them."""
        return _index_name(self.index_keys[-1])

    def blind_index(self, ledger_id: str, kind: str, value: str) -> bytes:
        """Return what a value is found by: without the index key it cannot be guessed."""
        return self.blind_indexes(ledger_id, kind, value)[self.index_name]

    def blind_indexes(self, ledger_id: str, kind: str, value: str) -> dict[str, bytes]:
        """Return what a value is found by under each index key, by the keys' names."""
        said = b"\n".join(part.encode() for part in ("minzhang index v1", ledger_id, kind, value))
        return {_index_name(key): hmac.digest(key, said, sha256) for key in self.index_keys}

    def to_text(self) -> str:
        """Return the keyring as the text it is kept as."""
        lines = [_HEAD]
        names = [name for name in self.keks if name != self.current]
        lines += [f"kek {name} {_encode(self.keks[name])}" for name in (*names, self.current)]
        lines += [f"index {_encode(key)}" for key in self.index_keys]
        return "\n".join([*lines, ""])

    def with_new_kek(self, on: date) -> Keyring:
        """Return the keyring with a new current key; the old ones still open what they wrapped."""
        name = f"{on:%Y%m%d}-{secrets.token_hex(2)}"
        keks = {**self.keks, name: secrets.token_bytes(KEY_BYTES)}
        return Keyring(name, keks, self.index_keys)

    def with_new_index_key(self) -> Keyring:
        """Return the keyring with a new current index key; the old ones still find."""
        key = secrets.token_bytes(KEY_BYTES)
        return Keyring(self.current, self.keks, (*self.index_keys, key))

    def with_current_kek_alone(self) -> Keyring:
        """Return the keyring without the older key-encryption keys."""
        return Keyring(self.current, {self.current: self.keks[self.current]}, self.index_keys)

    def with_current_index_key_alone(self) -> Keyring:
        """Return the keyring without the older index keys."""
        return Keyring(self.current, self.keks, self.index_keys[-1:])


_HEAD = "# minzhang sealing keys: whoever has these and the database can read personal data"


def new_keyring(on: date) -> Keyring:
    """Return a keyring with fresh random keys."""
    return Keyring("", {}, (secrets.token_bytes(KEY_BYTES),)).with_new_kek(on)


def read_keyring(text: str) -> Keyring:
    """Read a keyring's text (refuses with ``KeyringWrong``, which names the line, not its key)."""
    keks: dict[str, bytes] = {}
    index_keys: list[bytes] = []
    for number, line in enumerate(text.splitlines(), 1):
        match line.split():
            case [] | ["#", *_]:
                continue
            case [first, *_] if first.startswith("#"):
                continue
            case ["kek", name, encoded] if _NAME.fullmatch(name) and name not in keks:
                keks[name] = _decode(encoded, number)
            case ["index", encoded]:
                index_keys.append(_decode(encoded, number))
            case _:
                raise KeyringWrong(line=number)
    if not keks or not index_keys:
        raise KeyringWrong(missing="kek" if not keks else "index")
    if len({*keks.values(), *index_keys}) != len(keks) + len(index_keys):
        raise KeyringWrong(problem="two keys are the same")
    return Keyring(list(keks)[-1], keks, tuple(index_keys))


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


def _index_name(key: bytes) -> str:
    return hmac.digest(key, b"minzhang index key name v1", sha256)[:4].hex()


def _bound(place: bytes, kek: str) -> bytes:
    return b"minzhang wrap v1\n" + kek.encode() + b"\n" + place
