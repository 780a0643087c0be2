"""One slot: the personal data that one record holds about one person, under one secret.

    secret  = 32 random bytes, wrapped by the KEK, destroyed at erasure
    K_field = HKDF-SHA256(secret, "minzhang commitment v1\\n" + field)
    commitment = HMAC-SHA256(K_field, canonical bytes)      -> into the entry
    E_field = HKDF-SHA256(secret, "minzhang sealing v1\\n" + field)
    sealed  = AES-256-GCM(E_field, padded value, aad = place and field)

Each field has keys of its own, so showing one field to an auditor (its value and
``K_field``) helps nobody to guess the others. Values are padded, so that a
name's length does not tell whose it is.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID, uuid4

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.core.errors import LedgerError
from ledger.sealing.fields import Field, guard_value
from ledger.sealing.keyring import KEY_BYTES, NONCE_BYTES

PAD_BYTES = 64
LENGTH_BYTES = 2


class SealBroken(LedgerError):
    """A sealed value does not open, or is not what the log's entry commits to.

    密封内容无法打开，或与账本条目中的承诺不一致。
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlace:
    """Where a slot belongs: its ledger, whose data it is, and in which record."""

    ledger_id: str
    slot_id: UUID
    subject_id: UUID
    record_id: UUID

    def to_bytes(self) -> bytes:
        """Return the place as it is bound into what is wrapped and sealed."""
        said = {
            "ledger": self.ledger_id,
            "record": str(self.record_id),
            "slot": str(self.slot_id),
            "subject": str(self.subject_id),
        }
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What an entry says about a sealed field: 64 hexadecimal digits that bind it, tell nothing."""

    field: Field
    hmac_sha256: str


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A field as it is stored outside the log: the nonce with the sealed bytes."""

    field: Field
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSlot:
    """A slot on its way into the stores; the secret leaves this process only wrapped."""

    place: SlotPlace
    secret: bytes = field(repr=False)
    values: tuple[SealedValue, ...] = field(repr=False)
    searchable: Mapping[Field, str] = field(repr=False)
    commitments: tuple[Commitment, ...]


def new_slot(
    *,
    ledger_id: str,
    subject_id: UUID,
    record_id: UUID | None,
    given: Mapping[Field, str],
    searchable: frozenset[Field],
) -> NewSlot:
    """Seal what is given under a fresh secret (refuses with ``InvalidValue``, never the value).

    A slot without another record, such as a document's, is a record of its own.
    """
    slot_id = uuid4()
    place = SlotPlace(
        ledger_id=ledger_id,
        slot_id=slot_id,
        subject_id=subject_id,
        record_id=record_id or slot_id,
    )
    values = {one: guard_value(one, value) for one, value in sorted(given.items())}
    secret = secrets.token_bytes(KEY_BYTES)
    return NewSlot(
        place=place,
        secret=secret,
        values=tuple(_seal(place, secret, one, value) for one, value in values.items()),
        searchable={one: value for one, value in values.items() if one in searchable},
        commitments=tuple(
            commitment_of(place, secret, one, value) for one, value in values.items()
        ),
    )


def canonical_bytes(place: SlotPlace, one: Field, value: str) -> bytes:
    """Return the exact bytes that a commitment is over."""
    said = {"field": str(one), "place": orjson.Fragment(place.to_bytes()), "v": 1, "value": value}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def commitment_of(place: SlotPlace, secret: bytes, one: Field, value: str) -> Commitment:
    """Return the commitment to a value."""
    digest = hmac.digest(commitment_key(secret, one), canonical_bytes(place, one, value), sha256)
    return Commitment(field=one, hmac_sha256=digest.hex())


def commitment_key(secret: bytes, one: Field) -> bytes:
    """Return the key of one field's commitment: with the value, it opens that field alone."""
    return derived_key(secret, b"minzhang commitment v1\n" + one.encode())


def verify_opening(key: bytes, place: SlotPlace, value: str, commitment: Commitment) -> bool:
    """Tell whether a value is what a commitment was made over, given that field's key."""
    digest = hmac.digest(key, canonical_bytes(place, commitment.field, value), sha256)
    return hmac.compare_digest(digest.hex(), commitment.hmac_sha256)


def open_value(place: SlotPlace, secret: bytes, sealed: SealedValue, commitment: Commitment) -> str:
    """Return a sealed value, checked against the log's commitment (refuses with ``SealBroken``)."""
    value = unbound_value(place, secret, sealed)
    key = commitment_key(secret, sealed.field)
    if commitment.field != sealed.field or not verify_opening(key, place, value, commitment):
        raise SealBroken(field=str(sealed.field), slot_id=str(place.slot_id))
    return value


def unbound_value(place: SlotPlace, secret: bytes, sealed: SealedValue) -> str:
    """Return a sealed value that no entry commits to (refuses with ``SealBroken``)."""
    nonce, data = sealed.sealed[:NONCE_BYTES], sealed.sealed[NONCE_BYTES:]
    try:
        padded = AESGCM(_sealing_key(secret, sealed.field)).decrypt(
            nonce, data, _bound(place, sealed.field)
        )
        return _unpad(padded)
    except (InvalidTag, ValueError) as error:
        raise SealBroken(field=str(sealed.field), slot_id=str(place.slot_id)) from error


def _seal(place: SlotPlace, secret: bytes, one: Field, value: str) -> SealedValue:
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_sealing_key(secret, one)).encrypt(nonce, _pad(value), _bound(place, one))
    return SealedValue(one, nonce + sealed)


def _sealing_key(secret: bytes, one: Field) -> bytes:
    return derived_key(secret, b"minzhang sealing v1\n" + one.encode())


def derived_key(secret: bytes, info: bytes) -> bytes:
    """Return the key that a slot's secret gives for one use, which ``info`` names."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret)


def _bound(place: SlotPlace, one: Field) -> bytes:
    return b"minzhang seal v1\n" + one.encode() + b"\n" + place.to_bytes()


def _pad(value: str) -> bytes:
    data = value.encode()
    framed = len(data).to_bytes(LENGTH_BYTES, "big") + data
    return framed + bytes(-len(framed) % PAD_BYTES)


def _unpad(padded: bytes) -> str:
    length = int.from_bytes(padded[:LENGTH_BYTES], "big")
    return padded[LENGTH_BYTES : LENGTH_BYTES + length].decode()
