"""Keys of logs and witnesses, as signed notes name them (C2SP signed-note).

    vkey         example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
    private key  PRIVATE+KEY+example.com/foo+530d903a+<base64 of type and seed>

A name is a URL without its scheme; the key id is the first four bytes of
SHA256(name ‖ 0A ‖ type ‖ public key). Ed25519 itself comes from ``cryptography``.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.core.errors import InvalidValue

KEY_BYTES = 32
SIGNATURE_BYTES = 64
ID_BYTES = 4
PRIVATE_PREFIX = "PRIVATE+KEY+"
_PRIVATE_FORM = PRIVATE_PREFIX + "NAME+ID+BASE64"

_FIELD_PRIME = 2**255 - 19
# The y coordinates of the points of small order: a signature "by" one of them proves nothing,
# since it holds for messages that nobody signed. The two long ones are of order 8.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _FIELD_PRIME - 1,
        int.from_bytes(
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
            "little",
        ),
        int.from_bytes(
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
            "little",
        ),
    }
)
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f\ud800-\udfff]{1,255}")  # lone surrogates are no UTF-8


class KeyWrong(InvalidValue):
    """This is no usable key: NAME+ID+BASE64, the id derived from name and key, the key not weak.

    密钥不可用：应为 名称+编号+BASE64，编号须由名称与公钥推得，且公钥不得为弱密钥。
    """


class KeyKind(IntEnum):
    """What a key signs: the first byte of its encoding."""

    NOTE = 0x01  # a log: the note's text
    COSIGNATURE = 0x04  # a witness: the text with a time


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key under a name. ``of_text`` reads a vkey, ``str`` writes one."""

    name: str
    kind: KeyKind
    public: bytes

    def __post_init__(self) -> None:
        _guard(self.name, self.public)

    @property
    def id(self) -> bytes:
        """The four bytes that signatures name it by."""
        material = b"%b\n%c%b" % (self.name.encode(), self.kind, self.public)
        return sha256(material).digest()[:ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encoded(self.kind, self.public)}"

    @classmethod
    def of_text(cls, text: str) -> VerifyingKey:
        """Read a vkey (refuses with ``KeyWrong``)."""
        name, key_id, encoded = _parts(text)
        key = cls(name, *_decoded(encoded))
        if key.id.hex() != key_id:
            raise KeyWrong(name=name[:100], id=key_id[:20])
        return key

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key's owner signed exactly this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key under a name; its text form is a secret and never shown by ``repr``."""

    name: str
    kind: KeyKind
    _seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.verifying})"

    @classmethod
    def generate(cls, name: str, kind: KeyKind) -> SigningKey:
        """Make a new key."""
        key = cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())
        _guard(key.name, key.verifying.public)
        return key

    @classmethod
    def of_text(cls, text: str) -> SigningKey:
        """Read a private key (refuses with ``KeyWrong``, which never repeats the text)."""
        if not text.startswith(PRIVATE_PREFIX):
            raise KeyWrong(form=_PRIVATE_FORM)
        name, key_id, encoded = _parts(text.removeprefix(PRIVATE_PREFIX))
        try:
            key = cls(name, *_decoded(encoded))
            if key.verifying.id.hex() == key_id:
                return key
        except KeyWrong:  # its facts may hold a part of the secret that is out of place
            pass
        raise KeyWrong(form=_PRIVATE_FORM)

    def to_text(self) -> str:
        """Return the private key as it is kept in its file."""
        encoded = _encoded(self.kind, self._seed)
        return f"{PRIVATE_PREFIX}{self.name}+{self.verifying.id.hex()}+{encoded}"

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self._seed).public_key().public_bytes_raw()
        return VerifyingKey(self.name, self.kind, public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature."""
        return Ed25519PrivateKey.from_private_bytes(self._seed).sign(message)


def read_base64(text: str) -> bytes | None:
    """Read base64 written the one canonical way; ``None`` for anything else."""
    try:
        data = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return None
    return data if b64encode(data).decode() == text else None


def is_key_name(name: str) -> bool:
    """Tell whether a name can stand in a signature line: no spaces, no plus, no controls."""
    return _NAME.fullmatch(name) is not None


def _guard(name: str, public: bytes) -> None:
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if not is_key_name(name) or len(public) != KEY_BYTES:
        raise KeyWrong(name=name[:100], bytes=len(public))
    if y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
        raise KeyWrong(name=name[:100], weak=True)


def _parts(text: str) -> tuple[str, str, str]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    return name, key_id, encoded


def _encoded(kind: KeyKind, key: bytes) -> str:
    return b64encode(bytes([kind]) + key).decode()


def _decoded(text: str) -> tuple[KeyKind, bytes]:
    data = read_base64(text) or b""
    if len(data) != 1 + KEY_BYTES or data[0] not in tuple(KeyKind):
        raise KeyWrong(bytes=len(data), kind=data[0] if data else None)
    return KeyKind(data[0]), data[1:]
