"""The log's keys: closed files, one name, rotation with overlap, and nothing secret anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ledger.key_files import FileNotPrivate, PrivateFileUnreadable
from ledger.merkle.keys import KeyKind, KeyWrong, SigningKey
from ledger.publishing.log_keys import (
    KeyExists,
    KeyMissing,
    KeyOfAnotherLog,
    KeysFromEnvironment,
    KeysMalformed,
    KeySource,
    new_keys,
    parse_keys,
)

ORIGIN = "ledger.example.org/371329"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=30)


@pytest.fixture
def source(tmp_path: Path) -> KeySource:
    return KeySource(tmp_path / "log" / "371329", ORIGIN)


def test_a_key_is_made_once_in_a_file_that_is_closed_to_others(source: KeySource) -> None:
    assert source.find() is None
    with pytest.raises(KeyMissing):
        source.read()
    keys = source.create()
    assert source.read() == keys
    assert source.path.stat().st_mode & 0o777 == 0o600
    assert source.folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(KeyExists):
        source.create()


def a_link(source: KeySource) -> None:
    source.path.rename(source.folder / "elsewhere")
    source.path.symlink_to(source.folder / "elsewhere")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda source: source.path.chmod(0o640),
        lambda source: source.path.chmod(0o604),
        lambda source: source.folder.chmod(0o750),
        a_link,
    ],
)
def test_a_key_that_others_could_read_is_refused(
    source: KeySource, spoil: Callable[[KeySource], None]
) -> None:
    secret = source.create().current.to_text()
    spoil(source)
    with pytest.raises(FileNotPrivate) as refused:
        source.read()
    assert secret not in str(refused.value)


def test_a_key_of_somebody_else_is_refused(
    source: KeySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.create()
    monkeypatch.setattr("os.geteuid", lambda: 65_534)
    with pytest.raises(FileNotPrivate):
        source.read()


def test_a_new_key_signs_at_once_and_the_old_one_along_until_its_day(source: KeySource) -> None:
    old = source.create().current
    keys = source.rotate(until=UNTIL)
    assert keys == source.read() and keys.current != old
    text = f"{ORIGIN}\n0\n\n"
    during, after = keys.sign(text, NOW), keys.sign(text, UNTIL)
    both = [keys.current.verifying, old.verifying]
    assert [one.key for one in during.signatures_by(both)] == both
    assert [one.key for one in after.signatures_by(both)] == both[:1]
    assert keys.verifying() == both
    assert source.rotate(until=UNTIL).former[1].key == old


def test_the_environment_may_bring_the_keys(source: KeySource) -> None:
    keys = new_keys(ORIGIN).rotated(until=UNTIL)
    given = KeySource(source.folder, ORIGIN, keys.to_text())
    assert given.read() == keys
    assert not source.folder.exists()
    assert "PRIVATE" not in repr(given)
    with pytest.raises(KeysFromEnvironment):
        given.rotate(until=UNTIL)
    with pytest.raises(KeyOfAnotherLog):
        KeySource(source.folder, "ledger.example.org/other", keys.to_text()).read()


def a_key(name: str, kind: KeyKind = KeyKind.NOTE) -> str:
    """The text of a key that is the same in every process."""
    return SigningKey(name, kind, bytes(range(32))).to_text()


SECRET = a_key(ORIGIN)
OTHER = a_key("ledger.example.org/other")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PRIVATE+KEY+",
        SECRET.replace("PRIVATE", "PUBLIC"),
        SECRET[:-4],
        f"{SECRET} until 2026-04-01T00:00:00Z",
        f"{SECRET}\n{SECRET}",
        f"{SECRET}\n{SECRET} until 2026-04-01T00:00:00Z",
        f"{SECRET}\n{OTHER} until 2026-04-01T00:00:00Z",
        f"{SECRET}\n{OTHER} until tomorrow",
        f"{SECRET}\n{OTHER} until 2026-04-01T00:00:00",
        a_key(ORIGIN, KeyKind.COSIGNATURE),
        "\n".join([SECRET] * 9),
    ],
)
def test_other_texts_are_no_keys_and_are_not_repeated(text: str) -> None:
    with pytest.raises((KeysMalformed, KeyWrong)) as refused:
        parse_keys(text)
    for secret in (SECRET, OTHER):
        assert secret.rpartition("+")[2] not in str(refused.value)


def test_a_file_that_is_no_text_is_refused(source: KeySource) -> None:
    source.create()
    source.path.write_bytes(b"\xff\xfe")
    with pytest.raises(PrivateFileUnreadable):
        source.read()


def test_no_key_shows_itself(source: KeySource) -> None:
    keys = source.create().rotated(until=UNTIL)
    secrets = [line.split()[0].rpartition("+")[2] for line in keys.to_text().splitlines()]
    for shown in (repr(keys), repr(source), repr(keys.former), f"{keys.current!r}"):
        assert not any(secret in shown for secret in secrets)
