"""Keeps personal data out of the texts that go into the log, where they could never be erased."""

from __future__ import annotations

import re

from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated

PATTERNS: dict[str, re.Pattern[str]] = {
    "mobile-number": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "identity-number": re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])"),
    "bank-card": re.compile(r"(?<!\d)\d{16,19}(?!\d)"),
}

_GAPS = re.compile(r"(?<=\d)[ -](?=\d)")


class PersonalDataInText(RuleViolated):
    """A text must not carry a telephone, identity or bank card number: it stays for ever.

    文字中不得出现手机号、身份证号或银行卡号：账本内容永久保存，无法删除。
    """


def without_personal_data(by: By, **texts: str) -> By:
    """Refuse texts (by field name) that hold a number of the kinds in ``PATTERNS``.

    Numbers are also found when they are written in groups with spaces or hyphens.
    """
    for field, text in texts.items():
        for kind, pattern in PATTERNS.items():
            if pattern.search(text) or pattern.search(_GAPS.sub("", text)):
                by = by.refuse(PersonalDataInText(field=field, kind=kind))
                break
    return by
