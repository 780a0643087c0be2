"""The pages of petitions and units: what a visitor with a login reads, and who may not."""

from __future__ import annotations

import pytest

from ledger.core.clock import utc_now
from ledger.petitions import Level
from ledger.reactions import REACTIONS
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.engine import catch_up
from tests.api.conftest import Client, TokenFor, bearer
from tests.petition_world import (
    COMMUNITY,
    ESTATE,
    STREET,
    UNIT,
    escalated,
    filed,
    found_county,
    in_hand,
    sent_to_county,
    solved,
)


@pytest.fixture
async def county_ledger(ledger: Ledger) -> Ledger:
    await found_county(ledger)
    return ledger


async def page(client: Client, token: str, path: str, *, status: int = 200) -> str:
    response = await client.get(path, headers=bearer(token))
    text = await response.text()
    assert response.status == status, text
    return text


async def caught_up(ledger: Ledger) -> None:
    await Reactions(ledger, REACTIONS).catch_up(now=utc_now())
    await catch_up(ledger, VIEWS)


async def test_a_petition_page_tells_holders_clocks_and_steps(
    client: Client, county_ledger: Ledger, token_for: TokenFor
) -> None:
    petition_id = await in_hand(county_ledger, on=-40)
    await escalated(county_ledger, petition_id, Level.STREET, on=-30)
    await solved(county_ledger, petition_id, on=-20)
    await caught_up(county_ledger)
    token = await token_for("street", organisation_id=STREET)
    text = await page(client, token, f"/petitions/{petition_id}")
    english = await page(client, token, f"/petitions/{petition_id}?lang=en")

    for told in ("地下车库潮湿积水", "县供热中心", "办理期限", "逾期", "超过时限", "提级", "办结"):
        assert told in text
    assert "/events/" in text
    for told in ("Handling timeline", "Missed", "Deadline missed", "Petition closed"):
        assert told in english
    begun = await page(client, token, f"/petitions/{petition_id}?at=2026-01-21")
    assert "办结" not in begun
    assert "现由其办理" in begun


async def test_the_register_is_narrowed_by_what_is_asked(
    client: Client, county_ledger: Ledger, token_for: TokenFor
) -> None:
    await filed(county_ledger, on=-40, channel="hotline", title="电梯故障")
    await filed(county_ledger, on=-10)
    await caught_up(county_ledger)
    token = await token_for("community", organisation_id=COMMUNITY)
    everything = await page(client, token, f"/petitions?estate={ESTATE}")
    hotline = await page(client, token, f"/petitions?estate={ESTATE}&channel=hotline&overdue=1")
    none = await page(client, token, "/petitions?stage=closed")

    assert "电梯故障" in everything and "地下车库潮湿积水" in everything
    assert "2026-01" in everything and "2026-02" in everything
    assert "电梯故障" in hotline and "地下车库潮湿积水" not in hotline
    assert "没有符合条件的诉求" in none
    await page(client, token, "/petitions?stage=unknown", status=400)


async def test_units_are_shown_with_their_streaks(
    client: Client, county_ledger: Ledger, token_for: TokenFor
) -> None:
    for number in range(3):
        await sent_to_county(county_ledger, on=-30 + number)
    await caught_up(county_ledger)
    token = await token_for("efficiency_office")
    units = await page(client, token, "/units?due=1")
    unit = await page(client, token, f"/units/{UNIT}")

    assert "县供热中心" in units and "逾期移交 1 次" in units
    for told in ("连续第 3 件", "应移交效能办", "地下车库潮湿积水", "当前这一轮"):
        assert told in unit
    empty = await page(client, token, "/units?at=2026-01-01")
    assert "还没有诉求被提级到县里" in empty


@pytest.mark.parametrize("path", ["/units", f"/units/{UNIT}", "/petitions"])
async def test_pages_are_for_those_who_may_read_the_same_over_the_api(
    client: Client, county_ledger: Ledger, token_for: TokenFor, path: str
) -> None:
    await page(client, await token_for("owner"), path, status=403)
    response = await client.get(path, allow_redirects=False)
    assert response.status == 303
    assert response.headers["Location"].startswith("/login")
