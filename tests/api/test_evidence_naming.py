"""To name the digest of somebody's document opens it to nobody who could not have it before."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from ledger.commands.petitions import file_petition
from ledger.core.aggregate import Evidence
from ledger.storage.ledger import Ledger
from tests.api.conftest import Client, TokenFor, bearer, the_problem
from tests.api.documents import PDF
from tests.api.test_evidence import attach, client, ledger, upload
from tests.api.test_petitions import a_petition
from tests.api.test_reading_scopes import rows
from tests.commands.county import COMMUNITY, DAMP_GARAGE, OTHER_COMMUNITY, OTHER_ESTATE, who

__all__ = ["client", "ledger"]

THERE = {"community_id": str(OTHER_COMMUNITY), "estate_id": str(OTHER_ESTATE)}
UNKNOWN: dict[str, Any] = {
    "sha256": sha256(b"unknown").hexdigest(),
    "name": "a.pdf",
    "media_type": "application/pdf",
    "size_bytes": 9,
}


async def named_by(
    client: Client, headers: dict[str, str], document: dict[str, Any], query: str = ""
) -> tuple[int, str]:
    """File a petition of the other community with a document; return how that was answered."""
    body = a_petition(**THERE, reference=str(uuid4()), evidence=[document])
    response = await client.post("/v1/petitions" + query, json=body, headers=headers)
    return response.status, (await response.json()).get("code", "")


async def told(client: Client, headers: dict[str, str], digest: str) -> str:
    """What an answer says of a document, but for its digest and the answer's number."""
    response = await client.get(f"/v1/evidence/{digest}", headers=headers)
    problem = await response.json(content_type=None)
    problem.pop("instance")
    return f"{response.status} {problem}".replace(digest, "DIGEST")


async def test_naming_somebody_elses_document_opens_it_to_nobody(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    """Neither to who names it nor to readers of that event; it looks like one kept elsewhere."""
    here_id = uuid4()
    here = bearer(await token_for("community", actor_id=here_id, organisation_id=COMMUNITY))
    document = await upload(client, here, "a.pdf", PDF)
    await attach(ledger, document, here_id)
    there = bearer(await token_for("community", organisation_id=OTHER_COMMUNITY))
    neighbour = bearer(await token_for("supervisor", organisation_id=OTHER_ESTATE))
    stolen = document | {"name": "a.pdf"}
    for query in ("?dry_run=1", ""):
        assert await named_by(client, there, stolen, query) == await named_by(
            client, there, UNKNOWN, query
        )
    for headers in (there, neighbour):
        await rows(client, ledger, headers, "/v1/petitions")
        await rows(client, ledger, there, "/v1/events")
        seen = [await told(client, headers, one["sha256"]) for one in (stolen, UNKNOWN)]
        assert seen[0] == seen[1]
        assert "evidence-gone" in seen[0] or "not-found" in seen[0]
    (event,) = (
        one
        for one in await rows(client, ledger, there, "/v1/events")
        if stolen["sha256"] in str(one["evidence"])
    )
    page = await (await client.get(f"/events/{event['event_id']}", headers=there)).text()
    assert f'href="/v1/evidence/{stolen["sha256"]}"' not in page
    assert (await client.get(f"/v1/evidence/{stolen['sha256']}", headers=here)).status == 200


@pytest.mark.parametrize("role", ["community", "system"])
async def test_an_entry_that_no_door_made_opens_nothing_either(
    client: Client, ledger: Ledger, token_for: TokenFor, role: str
) -> None:
    """Such as an import, which knows a digest from a table, in whatever role it records."""
    here_id = uuid4()
    here = bearer(await token_for("community", actor_id=here_id, organisation_id=COMMUNITY))
    document = await upload(client, here, "a.pdf", PDF)
    await attach(ledger, document, here_id)
    by = replace(
        who(),
        actor_id=uuid4(),
        role=role,
        organisation_id=OTHER_COMMUNITY,
        evidence=(Evidence(**document),),
    )
    filed = replace(
        DAMP_GARAGE,
        reference="imported",
        community_id=OTHER_COMMUNITY,
        estate_id=OTHER_ESTATE,
    )
    await file_petition(filed, ledger, by)
    there = bearer(await token_for("community", organisation_id=OTHER_COMMUNITY))
    await rows(client, ledger, there, "/v1/events")
    await the_problem(
        await client.get(f"/v1/evidence/{document['sha256']}", headers=there), 410, "evidence-gone"
    )


async def test_whoever_can_have_it_may_pass_it_on(
    client: Client, ledger: Ledger, token_for: TokenFor
) -> None:
    """The county reads what a community attached, and attaches it to another community's."""
    here_id: UUID = uuid4()
    here = bearer(await token_for("community", actor_id=here_id, organisation_id=COMMUNITY))
    document = await upload(client, here, "a.pdf", PDF)
    county = bearer(await token_for("county"))
    there = bearer(await token_for("community", organisation_id=OTHER_COMMUNITY))
    await attach(ledger, document, here_id)
    await rows(client, ledger, there, "/v1/events")
    await the_problem(
        await client.get(f"/v1/evidence/{document['sha256']}", headers=there), 404, "not-found"
    )
    assert (await named_by(client, county, document))[0] == 201
    await rows(client, ledger, there, "/v1/events")
    response = await client.get(f"/v1/evidence/{document['sha256']}", headers=there)
    assert (response.status, await response.read()) == (200, PDF)
