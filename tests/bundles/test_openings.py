"""Openings in a bundle: told first, checked against the entries, impossible after an erasure."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from ledger.commands.policies import AdoptStandardPolicies, adopt_standard_policies
from ledger.core.errors import LedgerError
from ledger.persons import NothingSealed, Person, PersonRestricted, SlotErased
from ledger.storage.ledger import Ledger, create_ledger, open_ledger
from ledger.storage.reading import read_stream
from projections import VIEWS
from projections.engine import install
from scripts.failures import Failure
from scripts.settings import load_settings
from tests.bundles import world
from tests.bundles.conftest import Verify, arguments, remember_signed
from tests.bundles.repacking import members, repacked
from tests.storage.sealed import LI, WANG, clerk, leaks, said_erased, sealed
from tests.storage_fixtures import KEYS, ORIGIN

WANG_ID, LI_ID, NOBODY = UUID(int=701), UUID(int=702), UUID(int=703)
PURPOSE = ("--purpose", "audit")


@pytest.fixture
async def people(store_dsn: str) -> AsyncIterator[Ledger]:
    """Two people whose data is sealed, under a published checkpoint; one was sealed twice."""
    ledger_id = f"people{uuid4().hex[:12]}"
    db = await asyncpg.connect(store_dsn)
    await create_ledger(db, ledger_id, origin=ORIGIN)
    await install(db, VIEWS)
    await db.close()
    async with open_ledger(store_dsn, ledger_id, pool_size_max=4, keys=KEYS) as ledger:
        await adopt_standard_policies(AdoptStandardPolicies(), ledger, clerk(role="system"))
        await sealed(ledger, WANG_ID)
        await sealed(ledger, LI_ID, LI)
        await world.sign(ledger)
        yield ledger


@pytest.fixture
def make(people: Ledger, store_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a bundle of that ledger."""
    monkeypatch.setenv("KEYRING", KEYS.keyring.to_text())

    async def make(*words: str, name: str = "bundle.zip") -> Path:
        environment = {
            "MINZHANG_DSN": store_dsn,
            "MINZHANG_LEDGER": people.id,
            "MINZHANG_SEALING_KEYS": "env:KEYRING",
            "MINZHANG_DATA": str(tmp_path / "data"),
        }
        await remember_signed(store_dsn, people.id, tmp_path / "data")
        path = tmp_path / name
        run, args = arguments("--no-statement", *words, "-o", str(path))
        assert not await run(args, load_settings({}, environment, tmp_path))
        return path

    return make


async def test_openings_are_told_first_and_checked_against_the_entries(
    make: Any, people: Ledger, verify: Verify
) -> None:
    path = await make("--open", str(WANG_ID), *PURPOSE)
    told = [json.loads(line) for line in members(path)["openings.jsonl"].splitlines()]
    assert {one["field"]: one["value"] for one in told} == {
        str(name): value for name, value in WANG.given().items()
    }
    assert path.stat().st_mode & 0o777 == 0o600
    assert verify(path) == (0, {**verify(path)[1], "personal": "VERIFIED"})
    entries = await read_stream(people.pool, people.id, str(WANG_ID))
    looks = [entry.event for entry in entries if isinstance(entry.event, Person.Revealed)]
    assert [(look.purpose, len(look.fields)) for look in looks] == [("audit", 6)]
    both = await make("--open", str(WANG_ID), "--open", str(LI_ID), *PURPOSE, name="both.zip")
    assert len(members(both)["openings.jsonl"].splitlines()) == 9
    without = await make(name="without.zip")
    assert "personal" not in verify(without)[1]
    assert leaks(b"".join(members(without).values()), WANG.given().values()) == []


def changed(**given: Any) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        first, *others = data.splitlines()
        told = json.loads(first) | given
        lines = [json.dumps(told, ensure_ascii=False).encode(), *others]
        return b"".join(line + b"\n" for line in lines)

    return change


FORGED: dict[str, Callable[[bytes], bytes]] = {
    "another value": changed(value="371329"),
    "another key": changed(key="00" * 32),
    "another person": changed(person=str(LI_ID)),
    "another record": changed(record=str(LI_ID)),
    "another slot": changed(slot=str(LI_ID)),
    "another field": changed(field="statement"),
    "an unknown field": changed(field="nickname"),
    "another ledger": changed(ledger="371300"),
    "another entry": changed(position=0),
    "beyond the slice": changed(position=10**6),
    "more in it": changed(note="x"),
    "the same twice": lambda data: data + data.splitlines(keepends=True)[0],
    "no JSON": lambda data: data + b"{\n",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("change", FORGED)
async def test_an_opening_that_was_made_up_fails(make: Any, verify: Verify, change: str) -> None:
    path = await make("--open", str(WANG_ID), *PURPOSE)
    status, claims = verify(repacked(path, "openings.jsonl", FORGED[change]))
    assert (status, claims["personal"], claims["slice"]) == (1, "FAILED", "VERIFIED")


async def test_what_is_erased_or_restricted_cannot_be_opened(make: Any, people: Ledger) -> None:
    person = await people.load(Person, WANG_ID)
    person.restrict(clerk(reason="审计"), erasure_id=uuid4(), record_ids=())
    await people.save(person)
    await fails(make, PersonRestricted, "--open", str(WANG_ID), *PURPOSE)
    await people.vault.destroy(tuple(person.slots))
    await said_erased(people, WANG_ID)
    await fails(make, SlotErased, "--open", str(WANG_ID), *PURPOSE)


async def test_a_purpose_is_needed_and_something_in_the_slice(make: Any) -> None:
    for words in (("--open", str(WANG_ID)), PURPOSE):
        await fails(make, Failure, *words)
    await fails(make, LedgerError, "--open", str(WANG_ID), "--purpose", "curiosity")
    await fails(make, LedgerError, "--open", str(NOBODY), *PURPOSE)
    await fails(make, NothingSealed, "--open", str(WANG_ID), *PURPOSE, "--to", "1")


async def fails(make: Any, error: type[Exception], *words: str) -> None:
    with pytest.raises(error):
        await make(*words, name="refused.zip")
