"""Keys: their text forms, the names they may bear, and the points that are no keys."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle.keys import KeyKind, KeyWrong, SigningKey, VerifyingKey, read_base64
from tests.merkle.logs import LOG_KEY, WITNESS_KEYS

WORKED_VKEY = "ledger.example.org/demo+2ade02e0+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx"
SPECIFIED_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

# Edwards arithmetic as RFC 8032 (5.1) gives it, to find out which points are weak without
# believing any table of them.
PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME
IDENTITY = (0, 1)
Point = tuple[int, int]


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % PRIME
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, PRIME)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, PRIME)
    return x % PRIME, y % PRIME


def times(factor: int, point: Point) -> Point:
    result = IDENTITY
    for bit in bin(factor)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def root_of(square: int) -> int | None:
    """A square root modulo the prime, which is 5 modulo 8."""
    candidate = pow(square, (PRIME + 3) // 8, PRIME)
    for root in (candidate, candidate * pow(2, (PRIME - 1) // 4, PRIME) % PRIME):
        if root * root % PRIME == square % PRIME:
            return root
    return None


def x_of(y: int) -> int | None:
    return root_of((y * y - 1) * pow(D * y * y + 1, -1, PRIME))


def points_of_small_order() -> set[Point]:
    """All eight: multiples of a point times the order of the main subgroup."""
    order = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 100):
        x = x_of(y)
        if x is not None:
            small = times(order, (x, y))
            found = {times(factor, small) for factor in range(8)}
            if len(found) == 8:
                return found
    raise AssertionError("no point of order 8 found")


def encoded(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def is_refused(public: bytes) -> bool:
    try:
        VerifyingKey("log.example", KeyKind.NOTE, public)
    except KeyWrong:
        return True
    return False


def test_the_points_of_small_order_are_refused_and_their_neighbours_are_not() -> None:
    small = points_of_small_order()
    assert all(times(8, point) == IDENTITY for point in small)
    weak = {y for _, y in small}
    assert len(small) == 8
    assert len(weak) == 5  # of the other three, the mirror image has the same y
    for y in weak:
        assert is_refused(encoded(y))
        assert is_refused(encoded(y, sign=1))
        for neighbour in {y - 1, y + 1} - weak:
            if 0 <= neighbour < PRIME:
                assert not is_refused(encoded(neighbour))


def test_exactly_eight_points_vanish_when_multiplied_by_8() -> None:
    """So the five y that are refused are all there are: the curve has 8 · (a prime) points."""
    assert times(8, points_of_small_order().pop()) == IDENTITY
    order = 2**252 + 27742317777372353535851937790883648493
    assert pow(2, order - 1, order) == 1  # a prime, as far as Fermat goes
    # Hasse: the curve's order is within 2√p of p + 1, and 8·order is the one multiple there.
    assert abs(8 * order - (PRIME + 1)) < 2 * 2**128


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, PRIME + 2, 2**255 - 1])
def test_a_y_that_is_not_reduced_is_refused(y: int) -> None:
    assert is_refused(encoded(y))
    assert is_refused(encoded(y, sign=1))


def test_what_is_no_point_signs_nothing() -> None:
    no_point = next(y for y in range(2, 50) if x_of(y) is None)
    key = VerifyingKey("log.example", KeyKind.NOTE, encoded(no_point))
    assert not key.signed(b"message", bytes(64))


def test_the_worked_example_has_the_vkey_that_the_design_gives() -> None:
    assert str(LOG_KEY.verifying) == WORKED_VKEY
    assert VerifyingKey.of_text(WORKED_VKEY) == LOG_KEY.verifying


def test_the_vkey_of_the_specification() -> None:
    key = VerifyingKey.of_text(SPECIFIED_VKEY)
    assert (key.name, key.kind, key.id.hex()) == ("example.com/foo", KeyKind.NOTE, "530d903a")
    assert str(key) == SPECIFIED_VKEY


@given(st.binary(min_size=32, max_size=32), st.sampled_from(KeyKind))
def test_a_key_reads_back_from_its_text(seed: bytes, kind: KeyKind) -> None:
    key = SigningKey("街道.example/见证", kind, seed)
    assert SigningKey.of_text(key.to_text()) == key
    assert VerifyingKey.of_text(str(key.verifying)) == key.verifying


def test_one_public_key_has_another_id_for_another_kind_or_name() -> None:
    public = LOG_KEY.verifying.public
    keys = [
        VerifyingKey(name, kind, public) for name in ("a.example", "b.example") for kind in KeyKind
    ]
    assert len({key.id for key in keys}) == 4


def test_a_new_key_signs_and_nobody_else_does() -> None:
    key, other = (SigningKey.generate("log.example", KeyKind.NOTE) for _ in range(2))
    signature = key.sign(b"message")
    assert key.verifying.signed(b"message", signature)
    assert not key.verifying.signed(b"massage", signature)
    assert not other.verifying.signed(b"message", signature)
    for wrong in (signature[:63], signature + b"\0", b"", bytes(64)):
        assert not key.verifying.signed(b"message", wrong)


def test_a_signature_has_no_second_form() -> None:
    """Adding the group's order to S gives the same equation; RFC 8032 refuses it."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = LOG_KEY.sign(b"message")
    again = int.from_bytes(signature[32:], "little") + order
    assert not LOG_KEY.verifying.signed(b"message", signature[:32] + again.to_bytes(32, "little"))


def test_a_private_key_does_not_show_itself() -> None:
    key = WITNESS_KEYS[0]
    seed = sha256(b"street").digest()
    for shown in (repr(key), str(key), repr(key.verifying)):
        assert b64encode(seed).decode() not in shown
        assert seed.hex() not in shown
        assert repr(seed) not in shown
    with pytest.raises(KeyWrong) as refused:
        SigningKey.of_text(key.to_text()[:-1])
    assert b64encode(seed).decode()[:20] not in str(refused.value)


NAME, ID, ENCODED = WORKED_VKEY.split("+", 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        NAME,
        f"{NAME}+{ID}",
        f"{NAME}+{ID}+",
        f"{NAME}+{ID.upper()}+{ENCODED}",
        f"{NAME}+00000000+{ENCODED}",
        f"{NAME}+{ID[:-1]}+{ENCODED}",
        f"{NAME}+{ID}0+{ENCODED}",
        f"+{ID}+{ENCODED}",
        f"other.example+{ID}+{ENCODED}",
        f"{NAME} +{ID}+{ENCODED}",
        f"{NAME}+{ID}+{ENCODED} ",
        f"{NAME}+{ID}+{ENCODED}\n",
        f"{NAME}+{ID}+{ENCODED}+",
        f"{NAME}+{ID}+{ENCODED[:-1]}",
        f"{NAME}+{ID}+{ENCODED}=",
        f"{NAME}+{ID}+业主",
        f"{NAME}+{ID}+" + b64encode(b"\x01" + bytes(31)).decode(),
        f"{NAME}+{ID}+" + b64encode(b"\x01" + bytes(33)).decode(),
        f"{NAME}+{ID}+" + b64encode(b"\x02" + LOG_KEY.verifying.public).decode(),
        f"{NAME}+{ID}+" + b64encode(b"\xff" + LOG_KEY.verifying.public).decode(),
        f"\ud800+{ID}+{ENCODED}",
    ],
)
def test_what_is_no_vkey_is_refused(text: str) -> None:
    with pytest.raises(KeyWrong):
        VerifyingKey.of_text(text)
    with pytest.raises(KeyWrong):
        SigningKey.of_text(text)
    with pytest.raises(KeyWrong):
        SigningKey.of_text("PRIVATE+KEY+" + text)


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a+b", "a\tb", "a\nb", "a\u00a0b", "a\u3000b", "a\u2028b", "a\x7fb", "a" * 256],
)
def test_what_cannot_stand_in_a_signature_line_is_no_name(name: str) -> None:
    with pytest.raises(KeyWrong):
        VerifyingKey(name, KeyKind.NOTE, LOG_KEY.verifying.public)


@pytest.mark.parametrize("text", ["AA", "AA=", "AA==\n", " AA==", "AB==", "A A==", "AA-_", "业主"])
def test_base64_has_one_form(text: str) -> None:
    assert read_base64(text) is None


@given(st.binary(max_size=100))
def test_base64_in_that_form_is_read(data: bytes) -> None:
    assert read_base64(b64encode(data).decode()) == data
