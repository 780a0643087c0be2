"""Personal numbers are found in other spellings, and other numbers are let be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sealing.personal_numbers import find_personal, kind_in_reference, mask_personal

NUMERALS = ("〇零", "一幺壹", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
SIGNS = (
    ".",
    "/",
    "_",
    "·",
    "~",
    "*",
    "，",
    "、",
    "．",
    "／",
    "＿",
    "\n",
    "\r\n",
    " / ",
    "\u2028",
    "…",
)
HIDING = ("\u200b", "\ufe0f", "\u2060", "\U000e0100", "\u0336", "\u034f", "\ufe0f\u20e3")
GROUPS = ("139", "1234", "5678")


@pytest.mark.parametrize("sign", SIGNS)
def test_signs_of_every_kind_may_part_the_groups_of_a_number(sign: str) -> None:
    for written in (sign.join(GROUPS), sign.join("13912345678"), f"ref{sign.join(GROUPS)}x"):
        found = find_personal(f"请打{written}，谢谢")
        assert [one.kind for one in found] == ["mobile-number"], written
    assert (
        find_personal(f"证{sign.join(('110105', '19491231', '002X'))}")[0].kind == "identity-number"
    )


@pytest.mark.parametrize("sign", HIDING)
def test_what_nobody_sees_hides_no_number(sign: str) -> None:
    assert find_personal(f"电{sign.join('13912345678')}话")[0].kind == "mobile-number"
    assert kind_in_reference(sign.join("13912345678")) == "mobile-number"


@settings(max_examples=100)
@given(st.data(), st.integers(3, 9), st.integers(0, 10**9 - 1))
def test_chinese_numerals_are_digits_wherever_they_stand_among_them(
    data: st.DataObject, second: int, rest: int
) -> None:
    digits = f"1{second}{rest:09d}"
    choices = [data.draw(st.sampled_from(one + NUMERALS[int(one)])) for one in digits]
    written = "".join(choices)
    assert [one.kind for one in find_personal(f"打{written}吧")] == ["mobile-number"]
    assert mask_personal(f"打{written}吧") == f"打{'＊' * 11}吧"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("①③⑨①②③④⑤⑥⑦⑧", "mobile-number"),
        ("138123\n45678", "mobile-number"),
        ("138.12345678", "mobile-number"),
        ("（0539）621－2345", "landline-number"),
        ("0539.6212345", "landline-number"),
        ("6222.0212.3456.7890.128", "bank-card"),
        ("62220212345\n67890128", "bank-card"),
        ("一一零一零五一九四九一二三一零零二X", "identity-number"),
        ("写信到 zhang.san@163.com", "e-mail-address"),
        ("ｚｈａｎｇ＠ｑｑ．ｃｏｍ", "e-mail-address"),
        ("微信zhang_san1", "wechat-account"),
        ("微信号：zhangsan", "wechat-account"),
        ("WeChat ID: zhangsan", "wechat-account"),
        ("加我vx：abc12345", "wechat-account"),
        ("wx:linshu88", "wechat-account"),
        ("QQ 12345678", "qq-account"),
        ("扣扣号12345678", "qq-account"),
        ("台胞证12345678", "travel-permit"),
        ("外国人永久居留身份证 ABC110123456789", "permit"),
        ("军官证字第1234567号", "permit"),
        ("驾驶证档案编号371300123456", "permit"),
        ("居住证号37132900012345", "permit"),
    ],
)
def test_other_spellings_and_other_kinds_are_found(text: str, kind: str) -> None:
    assert [one.kind for one in find_personal(text)] == [kind]
    assert find_personal(mask_personal(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "15、16、17、18、19、2号楼",
        "1401、1402、301室",
        "1301/1302/102",
        "135,000,000.18元",
        "135000000.18元",
        "13,500.00；18,000.00",
        "2026/11/14 09:30:15",
        "2026年11月14日，15000.00元，3次",
        "1.5、2.5、3.5、13.5、4.5",
        "2000-01-01 - 0899-01-01",
        "第一二三四五六七八九十条",
        "统一改为三楼、四楼、五楼，每月十三日",
        "微信支付10000元",
        "微信 10000元",
        "微信公众号、微信群、微信 WeChat 支付",
        "居民@物业公司",
        "a@b",
        "通行证20261114发放",
        "居住证办理 2026年",
    ],
)
def test_lists_amounts_days_and_words_are_let_be(text: str) -> None:
    assert find_personal(text) == ()


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("ref13912345678", "mobile-number"),
        ("TX-139-1234-5678", "mobile-number"),
        ("139.1234.5678", "mobile-number"),
        ("１３９１２３４５６７８", "mobile-number"),
        ("一三九一二三四五六七八", "mobile-number"),
        ("139 1234 5678", "mobile-number"),
        ("tel:0539-6212345", "landline-number"),
        ("ID11010519491231002X", "identity-number"),
        ("110105-19491231-002X", "identity-number"),
        ("6222021234567890128", "bank-card"),
        ("passport:E12345678", "passport"),
        ("zhang@163.com", "e-mail-address"),
        ("wx:abc12345", "wechat-account"),
        ("合同 13912345678", "mobile-number"),
    ],
)
def test_references_are_searched_for_the_same_spellings(reference: str, kind: str) -> None:
    assert kind_in_reference(reference) == kind


@pytest.mark.parametrize(
    "reference",
    [
        "20261114-0001",
        "FP-2026-0001-1234",
        "1501-2026-001",
        "TX20261114130912345678",
        "2026111413091234",
        "05396212345",
        "HT-2026-13-0001",
        "371329001001",
        "G2026031500012345678",
        "2026/0301/001",
        "合同（2026）第13号",
        "0a13912345678b4c",
        "f13912345678c0ffee0f13912345678c0",
    ],
)
def test_usual_references_are_let_be(reference: str) -> None:
    assert kind_in_reference(reference) == ""


@settings(max_examples=300)
@given(st.one_of(st.uuids().map(lambda one: one.hex), st.uuids().map(str)))
def test_ids_that_programs_draw_are_no_personal_numbers(drawn: str) -> None:
    assert kind_in_reference(drawn) == ""
    assert find_personal(f"编号{drawn}") == ()


def test_many_digits_take_no_longer_for_each_of_them() -> None:
    """Every row of groups ends: a text of n characters has at most some twenty n of them."""
    assert find_personal("1 " * 5_000) == ()
    assert len(find_personal("139-1234-5678 x " * 500)) == 500
