"""What lies out of reach looks, on pages and as a document too, like what does not exist."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest

from api.roles import Role
from projections import VIEWS
from projections.engine import catch_up
from tests.permissions.conftest import County, served_county
from tests.permissions.world import Side

OURS, THEIRS = Side("ours"), Side("theirs")
UNKNOWN = uuid4()

Named = Callable[[County, Side], UUID]
PAGES: Mapping[str, Named] = {
    "/petitions/{}": lambda _, side: side.record("petition"),
    "/persons/{}": lambda _, side: side.person(Role.RESIDENT),
    "/events/{}": lambda county, side: county.events[side.name],
}
"""Pages about one record that are not for everybody."""
LISTS = ("/petitions", "/units", "/events", "/volunteers", "/erasures", "/v1/events")


@pytest.fixture(scope="module")
async def two(store_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """Two streets, with a place for documents."""
    folder: Path = tmp_path_factory.mktemp("evidence")
    async with served_county(store_dsn, (OURS, THEIRS), documents=folder) as county:
        yield county


async def shown(county: County, path: str, side: Side = OURS) -> tuple[int, str]:
    async with county.client.get(path, headers=county.of(Role.COMMUNITY, side)) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_about_another_streets_record_is_one_about_nothing(
    two: County, page: str
) -> None:
    for path in (page, page + "?lang=en"):
        ours, theirs = PAGES[page](two, OURS), PAGES[page](two, THEIRS)
        status, _ = await shown(two, path.format(ours))
        assert status == 200, path
        found = await shown(two, path.format(theirs))
        missing = await shown(two, path.format(UNKNOWN))
        assert found == (404, missing[1].replace(str(UNKNOWN), str(theirs))), path


@pytest.mark.parametrize("page", LISTS)
async def test_a_list_tells_nothing_of_another_street(two: County, page: str) -> None:
    known = {*THEIRS.ids(), THEIRS.organisation("community"), two.events["theirs"]}
    known |= {THEIRS.person(role) for role in (Role.RESIDENT, Role.VOLUNTEER)}
    status, text = await shown(two, page)
    assert status == 200
    assert [one for one in known if str(one) in text] == []
    named = THEIRS.organisation("community")
    for query in (f"community={named}", f"about={named}", f"actor={THEIRS.person('street')}"):
        status, text = await shown(two, f"{page}?{query}")
        told = [one for one in known if str(one) in text and str(one) not in query]
        assert status in (200, 400) and told == [], query


async def test_another_streets_document_is_one_that_is_not_there(two: County) -> None:
    headers = two.of(Role.COMMUNITY, THEIRS) | {"File-Name": "note.txt"}
    uploaded = await two.client.post("/v1/evidence", data="路灯不亮".encode(), headers=headers)
    digest = (await uploaded.json())["sha256"]
    assert (await shown(two, f"/v1/evidence/{digest}", THEIRS))[0] == 200
    told = []
    for one in (digest, "0" * 64):
        status, text = await shown(two, f"/v1/evidence/{one}")
        problem = orjson.loads(text)
        problem.pop("instance")
        told.append((status, orjson.dumps(problem).decode().replace(one, "ID")))
    assert told[0] == told[1] and told[0][0] == 404


async def test_another_streets_entry_is_one_that_is_not_there(two: County) -> None:
    """That an event is in the log everybody may know; what it says is for those within reach."""
    told = []
    for one in (two.events["theirs"], UNKNOWN):
        await catch_up(two.ledger, VIEWS)  # the views know all that was noted so far
        status, text = await shown(two, f"/v1/events/{one}/entry")
        problem = orjson.loads(text)
        problem.pop("instance")
        told.append((status, orjson.dumps(problem).decode().replace(str(one), "ID")))
    assert told[0] == told[1] and told[0][0] == 404
