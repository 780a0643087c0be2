"""Keeps personal data out of the texts that go into the log, where they could never be erased."""

from __future__ import annotations

from ledger.core.aggregate import By
from ledger.core.errors import RuleViolated
from ledger.sealing.personal_numbers import find_personal


class PersonalDataInText(RuleViolated):
    """A text must not carry a telephone, identity or bank card number: it stays for ever.

    文字中不得出现电话号码、身份证号或银行卡号：账本内容永久保存，无法删除。
    """


def without_personal_data(by: By, **texts: str) -> By:
    """Refuse texts (by field name) that hold a personal number, history included.

    What happened long ago is recorded however many rules it broke, but not in words that could
    never be erased: an import masks or refuses such a text before it comes here.
    """
    for field, text in texts.items():
        if found := find_personal(text):
            raise PersonalDataInText(field=field, kind=found[0].kind)
    return by
