"""The pages: server-rendered, over the same views as the API.

    pages = Pages()

    @pages.page("/estates/{estate_id}", "estate.jinja2", is_public=True)
    async def estate(visit: Visit) -> dict[str, Any]: ...

A page function returns what its template shows; it reads views (``visit.read``)
and never events. A page that is not public sends visitors without a login to
``/login`` and back.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from api.access import authorise_identity
from api.bodies import clean_text
from api.errors import NotAuthenticated, RoleMissing, SecondFactorNeeded
from api.event_names import event_name
from api.identity import Identity
from api.keys import IDENTIFY, LEDGER, LOG, OPTIONS, PERMISSIONS
from api.peers import came_by_tls
from api.permissions import ROLE_NAMES_ZH, Role, may_ask
from api.problems import facts_shown, status_of
from api.scopes import SCOPES, as_stand_in
from api.sentences import shown_name
from api.sessions import SignedIn, csrf_token, signed_in
from api.web import figures
from api.web.assets import static_path
from api.web.forms import form_words
from api.web.isolation import Isolation
from api.web.ways import leads, navigation
from api.web.words import LANGUAGES, Language, Words
from ledger.core.clock import local_day
from ledger.core.errors import LedgerError, NotFound
from ledger.delegations import Delegation
from ledger.sealing import mask_secrets
from ledger.storage.ledger import Ledger
from projections.engine import Within

T = TypeVar("T")
PageFunction: TypeAlias = Callable[["Visit"], Awaitable[dict[str, Any]]]

LANGUAGE_COOKIE = "minzhang_language"
ACTING_COOKIE = "minzhang_acting_for"
"""Names the delegation by which the pages of this browser act for somebody; it proves nothing."""
CARRIED = Markup(
    '<input type="hidden" name="csrf" value="{}"><input type="hidden" name="acting_for" value="{}">'
)
"""What every form carries: that it is this session's, and for whom its page was shown to act."""
REACTION_ROLE, REACTIONS_ZH = "reaction", "系统（时限到期等）"

_RECORD = re.compile(r"[0-9]{1,10}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLAIN = re.compile(r"[0-9A-Za-z_.:+-]{0,64}")


READS_AS: Mapping[str, str] = {
    "causes": "event",
    "event_by_id": "event",
    "event_by_position": "event",
    "organisation_names": "organisation_tree",
    "petition_titles": "petition_register",
    "points_by_community": "points_accounts",
    "points_of_services": "points_statement",
    "verified_time": "volunteer_services",
}
"""Which row of the table of permissions counts for questions that only pages ask."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page."""

    request: web.Request
    words: Words
    visitor: Identity | None
    signed: SignedIn | None = None
    acting: Delegation | None = None

    @property
    def ledger(self) -> Ledger:
        return self.request.app[LEDGER]

    def id_in_path(self, name: str) -> UUID:
        """Return an id from the path; what is no id names no page."""
        try:
            return UUID(self.request.match_info[name])
        except ValueError as error:
            raise NotFound() from error

    def asked(self, name: str) -> str:
        """Return what the query says for a name, or nothing (refuses with ``RequestInvalid``)."""
        return clean_text(self.request.query.get(name, "")).strip()

    def moment_asked(self, name: str) -> datetime | None:
        """Return a moment from the query; a day means its end, a time without offset is China's."""
        given = self.asked(name)
        return figures.read_moment(given, field=name) if given else None

    def day_asked(self, name: str) -> date | None:
        """Return a day from the query."""
        moment = self.day_begins(name)
        return None if moment is None else local_day(moment)

    def day_begins(self, name: str) -> datetime | None:
        """Return the first moment in China of a day from the query."""
        given = self.asked(name)
        return figures.read_day(given, field=name) if given else None

    def may(self, operation: str) -> bool:
        """Tell whether the visitor may ask for an operation at all."""
        may = self.request.app[PERMISSIONS]
        return self.visitor is not None and may_ask(self.visitor, operation, may)

    async def read(self, view: Callable[..., Awaitable[T]], query: Any) -> T:
        """Ask a view, as the API does: as far as the visitor's role and scope reach.

        Refuses with ``NotAuthenticated`` or ``NotAllowed``; what is public is for everybody.
        """
        operation = READS_AS.get(view.__name__, view.__name__)
        ledger, scopes = self.ledger, self.request.app[SCOPES]
        if scopes.is_public(operation):
            return await view(ledger.pool, ledger.id, query)
        if self.visitor is None:
            raise NotAuthenticated()
        await authorise_identity(self.request, self.visitor, operation)
        scope = await scopes.reading(self.visitor, operation, query)
        try:
            return await view(Within(ledger.pool, scope), ledger.id, query)
        except NotFound:
            if not scope.is_whole:
                await scopes.note(self.visitor, operation)
            raise


@dataclass(frozen=True, slots=True)
class Page:
    """An address, the function that gathers what it shows, and the template that shows it."""

    path: str
    template: str
    function: PageFunction
    is_public: bool


class Pages:
    """The pages of one feature."""

    def __init__(self) -> None:
        self.pages: list[Page] = []

    def page(
        self, path: str, template: str, *, is_public: bool = False
    ) -> Callable[[PageFunction], PageFunction]:
        """Register the decorated function as what a page shows."""

        def register(function: PageFunction) -> PageFunction:
            self.pages.append(Page(path, template, function, is_public))
            return function

        return register


def add_pages(app: web.Application, features: tuple[Pages, ...]) -> None:
    """Add the templates and the pages of all features to the application."""
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(str(files("api.web").joinpath("templates"))),
        autoescape=jinja2.select_autoescape(default=True, default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Isolation],
    )
    environment.filters.update(
        yuan=figures.yuan,
        yuan_short=figures.yuan_short,
        count=figures.count,
        percent=figures.percent,
        day=figures.day,
        moment=figures.moment,
        short_id=figures.short_id,
        field_figure=figures.field_figure,
    )
    for feature in features:
        for page in feature.pages:
            app.router.add_get(page.path, _handler(page))


def _handler(page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def show(request: web.Request) -> web.StreamResponse:
        visit = await visit_of(request)
        if visit.visitor is None and not page.is_public:
            raise web.HTTPSeeOther(_way_in(visit))
        try:
            shown = await page.function(visit)
        except LedgerError as error:
            return render_error(visit, error)
        return render(visit, page.template, shown)

    return show


async def visit_of(request: web.Request) -> Visit:
    """Tell who visits, and in which language."""
    signed = await signed_in(request)
    visitor = await _visitor(request, signed)
    acting = None
    if visitor is not None and (given := request.cookies.get(ACTING_COOKIE)):
        acting = await request.app[SCOPES].delegation_to(visitor, given)
        if acting is not None:
            visitor = as_stand_in(visitor, acting)
    return Visit(request, Words(_language(request)), visitor, signed, acting)


def _way_in(visit: Visit) -> str:
    """Return where a visitor must go before a page that is not public."""
    if visit.signed is None:
        return "/login?" + urlencode({"next": way_on(visit.request)})
    return "/account" if not visit.signed.session.is_pending else "/login/code"


def _language(request: web.Request) -> Language:
    asked = request.query.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return next((language for language in LANGUAGES if language == asked), "zh")


async def _visitor(request: web.Request, signed: SignedIn | None) -> Identity | None:
    """Return in which capacity somebody visits: a browser's session, or a program's token."""
    with suppress(NotAuthenticated, RoleMissing, SecondFactorNeeded):
        if "Authorization" in request.headers:
            return await request.app[IDENTIFY](request)
        return None if signed is None else signed.identity()
    return None


def render(
    visit: Visit, template: str, shown: dict[str, Any], *, status: int = 200
) -> web.Response:
    """Return a page, with what every template may use."""
    request = visit.request
    words = visit.words
    asked_language = request.query.get("lang")
    here = str(shown.get("here", request.path))  # a refused form shows the page it stands on

    def with_query(**changes: str) -> str:
        kept = {n: v for n, v in request.query.items() if shown_name(n) == n == mask_secrets(n)}
        query = {n: v for n, v in (kept | changes).items() if mask_secrets(v) == v}
        return f"{here}?{urlencode(query)}"

    def leading(path: str) -> bool:
        return leads(path, visit.visitor, request.app[PERMISSIONS])

    csrf = csrf_token(request, visit.signed.secret) if visit.signed else ""
    context = {
        "words": words,
        "visitor": visit.visitor,
        "witnesses_lacking": request.app[LOG].trust().lacking,
        "signed": visit.signed,
        "csrf": csrf,
        "carried": CARRIED.format(csrf, visit.acting.id if visit.acting else ""),
        "acting": visit.acting,
        "navigation": tuple(navigation(visit.visitor, request.app[PERMISSIONS])),
        "leads": leading,
        "to": lambda path: Markup(' href="{}"').format(quote_path(path)) if leading(path) else "",
        "here": here,
        "static": static_path,
        "link": quote_path,
        "with_query": with_query,
        "in_language": lambda language: with_query(lang=language),
        "role_name": lambda role: role_name(words, role),
        "event_name": lambda topic: words.pick(event_name(topic).zh, event_name(topic).en),
        "asked": request.query,
        "refusal": None,
        **form_words(words, shown.get("refusal")),
        **shown,
    }
    response = aiohttp_jinja2.render_template(template, request, context, status=status)
    response.headers["Cache-Control"] = "no-store" if visit.signed or visit.visitor else "no-cache"
    if asked_language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, asked_language, max_age=31_536_000, samesite="Lax", httponly=True
        )
    return response


def render_error(visit: Visit, error: LedgerError) -> web.Response:
    """Return a page that says which rule or record stood in the way."""
    status = status_of(error)
    where = plain_path(visit.request)
    shown = {
        "error": error,
        "facts": facts_shown(error),
        "here": where,
        "in_language": lambda language: f"{where}?{urlencode({'lang': language})}",
    }
    return render(visit, "error.jinja2", shown, status=status)


def plain_path(request: web.Request) -> str:
    """Return the path if it names records only; what else somebody put there is not repeated."""
    given = request.match_info.values()
    return request.path if all(map(_RECORD.fullmatch, given)) else "/"


def way_on(request: web.Request) -> str:
    """Return where a visitor wanted to go, to be told to the login page; no text of theirs."""
    path, query = plain_path(request), (*request.query.keys(), *request.query.values())
    is_plain = all(_PLAIN.fullmatch(one) and mask_secrets(one) == one for one in query)
    return request.path_qs if is_plain and path == request.path else path


def own_address(request: web.Request) -> str:
    """Return the address under which people reach this site."""
    public = request.app[OPTIONS].public_url
    return public or f"{'https' if came_by_tls(request) else 'http'}://{request.host}"


def quote_path(path: str) -> str:
    """Return a path of this site, safe to stand in a page."""
    return quote(path, safe="/?=&%-._~:,#")


def role_name(words: Words, role: str) -> str:
    """Return a role's name in the page's language."""
    if role == REACTION_ROLE:
        return words.say(REACTIONS_ZH)
    return words.say(ROLE_NAMES_ZH[Role(role)]) if role in set(Role) else role
