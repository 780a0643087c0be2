"""Whoever logs in to the demo sees what the role and the organisation allow, and no more."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession

from api.app import create_app
from api.permissions import MAY, Role
from api.serving import serving
from ledger.storage.ledger import Ledger
from ledger.storage.news import News
from projections import VIEWS
from projections.engine import catch_up
from scripts.demonstration.county import a_county
from scripts.demonstration.logins import logins

WHOLE = (Role.AUDITOR, Role.COUNTY, Role.DISCIPLINE, Role.HOTLINE)
OPERATIONS = {
    "/v1/petitions": "petition_register",
    "/v1/findings": "finding_register",
    "/v1/services": "volunteer_services",
    "/v1/events": "audit_trail",
}


async def test_each_login_sees_its_own_part(
    loaded_demo: Ledger, store_dsn: str, tmp_path: Path
) -> None:
    made = await logins(loaded_demo, a_county(), tmp_path / "tokens.json")
    await catch_up(loaded_demo, VIEWS)
    seen: dict[str, dict[Role, int]] = {path: {} for path in OPERATIONS}
    async with News(store_dsn, loaded_demo.id) as news:
        app = create_app(loaded_demo, news=news)
        async with serving(app, "127.0.0.1", 0) as address, ClientSession(address) as client:
            for login in made:
                role = Role(login.role)
                headers = {"Authorization": f"Bearer {login.token}"}
                for path, operation in OPERATIONS.items():
                    response = await client.get(path, params={"page_size": "1000"}, headers=headers)
                    allowed = role in MAY[operation]
                    assert response.status == (200 if allowed else 403), (role, path)
                    if allowed:
                        seen[path][role] = len((await response.json())["rows"])
    petitions = seen["/v1/petitions"]
    every = petitions[Role.AUDITOR]
    assert all(petitions[role] == every for role in WHOLE)
    assert every > petitions[Role.STREET] >= petitions[Role.COMMUNITY] > 0
    assert petitions[Role.COMMUNITY] >= petitions[Role.OWNERS_COMMITTEE]
    assert petitions[Role.GRID_WORKER] == petitions[Role.COMMUNITY]
    assert seen["/v1/findings"][Role.AUDITOR] > seen["/v1/findings"][Role.SUPERVISOR] > 0
    assert seen["/v1/findings"][Role.COMPANY] > 0
    services = seen["/v1/services"]
    assert services[Role.AUDITOR] > services[Role.ORGANISER] >= services[Role.VOLUNTEER]
    assert seen["/v1/events"][Role.STREET] > 0
