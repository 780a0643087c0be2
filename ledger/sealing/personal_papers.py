"""Numbers and names that point to a person only because a word before them says what they are.

Passports and permits, accounts of messengers (微信, QQ); and addresses of e-mail, which say so by
their form. The texts that come here are folded (``number_runs.folded``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PASSPORT, TRAVEL_PERMIT, PERMIT = "passport", "travel-permit", "permit"
E_MAIL, WECHAT, QQ = "e-mail-address", "wechat-account", "qq-account"

_GAP = r"[ \-._/·\r\n]{0,2}"
_END = r"(?![0-9])"
# The word, perhaps 号码 or "no.", and then the number.
_NUMBER_WORD = r"(?:(?:证件|档案)?(?:编号|号码?)|\s?(?:no|number))?[^0-9A-Za-z]{0,6}"


def _digits(least: int, most: int) -> str:
    return rf"[0-9](?:{_GAP}[0-9]){{{least - 1},{most - 1}}}{_END}"


def _behind(words: str, number: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{words}){_NUMBER_WORD}({number})", re.IGNORECASE)


_PAPERS = (
    (PASSPORT, _behind("护照|passport", rf"[A-Z]{{1,2}}{_GAP}{_digits(7, 8)}")),
    (
        TRAVEL_PERMIT,
        _behind("通行证|回乡证|permit", rf"[CHMWT][A-Z]?{_GAP}{_digits(7, 10)}"),
    ),
    (TRAVEL_PERMIT, _behind("台胞证|台湾居民来往大陆通行证", _digits(8, 10))),
    (
        PERMIT,
        _behind(
            "永久居留身份证|永久居留证|居留许可|居留证",
            rf"[A-Z]{{3}}{_GAP}{_digits(12, 12)}|{_digits(8, 18)}",
        ),
    ),
    (PERMIT, _behind("居住证|暂住证|残疾人证|残疾证", _digits(8, 20))),
    (PERMIT, _behind("驾驶证|驾照|行驶证", _digits(8, 12))),
    (
        PERMIT,
        re.compile(rf"(?:军官证|士兵证|警官证|文职干部证)[^0-9A-Za-z]{{0,8}}({_digits(5, 10)})"),
    ),
    (PERMIT, _behind("社保卡|社会保障卡|医保卡|社会保障", rf"[A-Z]?{_GAP}{_digits(8, 10)}")),
)

_MESSENGERS = (
    (
        WECHAT,
        "微信|威信|薇信|微❤|卫星号|wechat|weixin|(?<![a-z])(?:v信|vx|wx|v❤|vchat)",
        r"[a-z][a-z0-9_-]{5,19}|[0-9]{5,12}",
    ),
    (QQ, "(?<![a-z])qq|扣扣|企鹅号|球球号", r"[1-9][0-9]{4,11}"),
)
_SAYS_SO = r"\s?(?P<says>账号|帐号|号码|号|id|(?=[:=是为加]))?[\s:=是为加]{0,4}"
_ACCOUNTS = tuple(
    (kind, re.compile(rf"(?:{words}){_SAYS_SO}(?P<account>{account})(?![0-9a-z@])", re.IGNORECASE))
    for kind, words, account in _MESSENGERS
)
_OWN_WORDS = frozenset({"wechat", "weixin", "alipay"})
_COUNTED = re.compile(r"\.[0-9]|[,]?[0-9]*\s?(?:元|块|万|年|月|日|人|户|次|条|件|时|点|分|%)")
"""What follows a number that counts something: it is no account."""

_MAIL_NAME = re.compile(r"[0-9A-Za-z._%+\-\u4e00-\u9fff]{1,63}$")
_MAIL_HOST = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,62}\.){1,5}[A-Za-z]{2,24}")


def papers_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each number of a paper in a folded text: its kind, and where it begins and ends."""
    for kind, paper in _PAPERS:
        yield from ((kind, *found.span(1)) for found in paper.finditer(text))


def accounts_in(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each account of a messenger, and each address of e-mail, in a folded text."""
    for kind, pattern in _ACCOUNTS:
        for found in pattern.finditer(text):
            if _is_account(text, found):
                yield kind, *found.span("account")
    at = text.find("@")
    while at >= 0:
        name = _MAIL_NAME.search(text[max(at - 63, 0) : at])
        host = _MAIL_HOST.match(text, at + 1)
        if name is not None and host is not None:
            yield E_MAIL, at - len(name[0]), host.end()
        at = text.find("@", at + 1)


def _is_account(text: str, found: re.Match[str]) -> bool:
    account = found["account"].lower()
    if account.isdecimal():
        return not _COUNTED.match(text, found.end())
    is_name = bool(found["says"]) or found["says"] == "" or not account.isalpha()
    return is_name and account not in _OWN_WORDS
