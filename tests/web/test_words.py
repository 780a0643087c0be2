"""Every Chinese text of the pages has its English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from api.permissions import ROLE_NAMES_ZH
from api.web.words import Words, english

WEB = Path(str(files("api.web")))
CHINESE = re.compile(r"[一-鿿]")
LITERAL = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")


def texts_of_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((WEB / "templates").glob("*.jinja2")):
        for code in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", path.read_text("utf-8"), re.DOTALL):
            for match in LITERAL.finditer(code):
                text = match[1] if match[1] is not None else match[2]
                if CHINESE.search(text):
                    yield path.name, text


def texts_of_code() -> Iterator[tuple[str, str]]:
    for path in sorted(WEB.glob("*.py")):
        for match in re.finditer(
            r"(?:say|both)\(\s*\"([^\"]+)\"|Item\([^,]+, \"([^\"]+)\"", path.read_text("utf-8")
        ):
            yield path.name, match[1] or match[2]
    yield from (("roles", name) for name in ROLE_NAMES_ZH.values())


def test_every_text_is_translated() -> None:
    found = {*texts_of_templates(), *texts_of_code()}
    missing = sorted({text for _, text in found if text not in english()})
    assert missing == []
    assert len(found) > 50, "the search for texts found too little to be right"


def test_a_translation_names_the_same_facts() -> None:
    for chinese, translated in english().items():
        assert set(re.findall(r"\{(\w+)\}", chinese)) == set(re.findall(r"\{(\w+)\}", translated))


def test_the_catalogue_has_each_text_once() -> None:
    lines = (WEB / "locale" / "en.po").read_text("utf-8").splitlines()
    texts = [line for line in lines if line.startswith("msgid ") and line != 'msgid ""']
    assert len(texts) == len(set(texts))
    with (WEB / "locale" / "en.po").open("rb") as file:
        assert len(read_po(file, locale="en")) == len(texts)


@pytest.mark.parametrize(
    ("language", "expected"), [("zh", '登录 <small lang="en">Log in</small>'), ("en", "Log in")]
)
def test_a_heading_is_chinese_with_english_beside(language: str, expected: str) -> None:
    assert Words(language).both("登录") == expected  # type: ignore[arg-type]
