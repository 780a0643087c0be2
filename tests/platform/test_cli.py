"""The command `minzhang` as a person sees it: what it prints, where, and its exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.postgres import EmbeddedServer
from scripts.cli import COMMANDS, build_parser
from tests.platform.conftest import own_directory
from tests.platform.users import ROOT


def minzhang(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.cli", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A data directory after `minzhang init`."""
    with own_directory() as directory:
        done = minzhang("init", "--json", MINZHANG_DATA=str(directory))
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["ledger_is_new"] is True
        yield directory


def test_init_a_second_time_changes_nothing(initialised: Path) -> None:
    done = minzhang("init", "--json", "--data", str(initialised))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "ledger": "371329",
        "app_role": "minzhang_app",
        "owner_role": "minzhang_owner",
        "migrations": [],
        "ledger_is_new": False,
        "policies_adopted": False,
    }


def test_init_makes_a_second_ledger_in_the_same_database(initialised: Path) -> None:
    done = minzhang("init", MINZHANG_DATA=str(initialised), MINZHANG_LEDGER="371300")

    assert done.returncode == 0, done.stderr
    assert "371300: 已建立 / created" in done.stdout


def test_dsn_prints_the_connection_string_alone(initialised: Path) -> None:
    stopped = minzhang("dsn", "--json", MINZHANG_DATA=str(initialised))
    with EmbeddedServer(initialised) as server:
        printed = minzhang("dsn", MINZHANG_DATA=str(initialised))
        running = minzhang("dsn", "--json", MINZHANG_DATA=str(initialised))

        owner = minzhang("dsn", "--owner", MINZHANG_DATA=str(initialised))

        assert printed.stdout == f"{server.dsn_as('minzhang_app')}\n"
        assert owner.stdout == f"{server.dsn_as('minzhang_owner')}\n"
        assert json.loads(stopped.stdout) == {
            "dsn": server.dsn_as("minzhang_app"),
            "embedded": True,
            "running": False,
        }
        assert json.loads(running.stdout)["running"] is True


def test_init_uses_the_database_it_is_told_to(database: str, tmp_path: Path) -> None:
    done = minzhang("init", "--json", MINZHANG_DSN=database, MINZHANG_DATA=str(tmp_path / "data"))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ledger_is_new"] is True
    assert minzhang("dsn", MINZHANG_DSN=database).stdout == f"{database}\n"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["dsn", "--data", "/nonexistent/data"], 1, "minzhang init"),
        (["dsn", "--port", "x"], 2, "MINZHANG_PORT"),
        (["init", "--dsn", "postgresql://a@127.0.0.1:1/d"], 1, "MINZHANG_DSN"),
        (["unknown"], 2, "--help"),
        ([], 2, "--help"),
    ],
)
def test_an_expected_failure_is_one_sentence_in_both_languages(
    arguments: list[str], exit_code: int, words: str
) -> None:
    done = minzhang(*arguments)

    assert done.returncode == exit_code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert " / " in done.stderr
    assert words in done.stderr


def test_every_command_takes_every_setting_and_explains_itself() -> None:
    help_text = minzhang("--help").stdout
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        assert name.replace("importing", "import") in help_text
    for name in ("init", "dsn"):
        args = build_parser().parse_args([name, "--host", "::1", "--ledger", "1"])
        assert (args.setting_host, args.setting_ledger) == ("::1", "1")


def test_users_are_made_granted_and_disabled_by_command(initialised: Path) -> None:
    def users(*arguments: str) -> str:
        done = minzhang("users", *arguments, MINZHANG_DATA=str(initialised))
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    link = users("create-admin", "--name", "li.min")
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/set-up\?link=[\w-]{43}", link)
    made = json.loads(users("create", "--name", "wang.fang", "--json"))
    assert made["link"] != link
    grant = users("grant", "wang.fang", "--role", "street", "--until", "2099-12-31")
    listed = {one["login_name"]: one for one in json.loads(users("list", "--json"))}
    assert [one["role"] for one in listed["li.min"]["grants"]] == ["administrator"]
    assert [one["grant_id"] for one in listed["wang.fang"]["grants"]] == [grant]
    users("revoke", "wang.fang", grant, "--reason", "岗位调整")
    users("disable", made["user_id"], "--reason", "离职")
    assert re.search(r"disabled +wang\.fang", users("list"))
    identity = ("--issuer", "https://login.example.org", "--subject", "8f2c")
    users("enable", "wang.fang", "--reason", "返岗")
    users("link", "wang.fang", *identity)
    taken = minzhang("users", "link", "li.min", *identity, MINZHANG_DATA=str(initialised))
    assert taken.returncode == 1 and "一个身份只能属于一个账号" in taken.stderr
    users("unlink", "wang.fang", *identity, "--reason", "离职")
    wrong = minzhang("users", "link", "li.min", *identity[:2], "--subject", "")
    assert wrong.returncode == 2 and "--subject" in wrong.stderr
    again = minzhang("users", "create-admin", "--name", "LI.MIN", "--data", str(initialised))
    assert (again.returncode, again.stdout) == (1, "")
    token = minzhang("tokens", "create", "--role", "auditor", "--data", str(initialised))
    assert re.fullmatch(r"mz_[\w-]{43}\n", token.stdout), "the token alone"
