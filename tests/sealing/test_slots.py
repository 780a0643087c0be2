"""What is sealed opens again for whoever has the keys, in its own place, and for nobody else."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.errors import InvalidValue
from ledger.sealing import (
    Field,
    KeyringWrong,
    KeyUnknown,
    NewSlot,
    SealBroken,
    SealedValue,
    SlotPlace,
    canonical_bytes,
    commitment_of,
    new_keyring,
    new_slot,
    open_value,
    read_keyring,
    verify_opening,
)
from ledger.sealing.fields import SEARCHABLE, normalised
from ledger.sealing.keyring import SecretBroken, WrappedSecret
from ledger.sealing.slots import commitment_key

SUBJECT, RECORD = UUID(int=1), UUID(int=2)
DAY = date(2026, 3, 2)
GIVEN = {Field.NAME: "王秀兰", Field.PHONE: "138 1234 5678", Field.ADDRESS: "阳光花园3号楼"}


def a_slot(given: dict[Field, str] | None = None) -> NewSlot:
    return new_slot(
        ledger_id="371329",
        subject_id=SUBJECT,
        record_id=RECORD,
        given=given or GIVEN,
        searchable=SEARCHABLE,
    )


def opened(slot: NewSlot, place: SlotPlace | None = None) -> dict[Field, str]:
    by_field = {one.field: one for one in slot.commitments}
    return {
        one.field: open_value(place or slot.place, slot.secret, one, by_field[one.field])
        for one in slot.values
    }


def test_what_was_sealed_opens_again_in_its_one_form() -> None:
    slot = a_slot()

    assert opened(slot) == GIVEN | {Field.PHONE: "13812345678"}
    assert slot.searchable == {Field.PHONE: "13812345678"}
    assert "王秀兰" not in repr(slot) and slot.secret.hex() not in repr(slot)


@given(st.text(min_size=1, max_size=300).filter(lambda text: text.strip()))
def test_any_text_can_be_sealed(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    slot = a_slot({Field.STATEMENT: text})
    assert opened(slot) == {Field.STATEMENT: normalised(Field.STATEMENT, text)}
    assert len(slot.values[0].sealed) % 64 == (12 + 16) % 64, "lengths are padded"


@pytest.mark.parametrize(
    "changed",
    [
        {"ledger_id": "371328"},
        {"subject_id": UUID(int=9)},
        {"record_id": UUID(int=9)},
        {"slot_id": UUID(int=9)},
    ],
)
def test_a_value_moved_to_another_place_does_not_open(changed: dict[str, UUID]) -> None:
    slot = a_slot()
    with pytest.raises(SealBroken):
        opened(slot, replace(slot.place, **changed))  # type: ignore[arg-type]


def test_a_value_moved_to_another_field_or_changed_does_not_open() -> None:
    slot = a_slot()
    address, name, _ = slot.values
    for wrong in (
        SealedValue(Field.NAME, address.sealed),
        SealedValue(Field.NAME, name.sealed[:-1] + bytes([name.sealed[-1] ^ 1])),
        SealedValue(Field.NAME, b""),
    ):
        with pytest.raises(SealBroken):
            open_value(slot.place, slot.secret, wrong, slot.commitments[1])


def test_a_value_that_the_entry_does_not_commit_to_does_not_open() -> None:
    slot = a_slot()
    other = commitment_of(slot.place, slot.secret, Field.NAME, "李大山")
    with pytest.raises(SealBroken):
        open_value(slot.place, slot.secret, slot.values[1], other)


def test_a_commitment_is_an_hmac_over_canonical_bytes_under_a_key_of_its_own_field() -> None:
    place = SlotPlace(ledger_id="371329", slot_id=UUID(int=3), subject_id=SUBJECT, record_id=RECORD)
    secret = bytes(range(32))
    data = canonical_bytes(place, Field.NAME, "王")
    key = HKDF(SHA256(), 32, None, b"minzhang commitment v1\nname").derive(secret)

    assert (
        data
        == (
            '{"field":"name","place":{"ledger":"371329",'
            '"record":"00000000-0000-0000-0000-000000000002",'
            '"slot":"00000000-0000-0000-0000-000000000003",'
            '"subject":"00000000-0000-0000-0000-000000000001"},"v":1,"value":"王"}'
        ).encode()
    )
    found = commitment_of(place, secret, Field.NAME, "王")
    assert found.hmac_sha256 == hmac.new(key, data, sha256).hexdigest()
    assert found.hmac_sha256 == KNOWN, "these bytes can never change"
    assert verify_opening(key, place, "王", found)
    assert not verify_opening(key, place, "李", found)
    assert not verify_opening(commitment_key(secret, Field.PHONE), place, "王", found)


KNOWN = "e9e54c2d108dce2d79484a131066cbe827be05c2a4ad71eb4940d37a8c6309ff"


def test_the_same_value_twice_gives_nothing_to_compare() -> None:
    one, two = a_slot(), a_slot()
    assert {c.hmac_sha256 for c in one.commitments}.isdisjoint(
        c.hmac_sha256 for c in two.commitments
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field.PHONE, "12345"),
        (Field.IDENTITY_NUMBER, "110105194912310021"),
        (Field.BANK_CARD, "6222021234567890124"),
        (Field.NAME, "  "),
        (Field.STATEMENT, "长" * 2_001),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_and_not_repeated(field: Field, value: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        a_slot({field: value})
    assert caught.value.facts["field"] == field
    assert value.strip() == "" or value not in str(caught.value)


# The keyring ------------------------------------------------------------------------------


def test_a_keyring_reads_back_and_shows_no_keys() -> None:
    ring = new_keyring(DAY)
    again = read_keyring(ring.to_text())

    assert again == ring
    assert ring.index_keys[0].hex() not in repr(ring)
    assert str(ring.keks[ring.current]) not in repr(ring)


def test_a_secret_opens_under_the_key_that_wrapped_it_in_its_place_only() -> None:
    old = new_keyring(DAY)
    new = old.with_new_kek(DAY)
    wrapped = old.wrap(b"s" * 32, place=b"here")

    assert new.unwrap(wrapped, place=b"here") == b"s" * 32
    assert new.wrap(b"s" * 32, place=b"here").kek == new.current != old.current
    with pytest.raises(SecretBroken):
        new.unwrap(wrapped, place=b"there")
    with pytest.raises(SecretBroken):
        new.unwrap(WrappedSecret(new.current, wrapped.wrapped), place=b"here")
    with pytest.raises(KeyUnknown):
        new_keyring(DAY).unwrap(WrappedSecret("lost", wrapped.wrapped), place=b"here")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kek a AAAA",
        "kek one two three four",
        "index " + "A" * 43 + "=",
        "kek a/b " + "A" * 43 + "=",
        "secret " + "A" * 43 + "=",
        f"kek a {'A' * 43}=\nindex {'A' * 43}=",
        f"kek a {'A' * 43}=\nkek a {'B' * 43}=\nindex {'C' * 43}=",
    ],
)
def test_a_keyring_of_the_wrong_form_is_refused_without_telling_keys(text: str) -> None:
    with pytest.raises(KeyringWrong) as caught:
        read_keyring(text)
    assert "AAAA" not in str(caught.value)


def test_an_index_depends_on_the_ledger_the_kind_and_the_key() -> None:
    ring = new_keyring(DAY)
    found = ring.blind_index("371329", "phone", "13812345678")

    assert found == ring.with_new_kek(DAY).blind_index("371329", "phone", "13812345678")
    others = {
        ring.blind_index("371328", "phone", "13812345678"),
        ring.blind_index("371329", "name", "13812345678"),
        new_keyring(DAY).blind_index("371329", "phone", "13812345678"),
        sha256(b"13812345678").digest(),
    }
    assert found not in others
