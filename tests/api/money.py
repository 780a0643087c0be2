"""People who ask over HTTP for money of one estate, and what they ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse

from ledger.accounts import account_id_of
from ledger.storage.ledger import Ledger
from tests.api.conftest import Client, TokenFor, bearer
from tests.commands.county import COMPANY, ESTATE, STREET, build_county

ACCOUNT = account_id_of(ESTATE)
PAPER = {"sha256": "ab" * 32, "name": "凭据.pdf", "media_type": "application/pdf", "size_bytes": 9}
PROVEN: dict[str, Any] = {"evidence": [PAPER]}
"""A document beside a step."""
Answer = dict[str, Any]


@dataclass
class Office:
    """Everyone who has to do with the money of one estate, each with a token of their own."""

    client: Client
    token_for: TokenFor
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    async def person(self, name: str, role: str, **given: Any) -> None:
        """Give somebody a token."""
        self.headers[name] = bearer(await self.token_for(role, **given))

    async def post(self, who: str, path: str, **body: Any) -> ClientResponse:
        """Ask for something; the answer may be a refusal."""
        return await self.client.post(f"/v1{path}", json=body, headers=self.headers[who])

    async def done(self, who: str, path: str, **body: Any) -> Answer:
        """Ask for something that must be recorded."""
        response = await self.post(who, path, **body)
        answer: Answer = await response.json()
        assert response.status == 201, answer
        return answer

    async def by_two(self, first: str, second: str, path: str, **body: Any) -> Answer:
        """Let one propose something, with reason and document, and another carry it out."""
        grounds: Answer = {"reason": "经核实", **PROVEN, **body}
        made = await self.done(first, f"{path}?propose=true", **grounds)
        return await self.done(second, f"/proposals/{made['id']}/approvals")

    async def read(self, who: str, path: str, *, after: Answer | None = None) -> Answer:
        """Ask a view; ``after`` is the answer to a command whose effect must be in it."""
        mark = "&" if "?" in path else "?"
        wait = f"{mark}after_position={after['position']}" if after else ""
        response = await self.client.get(f"/v1{path}{wait}", headers=self.headers[who])
        answer: Answer = await response.json()
        assert response.status == 200, answer
        return answer


PEOPLE = {
    "clerk": "street",
    "head": "street",
    "cashier": "street",
    "chair": "owners_committee",
    "reviewer": "community",
    "owner": "owner",
    "auditor": "auditor",
    "county": "county",
    "supervisor": "supervisor",
}


@pytest.fixture
async def office(client: Client, ledger: Ledger, token_for: TokenFor) -> AsyncIterator[Office]:
    """A small county with an open public account and ¥10,000 in it."""
    await build_county(ledger)
    office = Office(client, token_for)
    for name, role in PEOPLE.items():
        await office.person(name, role)
    await office.person("company", "company", organisation_id=COMPANY)
    await office.done("clerk", "/accounts", estate_id=str(ESTATE), street_id=str(STREET))
    await office.done(
        "clerk",
        f"/accounts/{ACCOUNT}/receipts",
        category="rent",
        amount_fen=10_000_00,
        payer="惠民便利店",
    )
    yield office


async def applied(office: Office, who: str = "chair", amount_fen: int = 6_000_00) -> str:
    """Apply for the gate's repair; return the expense's path."""
    answer = await office.done(
        who,
        "/expenses",
        account_id=str(ACCOUNT),
        amount_fen=amount_fen,
        category="repair",
        purpose="维修小区南门",
        payee="宏达维修公司",
    )
    return f"/expenses/{UUID(answer['id'])}"


async def approved(office: Office, amount_fen: int = 6_000_00) -> str:
    """Apply, review and approve; return the expense's path."""
    path = await applied(office, amount_fen=amount_fen)
    await office.done("reviewer", path + "/reviews")
    await office.done("head", path + "/approvals")
    return path
