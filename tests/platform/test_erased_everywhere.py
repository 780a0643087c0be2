"""After an erasure nothing that this system keeps holds the plaintext, and all proofs hold.

A service of its own with a server of its own: every table, a real dump, every file of the data
directory, everything that was logged, and the commands that check it all.
"""

from __future__ import annotations

import logging
import re
import subprocess
from dataclasses import replace
from datetime import date
from hashlib import md5, sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import ClientSession

from api.serving import serving
from ledger.commands.organisations import EstablishOrganisation, establish_organisation
from ledger.organisations import Kind
from ledger.postgres import EmbeddedServer
from ledger.postgres.binaries import installed_binaries
from ledger.sealing import new_keyring
from ledger.storage.ledger import Ledger
from ledger.storage.roles import OWNER
from scripts.service import Service, open_service
from scripts.settings import Settings, load_settings
from tests.databases import as_role, in_database
from tests.platform.test_cli import minzhang
from tests.sealing.people import card_number, identity_number
from tests.storage.sealed import clerk, leaks, whole_database
from tests.tokens import issued

SECRETS = {
    "name": "赵无痕专用名",
    "phone": "13705398642",
    "address": "无痕路九十九号院七单元",
    "identity_number": identity_number("371329", date(1971, 11, 3), 77),
    "bank_card": card_number("621700", 12),
    "statement": "此人独居且行动不便请勿外传",
}
DOCUMENT = "\n".join(SECRETS.values()).encode()
CODE = "371329001001"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def token(ledger: Ledger, role: str, organisation_id: UUID | None = None) -> dict[str, str]:
    return bearer(await issued(ledger, role, organisation_id=organisation_id))


async def established(ledger: Ledger) -> UUID:
    county = EstablishOrganisation(
        code="371329", kind=Kind.COUNTY, name_zh="临沭县", valid_from=date(2020, 1, 1)
    )
    recorded = await establish_organisation(county, ledger, clerk(role="county"))
    street = replace(
        county, code=CODE[:9], kind=Kind.STREET, name_zh="某街道", parent_id=recorded.id
    )
    recorded = await establish_organisation(street, ledger, clerk(role="county"))
    community = replace(
        county, code=CODE, kind=Kind.COMMUNITY, name_zh="某社区", parent_id=recorded.id
    )
    return (await establish_organisation(community, ledger, clerk(role="county"))).id


async def post(
    client: ClientSession, headers: dict[str, str], path: str, **body: Any
) -> dict[str, Any]:
    response = await client.post(path, json=body, headers=headers)
    told: dict[str, Any] = await response.json()
    assert response.status == 201, told
    return told


async def lived_through(service: Service, *, erases: bool) -> str:
    """File, reveal, search, export, get things wrong; then erase. Return the person's id."""
    ledger, wang = service.ledger, str(uuid4())
    place = await established(ledger)
    community = await token(ledger, "community", place)
    hotline, officer = (
        await token(ledger, "hotline"),
        await token(ledger, "data_protection_officer"),
    )
    async with serving(service.app, "127.0.0.1", 0) as address, ClientSession(address) as client:
        filed = await post(
            client,
            community | {"Idempotency-Key": "one"},
            "/v1/petitions",
            channel="hotline",
            title="车库积水",
            summary="雨后积水",
            community_id=str(place),
            petitioner_id=wang,
            petitioner=SECRETS,
        )
        sent = await client.post(
            "/v1/evidence",
            params={"about": wang},
            data=DOCUMENT,
            headers=community | {"File-Name": quote(SECRETS["name"] + ".txt")},
        )
        document = await sent.json()
        assert sent.status == 201, document
        read = await client.get(f"/v1/evidence/{document['sha256']}", headers=community)
        assert await read.read() == DOCUMENT
        note = {"channel": "hotline", "title": "证明", "summary": "见附件", "petitioner_id": wang}
        note |= {"community_id": str(place)}
        await post(client, community, "/v1/petitions", evidence=[document], **note)
        reveal = {"record_id": filed["id"], "fields": list(SECRETS), "purpose": "visit_back"}
        told = await post(client, community, f"/v1/persons/{wang}/reveals", **reveal)
        assert set(told["disclosed"]["fields"]) == set(SECRETS)
        for name in ("phone", "identity_number"):
            search = {"field": name, "value": SECRETS[name], "purpose": "identity_check"}
            found = await post(client, hotline, "/v1/person-searches", **search)
            assert found["disclosed"]["person_ids"] == [wang]
        await post(client, officer, f"/v1/persons/{wang}/exports", reason="本人申请查阅")
        for wrong in (
            {"person": SECRETS | {"phone": SECRETS["phone"] + "1"}, "place_id": str(place)},
            {"person": SECRETS | {"nickname": SECRETS["name"]}, "place_id": str(place)},
            {"person": SECRETS, "place_id": str(place), "reason": SECRETS["phone"]},
        ):
            response = await client.post("/v1/persons", json=wrong, headers=community)
            assert response.status in (400, 422)
            assert leaks(await response.read(), SECRETS.values()) == []
        if erases:
            asked = await post(
                client, community, "/v1/erasures", subject_id=wang, ground="purpose_ended"
            )
            path = f"/v1/erasures/{asked['id']}/approvals"
            done = await post(client, officer, path, reason="处理目的已实现")
            assert done["disclosed"] == {"carried_out": True, "documents_count": 1}
            await refused(client, community, f"/v1/persons/{wang}/reveals", reveal)
            gone = await client.get(f"/v1/evidence/{document['sha256']}", headers=community)
            assert gone.status in (404, 410)
    return wang


async def refused(
    client: ClientSession, headers: dict[str, str], path: str, body: dict[str, Any]
) -> None:
    response = await client.post(path, json=body, headers=headers)
    assert (response.status, (await response.json())["code"]) == (422, "slot-erased")


def files_of(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def settings_for(data: Path) -> Settings:
    return load_settings({"port": "0"}, {"MINZHANG_DATA": str(data)}, data.parent)


def dump(dsn: str) -> bytes:
    done = subprocess.run(
        [installed_binaries().program("pg_dump"), "--dbname", dsn, "--inserts"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_after_an_erasure_the_plaintext_is_nowhere(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(data_dir)
    with caplog.at_level(logging.DEBUG):
        async with open_service(settings) as service:
            wang = await lived_through(service, erases=True)
            database = await whole_database(service.database.dsn)
            dumped = dump(service.database.dsn)
            assert wang.encode() in database and wang.encode() in dumped, "it looked everywhere"
            assert leaks(database, SECRETS.values()) == []
            assert leaks(dumped, SECRETS.values()) == []
            for table in ("sealing_slots", "sealed_values", "blind_indexes", "sealed_documents"):
                assert await service.ledger.pool.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
    files = files_of(data_dir)
    assert any("pg_wal" in str(path) for path in files), "the server's own log was looked through"
    assert not [path for path in files if "evidence" in path.parts], "the documents are gone"
    assert {
        path: found for path, data in files.items() if (found := leaks(data, SECRETS.values()))
    } == {}
    assert leaks(caplog.text.encode(), SECRETS.values()) == []

    checked = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir))
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "一致 / sound"), checked
    verified = minzhang("verify", MINZHANG_DATA=str(data_dir))
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def test_a_stolen_dump_without_the_keys_tells_nothing(data_dir: Path) -> None:
    """Before any erasure: who has the database and not the key file reads and guesses nothing."""
    settings = settings_for(data_dir)
    async with open_service(settings) as service:
        await lived_through(service, erases=False)
        dumped = dump(service.database.dsn)
        documents = files_of(data_dir / "evidence")
        db = await asyncpg.connect(service.database.dsn)
        indexes = [row[0] for row in await db.fetch("SELECT digest FROM blind_indexes")]
        digests = [row[0] for row in await db.fetch("SELECT request_digest FROM receipts")]
        await db.close()
    keys = (data_dir / "sealing.keys").read_text("utf-8")

    assert leaks(dumped, SECRETS.values()) == []
    assert len(documents) == 1 and leaks(b"".join(documents.values()), SECRETS.values()) == []
    assert (data_dir / "sealing.keys").stat().st_mode & 0o777 == 0o600
    assert not [one for one in re.findall(r"[A-Za-z0-9+/=]{40,}", keys) if one.encode() in dumped]
    assert len(indexes) == 2
    phone = SECRETS["phone"].encode()
    unkeyed = {hash_of(phone).digest() for hash_of in (sha256, md5)}
    in_dump = {bytes.fromhex(one.decode()) for one in re.findall(rb"[0-9a-f]{64}", dumped)}
    keyed = {sha256(key + phone).digest() for key in in_dump}
    assert not unkeyed & {*indexes, *digests} and not keyed & {*indexes, *digests}

    with EmbeddedServer(data_dir):  # so that each command finds it running
        _without_the_right_keys(data_dir, keys)


def _without_the_right_keys(data_dir: Path, keys: str) -> None:
    (data_dir / "sealing.keys").unlink()
    lost = minzhang("sealing", "verify", MINZHANG_DATA=str(data_dir))
    assert lost.returncode == 1 and "restore that file from its backup" in lost.stderr
    other = minzhang("init", MINZHANG_DATA=str(data_dir), MINZHANG_LEDGER="371300")
    assert other.returncode == 0, "another ledger has sealed nothing: it gets keys of its own"
    lost = minzhang("sealing", "verify", MINZHANG_DATA=str(data_dir))
    assert lost.returncode == 1 and "restore that file from its backup" in lost.stderr
    strange = new_keyring(date(2026, 1, 1)).to_text()
    source = {"MINZHANG_SEALING_KEYS": "env:STRANGE", "STRANGE": strange}
    wrong = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir), **source)
    assert wrong.returncode == 1 and "NOT SOUND" in wrong.stdout
    (data_dir / "sealing.keys").write_text(keys, "utf-8")
    (data_dir / "sealing.keys").chmod(0o644)
    open_to_all = minzhang("sealing", "verify", MINZHANG_DATA=str(data_dir))
    assert open_to_all.returncode == 1 and "chmod 600" in open_to_all.stderr
    (data_dir / "sealing.keys").chmod(0o600)
    by_command = {"MINZHANG_SEALING_KEYS": f"command:cat {data_dir / 'sealing.keys'}"}
    found = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir), **by_command)
    assert found.returncode == 0, found.stdout
    rotated = minzhang("sealing", "rotate", "--new", "--drop-old", MINZHANG_DATA=str(data_dir))
    assert rotated.returncode == 0, rotated.stderr
    assert (data_dir / "sealing.keys").read_text("utf-8").count("kek ") == 1
    again = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir))
    assert again.returncode == 0, again.stdout
    for given, count in (("--new", 2), ("--drop-old", 1), ("--drop-old", 1)):
        indexed = minzhang("sealing", "rotate-index", given, MINZHANG_DATA=str(data_dir))
        assert indexed.returncode == 0, indexed.stderr
        assert (data_dir / "sealing.keys").read_text("utf-8").count("index ") == count
        again = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir))
        assert again.returncode == 0, again.stdout
    with_old = {"MINZHANG_SEALING_KEYS": "env:OLD", "OLD": keys}
    gone = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir), **with_old)
    assert gone.returncode == 1, "who stole the old key opens nothing that is wrapped again"


async def _in_clear(service: Service, data_dir: Path, text: bytes) -> tuple[str, UUID]:
    """Store a document as the version before did: in clear, named by its digest."""
    digest, actor_id = sha256(text).hexdigest(), uuid4()
    folder = data_dir / "evidence" / service.ledger.id / digest[:2]
    folder.mkdir(parents=True)
    (folder / digest[2:]).write_bytes(text)
    assert service.database.owner_dsn is not None
    db = await asyncpg.connect(service.database.owner_dsn)
    await db.execute(
        "INSERT INTO evidence_files (ledger_id, sha256, actor_id, media_type, size_bytes,"
        " uploaded_at) VALUES ($1, $2, $3, 'text/plain', $4, now())",
        service.ledger.id,
        digest,
        actor_id,
        len(text),
    )
    await db.close()
    return digest, actor_id


async def test_what_an_earlier_version_stored_in_clear_is_encrypted(data_dir: Path) -> None:
    """By ``minzhang sealing settle``, and by the next start before anything is served."""
    settings = settings_for(data_dir)
    async with open_service(settings) as service:
        await _in_clear(service, data_dir, DOCUMENT)
    found = minzhang("sealing", "verify", MINZHANG_DATA=str(data_dir))
    assert found.returncode == 1 and "lies in clear" in found.stdout
    settled = minzhang("sealing", "settle", MINZHANG_DATA=str(data_dir))
    assert "documents sealed 1" in settled.stdout, settled
    checked = minzhang("sealing", "verify", "--open", MINZHANG_DATA=str(data_dir))
    assert checked.returncode == 0, checked.stdout
    async with open_service(settings) as service:
        digest, actor_id = await _in_clear(service, data_dir, DOCUMENT + b"2")
    async with open_service(settings) as service:
        files = files_of(data_dir / "evidence")
        assert len(files) == 2 and leaks(b"".join(files.values()), SECRETS.values()) == []
        headers = bearer(await issued(service.ledger, "county", actor_id))
        async with serving(service.app, "127.0.0.1", 0) as address, ClientSession(address) as http:
            response = await http.get(f"/v1/evidence/{digest}", headers=headers)
            assert await response.read() == DOCUMENT + b"2"


async def test_the_secrets_are_moved_by_command_and_there_is_one_home(data_dir: Path) -> None:
    async with open_service(settings_for(data_dir)) as service:
        await lived_through(service, erases=False)
        elsewhere = in_database(service.database.dsn, "keys")
    here, to = {"MINZHANG_DATA": str(data_dir)}, ("sealing", "move-keys", "--to-env", "KEYS")
    owner = as_role(elsewhere, OWNER)
    there = {"MINZHANG_KEYS_DSN": elsewhere, "MINZHANG_KEYS_OWNER_DSN": owner}
    with EmbeddedServer(data_dir) as server:  # so that each command finds it running
        superuser = await asyncpg.connect(server.dsn)
        await superuser.execute(f"CREATE DATABASE keys OWNER {OWNER}")
        await superuser.close()
        nowhere = minzhang("sealing", "move-keys", "--to-env", "NOWHERE", **here)
        assert nowhere.returncode == 1 and "holds no address" in nowhere.stderr
        unowned = minzhang(*to, **here, KEYS=elsewhere)
        assert unowned.returncode == 1 and "--to-owner-env" in unowned.stderr
        two = minzhang("init", **here, **there)
        assert two.returncode == 1 and "finish with minzhang sealing move-keys" in two.stderr
        moved = minzhang(*to, "--to-owner-env", "OWNER", **here, KEYS=elsewhere, OWNER=owner)
        assert moved.returncode == 0 and "now set MINZHANG_KEYS_DSN" in moved.stdout, moved
        gone = minzhang("sealing", "verify", **here)
        assert gone.returncode == 1 and "were moved to another database" in gone.stderr
        again = minzhang(*to, **here, KEYS=elsewhere)
        assert again.returncode == 0, again.stderr
        sound = minzhang("sealing", "verify", "--open", **here, **there)
        assert sound.returncode == 0, sound.stdout
        back = minzhang("sealing", "move-keys", "--to-main", **here, **there)
        assert back.returncode == 0 and "remove the setting" in back.stdout, back
        sound = minzhang("sealing", "verify", "--open", **here)
        assert sound.returncode == 0, sound.stdout
