"""A person's PDF shows every character, or the number of one that no typeface here has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.pdf_faces import FOLDER, LATIN, PACKAGES, READERS_OWN, Faces, faces, lacking, markup, runs
from api.person_pdf import render_pdf
from tests.pdf_reading import text_of

RARE = "𠮷田㐂子，𬎆县龘镇，葛󠄀城"
AT = "2026-03-02T10:00:00+08:00"


def document_of(name: str) -> dict[str, Any]:
    """What is kept about somebody with a name."""
    slot = {"record_kind": "contact", "record_id": "0" * 32, "fields": {"name": name}}
    return {
        "person_id": "p",
        "ledger": "371329",
        "made_at": AT,
        "sealed": [slot],
        "documents": [],
        "erased": [],
        "restricted_records": {},
        "looks": [],
        "events": [],
        "is_complete": True,
    }


def test_rare_characters_are_in_the_pdf_and_can_be_found() -> None:
    assert lacking() == [], "`make test` installs them"
    pdf = render_pdf(document_of(RARE))
    text = text_of(pdf)
    assert RARE.replace("\U000e0100", "") in text
    assert "个人信息，请妥善保管" in text
    assert "没有的字符" not in text
    assert pdf.count(b"/FontFile2") >= 2, "the typefaces are embedded"
    assert READERS_OWN.encode() not in pdf


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("笑😀🫠哭", "笑😀[U+1FAE0]哭"),
        ("ئۇ", "[U+0626][U+06C7]"),
        ("甲\u202e乙\u200b丙\ufe0f", "甲乙丙"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("①½é²Ⅳ·—“”", "①½é²Ⅳ·—“”"),
    ],
)
def test_what_cannot_be_shown_is_shown_by_its_number(written: str, shown: str) -> None:
    text = text_of(render_pdf(document_of(written)))
    assert shown in text
    assert ("没有的字符" in text) == ("[U+" in shown)


def test_missing_typefaces_are_said(tmp_path: Path) -> None:
    assert lacking(tmp_path) == ["fonts-droid-fallback", "fonts-hanazono"]
    known = faces(tmp_path)
    assert list(runs("张𠮷㐂A", known)) == [
        (READERS_OWN, "张"),
        (LATIN, "[U+20BB7][U+3402]"),
        (LATIN, "A"),
    ]
    assert known.lacking == lacking(tmp_path)


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30))
def test_no_character_is_lost_or_becomes_another(text: str) -> None:
    told = "".join(piece for _, piece in runs(text, faces()))
    known = Faces(characters={"every": frozenset(range(0x110000))})
    seen = "".join(piece for _, piece in runs(text, known))
    assert told.count("[U+") >= sum(1 for one in seen if not faces().of(one))
    assert "<font" in markup(text, faces()) or not seen


def test_each_typeface_is_where_its_package_puts_it() -> None:
    for _, path in PACKAGES.values():
        assert (FOLDER / path).is_file()
