"""The same paper has the same key, however its reference was typed; other papers have others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.characters import narrow
from ledger.core.references import same_reference_key

TYPED = st.text("TXtx019年第号－—‐-_/#　 \u200b\u00ad\ufe0fＡａ５①²½Ⅳ㈱ß", max_size=30)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.mark.parametrize(
    "typed",
    [
        "TX-2026-001",
        "tx-2026-001",
        "ＴＸ－２０２６－００１",
        "TX‐2026–001",
        "TX—2026−001",
        " TX - 2026 - 001 ",
        "TX\u3000-2026\u00a0-001",
        "T\u200bX-\u2060202\u00ad6-001\ufeff",
        "tx─2026﹣001",
    ],
)
def test_one_reference_has_one_key_however_it_is_typed(typed: str) -> None:
    assert same_reference_key(typed) == "tx-2026-001"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5000①", "50001"),
        ("8000²", "80002"),
        ("1½", "11/2"),
        ("Ⅳ-1", "IV-1"),
        ("1-23", "12-3"),
        ("2026-001", "2026001"),
        ("A_1", "A-1"),
        ("第一号", "第1号"),
        ("٣", "3"),
        ("𝟑", "3"),
    ],
)
def test_what_only_looks_alike_is_another_reference(one: str, other: str) -> None:
    assert same_reference_key(one) != same_reference_key(other)


@settings(max_examples=500)
@given(TYPED)
def test_a_key_is_its_own_key_and_knows_no_width_case_or_blank(typed: str) -> None:
    key = same_reference_key(typed)
    assert same_reference_key(key) == key
    assert same_reference_key(typed.translate(FULL_WIDTH)) == key
    assert same_reference_key(f" {typed.replace('X', 'x')}\u3000") == key


@given(st.characters())
def test_only_forms_of_width_are_made_narrow(character: str) -> None:
    folded = narrow(character)
    assert len(folded) == 1
    if folded != character:
        assert "\uff00" <= character <= "\uffef" or character == "\u3000"
