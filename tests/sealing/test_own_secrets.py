"""Tokens, cookies and one-time links are found by their form; what only looks alike is not."""

from __future__ import annotations

import secrets
from datetime import date
from hashlib import sha256

import pytest

from ledger.sealing import holds_own_secret, kind_in_reference, mask_secrets
from ledger.storage.service_key import ServiceKey
from ledger.storage.sessions import SECRET_BYTES
from ledger.storage.tokens import PREFIX, TOKEN_BYTES
from tests.sealing.people import card_number, identity_number

TOKEN = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
SESSION = secrets.token_urlsafe(SECRET_BYTES)
COOKIE = f"{SESSION}.{ServiceKey.random().sign('session', SESSION)}"
LINK = f"https://minzhang.example/set-up?link={secrets.token_urlsafe(32)}"


@pytest.mark.parametrize("secret", [TOKEN, COOKIE, LINK], ids=["token", "cookie", "link"])
def test_what_lets_somebody_in_is_found_and_masked(secret: str) -> None:
    text = f"请用{secret}登录"
    assert holds_own_secret(text)
    masked = mask_secrets(text)
    assert secret not in masked and masked.startswith("请用") and masked.endswith("登录")


@pytest.mark.parametrize(
    "text",
    [
        "mz_short",
        "0192f0c1-2345-7000-8000-000000000001",
        sha256(b"x").hexdigest(),
        f"{sha256(b'x').hexdigest()}.{sha256(b'y').hexdigest()}",
        "https://example.org/a?link=1",
        "/log/tile/entries/000",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert not holds_own_secret(text)
    assert mask_secrets(text) == text


def test_masking_also_hides_personal_numbers() -> None:
    assert mask_secrets(f"电话 13705398642 {TOKEN}") == "电话 " + "＊" * 11 + " " + "＊" * len(
        TOKEN
    )


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("13705398642", "mobile-number"),
        (identity_number("371329", date(1971, 11, 3), 77), "identity-number"),
        ("GD-" + identity_number("371329", date(1971, 11, 3), 77), "identity-number"),
        (card_number("621700", 12), "bank-card"),
        ("联系 13705398642", "mobile-number"),
        ("2026030212345678901", ""),
        (card_number("456351", 12), ""),
        ("YG-2025-01", ""),
        ("0192f0c1-2345-7000-8000-000000000001", ""),
    ],
)
def test_a_reference_may_be_long_but_no_personal_number(reference: str, kind: str) -> None:
    assert kind_in_reference(reference) == kind
