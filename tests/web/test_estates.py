"""The public board of an estate: what stands on it, for whom, and where every figure leads."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from ledger.storage.ledger import Ledger
from projections import VIEWS
from projections.engine import catch_up
from tests.api.conftest import Client, client, news, projector, serve
from tests.commands.county import ESTATE, OTHER_ESTATE
from tests.web.board import Board, told

__all__ = ["client", "news", "projector", "serve"]

POSITION_LINK = re.compile(r'href="/events/(\d+)"')


@dataclass(frozen=True)
class Site:
    """The pages over one estate's story."""

    client: Client
    board: Board

    async def text(self, path: str, *, status: int = 200) -> str:
        """Return a page."""
        response = await self.client.get(path)
        text = await response.text()
        assert response.status == status, text
        return text


@pytest.fixture
async def site(client: Client, ledger: Ledger) -> Site:
    board = await told(ledger)
    await catch_up(ledger, VIEWS)
    return Site(client, board)


def pages_of(board: Board) -> dict[str, str]:
    return {
        "list": "/estates",
        "board": f"/estates/{ESTATE}",
        "account": f"/estates/{ESTATE}/account",
        "expense": f"/expenses/{board.lamps_id}",
        "deposit": f"/deposits/{board.deposit_id}",
    }


@pytest.mark.parametrize("name", ["list", "board", "account", "expense", "deposit"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_everybody_may_read_every_page_in_both_languages(
    site: Site, name: str, language: str
) -> None:
    text = await site.text(f"{pages_of(site.board)[name]}?lang={language}")

    assert "<style" not in text
    assert not re.search(r'\sstyle="', text), "the content security policy forbids inline styles"
    assert "<script" not in text
    if name != "list":
        assert POSITION_LINK.search(text), "figures lead to the events that made them"


async def test_the_board_shows_where_money_came_from_and_where_it_went(site: Site) -> None:
    text = await site.text(f"/estates/{ESTATE}")

    for shown in ("¥9,600.00", "¥7,200.00", "¥2,400.00", "惠民便利店", "维修小区南门"):
        assert shown in text
    assert "作废 2 步" in text
    assert text.count("业主委员会") >= 2
    assert "巡查记录：供热管道老化漏水" in text, "a draw-down stands beside its cause"
    assert f"/petitions/{site.board.petition_id}" in text
    assert f"/deposits/{site.board.deposit_id}" in text


async def test_the_board_shows_an_earlier_day(site: Site) -> None:
    text = await site.text(f"/estates/{ESTATE}?at=2026-03-08")

    assert "¥10,600.00" in text, "the money before the gate was paid"
    assert "更换楼道灯" not in text
    assert "已批准待支付" in text


async def test_the_statement_can_be_narrowed_to_one_lease_or_expense(site: Site) -> None:
    account = f"/estates/{ESTATE}/account"
    gate = await site.text(f"{account}?expense={site.board.gate_id}")
    parking = await site.text(f"{account}?category=parking&period=year")

    assert "P-1" in gate
    assert "R-40" not in gate
    assert "R-3" in parking
    assert '<td class="day">2026</td>' in parking


async def test_a_trail_strikes_out_what_no_longer_counts(site: Site) -> None:
    text = await site.text(f"/expenses/{site.board.lamps_id}")

    assert text.count("<s>") == 2
    assert text.count("已作废") == 2


async def test_a_paid_expense_shows_invoice_publication_and_the_answered_objection(
    site: Site,
) -> None:
    text = await site.text(f"/expenses/{site.board.gate_id}")

    for shown in (
        "发票.pdf",
        "SHA-256",
        "小区公告栏",
        "价格偏高，请公开比价",
        "三家比价，取最低价",
    ):
        assert shown in text


async def test_a_deposit_shows_its_roll_forward_and_the_whole_story_of_a_draw(site: Site) -> None:
    text = await site.text(f"/deposits/{site.board.deposit_id}")

    for shown in ("2026-03", "2026-04", "¥18,000.00", "管道属供热单位维护范围", "企业异议不成立"):
        assert shown in text
    assert f'id="draw-{site.board.draw_id}"' in text


async def test_an_estate_without_anything_says_so(site: Site) -> None:
    text = await site.text(f"/estates/{OTHER_ESTATE}")

    for shown in ("没有登记出租合同", "没有支出", "没有登记履约保证金"):
        assert shown in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/estates/not-an-id", 404),
        ("/estates/0192f0c1-2345-7000-8000-000000000001", 404),
        ("/expenses/0192f0c1-2345-7000-8000-000000000001", 404),
        ("/deposits/0192f0c1-2345-7000-8000-000000000001?lang=en", 404),
    ],
)
async def test_what_is_not_there_is_not_found(site: Site, path: str, status: int) -> None:
    await site.text(path, status=status)


@pytest.mark.parametrize("query", ["period=week", "at=yesterday", "cursor=x", "lease=1"])
async def test_what_makes_no_sense_is_refused_politely(site: Site, query: str) -> None:
    response = await site.client.get(f"/estates/{ESTATE}/account?{query}")

    assert 400 <= response.status < 500
    assert "text/html" in response.headers["Content-Type"]


async def test_estates_are_found_by_name(site: Site) -> None:
    text = await site.text("/estates?name=371329001001.E1")

    assert f"/estates/{ESTATE}" in text
    assert f"/estates/{OTHER_ESTATE}" not in text
