"""What a form shows again after a refusal: what was typed, and at which field it was refused.

    return await again(visit, Refusal(form="grant", typed=form, error=error))

A refusal that names a field, or is known to be about one, stands at that field; others stand
above the form. Both languages are shown: the page's first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from api.errors import RequestInvalid
from api.web.words import Words
from ledger import delegations, interests
from ledger.core.errors import LedgerError, ReasonMissing
from ledger.storage.user_logins import LoginNameTaken
from ledger.users import rules

SECRET_FIELDS = frozenset({"csrf", "password", "code"})
FIELD_OF: Mapping[type[LedgerError], str] = {
    ReasonMissing: "reason",
    LoginNameTaken: "login_name",
    rules.GrantEndsTooSoon: "until_on",
    rules.GrantHeldAlready: "role",
    rules.IdentityTaken: "subject",
    rules.RoleUnknown: "role",
    rules.RolesApart: "role",
    delegations.DelegationEndsTooSoon: "until_on",
    delegations.DelegationToOneself: "person",
    delegations.DelegationTooLong: "until_on",
    interests.InterestDeclaredAlready: "about",
    interests.InterestEndedByOneself: "reason",
    interests.InterestInOneself: "about",
}
"""At which field a refusal stands that does not name one itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Which form was refused, what had been typed into it, and why.

    ``field``: where a refusal stands that names no field; above the form if left out.
    """

    form: str
    typed: Mapping[str, str]
    error: LedgerError
    field: str = ""

    def sentences(self) -> dict[str, tuple[str, str]]:
        """Return the refusal in Chinese and English, by the field that it is about."""
        error = self.error
        told = (error.title_zh(), error.title_en())
        if isinstance(error, RequestInvalid) and error.errors:
            return {
                self._known(one.pointer.strip("/").partition("/")[0] or one.parameter): (
                    one.message_zh,
                    one.message,
                )
                for one in error.errors
            }
        named = error.facts.get("field")
        return {self._known(str(named or FIELD_OF.get(type(error), self.field))): told}

    def _known(self, field: str) -> str:
        """Return the field if the form has it: what is about another stands above the form."""
        return field if field in self.typed and field not in SECRET_FIELDS else ""


def form_words(words: Words, refusal: Refusal | None) -> dict[str, Callable[..., Any]]:
    """Return what templates ask about forms: what was typed, what was refused where."""
    told = {} if refusal is None else refusal.sentences()

    def typed(form: str, name: str, default: str = "") -> str:
        if refusal is None or refusal.form != form or name in SECRET_FIELDS:
            return default
        return refusal.typed.get(name, default)

    def refused_at(form: str, name: str) -> Markup | str:
        if refusal is None or refusal.form != form or name not in told:
            return ""
        zh, en = told[name]
        if words.language == "en":
            return Markup('{} <small lang="zh-CN">{}</small>').format(en, zh)
        return Markup('{} <small lang="en">{}</small>').format(zh, en)

    return {"typed": typed, "refused_at": refused_at}
