"""The guard finds every valid number in a text, however it is written, and lets others be."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sealing.personal_numbers import (
    find_personal,
    is_identity_number,
    mask_personal,
    passes_luhn,
)
from tests.sealing.people import CHECKS, WEIGHTS, card_number, identity_number

# No X: behind 17 digits it may be the check digit of an identity number, and then it is one.
WORDS = st.text("居民来电反映电话是请联系楼，。：（）abcYZ \n", max_size=20)
GAPS = st.sampled_from(["", "", "", " ", "-", "－", "　", "—", "\u200b", " -"])
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

identities = st.builds(
    identity_number,
    st.sampled_from(["371329", "110105", "440524", "659001"]),
    st.dates(date(1920, 1, 1), date(2026, 1, 1)),
    st.integers(0, 999),
)
mobiles = st.builds("1{}{:09d}".format, st.integers(3, 9), st.integers(0, 10**9 - 1))
landlines = st.builds(
    "0{}{}{:06d}".format,
    st.sampled_from(["10", "20", "539", "531", "755"]),
    st.integers(20, 89),
    st.integers(0, 10**6 - 1),
)
cards = st.builds(
    card_number, st.sampled_from(["622202", "621700", "436742", "955880"]), st.integers(9, 12)
)
numbers = st.one_of(
    st.tuples(st.just("identity-number"), identities),
    st.tuples(st.just("mobile-number"), mobiles),
    st.tuples(st.just("landline-number"), landlines),
    st.tuples(st.just("bank-card"), cards),
)


@st.composite
def spread(draw: st.DrawFn, digits: str) -> str:
    """The number as people write it: some spaces or dashes, perhaps full-width."""
    written = digits[0] + "".join(draw(GAPS) + one for one in digits[1:])
    return written.translate(FULL_WIDTH) if draw(st.booleans()) else written


@settings(max_examples=300)
@given(st.data(), numbers, WORDS, WORDS)
def test_no_valid_number_in_a_text_is_missed(
    data: st.DataObject, number: tuple[str, str], before: str, after: str
) -> None:
    _, digits = number
    text = before + data.draw(spread(digits)) + after

    assert find_personal(text), text
    assert not find_personal(mask_personal(text)), text


@settings(max_examples=200)
@given(numbers, WORDS, WORDS)
def test_a_number_written_in_one_piece_is_known_for_what_it_is(
    number: tuple[str, str], before: str, after: str
) -> None:
    kind, digits = number
    found = find_personal(f"{before}{digits}{after}")

    assert kind in {one.kind for one in found} or kind == "landline-number"


def test_a_number_after_a_date_is_found() -> None:
    assert find_personal("于2026-03-02 138 1234 5678来电")[0].kind == "mobile-number"
    assert find_personal("2026-03-02 0539-6212345")[0].kind == "landline-number"
    assert find_personal("打+86 13812345678")[0].kind == "mobile-number"
    assert find_personal("电话：6212345")[0].kind == "landline-number"


@settings(max_examples=300)
@given(
    st.one_of(
        st.uuids().map(str),
        st.dates().map(lambda day: f"{day:%Y-%m-%d}"),
        st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M:%S}"),
        st.tuples(st.dates(), st.dates()).map(lambda two: f"{two[0]} - {two[1]}"),
        st.integers(0, 10**12).map(lambda fen: f"{fen / 100:,.2f}元"),
        st.integers(0, 10**6).map(lambda position: f"#{position}"),
        st.binary(min_size=32, max_size=32).map(lambda digest: "a" + digest.hex()[1:]),
        st.sampled_from(["371329", "371329001", "371329001001", "12345", "95598"]),
    )
)
def test_amounts_days_and_our_own_ids_are_let_be(text: str) -> None:
    assert find_personal(f"金额或编号 {text} 已核实") == ()


def test_a_wrong_check_digit_is_no_number_unless_a_word_says_so() -> None:
    assert find_personal("流水110105194912310021") == ()
    assert find_personal("身份证号110105194912310021")[0].kind == "identity-number"
    assert find_personal("工单6222021234567890124") == ()
    assert find_personal("卡号 6222 0212 3456 7890 124")[0].kind == "bank-card"


old_identities = st.builds(
    "{}{:%y%m%d}{:03d}".format,
    st.sampled_from(["371329", "110105", "440524", "659001"]),
    st.dates(date(1900, 1, 1), date(1999, 12, 31)),
    st.integers(0, 999),
)


@settings(max_examples=200)
@given(
    st.data(),
    old_identities,
    st.sampled_from(["身份证", "身份证号：", "证件号码 ", "identity no. "]),
)
def test_fifteen_digits_are_an_identity_number_where_a_word_says_so(
    data: st.DataObject, digits: str, word: str
) -> None:
    written = data.draw(spread(digits))
    assert [one.kind for one in find_personal(f"核对{word}{written}，属实")] == ["identity-number"]
    assert not find_personal(mask_personal(f"核对{word}{written}，属实"))


def test_fifteen_digits_that_are_no_birthday_of_a_region_are_let_be() -> None:
    for digits in ("371329991301001", "371329990230001", "991329680517001", "370029680517001"):
        assert find_personal(f"身份证{digits}") == ()
    assert find_personal("工单编号371329680517001") == (), "no word says that it is one"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("护照E12345678", "passport"),
        ("护照号码：EA1234567", "passport"),
        ("持护照（Ｇ１２３ ４５６７８）", "passport"),
        ("Passport no. g12345678", "passport"),
        ("港澳通行证 C12345678", "travel-permit"),
        ("往来港澳通行证号码CA1234567", "travel-permit"),
        ("回乡证H0123456789", "travel-permit"),
    ],
)
def test_passports_and_permits_are_found_behind_their_word(text: str, kind: str) -> None:
    assert [one.kind for one in find_personal(text)] == [kind]
    assert find_personal(mask_personal(text)) == ()


@pytest.mark.parametrize(
    "text", ["编号E12345678", "护照办理20260302", "通行证20260302发放", "合同C12345678", "护照E123"]
)
def test_numbers_like_those_of_passports_are_let_be_without_it(text: str) -> None:
    assert find_personal(text) == ()


def test_a_mask_covers_the_number_and_nothing_else() -> None:
    assert mask_personal("打138 1234 5678给我") == "打＊＊＊＊＊＊＊＊＊＊＊＊＊给我"
    assert mask_personal("3号楼1单元101室") == "3号楼1单元101室"


def test_check_digits_are_those_of_the_standards() -> None:
    assert is_identity_number("11010519491231002X")  # the example of GB 11643
    assert not is_identity_number("110105194912310021")
    assert passes_luhn("4539578763621486")
    assert not passes_luhn("4539578763621487")
    assert (len(WEIGHTS), len(CHECKS)) == (17, 11)


@pytest.mark.parametrize("text", ["", "3", "2026年3月2日", str(UUID(int=5))])
def test_short_and_plain_texts_are_quickly_let_be(text: str) -> None:
    assert find_personal(text) == ()
