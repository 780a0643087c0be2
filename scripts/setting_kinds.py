"""One setting: its names, how its text is read, the rule that it keeps, and what it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: how to read its text, the rule it keeps, and what it is for."""

    name: str
    read: Callable[[str], object]
    rule_zh: str
    rule_en: str
    purpose: str
    default: str = ""

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return "MINZHANG_" + self.name.upper()


def whole(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number between two others."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return read


def matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    """Read a text of a certain form."""

    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return read
