"""/log and the proof on an event's page, as the server sends them."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest

from api.app import create_app
from api.log.trust import Trust
from ledger.merkle.tree import leaf_hash
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from ledger.storage.reading import read_entries, read_head
from projections import VIEWS
from projections.engine import catch_up
from tests.api.conftest import Client, Serve, TokenFor, bearer, serve, the_problem, token_for
from tests.published_log import LOG_KEY, TRUST, WITNESSES, fill, publish_now, trust_in

__all__ = ["serve", "token_for"]

BELOW = "见证人未达法定人数：新近记录尚未进入防篡改日志的已发布部分"


class Service:
    """Pages whose trust a test may change."""

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self.client = client
        self.ledger = ledger
        self.trust = TRUST

    async def page(self, path: str, *, status: int = 200, token: str = "") -> str:
        """GET a page, perhaps as somebody who has come in."""
        headers = bearer(token) if token else {}
        response = await self.client.get(path, headers=headers)
        text = await response.text()
        assert response.status == status, text
        return text


@pytest.fixture
async def service(ledger: Ledger, store_dsn: str, serve: Serve) -> object:
    async with News(store_dsn, ledger.id) as news:
        found: list[Service] = []
        app = create_app(ledger, news=news, trust=lambda: found[0].trust)
        found.append(Service(await serve(app), ledger))
        yield found[0]


async def test_before_anything_is_published_the_page_says_so(service: Service) -> None:
    assert "尚未发布检查点" in await service.page("/log")
    await fill(service.ledger, 2)
    assert "No checkpoint has been published yet" in await service.page("/log?lang=en")


async def test_the_folder_leads_to_the_page(service: Service) -> None:
    response = await service.client.get("/log/", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (308, "/log")


async def test_the_page_names_checkpoint_keys_and_witnesses(service: Service) -> None:
    await fill(service.ledger, 5)
    await publish_now(service.ledger, witnesses=WITNESSES[:1])
    await fill(service.ledger, 2)
    text = await service.page("/log?lang=en")
    assert str(LOG_KEY.verifying).replace("+", "&#43;") in text or str(LOG_KEY.verifying) in text
    assert "below the quorum of witnesses" in text
    assert text.count("not yet cosigned") == 1
    assert re.search(r"<b>5</b>.*Entries covered", text)
    assert re.search(r"<b>2</b>.*Entries not yet published", text)


async def test_without_keys_nothing_is_called_signed(service: Service) -> None:
    await fill(service.ledger, 5)
    await publish_now(service.ledger)
    service.trust = Trust()
    text = await service.page("/log")
    assert "签名无法核对" in text and "有日志签名</span>" not in text
    assert "没有要求见证人" in text


async def test_every_page_says_that_witnesses_are_missing(service: Service) -> None:
    await catch_up(service.ledger, VIEWS)
    for path in ("/", "/estates", "/log", "/login"):
        assert BELOW not in await service.page(path)
    service.trust = trust_in(LOG_KEY, lacking=("audit",))
    for path in ("/", "/estates", "/log", "/login", "/estates/nothing"):
        status = 404 if path.endswith("nothing") else 200
        assert BELOW in await service.page(path, status=status)


async def test_an_event_is_shown_with_its_proof_once_it_is_covered(
    service: Service, token_for: TokenFor
) -> None:
    await fill(service.ledger, 3)
    await catch_up(service.ledger, VIEWS)
    token = await token_for("auditor")
    early = await service.page("/events/1", token=token)
    assert "尚待发布" in early and "data-said" not in early and "proof.js" not in early
    (entry,) = await read_entries(service.ledger.pool, service.ledger.id, start=1, limit=1)
    leaf = b64encode(leaf_hash(entry.data)).decode()
    assert leaf in early.replace("&#43;", "+")
    await publish_now(service.ledger)
    covered = await service.page("/events/1", token=token)
    assert "data-said" in covered
    assert 'href="/v1/events/1/proof"' in covered
    assert 'data-state="verified"' not in covered, "only the browser may say so"
    assert 'href="/log/entry/1"' in covered


async def test_an_entry_is_given_to_whoever_sees_the_event(
    service: Service, token_for: TokenFor
) -> None:
    await fill(service.ledger, 2)
    await the_problem(await service.client.get("/log/entry/1"), 401, "not-authenticated")
    shown = bearer(await token_for("auditor"))
    size = (await read_head(service.ledger.pool, service.ledger.id)).size
    response = await service.client.get("/log/entry/1", headers=shown)
    (entry,) = await read_entries(service.ledger.pool, service.ledger.id, start=1, limit=1)
    assert await response.read() == entry.data
    missing = await service.client.get(f"/log/entry/{size + 1}", headers=shown)
    await the_problem(missing, 404, "not-found")
    for role in ("owner", "administrator"):
        shown = bearer(await token_for(role))
        refused = await service.client.get("/log/entry/1", headers=shown)
        await the_problem(refused, 403, "not-allowed")
