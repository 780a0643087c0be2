"""No text that a page prints can turn what stands around it, in whatever template and place."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from api.web.isolation import Isolation, enclosed
from api.web.words import Words

TURNED = "元00.000,5\u202e"
TEMPLATES = Path(str(files("api.web").joinpath("templates")))
NAMES = sorted(path.name for path in TEMPLATES.glob("*.jinja2"))
TEXT_ONLY = {"title", "option", "textarea"}


def rendered(source: str, **given: Any) -> str:
    environment = jinja2.Environment(autoescape=True, extensions=[Isolation])
    return environment.from_string(source).render(given)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<p>{{ t }}</p>", f"<p><bdi>{TURNED}</bdi></p>"),
        ("{{ 'x' ~ t if t else 'y' }}", f"<bdi>x{TURNED}</bdi>"),
        (
            "<b>{% if t %}<i class='{{ 1 }}'>{% endif %}{{ t }}</b>",
            "<b><i class='1'><bdi>{}</bdi></b>",
        ),
        ('<i title="{{ t }}">{{ t }}</i>', '<i title="元00.000,5"><bdi>{}</bdi></i>'),
        ('<input value="{{ t }}">', '<input value="{}">'),
        ("<textarea>{{ t }}</textarea>{{ t }}", "<textarea>{}</textarea><bdi>{}</bdi>"),
        ("<title>{{ t }}</title>{{ t }}", "<title>元00.000,5</title><bdi>{}</bdi>"),
        ("{% block title %}{{ t }}{% endblock %}{{ t }}", "元00.000,5<bdi>{}</bdi>"),
        ("<option>{{ t }}</option><p>{{ t }}", "<option>元00.000,5</option><p><bdi>{}</bdi>"),
        ("<a{{ m }}>{{ m }}</a>", "<a href>\u200b href</a>"),
        ("{{ u }}", "<bdi>ئۇيغۇر</bdi>"),
        ("{{ plain }} {{ 5 }} {{ none }}", "甲 &lt;b&gt; 5 None"),
        ("{{ '&' ~ t }}", "<bdi>&amp;{}</bdi>"),
    ],
)
def test_a_text_is_isolated_where_it_is_printed(source: str, shown: str) -> None:
    given = {"t": TURNED, "m": Markup(" href"), "u": "ئۇيغۇر", "plain": "甲 <b>", "none": None}
    expected = shown.replace("{}", TURNED).replace("\u200b", "")
    assert rendered(source, **given) == expected


class Marks(HTMLParser):
    """Notes in what kind of place each mark of a template stands."""

    def __init__(self) -> None:
        super().__init__()
        self.element = ""
        self.between_tags: set[int] = set()
        self.elsewhere: set[int] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.element = tag.partition("@@")[0]
        self.elsewhere |= marks_in(tag + " ".join(f"{name}={value}" for name, value in attrs))

    def handle_endtag(self, tag: str) -> None:
        self.element = ""

    def handle_data(self, data: str) -> None:
        place = self.elsewhere if self.element in TEXT_ONLY else self.between_tags
        place |= marks_in(data)


def marks_in(text: str) -> set[int]:
    return {int(one) for one in re.findall(r"@@(\d+)@@", text)}


@pytest.mark.parametrize("name", NAMES)
def test_every_text_of_every_template_is_given_to_the_filter_of_its_place(name: str) -> None:
    """Another reader of HTML than ours says which values stand between tags."""
    source = (TEMPLATES / name).read_text("utf-8")
    source = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    titled = re.sub(
        r"{%-?\s*block title\s*-?%}(.*?){%-?\s*endblock", r"<title>\1</title>{% x", source
    )
    numbers = iter(range(10_000))
    marked = re.sub(r"{{.*?}}", lambda _: f"@@{next(numbers)}@@", titled, flags=re.DOTALL)
    reader = Marks()
    reader.feed(re.sub(r"{%.*?%}", "", marked, flags=re.DOTALL))
    reader.close()

    environment = jinja2.Environment(autoescape=True, extensions=[Isolation])
    printed = [one.value for one in environment._tokenize(source, name) if one.type == "name"]
    isolated = printed.count("isolated")
    assert len(reader.between_tags) + len(reader.elsewhere) == next(numbers)
    assert isolated == len(reader.between_tags)


def test_a_text_within_a_sentence_turns_nothing_of_the_sentence() -> None:
    said = Words("zh").say("正在代行：{role} {post}，至 {day}", role="甲", post=TURNED, day="3月")
    assert said == "正在代行：甲 \u2068元00.000,5\u2069，至 3月"
    assert enclosed("甲") == "甲"
    assert enclosed(5) == 5
