"""Settings: which source wins, and that a wrong value is named in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.settings import DSNS, OF_DSN, SETTINGS, SettingWrong, load_settings

GOOD = {
    "host": "::1",
    "port": "9000",
    "data": "/tmp/ledger",  # noqa: S108  never opened
    "dsn": "postgresql://reader@db.example/minzhang",
    "owner_dsn": "postgresql://owner@db.example/minzhang?sslmode=verify-full",
    "ledger": "371300",
    "origin": "ledger.example.org/371300",
    "log_level": "debug",
    "syslog": "tls://logs.example.org:6514",
    "syslog_ca_file": __file__,
    "free_space_floor_bytes": "0",
    "wal_archive": "/var/backups/minzhang/wal",
    "queue_max": "64",
    "pool_size_max": "4",
    "log_policy": __file__,
    "publish_interval_seconds": "5",
    "time_stamp_authorities": "https://tsa.example.org/tsr /etc/tsa.pem, http://b.example b.pem",
    "time_stamp_interval_seconds": "60",
    "sealing_keys": "env:KEYS",
    "keys_dsn": "postgresql://keeper@keys.example/keys",
    "keys_owner_dsn": "postgresql://owner@keys.example/keys?sslmode=verify-full",
    "public_url": "https://ledger.example.org",
    "key_file": "/tmp/service.key",  # noqa: S108  never opened
    "trusted_proxies": "127.0.0.1/32,10.0.0.0/8",
    "password_memory_kib": "19456",
    "password_passes": "2",
    "sign_in_refused_after_ms": "900",
    "rate_per_address": "10",
    "rate_per_account": "5",
    "evidence_mib_per_day": "50",
    "oidc_issuer": "https://login.example.org",
    "oidc_client_id": "minzhang",
    "oidc_client_secret_file": "/tmp/oidc.secret",  # noqa: S108  never opened
    "oidc_hosts": "keys.example.org",
}
WRONG = {
    "host": "not a host",
    "port": "65536",
    "data": "/etc/passwd",
    "dsn": "mysql://db",
    "owner_dsn": "db.example",
    "ledger": "Linshu County",
    "origin": "https://ledger.example.org",
    "log_level": "loud",
    "syslog": "https://logs.example.org",
    "syslog_ca_file": "/nowhere/ca.pem",
    "free_space_floor_bytes": "-1",
    "wal_archive": "wal",
    "queue_max": "0",
    "pool_size_max": "many",
    "log_policy": "/nowhere/policy",
    "publish_interval_seconds": "0",
    "time_stamp_authorities": "https://user:secret@tsa.example.org /etc/tsa.pem",
    "time_stamp_interval_seconds": "0",
    "sealing_keys": "sealing.keys",
    "keys_dsn": "keys.example",
    "keys_owner_dsn": "http://keys.example",
    "public_url": "ledger.example.org",
    "key_file": "/tmp",  # noqa: S108
    "trusted_proxies": "the proxy",
    "password_memory_kib": "7",
    "password_passes": "0",
    "sign_in_refused_after_ms": "-1",
    "rate_per_address": "0",
    "rate_per_account": "-1",
    "evidence_mib_per_day": "0",
    "oidc_issuer": "http://login.example.org",
    "oidc_client_id": "two words",
    "oidc_client_secret_file": "/tmp",  # noqa: S108
    "oidc_hosts": "a host, another",
}


def test_every_setting_has_an_example_here() -> None:
    assert set(GOOD) == set(WRONG) == {setting.name for setting in SETTINGS}


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = load_settings({}, {"XDG_DATA_HOME": str(tmp_path)}, tmp_path)

    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.data == tmp_path / "minzhang"
    assert settings.dsn is None
    assert settings.ledger == "371329"
    assert settings.origin == "minzhang.localhost/371329"
    assert settings.free_space_floor_bytes == 1024**3


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "minzhang.toml").write_text('port = 1\nledger = "file"\nhost = "file.example"\n')
    environment = {"MINZHANG_PORT": "2", "MINZHANG_LEDGER": "environment", "MINZHANG_HOST": ""}

    settings = load_settings({"port": "3"}, environment, tmp_path)

    assert (settings.port, settings.ledger, settings.host) == (3, "environment", "file.example")


@pytest.mark.parametrize("name", GOOD)
def test_every_setting_is_read_from_every_source(name: str, tmp_path: Path) -> None:
    beside = {f"MINZHANG_{one.upper()}": GOOD[one] for one in filter(None, [OF_DSN.get(name)])}
    by_flag = load_settings({name: GOOD[name]} if name != "dsn" else {}, beside, tmp_path)
    by_environment = load_settings({}, {f"MINZHANG_{name.upper()}": GOOD[name], **beside}, tmp_path)
    (tmp_path / "named.toml").write_text(f'{name} = "{GOOD[name]}"\n')
    by_file = load_settings({}, {"MINZHANG_CONFIG": "named.toml", **beside}, tmp_path)

    assert str(getattr(by_environment, name)) == GOOD[name]
    assert by_file == by_environment
    assert by_flag == by_environment or name == "dsn"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_rule(name: str, tmp_path: Path) -> None:
    variable = f"MINZHANG_{name.upper()}"
    with pytest.raises(SettingWrong) as wrong:
        load_settings({}, {variable: WRONG[name]}, tmp_path)

    setting = next(setting for setting in SETTINGS if setting.name == name)
    assert variable in wrong.value.zh
    assert variable in wrong.value.en
    assert setting.rule_zh in wrong.value.zh
    assert setting.rule_en in wrong.value.en
    assert wrong.value.exit_code == 2


@pytest.mark.parametrize("name", DSNS)
@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://writer:secret@db.example/minzhang?sslmode=verify-full",
        "postgresql://writer@db.example/minzhang?sslmode=verify-full&password=secret",
    ],
)
def test_a_password_is_neither_taken_from_the_command_line_nor_shown(
    name: str, dsn: str, tmp_path: Path
) -> None:
    beside = {f"MINZHANG_{one.upper()}": GOOD[one] for one in OF_DSN.values()}
    flag = f"--{name.replace('_', '-')} "
    with pytest.raises(SettingWrong, match=flag.strip()) as wrong:
        load_settings({name: dsn}, beside, tmp_path)
    assert "secret" not in str(wrong.value)
    found = load_settings({}, {**beside, f"MINZHANG_{name.upper()}": dsn}, tmp_path)
    assert getattr(found, name) == dsn


@pytest.mark.parametrize(("owner", "app"), OF_DSN.items())
def test_an_owner_is_nothing_without_the_role_that_serves(
    owner: str, app: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingWrong) as wrong:
        load_settings({}, {f"MINZHANG_{owner.upper()}": GOOD[owner]}, tmp_path)
    for text in (wrong.value.zh, wrong.value.en):
        assert f"MINZHANG_{owner.upper()}" in text and f"MINZHANG_{app.upper()}" in text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("prot = 8080", "prot"),
        ("port = true", "port"),
        ("port = 80.5", "port"),
        ("port = [", "minzhang.toml"),
        ("[server]\nport = 80", "server"),
    ],
)
def test_a_wrong_file_stops_the_start(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "minzhang.toml").write_text(text)
    with pytest.raises(SettingWrong, match=named):
        load_settings({}, {}, tmp_path)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="MINZHANG_CONFIG"):
        load_settings({}, {"MINZHANG_CONFIG": "elsewhere.toml"}, tmp_path)


def test_the_private_key_is_taken_from_the_environment_and_shown_nowhere(tmp_path: Path) -> None:
    settings = load_settings({}, {"MINZHANG_LOG_KEY": " PRIVATE+KEY+secret \n"}, tmp_path)
    assert settings.log_key == "PRIVATE+KEY+secret"
    assert "PRIVATE" not in repr(settings)
    assert load_settings({}, {"MINZHANG_LOG_KEY": ""}, tmp_path).log_key is None
    (tmp_path / "minzhang.toml").write_text('log_key = "PRIVATE+KEY+secret"')
    with pytest.raises(SettingWrong, match="log_key") as wrong:
        load_settings({}, {}, tmp_path)
    assert "PRIVATE" not in str(wrong.value)
