"""Keeps every text that a page prints from turning what stands around it.

A text may hold letters that run from right to left, or marks that change the direction: U+202E
before ``元00.000,5`` is read as 5,000.00元, and an entry of long ago may hold it. So no template
decides what to isolate. While templates are compiled, this extension follows the HTML around each
``{{ … }}`` and gives the value to a filter:

* between tags: ``isolated`` puts what could turn its surroundings into ``<bdi>``;
* where no element can stand (a title, an option, an attribute): ``unturned`` leaves the marks out;
* in what a form sends back (an input's value, a text area): nothing, it is sent as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FROM_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_TAG = re.compile(r"<(/?[a-zA-Z!][^\s>/]*)")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)=$")
_TEXT_ONLY = frozenset({"title", "option", "script", "style"})
_TITLE_BLOCK = "title"
"""The block of the page's title: it stands in ``<title>``, whoever fills it."""
_SENT_BACK = "textarea"

ISOLATED, UNTURNED, AS_IT_IS = "isolated", "unturned", ""


def isolated(value: Any) -> Any:
    """Return a text within ``<bdi>`` if any of it could turn the text around it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup("<bdi>{}</bdi>").format(value) if _turns(value) else value
    return value


def unturned(value: Any) -> Any:
    """Return a text without the marks that turn."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return value if value.isascii() else _TURNING.sub("", value)
    return value


def enclosed(value: object) -> object:
    """Return a text as a part of a sentence: isolated by characters, as it has no element."""
    if isinstance(value, str) and not isinstance(value, Markup) and _turns(value):
        return f"\u2068{_TURNING.sub('', value)}\u2069"
    return value


def _turns(text: str) -> bool:
    return not text.isascii() and _FROM_RIGHT_TO_LEFT.search(text) is not None


class Place:
    """Where in the HTML a template is: between tags, in a tag, in the value of an attribute."""

    def __init__(self) -> None:
        self._element = ""
        self._is_in_tag = False
        self._quote = ""
        self._attribute = ""

    def filter(self) -> str:
        """Return the filter for a value that is printed here."""
        if self._quote:
            return AS_IT_IS if self._attribute == "value" else UNTURNED
        if self._element == _SENT_BACK:
            return AS_IT_IS
        return UNTURNED if self._is_in_tag or self._element in _TEXT_ONLY else ISOLATED

    def enter(self, element: str) -> None:
        """Go on as within an element."""
        self._element = element

    def follow(self, data: str) -> None:
        """Go on over a piece of the template's own HTML."""
        at = 0
        while at < len(data):
            step = self._follow_tag if self._is_in_tag else self._follow_text
            at = step(data, at)

    def _follow_text(self, data: str, at: int) -> int:
        found = _TAG.search(data, at)
        if found is None:
            return len(data)
        self._is_in_tag = True
        self._element = found[1].lower()
        return found.end()

    def _follow_tag(self, data: str, at: int) -> int:
        if self._quote:
            end = data.find(self._quote, at)
            self._quote = self._quote if end < 0 else ""
            return len(data) if end < 0 else end + 1
        if data[at] == ">":
            self._is_in_tag = False
        elif data[at] in "\"'":
            named = _ATTRIBUTE.search(data[max(at - 40, 0) : at])
            self._quote, self._attribute = data[at], named[1].lower() if named else ""
        return at + 1


class Isolation(Extension):
    """Gives every printed value to the filter for the place where it is printed."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters.update(isolated=isolated, unturned=unturned)

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the template's tokens, each printed expression followed by its filter."""
        place = Place()
        before = block = ""
        for token in stream:
            if token.type == "data":
                place.follow(token.value)
            elif token.type == "name":
                block = token.value if before == "block" else block
                if block == _TITLE_BLOCK and before == "block":
                    place.enter("title")
                elif block == _TITLE_BLOCK and token.value == "endblock":
                    place.enter("/title")
                before = token.value
            yield from _filtered(token, place.filter())


def _filtered(token: Token, name: str) -> Iterator[Token]:
    """Yield a token; where a printed expression begins or ends, also what gives it to a filter."""
    if token.type == "variable_end" and name:
        yield Token(token.lineno, "rparen", ")")
        yield Token(token.lineno, "pipe", "|")
        yield Token(token.lineno, "name", name)
    yield token
    if token.type == "variable_begin" and name:
        yield Token(token.lineno, "lparen", "(")
