"""No text of any command carries what must not stay, whatever state its record is in."""

from __future__ import annotations

import pytest

from api.routing import CommandRoute
from tests.everywhere.addresses import (
    COMMANDS,
    Address,
    body_of,
    filled,
    is_free_text,
    places_of,
    put,
)
from tests.everywhere.canaries import CARD, IDENTITY, PHONE, TOKEN
from tests.everywhere.conftest import HERE
from tests.permissions.conftest import County

SAID = {
    PHONE: "mobile-number",
    IDENTITY: "identity-number",
    CARD: "bank-card",
    TOKEN: "access-secret",
}
REASON = ("reason",)


@pytest.mark.parametrize("route", COMMANDS.values(), ids=lambda route: route.operation)
async def test_a_personal_number_or_a_token_in_a_text_is_refused(
    site: County, route: CommandRoute
) -> None:
    """Also in texts of a command that is refused for another reason, or about nothing at all."""
    address = Address("POST", route.path)
    path = filled(site, address, HERE)
    personal: frozenset[str] = getattr(route.takes, "PERSONAL", frozenset())
    body, headers = body_of(site, address, HERE), site.of(address.role, HERE)
    texts = [place for place, schema in places_of(site, address).items() if is_free_text(schema)]
    assert REASON in texts
    for place in texts:
        if place[0] in personal:
            continue
        canaries = SAID if place != REASON else [PHONE]
        for canary in canaries:
            changed = put(site, address, body, place, f"请记 {canary}")
            async with site.client.post(path, json=changed, headers=headers) as response:
                told = await response.json()
            assert told["code"] == "personal-data-in-text", (place, told)
            field = "evidence" if place[0] == "evidence" else _named(place)
            assert told["facts"] == {"field": field, "kind": SAID[canary]}, place


def _named(place: tuple[str | int, ...]) -> str:
    """Return the name of the field that a place is in."""
    return next(str(step) for step in reversed(place) if isinstance(step, str))
