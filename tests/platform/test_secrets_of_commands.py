"""No option of any command takes a secret: everybody on a machine may read command lines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.cli import build_parser
from scripts.settings import DSNS, SETTINGS, SettingWrong, load_settings

SOUNDS_SECRET = {
    *("code", "cookie", "credential", "credentials", "key", "keys", "passphrase", "password"),
    *("pin", "secret", "seed", "token", "tokens", "webhook", "dsn"),
}
NONE = {
    "--key-file": "a path",
    "--keys-from": "a path",
    "--keys-to": "a path",
    "--log-key": "a public key",
    "--oidc-client-secret-file": "a path",
    "--sealing-keys": "where they come from: file:, env: or command:",
    "--webhook": "refused with a password; MINZHANG_MONITOR_WEBHOOK for an address that is one",
    "token_id": "a number of a token, which opens nothing",
}
COUNTS = {"--password-memory-kib", "--password-passes"}
SECRET = "hunter" + "2"


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Give every option and argument of every command that takes a value."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from options(child)
        elif action.nargs != 0:
            yield action


def names() -> set[str]:
    return {(action.option_strings or [action.dest])[-1] for action in options(build_parser())}


def test_what_sounds_like_a_secret_is_known_to_be_none() -> None:
    found = {name for name in names() if set(re.split(r"[-_]+", name)) & SOUNDS_SECRET}
    dsns = {"--" + name.replace("_", "-") for name in DSNS}  # refused with a password, see below
    assert found - COUNTS - dsns == set(NONE)
    assert len(names()) > 60, "every command was walked through"


@pytest.mark.parametrize("setting", DSNS)
@pytest.mark.parametrize(
    "dsn",
    [
        f"postgresql://u:{SECRET}@db.example/a",
        f"postgresql://db.example/a?user=u&password={SECRET}",
        f"postgresql://db.example/a?sslpassword={SECRET}",
    ],
)
def test_a_connection_string_with_a_password_is_refused_and_not_repeated(
    setting: str, dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingWrong) as wrong:
        load_settings({setting: dsn}, {}, tmp_path)
    assert SECRET not in str(wrong.value)
    both = {"MINZHANG_DSN": "postgresql://a", "MINZHANG_KEYS_DSN": "postgresql://a"}
    by_environment = load_settings({}, both | {f"MINZHANG_{setting.upper()}": dsn}, tmp_path)
    assert getattr(by_environment, setting) == dsn


@pytest.mark.parametrize("scheme", ["https", "http", "tls", "tcp", "udp"])
def test_an_address_with_a_password_is_refused_and_not_repeated(
    scheme: str, tmp_path: Path
) -> None:
    address = f"{scheme}://u:{SECRET}@example.org"
    taken = []
    for setting in SETTINGS:
        try:
            load_settings({setting.name: address}, {}, tmp_path)
            taken.append(setting.name)
        except SettingWrong as wrong:
            assert SECRET not in str(wrong), setting.name
    assert set(taken) <= {
        "data",
        "key_file",
        "oidc_client_secret_file",
        "oidc_client_id",
        "oidc_hosts",
    }


@pytest.mark.parametrize("option", [[], ["--webhook"]])
def test_a_monitor_takes_no_address_with_a_password(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["monitor", *option, f"https://u:{SECRET}@example.org/log"]
    with pytest.raises(SystemExit):
        build_parser().parse_args(words)
    said = capsys.readouterr().err
    assert "an address with a name or a password" in said
    assert SECRET not in said
