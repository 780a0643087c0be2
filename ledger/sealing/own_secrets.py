"""Finds this service's own secrets in a text: tokens, sessions' cookies, one-time links.

Whoever pastes one into a title or a reason would leave it in the log for everybody who may read
the record. Their forms are ours alone, so nothing else is taken for one. A password has no form
of its own and is not found.

    mz_ + 43 characters           a token
    43 characters + . + 32 hex    a session's cookie
    link= + 43 characters         the end of a one-time link
"""

from __future__ import annotations

import re

from ledger.sealing.personal_numbers import MASK, mask_personal

OWN_SECRET = "access-secret"  # noqa: S105 - the kind's name
_RANDOM = r"[0-9A-Za-z_-]{43}"
_OWN = re.compile(
    rf"mz_{_RANDOM}|(?<![0-9A-Za-z_-]){_RANDOM}\.[0-9a-f]{{32}}(?![0-9a-f])|link=(?:{_RANDOM})"
)


def holds_own_secret(text: str) -> bool:
    """Tell whether a text holds what lets somebody in."""
    return _OWN.search(text) is not None


def mask_secrets(text: str) -> str:
    """Return the text with personal numbers and our own secrets replaced by asterisks."""
    return mask_personal(_OWN.sub(lambda found: MASK * len(found[0]), text))
