"""The way to a database elsewhere: TLS 1.2 or newer, and only to the server that was meant."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

import pytest

from ledger.storage.connect import connect
from scripts.database import open_database
from scripts.failures import Failure
from scripts.settings import DSNS, Settings, load_settings
from scripts.transport import unverified_hosts
from tests.platform.tls_front import TlsFront
from tests.syslog.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def settings_for(dsn: str, folder: Path) -> Settings:
    return load_settings({}, {"MINZHANG_DSN": dsn, "MINZHANG_DATA": str(folder)}, folder)


async def test_a_server_that_proves_its_name_is_used_by_tls(
    server_dsn: str, authority: Authority, tmp_path: Path
) -> None:
    with TlsFront(server_dsn, authority.server_side("localhost")) as front:
        dsn = front.dsn("localhost", sslmode="verify-full", sslrootcert=authority.ca)
        async with open_database(settings_for(dsn, tmp_path)) as database:
            db = await connect(database.dsn)
            assert await db.fetchval("SELECT 40 + 2") == 42
            await db.close()
    assert set(front.versions) == {"TLSv1.3"}


@pytest.mark.parametrize(
    ("name", "is_trusted", "reason"),
    [
        ("localhost", False, "unable to get local issuer certificate"),
        ("db.example.org", True, "Hostname mismatch"),
    ],
)
async def test_another_server_is_refused_with_a_sentence_in_both_languages(
    server_dsn: str,
    authority: Authority,
    tmp_path: Path,
    *,
    name: str,
    is_trusted: bool,
    reason: str,
) -> None:
    issuer = authority if is_trusted else Authority(tmp_path, "stranger")
    with TlsFront(server_dsn, issuer.server_side(name)) as front:
        dsn = front.dsn("localhost", sslmode="verify-full", sslrootcert=authority.ca)
        with pytest.raises(Failure) as refused:
            async with open_database(settings_for(dsn, tmp_path)):
                pass
    assert front.versions in ([], ["TLSv1.3"]), "nothing was said after the handshake"
    assert "证书不受信任，或与主机名不符" in refused.value.zh
    assert "not trusted or not for that host" in refused.value.en
    assert reason in refused.value.en


async def test_a_server_without_tls_or_with_an_old_one_is_refused(
    server_dsn: str, authority: Authority, tmp_path: Path
) -> None:
    old = authority.server_side("localhost")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    for tls in (None, old):
        with TlsFront(server_dsn, tls) as front:
            dsn = front.dsn("localhost", sslmode="verify-full", sslrootcert=authority.ca)
            with pytest.raises(Failure, match=r"TLS 1\.2"):
                async with open_database(settings_for(dsn, tmp_path)):
                    pass
        assert front.versions == []


@pytest.mark.parametrize(
    ("dsn", "hosts"),
    [
        ("postgresql://db.example.org/a?sslmode=verify-full", []),
        ("postgresql://db.example.org/a?sslmode=disable", [("db.example.org", "disable")]),
        ("postgresql://db.example.org/a?sslmode=require", [("db.example.org", "require")]),
        ("postgresql://db.example.org/a", [("db.example.org", "prefer")]),
        ("postgresql://10.0.0.7/a", [("10.0.0.7", "prefer")]),
        ("postgresql://a.example,127.0.0.1/a", [("a.example", "prefer")]),
        ("postgresql:///a?host=/run/postgresql", []),
        ("postgresql://localhost/a?sslmode=disable", []),
        ("postgresql://[::1]:5432/a", []),
    ],
)
def test_whoever_is_elsewhere_and_not_verified_is_named(
    dsn: str, hosts: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    assert list(unverified_hosts(dsn)) == hosts


async def test_it_is_said_at_the_start_without_the_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    variables = {
        f"MINZHANG_{name.upper()}": f"postgresql://u:hunter2@{name.replace('_', '-')}.invalid/a"
        "?sslmode=disable"
        for name in DSNS
    }
    settings = load_settings({}, variables | {"MINZHANG_DATA": str(tmp_path)}, tmp_path)
    with caplog.at_level(logging.WARNING), pytest.raises(Failure):
        async with open_database(settings):
            pass
    told = [line.partition("：")[0] for line in caplog.messages if "does not verify" in line]
    assert told == list(variables), "each connection string that there is"
    assert "未核实对方身份" in caplog.text
    assert "does not verify who it is (sslmode=disable)" in caplog.text
    assert "hunter2" not in caplog.text
