"""Odd encodings, expectations, origins and names: a clear refusal, never a fault of ours."""

from __future__ import annotations

from gzip import compress

import pytest

from tests.api.conftest import PROBLEM, Client, TokenFor, bearer, the_problem
from tests.api.house import House, clock, house

__all__ = ["clock", "house"]

DOORS = ("/v1/organisations", "/v1/evidence", "/v1/account/tokens", "/login", "/evidence", "/none")
PLAIN = b"plain"
PACKED = {
    "not packed": ("gzip", PLAIN),
    "packed": ("gzip", compress(PLAIN, mtime=0)),
    "a bomb": ("gzip", compress(bytes(60 * 1024**2), mtime=0)),
    "deflate": ("deflate", PLAIN),
    "br": ("br", PLAIN),
    "two": ("identity, gzip", PLAIN),
    "unknown": ("x-none", PLAIN),
}


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
async def test_no_packed_body_is_unpacked(
    client: Client, county: dict[str, str], path: str, packed: tuple[str, bytes]
) -> None:
    encoding, body = packed
    headers = county | {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = await client.post(path, data=body, headers=headers)
    await the_problem(answer, 415, "encoding-unsupported")


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/events", "/login", "/none", "/log/none"])
@pytest.mark.parametrize("expectation", ["foo", "100-continue, foo", "\u00e9"])
async def test_an_unknown_expectation_is_a_problem(
    client: Client, path: str, expectation: str
) -> None:
    for method in ("GET", "POST"):
        answer = await client.request(method, path, headers={"Expect": expectation})
        assert answer.headers["Content-Type"].startswith(PROBLEM)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        await the_problem(answer, 417, "expectation-unknown")


@pytest.mark.parametrize("origin", ["http://[", "null", "http://[::1", "x", "http://a@b"])
async def test_an_odd_origin_is_another_site(client: Client, origin: str) -> None:
    answer = await client.post("/login", data={"name": "a"}, headers={"Origin": origin})
    await the_problem(answer, 403, "cross-site")


@pytest.mark.parametrize(
    "where", ["http://[", "//[", "/\\[", "\u0000", "//\u2100.cc", "/" + "x" * 3000]
)
async def test_an_odd_way_on_leads_home_or_nowhere(client: Client, where: str) -> None:
    for answer in (
        await client.get("/login", params={"next": where}),
        await client.post("/login", data={"token": "mz_x", "next": where}),
    ):
        assert answer.status in (200, 400, 401), await answer.text()


@pytest.mark.parametrize(
    "path", ["/v1/logins", "/v1/evidence?about=x&", "/v1/events", "/v1/log/consistency"]
)
async def test_no_name_in_a_query_is_repeated(
    client: Client, token_for: TokenFor, path: str
) -> None:
    mark = "&" if "?" in path else "?"
    for role in ("administrator", "auditor"):
        headers = bearer(await token_for(role))
        answer = await client.get(f"{path}{mark}13711223344=1", headers=headers)
        assert "13711223344" not in await answer.text()


MULTIPART = "multipart/form-data; boundary=B"
FORMS = {
    "no boundary": ("multipart/form-data", b"--B\r\n"),
    "nothing": (MULTIPART, b""),
    "no end": (MULTIPART, b'--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx'),
    "no header": (MULTIPART, b"--B\r\n\r\nx\r\n--B--\r\n"),
    "broken header": (MULTIPART, b"--B\r\n\xff\xfe: \x00\r\n\r\nx\r\n--B--\r\n"),
    "odd characters": (
        MULTIPART,
        b'--B\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n'
        + b"x" * 40
        + b"\r\n--B--\r\n",
    ),
    "not UTF-8": (
        MULTIPART,
        b'--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\xff\xfe\r\n--B--\r\n',
    ),
    "many fields": (
        MULTIPART,
        b"".join(
            b'--B\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % number
            for number in range(2_000)
        )
        + b"--B--\r\n",
    ),
    "a long field": (
        MULTIPART,
        b'--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'
        + b"x" * 500_000
        + b"\r\n--B--\r\n",
    ),
    "parts in parts": (
        MULTIPART,
        b"--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\n--C--\r\n--B--\r\n",
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_a_broken_form_with_a_document_is_refused(
    house: House, form: tuple[str, bytes]
) -> None:
    await house.knock()
    media_type, body = form
    answer = await house.client.post("/evidence", data=body, headers={"Content-Type": media_type})
    text = await answer.text()
    assert 400 <= answer.status < 500, (answer.status, text[:500])
    assert len(text) < 32 * 1024
