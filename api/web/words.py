"""The words of the pages: Chinese first, English beside.

The texts in templates are Chinese; ``locale/en.po`` gives each its English. A
page in Chinese shows the English of its headings beside them in small; a page in
English shows English. A text without a translation is a failing test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from babel.messages.pofile import read_po
from markupsafe import Markup

from api.web.isolation import enclosed

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@cache
def english() -> dict[str, str]:
    """Return the English of every Chinese text."""
    path = files("api.web").joinpath("locale", "en.po")
    with path.open("rb") as file:
        catalogue = read_po(file, locale="en")
    return {str(m.id): str(m.string) for m in catalogue if m.id and m.string}


@dataclass(frozen=True, slots=True)
class Words:
    """Says texts in one language."""

    language: Language

    def say(self, chinese: str, /, **facts: object) -> str:
        """Return the text in the page's language; ``{name}`` in it takes the fact of that name."""
        text = chinese if self.language == "zh" else english().get(chinese, chinese)
        if not facts:
            return text
        return text.format_map({name: enclosed(fact) for name, fact in facts.items()})

    def both(self, chinese: str, /) -> Markup:
        """Return a heading: Chinese with its English in small beside, or English alone."""
        translated = english().get(chinese, chinese)
        if self.language == "en":
            return Markup("{}").format(translated)
        return Markup('{} <small lang="en">{}</small>').format(chinese, translated)

    def pick(self, chinese: str, in_english: str) -> str:
        """Return the one of two texts that the page's language asks for."""
        return chinese if self.language == "zh" or not in_english else in_english
