"""The service's own key: 32 random bytes in a file beside the database, never in it.

From it follow the keys that sign cookies and forms, count sign-ins by names nobody can read back,
seal what must be read again (the seed of a second factor), and make the codes of rows that nobody
else may write (tokens). A stolen copy of the database opens none of it. Whoever loses the key signs
everybody out, and lets second factors be set up and tokens be made anew.
"""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
FORMER = ".former"


class ServiceKeyWrong(Exception):
    """The key's file does not hold what such a file holds."""


class ServiceKey:
    """Gives a key for each purpose; ``former`` are the keys before it: they check and open."""

    def __init__(self, secret: bytes, former: tuple[bytes, ...] = ()) -> None:
        for one in (secret, *former):
            if len(one) != KEY_BYTES:
                raise ServiceKeyWrong(f"a key has {KEY_BYTES} bytes, not {len(one)}")
        self._secret = secret
        self.former = tuple(ServiceKey(one) for one in former)

    def __repr__(self) -> str:
        return "ServiceKey(***)"

    @classmethod
    def random(cls) -> ServiceKey:
        """Return a key that lives as long as the process."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def kept_in(cls, file: Path) -> ServiceKey:
        """Read the key, or make one that only its owner can read."""
        try:
            return cls(file.read_bytes(), _former_of(file))
        except FileNotFoundError:
            return cls(_make(file), _former_of(file))

    def for_purpose(self, purpose: str) -> bytes:
        """Return the key for one purpose; one tells nothing of another."""
        return hmac.digest(self._secret, purpose.encode(), sha256)

    def sign(self, purpose: str, text: str) -> str:
        """Return a signature over a text, as 32 hexadecimal digits."""
        return hmac.new(self.for_purpose(purpose), text.encode(), sha256).hexdigest()[:32]

    def is_signed(self, purpose: str, text: str, signature: str) -> bool:
        """Tell whether a signature is ours."""
        return hmac.compare_digest(self.sign(purpose, text).encode(), signature.encode())

    def mac(self, purpose: str, *parts: bytes) -> bytes:
        """Return a code of 32 bytes over some parts: who lacks the key cannot make it.

        Where one part ends and the next begins is part of what it is over.
        """
        code = hmac.new(self.for_purpose(purpose), digestmod=sha256)
        for part in parts:
            code.update(len(part).to_bytes(8, "big") + part)
        return code.digest()

    def is_mac(self, purpose: str, code: bytes, *parts: bytes) -> bool:
        """Tell whether a code over these parts was made with this key."""
        is_ours = hmac.compare_digest(self.mac(purpose, *parts), code)
        return is_ours or any(one.is_mac(purpose, code, *parts) for one in self.former)

    def seal(self, purpose: str, context: bytes, value: bytes) -> bytes:
        """Return a value that only this key opens, and only in this context."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.for_purpose(purpose)).encrypt(nonce, value, context)

    def unseal(self, purpose: str, context: bytes, sealed: bytes) -> bytes | None:
        """Return what was sealed; ``None`` if another key sealed it, or it was changed."""
        nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self.for_purpose(purpose)).decrypt(nonce, text, context)
        except InvalidTag:
            opened = (one.unseal(purpose, context, sealed) for one in self.former)
            return next((value for value in opened if value is not None), None)


def replace_key(file: Path) -> ServiceKey:
    """Put a new key into the file; the one so far is kept beside, to check and open with.

    What was made with a former key stays good; what is made from now on is made with the new one.
    """
    before = file.read_bytes()
    former = (before, *_former_of(file))
    secret = secrets.token_bytes(KEY_BYTES)
    _replace(file.with_name(f"{file.name}{FORMER}"), b"".join(former))
    _replace(file, secret)
    return ServiceKey(secret, former)


def _former_of(file: Path) -> tuple[bytes, ...]:
    """Return the keys before this one, the latest first."""
    try:
        kept = file.with_name(f"{file.name}{FORMER}").read_bytes()
    except FileNotFoundError:
        return ()
    return tuple(kept[at : at + KEY_BYTES] for at in range(0, len(kept), KEY_BYTES))


def _replace(file: Path, data: bytes) -> None:
    own = file.with_name(f"{file.name}.{os.getpid()}")
    own.unlink(missing_ok=True)
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    own.replace(file)


def _make(file: Path) -> bytes:
    """Make the file whole or not at all; of two processes that begin at once, one is obeyed."""
    secret = secrets.token_bytes(KEY_BYTES)
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_name(f"{file.name}.{os.getpid()}")
    own.unlink(missing_ok=True)
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(secret)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(own, file)
    except FileExistsError:
        return file.read_bytes()
    finally:
        own.unlink()
    return secret
