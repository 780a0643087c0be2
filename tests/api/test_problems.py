"""Every refusal has the one shape, whoever refuses: rules, parser, aiohttp or database."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from api.app import OPERATIONS, create_app
from api.concerning import EVERYWHERE, of_organisation
from api.errors import RequestInvalid
from api.permissions import MAY, PermissionsIncomplete, Role, check_complete
from api.problems import STATUS, problem
from api.reach import PUBLIC, Row
from api.routes import ROUTES
from api.routing import DeclarationWrong, Routes
from ledger.core.aggregate import By
from ledger.core.errors import LedgerError
from ledger.core.times import NoUndo, decision
from ledger.organisations import organisation_id
from ledger.storage import errors as storage
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.news import News
from tests.api.conftest import Client, Serve, a_county, the_problem

URL = "/v1/organisations"


async def errors_of(client: Client, body: Any, county: dict[str, str]) -> dict[str, str]:
    response = await client.post(URL, json=body, headers=county)
    problem = await the_problem(response, 400, "request-invalid")
    assert all(one["message"] and one["message_zh"] for one in problem["errors"])
    return {one["pointer"]: one["rule"] for one in problem["errors"]}


async def test_all_bad_fields_are_named_at_once(client: Client, county: dict[str, str]) -> None:
    body = {
        "code": "!",
        "kind": "palace",
        "name_zh": "",
        "valid_from": "2020-13-01",
        "parent_id": 5,
        "surprise": 1,
        "reason": "x" * 2_001,
        "evidence": [{"sha256": "00", "name": "a", "media_type": "b", "size_bytes": -1}],
        "occurred_at": "2020-01-01T09:00:00",
    }
    assert await errors_of(client, body, county) == {
        "/code": "pattern",
        "/kind": "choice",
        "/name_zh": "too-short",
        "/valid_from": "day",
        "/parent_id": "uuid",
        "/surprise": "unknown-field",
        "/reason": "too-long",
        "/evidence/0/sha256": "pattern",
        "/evidence/0/media_type": "pattern",
        "/evidence/0/size_bytes": "at-least",
        "/occurred_at": "moment",
    }


async def test_missing_fields_are_named(client: Client, county: dict[str, str]) -> None:
    assert await errors_of(client, {}, county) == {
        "/code": "required",
        "/kind": "required",
        "/name_zh": "required",
        "/valid_from": "required",
    }


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("valid_from", 1_577_836_800, "day"),
        ("valid_from", "1577836800", "day"),
        ("valid_from", "2020-01-01T00:00:00Z", "day"),
        ("occurred_at", 1_577_836_800, "moment"),
        ("occurred_at", "1577836800", "moment"),
        ("occurred_at", "2020-01-01", "moment"),
        ("name_zh", 5, "text"),
        ("name_zh", None, "text"),
        ("name_zh", "a\0b", "nul"),
        ("evidence", {}, "list"),
        ("evidence", [5], "object"),
        ("parent_id", 2**63, "integer-size"),
        ("parent_id", -(2**63) - 1, "integer-size"),
        ("name_zh", ["x"], "text"),
    ],
)
async def test_a_value_of_the_wrong_kind_is_refused(
    client: Client, county: dict[str, str], field: str, value: Any, rule: str
) -> None:
    found = await errors_of(client, a_county() | {field: value}, county)
    assert rule in found.values()


@pytest.mark.parametrize("value", [True, "5", 5.0, 1e400, None])
async def test_only_a_whole_number_is_an_amount(
    client: Client, county: dict[str, str], value: Any
) -> None:
    body = {"version_set": value, "reason": "误设"}
    response = await client.post(
        "/v1/policies/entry.fact_days/withdrawals", json=body, headers=county
    )
    assert response.status == 400


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "not-json"),
        (b"[]", "not-json"),
        (b"5", "not-json"),
        (b'{"a": NaN}', "not-json"),
        (b'{"a": Infinity}', "not-json"),
        (b'{"a": "\xff"}', "not-json"),
        (b'\xef\xbb\xbf{"a": 1}', "not-json"),
        (b'{"code": "1", "code": "2"}', "request-invalid"),
        (b'{"evidence": [{"name": "1", "name": "2"}]}', "request-invalid"),
        (b'{"name_zh": "\\ud800"}', "request-invalid"),
        (b'{"\\ud800": 1}', "request-invalid"),
        (b'{"\\u0000": 1}', "request-invalid"),
        (b'{"a": 1e999}', "request-invalid"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "request-invalid"),
        (b"[" * 100_000, "request-invalid"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not-json"),
    ],
)
async def test_a_malformed_body_is_refused(
    client: Client, county: dict[str, str], raw: bytes, code: str
) -> None:
    headers = county | {"Content-Type": "application/json"}
    response = await client.post(URL, data=raw, headers=headers)
    await the_problem(response, 400, code)


async def test_a_body_of_another_type_is_refused(client: Client, county: dict[str, str]) -> None:
    response = await client.post(URL, data="code=1", headers=county)
    await the_problem(response, 415, "media-type-unsupported")


async def test_a_body_over_one_mebibyte_is_refused(client: Client, county: dict[str, str]) -> None:
    body = b'{"reason": "' + b"x" * 1024 * 1024 + b'"}'
    headers = county | {"Content-Type": "application/json"}
    response = await client.post(URL, data=BytesIO(body), headers=headers)
    await the_problem(response, 413, "body-too-large")


async def test_texts_are_kept_in_one_normal_form(client: Client, county: dict[str, str]) -> None:
    response = await client.post(URL, json=a_county(name_zh="Cafe\u0301"), headers=county)
    recorded = await response.json()
    url = f"{URL}/{organisation_id('371329')}?after_position={recorded['position']}"
    shown = await (await client.get(url, headers=county)).json()
    assert shown["row"]["name_zh"] == "Caf\u00e9"


async def test_what_stands_in_the_path_is_not_said_again(
    client: Client, county: dict[str, str]
) -> None:
    body = {"organisation_id": str(uuid4()), "name_zh": "临沭", "valid_from": "2020-01-02"}
    response = await client.post(f"{URL}/{uuid4()}/names", json=body, headers=county)
    problem = await the_problem(response, 400, "request-invalid")
    assert [one["pointer"] for one in problem["errors"]] == ["/organisation_id"]


async def test_a_malformed_id_in_the_path_is_refused(
    client: Client, county: dict[str, str]
) -> None:
    body = {"name_zh": "临沭", "valid_from": "2020-01-02"}
    response = await client.post(f"{URL}/nobody/names", json=body, headers=county)
    problem = await the_problem(response, 400, "request-invalid")
    (error,) = problem["errors"]
    assert (error["parameter"], error["rule"]) == ("organisation_id", "uuid")


@pytest.mark.parametrize("query", ["dry_run=maybe", "dryrun=true"])
async def test_an_unknown_wish_in_the_query_is_refused(
    client: Client, county: dict[str, str], query: str
) -> None:
    response = await client.post(f"{URL}?{query}", json=a_county(), headers=county)
    await the_problem(response, 400, "request-invalid")


async def test_an_unknown_id_is_not_found(client: Client, county: dict[str, str]) -> None:
    body = {"name_zh": "临沭", "valid_from": "2020-01-02"}
    response = await client.post(f"{URL}/{uuid4()}/names", json=body, headers=county)
    problem = await the_problem(response, 404, "not-found")
    assert problem["facts"]["kind"]


async def test_an_unknown_address_is_not_found(client: Client, county: dict[str, str]) -> None:
    await the_problem(await client.get("/v1/nothing", headers=county), 404, "address-unknown")


async def test_a_wrong_method_is_told_the_right_ones(client: Client) -> None:
    response = await client.delete(f"{URL}/{uuid4()}/names")
    await the_problem(response, 405, "method-unknown")
    assert response.headers["Allow"] == "POST"


async def test_a_broken_rule_is_told_with_its_facts(client: Client, county: dict[str, str]) -> None:
    response = await client.post(URL, json=a_county(kind="street"), headers=county)
    problem = await the_problem(response, 422, "parent-missing")
    assert problem["facts"] == {"kind": "street"}
    assert problem["detail"] == "kind=street"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Break in a chosen way."""

    how: str


PHONE = "13812345678"


@decision(undo=NoUndo("it is there to be refused"))
async def break_things(command: Break, ledger: Ledger, by: By) -> Recorded:
    """Raise what was asked for."""
    refusals: dict[str, Exception] = {
        "bug": ValueError(PHONE),
        "full": storage.QueueFull(waiting=2),
        "space": storage.SpaceLow(free_bytes=1, floor_bytes=2),
        "unknown": storage.OutcomeUnknown(),
        "lost": ConnectionResetError(),
    }
    raise refusals[command.how]


@pytest.fixture
async def breaking(ledger: Ledger, news: News, serve: Serve) -> Client:
    """A client of an application with one more command, which always fails."""
    routes = Routes("broken", zh="故障", en="Broken")
    routes.command("/v1/broken", Break, break_things, about=EVERYWHERE)
    may: dict[str, Row | frozenset[Role]] = {"break_things": frozenset(Role)}
    may |= {name: row for name, row in MAY.items() if name in OPERATIONS}
    return await serve(create_app(ledger, news=news, routes=(routes,), may=may))


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("full", 503, "queue-full"),
        ("space", 507, "space-low"),
        ("unknown", 503, "outcome-unknown"),
        ("lost", 503, "outcome-unknown"),
    ],
)
async def test_what_passes_says_when_to_come_back(
    breaking: Client, county: dict[str, str], how: str, status: int, code: str
) -> None:
    response = await breaking.post("/v1/broken", json={"how": how}, headers=county)
    await the_problem(response, status, code)
    assert int(response.headers["Retry-After"]) > 0


async def test_with_a_key_a_lost_database_leaves_the_outcome_open(
    breaking: Client, county: dict[str, str]
) -> None:
    headers = county | {"Idempotency-Key": "k"}
    response = await breaking.post("/v1/broken", json={"how": "lost"}, headers=headers)
    await the_problem(response, 503, "outcome-unknown")


async def test_a_dry_run_stores_nothing_whatever_is_lost(
    breaking: Client, county: dict[str, str]
) -> None:
    params = {"dry_run": "true"}
    response = await breaking.post(
        "/v1/broken", params=params, json={"how": "lost"}, headers=county
    )
    await the_problem(response, 503, "unavailable")


async def test_our_own_faults_tell_a_number_and_nothing_else(
    breaking: Client, county: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    response = await breaking.post("/v1/broken", json={"how": "bug"}, headers=county)
    problem = await the_problem(response, 500, "internal-error")
    assert PHONE not in await response.text()
    assert PHONE not in caplog.text
    assert problem["instance"] in caplog.text
    assert "break_things" in caplog.text


async def test_a_lost_database_is_never_our_fault(
    client: Client, county: dict[str, str], ledger: Ledger
) -> None:
    ledger.pool.terminate()
    for path in ("/v1/policies", "/v1/events"):
        response = await client.get(path, headers=county)
        await the_problem(response, 503, "unavailable")
        assert response.headers["Retry-After"]


def test_every_error_has_a_status_of_its_own() -> None:
    assert {status for _, status in STATUS} >= {400, 401, 403, 404, 409, 412, 422, 503, 507}
    for family, status in STATUS:
        error = family() if family is not RequestInvalid else RequestInvalid()
        assert problem(error).status == status, family


def test_every_error_speaks_both_languages() -> None:
    waiting: list[type[LedgerError]] = [LedgerError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if error.__module__.startswith(("api.", "ledger.", "projections.")):
            assert error.title_en(), error
            assert error.title_zh(), error


def test_every_route_has_a_row_in_the_table_of_permissions() -> None:
    operations = set(OPERATIONS).union(*(context.operations() for context in ROUTES))
    check_complete(operations, MAY)
    assert all(MAY[operation] for operation in operations)


@pytest.mark.parametrize(("operations", "may"), [({"a"}, {}), (set(), {"a": PUBLIC})])
def test_a_table_that_does_not_fit_the_routes_stops_the_start(
    operations: set[str], may: dict[str, Row]
) -> None:
    with pytest.raises(PermissionsIncomplete):
        check_complete(operations, may)


@pytest.mark.parametrize("path", ["/broken", "/v1/Broken", "/v1/{nothing}", "/v1/a/"])
def test_a_route_that_cannot_work_is_refused_when_it_is_declared(path: str) -> None:
    with pytest.raises(DeclarationWrong):
        Routes("broken", zh="故障", en="Broken").command(
            path, Break, break_things, about=EVERYWHERE
        )


def test_a_command_must_say_whom_it_concerns() -> None:
    routes = Routes("broken", zh="故障", en="Broken")
    with pytest.raises(TypeError, match="about"):
        routes.command("/v1/broken", Break, break_things)  # type: ignore[call-arg]
    with pytest.raises(DeclarationWrong, match="estate_id"):
        routes.command("/v1/broken", Break, break_things, about=of_organisation("estate_id"))
