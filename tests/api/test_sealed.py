"""Sealed data over HTTP: never in the log, read for a purpose that is recorded first, watched."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest

from ledger.commands.policies import SetPolicyValue, set_policy_value
from ledger.commands.sealing_check import check_sealing
from ledger.storage.ledger import Ledger
from tests.api.conftest import Client, TokenFor, bearer, the_problem
from tests.api.test_petitions import Desk, a_petition
from tests.pdf_reading import text_of
from tests.petition_world import OTHER_UNIT, found_county
from tests.storage.sealed import (
    LI,
    PLAINTEXTS,
    WANG,
    leaks,
    two_of_the_county,
    whole_database,
)

WANG_SAID = {str(name): value for name, value in WANG.given().items()}
LI_SAID = {str(name): value for name, value in LI.given().items()}
WHY = {"reason": "核对诉求人身份"}


@pytest.fixture
async def desk(ledger: Ledger, client: Client, token_for: TokenFor, policies: None) -> Desk:
    await found_county(ledger)
    return Desk(client, token_for)


async def a_sealed_petition(desk: Desk, **changed: Any) -> tuple[str, str]:
    """File a petition with everything about Wang sealed; return its id and hers."""
    wang = str(uuid4())
    body = a_petition(petitioner_id=wang, petitioner=WANG_SAID) | changed
    return (await desk.post("community", "/v1/petitions", body))["id"], wang


def a_reveal(record_id: str, *fields: str) -> dict[str, Any]:
    return {"record_id": record_id, "fields": list(fields), "purpose": "petition_handling", **WHY}


async def refused(desk: Desk, role: str, path: str, body: dict[str, Any], why: str) -> Any:
    response = await desk.client.post(path, json=body, headers=await desk.of(role))
    return await the_problem(response, {"not-allowed": 403, "not-found": 404}.get(why, 422), why)


async def test_nothing_personal_is_in_the_database_but_sealed(
    desk: Desk, ledger: Ledger, store_dsn: str
) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    page = await desk.get("/v1/sealed", record_id=petition_id)

    assert leaks(await whole_database(store_dsn), PLAINTEXTS) == []
    (row,) = page["rows"]
    assert (row["person_id"], sorted(row["fields"])) == (wang, sorted(WANG_SAID))
    assert (await check_sealing(ledger, opens_values=True)).is_sound


async def test_reading_is_recorded_before_and_shown_to_the_person(desk: Desk) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    told = await desk.post(
        "community", f"/v1/persons/{wang}/reveals", a_reveal(petition_id, "phone", "name")
    )

    assert told["disclosed"] == {"fields": {"name": WANG.name, "phone": WANG.phone}}
    assert len(told["event_ids"]) == 1
    herself = bearer(await desk.token_for("resident", actor_id=UUID(wang)))
    response = await desk.client.get(
        f"/v1/persons/{wang}/looks",
        params={"after_position": str(desk.position)},
        headers=herself,
    )
    (look,) = (await response.json())["rows"]
    assert (look["kind"], look["role"], look["purpose"]) == (
        "revealed",
        "community",
        "petition_handling",
    )
    assert (look["fields"], look["record_id"], look["reason"]) == (
        ["name", "phone"],
        petition_id,
        WHY["reason"],
    )
    trail = await desk.get("/v1/access-trail", role="discipline", kind="revealed")
    assert [row["person_id"] for row in trail["rows"]] == [wang]


async def test_a_dry_run_a_replay_and_a_wrong_purpose_give_nothing_out(desk: Desk) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    path, body = f"/v1/persons/{wang}/reveals", a_reveal(petition_id, "phone")
    headers = await desk.of("community")

    response = await desk.client.post(path, json=body, headers=headers, params={"dry_run": "1"})
    assert str(WANG.phone) not in await response.text()
    with_key = headers | {"Idempotency-Key": "once"}
    first = await (await desk.client.post(path, json=body, headers=with_key)).json()
    again = await desk.client.post(path, json=body, headers=with_key)
    assert first["disclosed"]["fields"] == {"phone": WANG.phone}
    assert again.headers["Idempotency-Hit"] == "true"
    assert str(WANG.phone) not in await again.text()
    await refused(desk, "community", path, body | {"purpose": "curiosity"}, "not-listed")


async def test_only_who_needs_it_reads_it(desk: Desk, token_for: TokenFor) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    path, body = f"/v1/persons/{wang}/reveals", a_reveal(petition_id, "phone")

    for role in ("administrator", "company", "owners_committee", "resident", "shop"):
        await refused(desk, role, path, body, "not-allowed")
    elsewhere = bearer(await token_for("community", organisation_id=OTHER_UNIT))
    response = await desk.client.post(path, json=body, headers=elsewhere)
    await the_problem(response, 404, "not-found")
    response = await desk.client.get("/v1/sealed", headers=elsewhere)
    assert (await response.json())["rows"] == []


async def test_the_same_key_with_other_personal_data_is_the_same_request(desk: Desk) -> None:
    """No digest of a telephone number is kept anywhere, so it cannot tell them apart."""
    headers = await desk.of("community") | {"Idempotency-Key": "filing"}
    body = a_petition(petitioner_id=str(uuid4()), petitioner=WANG_SAID)
    one = await desk.client.post("/v1/petitions", json=body, headers=headers)
    other = await desk.client.post(
        "/v1/petitions", json=body | {"petitioner": LI_SAID}, headers=headers
    )
    assert (one.status, other.headers.get("Idempotency-Hit")) == (201, "true")
    third = await desk.client.post("/v1/petitions", json=body | {"title": "x"}, headers=headers)
    await the_problem(third, 409, "idempotency-mismatch")


async def test_wrong_personal_data_is_refused_without_being_repeated(desk: Desk) -> None:
    wrong = "13812345678901"
    for data in ({"phone": wrong}, {"identity_number": wrong}, {"bank_card": "62220212345678901"}):
        response = await desk.client.post(
            "/v1/petitions",
            json=a_petition(petitioner=data),
            headers=await desk.of("community"),
        )
        problem = await the_problem(response, 400, "invalid-value")
        assert problem["facts"]["field"] == next(iter(data))
        assert next(iter(data.values())) not in orjson.dumps(problem).decode()


async def test_a_person_is_found_by_an_exact_number_and_the_search_is_told(desk: Desk) -> None:
    _, wang = await a_sealed_petition(desk)
    spelt = {"field": "phone", "value": " １３９ 0539-1234", "purpose": "identity_check"}
    found = await desk.post("hotline", "/v1/person-searches", spelt)
    nobody = await desk.post("hotline", "/v1/person-searches", spelt | {"value": "13900000000"})

    assert found["disclosed"] == {"person_ids": [wang]}
    assert nobody["disclosed"] == {"person_ids": []}
    trail = await desk.get("/v1/access-trail", role="discipline", kind="looked_up")
    assert [row["person_id"] for row in trail["rows"]] == [None, wang]
    assert "1390" not in orjson.dumps(trail).decode()
    await refused(desk, "community", "/v1/person-searches", spelt, "not-allowed")
    await refused(desk, "administrator", "/v1/person-searches", spelt, "not-allowed")


async def test_personal_numbers_in_a_reason_are_refused(desk: Desk) -> None:
    body = a_petition() | {"reason": "请联系13800138000"}
    problem = await refused(desk, "community", "/v1/petitions", body, "personal-data-in-text")
    assert problem["facts"] == {"field": "reason", "kind": "mobile-number"}


async def test_an_erasure_of_one_petitioner_leaves_the_other(
    desk: Desk, ledger: Ledger, store_dsn: str
) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    li = str(uuid4())
    await desk.post(
        "community",
        f"/v1/petitions/{petition_id}/petitioners",
        {"petitioner_id": li, "petitioner": LI_SAID},
    )
    herself = bearer(await desk.token_for("resident", actor_id=UUID(wang)))
    asked = await desk.client.post(
        "/v1/erasures",
        json={"subject_id": wang, "ground": "purpose_ended", "reason": "诉求已办结"},
        headers=herself,
    )
    erasure = f"/v1/erasures/{(await asked.json())['id']}"
    approved = await desk.post(
        "data_protection_officer", erasure + "/approvals", {"reason": "处理目的已实现"}
    )

    assert approved["disclosed"] == {"carried_out": True, "documents_count": 0}
    body = a_reveal(petition_id, "phone")
    await refused(desk, "community", f"/v1/persons/{wang}/reveals", body, "slot-erased")
    theirs = await desk.post("community", f"/v1/persons/{li}/reveals", body)
    assert theirs["disclosed"]["fields"] == {"phone": "05396212345"}
    row = (await desk.get(erasure, role="data_protection_officer"))["row"]
    assert (row["stage"], row["slots_count"]) == ("carried_out", 1)
    receipt = await desk.get("/v1/sealed", person_id=wang)
    assert receipt["rows"][0]["is_erased"] and receipt["rows"][0]["backups_expire_on"]
    spelt = {"field": "phone", "value": WANG.phone, "purpose": "identity_check"}
    found = await desk.post("hotline", "/v1/person-searches", spelt)
    assert found["disclosed"] == {"person_ids": []}
    report = await check_sealing(ledger, opens_values=True)
    assert (report.is_sound, report.living, report.erased) == (True, 1, 1)
    assert leaks(await whole_database(store_dsn), PLAINTEXTS) == []


async def test_four_eyes_and_reasons_of_an_erasure(desk: Desk) -> None:
    _, wang = await a_sealed_petition(desk)
    ask = {"subject_id": wang, "ground": "purpose_ended", "reason": "本人要求"}
    asked = await desk.post("community", "/v1/erasures", ask)
    erasure = f"/v1/erasures/{asked['id']}"
    officer = "data_protection_officer"

    await refused(desk, officer, "/v1/erasures", ask, "not-found")
    await refused(desk, "community", erasure + "/approvals", WHY, "not-allowed")
    await refused(desk, officer, erasure + "/approvals", {}, "reason-missing")
    unknown = {"hold": "because", **WHY}
    await refused(desk, officer, erasure + "/restrictions", unknown, "not-listed")
    neighbour = bearer(await desk.token_for("resident"))
    response = await desk.client.post("/v1/erasures", json=ask, headers=neighbour)
    await the_problem(response, 404, "not-found")


async def test_a_legal_hold_restricts_instead_and_can_be_lifted(desk: Desk) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    officer = "data_protection_officer"
    ask = {"subject_id": wang, "ground": "purpose_ended", "reason": "本人要求"}
    asked = await desk.post("community", "/v1/erasures", ask)
    erasure = f"/v1/erasures/{asked['id']}"
    await desk.post(officer, erasure + "/restrictions", {"hold": "audit", **WHY})

    path, body = f"/v1/persons/{wang}/reveals", a_reveal(petition_id, "phone")
    await refused(desk, "community", path, body, "person-restricted")
    spelt = {"field": "phone", "value": WANG.phone, "purpose": "identity_check"}
    found = await desk.post("hotline", "/v1/person-searches", spelt)
    assert found["disclosed"] == {"person_ids": []}
    row = (await desk.get(erasure, role=officer))["row"]
    assert (row["stage"], row["hold"], row["is_open"]) == ("restricted", "audit", True)

    await desk.post(officer, erasure + "/refusals", {"reason": "审计结束，材料须归档"})
    told = await desk.post("community", path, body)
    assert told["disclosed"]["fields"] == {"phone": WANG.phone}


async def test_people_get_everything_about_themselves(desk: Desk) -> None:
    petition_id, wang = await a_sealed_petition(desk)
    await desk.post("community", f"/v1/persons/{wang}/reveals", a_reveal(petition_id, "phone"))
    path = f"/v1/persons/{wang}/exports"
    herself = bearer(await desk.token_for("resident", actor_id=UUID(wang)))
    response = await desk.client.post(path, json={}, headers=herself)
    document = (await response.json())["disclosed"]["document"]

    assert document["sealed"][0]["fields"] == WANG_SAID
    assert [look["topic"] for look in document["looks"]] == [
        "person.revealed.v1",
        "person.exported.v1",
    ]
    topics = {event["topic"] for event in document["events"]}
    of_account = {"user.opened_for_person.v1", "access_token.issued.v1"}
    of_person = {"petition.filed.v1", "person.registered.v1", "person.sealed.v1"}
    assert topics == of_person | of_account
    assert document["is_complete"]

    response = await desk.client.post(path, json={"format": "pdf"}, headers=herself)
    told = (await response.json())["disclosed"]
    pdf = b64decode(told["base64"])
    assert told["media_type"] == "application/pdf"
    assert pdf.startswith(b"%PDF-")
    assert str(WANG.phone) in text_of(pdf)
    neighbour = bearer(await desk.token_for("resident"))
    response = await desk.client.post(path, json={}, headers=neighbour)
    await the_problem(response, 404, "not-found")
    await refused(desk, "community", path, {}, "not-found")


async def test_reading_audit_data_is_told_once_a_window(desk: Desk, ledger: Ledger) -> None:
    await a_sealed_petition(desk)
    always = SetPolicyValue(
        name="privacy.reading_minutes",
        value=10_080,
        unit="minutes",
        basis_zh="测试",
        basis_en="test",
        certainty="verified",
        valid_from=date(2020, 1, 2),
    )
    await set_policy_value(always, ledger, two_of_the_county())
    await desk.of("discipline")
    for _ in range(3):
        await desk.get("/v1/events", role="auditor")
        await desk.get("/v1/access-trail", role="auditor")
    await asyncio.gather(*(desk.get("/v1/events", role="discipline") for _ in range(5)))

    count = "SELECT count(*) FROM events WHERE ledger_id = $1 AND topic = 'reading.begun.v1'"
    assert await ledger.pool.fetchval(count, ledger.id) == 3
    desk.position = await ledger.pool.fetchval(
        "SELECT size - 1 FROM heads WHERE ledger_id = $1", ledger.id
    )
    trail = await desk.get("/v1/access-trail", role="discipline", kind="read")
    assert {(row["role"], row["operation"]) for row in trail["rows"]} >= {
        ("auditor", "audit_trail"),
        ("auditor", "access_trail"),
        ("discipline", "audit_trail"),
    }


async def test_audit_data_is_not_read_when_it_cannot_be_told(
    desk: Desk, ledger: Ledger, superuser: asyncpg.Connection
) -> None:
    """F31: the log takes nothing, so the reading is refused, and what needs no telling goes on."""
    await desk.of("auditor")
    await superuser.execute(
        f"ALTER TABLE heads ADD CONSTRAINT full_{ledger.id}"
        f" CHECK (ledger_id <> '{ledger.id}' OR size = {(await _size(ledger))}) NOT VALID"
    )
    try:
        response = await desk.client.get("/v1/events", headers=await desk.of("auditor"))
        assert response.status == 503
        response = await desk.client.get("/v1/policies", headers=await desk.of("auditor"))
        assert response.status == 200
    finally:
        await superuser.execute(f"ALTER TABLE heads DROP CONSTRAINT full_{ledger.id}")


async def _size(ledger: Ledger) -> int:
    size: int = await ledger.pool.fetchval("SELECT size FROM heads WHERE ledger_id = $1", ledger.id)
    return size
