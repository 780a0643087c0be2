"""No page shows a link that is refused: each role follows every kind of link that it is shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from api.roles import Role
from tests.permissions.conftest import County
from tests.permissions.world import A

HREF = re.compile(r'<a [^>]*href="(/[^"]*)"')
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|\d+")


def kind_of(link: str) -> str:
    """A link without its ids: one of each kind is followed."""
    parts = urlsplit(link)
    return ID.sub("ID", parts.path + "?" * bool(parts.query) + parts.query)


@pytest.mark.parametrize("role", list(Role))
async def test_no_link_that_is_shown_is_refused(county: County, role: Role) -> None:
    to_see = ["/", f"/estates/{A.organisation('estate')}"]
    seen, refused = {kind_of(path) for path in to_see}, []
    while to_see:
        path = to_see.pop()
        async with county.client.get(path, headers=county.of(role)) as response:
            if response.status == 403:
                refused.append(path)
            text = await response.text()
        for found in HREF.findall(text.replace("&amp;", "&")):
            link = found.partition("#")[0]
            if link and kind_of(link) not in seen and "lang=" not in link:
                seen.add(kind_of(link))
                to_see.append(link)
    assert refused == []
    assert len(seen) > 10
