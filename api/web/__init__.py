"""The pages. Chinese first, English beside; no outside assets; the same views as the API."""

from __future__ import annotations

from aiohttp import web

from api.web import (
    conduct,
    county,
    delegations,
    deposits,
    estates,
    events,
    evidence,
    expenses,
    log,
    petitions,
    privacy,
    proposals,
    users,
    volunteers,
)
from api.web.account import add_account_pages
from api.web.assets import add_assets
from api.web.fact_words import add_facts
from api.web.login import add_login
from api.web.second_factor import add_second_factor
from api.web.single_sign_on import add_single_sign_on
from api.web.site import Pages, add_pages

FEATURES: tuple[Pages, ...] = (
    county.pages,
    estates.pages,
    expenses.pages,
    deposits.pages,
    events.pages,
    volunteers.pages,
    petitions.pages,
    conduct.pages,
    log.pages,
    privacy.pages,
    users.pages,
    delegations.pages,
    proposals.pages,
    evidence.pages,
)
"""The pages of every feature."""


def add_web(app: web.Application) -> None:
    """Add all pages, the login and the assets to the application."""
    add_pages(app, FEATURES)
    log.add_log_pages(app)
    privacy.add_privacy_forms(app)
    users.add_user_forms(app)
    delegations.add_delegation_forms(app)
    proposals.add_proposal_forms(app)
    evidence.add_evidence_form(app)
    add_login(app)
    add_account_pages(app)
    add_second_factor(app)
    add_single_sign_on(app)
    add_assets(app)
    add_facts(app)
