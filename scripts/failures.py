"""Failures that a person is told about in one sentence, without a traceback."""

from __future__ import annotations


class Failure(Exception):
    """A command cannot do what was asked; `zh` and `en` say why and what helps."""

    exit_code = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"
