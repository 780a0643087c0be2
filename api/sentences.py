"""What a bad field is told, in two languages, by a stable name of the broken rule.

The left-hand names are pydantic's own; the rule names are ours, so that a newer
pydantic changes nothing for programs that read them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.errors import FieldError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_DIGITS = re.compile(r"[0-9]{7}")


def shown_name(name: str) -> str:
    """Return a field's name for an error, if it looks like one; what else came in its place is not
    repeated: it may be a value, and a secret."""
    return name if _NAME.fullmatch(name) and not _DIGITS.search(name) else "?"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A rule's stable name and what people read; braces are filled with the rule's limits."""

    rule: str
    en: str
    zh: str

    def about(
        self, limits: Mapping[str, Any], *, pointer: str = "", parameter: str = ""
    ) -> FieldError:
        """Return the sentence as an error at a place (``pointer`` or ``parameter``)."""
        return FieldError(
            rule=self.rule,
            message=self.en.format_map(limits),
            message_zh=self.zh.format_map(limits),
            pointer=pointer,
            parameter=shown_name(parameter) if parameter else "",
        )


MISSING = Sentence("required", "This is required.", "此项必填。")
UNKNOWN = Sentence("unknown-field", "There is no such field here.", "此处没有这个字段。")
INTEGER = Sentence("integer", "This must be a whole number.", "应为整数。")
TEXT = Sentence("text", "This must be a text.", "应为文字。")
BOOLEAN = Sentence("boolean", "This must be true or false.", "应为 true 或 false。")
LIST = Sentence("list", "This must be a list.", "应为列表。")
OBJECT = Sentence("object", "This must be an object.", "应为对象。")
UUID = Sentence("uuid", "This must be a UUID.", "应为 UUID。")
DAY = Sentence("day", "This must be a day such as 2026-03-01.", "应为日期，如 2026-03-01。")
MOMENT = Sentence(
    "moment",
    "This must be a time with its offset, such as 2026-03-01T09:00:00+08:00.",
    "应为带时区的时间，如 2026-03-01T09:00:00+08:00。",
)
CHOICE = Sentence("choice", "This must be one of {expected}.", "应为以下之一：{expected}。")
PATTERN = Sentence("pattern", "This must match {pattern}.", "应符合格式 {pattern}。")
OTHER = Sentence("invalid", "This value is not accepted here.", "此处不接受这个值。")

NUL = Sentence("nul", "A text cannot contain the character NUL.", "文字中不得含有 NUL 字符。")
SURROGATE = Sentence(
    "surrogate",
    "A text cannot contain half of a surrogate pair.",
    "文字中不得含有不成对的代理字符。",
)
INTEGER_SIZE = Sentence(
    "integer-size",
    "A number must lie between -(2^63) and 2^63 - 1.",
    "数值应在 -(2^63) 与 2^63 - 1 之间。",
)
NUMBER = Sentence("number", "This is not a finite number.", "应为有限的数。")
DEPTH = Sentence(
    "depth", "The body is nested deeper than {depth_max} levels.", "正文嵌套超过 {depth_max} 层。"
)
VALUES = Sentence(
    "too-many-values",
    "The body holds more than {values_max} values.",
    "正文中的值超过 {values_max} 个。",
)
SIZE = Sentence(
    "text-size",
    "No text here has more than {characters_max} characters.",
    "文字不得超过 {characters_max} 个字符。",
)
MARKS = Sentence(
    "marks",
    "More than {marks_max} combining marks follow each other.",
    "连续的组合用字符超过 {marks_max} 个。",
)
FIELD_TWICE = Sentence(
    "field-twice", "The field {field} is given twice.", "字段 {field} 重复出现。"
)

BY_TYPE: Mapping[str, Sentence] = {
    "missing": MISSING,
    "extra_forbidden": UNKNOWN,
    "unexpected_keyword_argument": UNKNOWN,
    "int_type": INTEGER,
    "int_parsing": INTEGER,
    "int_from_float": INTEGER,
    "int_parsing_size": INTEGER_SIZE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "string_type": TEXT,
    "string_sub_type": TEXT,
    "string_unicode": SURROGATE,
    "bool_type": BOOLEAN,
    "bool_parsing": BOOLEAN,
    "tuple_type": LIST,
    "list_type": LIST,
    "dict_type": OBJECT,
    "dataclass_type": OBJECT,
    "model_type": OBJECT,
    "uuid_type": UUID,
    "uuid_parsing": UUID,
    "uuid_version": UUID,
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "date_from_datetime_inexact": DAY,
    "iso_day": DAY,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_object_invalid": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "timezone_aware": MOMENT,
    "iso_moment": MOMENT,
    "enum": CHOICE,
    "literal_error": CHOICE,
    "string_pattern_mismatch": PATTERN,
    "text_control": Sentence(
        "control-character",
        "This must not hold the control character {character}.",
        "不得含有控制字符 {character}。",
    ),
    "text_turning": Sentence(
        "direction-mark",
        "This must not hold {character}, which changes the direction of what is read.",
        "不得含有改变文字方向的字符 {character}。",
    ),
    "text_hidden": Sentence(
        "invisible-character",
        "This must not hold the invisible character {character} here.",
        "不得在此处含有不可见字符 {character}。",
    ),
    "text_unseen": Sentence(
        "nothing-visible",
        "This must hold something that a reader can see.",
        "应含有可以看见的文字。",
    ),
    "greater_than": Sentence("greater-than", "This must be greater than {gt}.", "应大于 {gt}。"),
    "greater_than_equal": Sentence("at-least", "This must be at least {ge}.", "应不小于 {ge}。"),
    "less_than": Sentence("less-than", "This must be less than {lt}.", "应小于 {lt}。"),
    "less_than_equal": Sentence("at-most", "This must be at most {le}.", "应不大于 {le}。"),
    "string_too_short": Sentence(
        "too-short",
        "This must have at least {min_length} characters.",
        "至少应有 {min_length} 个字符。",
    ),
    "string_too_long": Sentence(
        "too-long",
        "This must have at most {max_length} characters.",
        "最多可有 {max_length} 个字符。",
    ),
    "too_short": Sentence(
        "too-few", "This must have at least {min_length} items.", "至少应有 {min_length} 项。"
    ),
    "too_long": Sentence(
        "too-many", "This must have at most {max_length} items.", "最多可有 {max_length} 项。"
    ),
}


def sentence_for(kind: str) -> Sentence:
    """Return the sentence for a kind of error that pydantic names."""
    return BY_TYPE.get(kind, OTHER)
