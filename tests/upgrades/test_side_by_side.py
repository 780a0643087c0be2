"""Two versions on one database: what the older one does once the newer one was there.

This version takes the part of the older one: the newer one is a migration that it does not know,
and entries of kinds that it does not know.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import ClientSession

from api.serving import serving
from ledger.core.codec import KindUnknown
from ledger.petitions import Petition
from ledger.postgres.embedded import dsn_for
from ledger.reactions.engine import Reactions
from ledger.storage.ledger import Ledger
from ledger.storage.migrate import DatabaseIsNewer, Migration, migrate, read_migrations
from ledger.storage.reading import read_head
from ledger.storage.roles import OWNER, connect_as_owner
from projections.audit_trail import view as audit_trail
from projections.engine import View, ViewStopped, catch_up
from projections.engine.following import status
from scripts.service import open_service
from tests.backups.conftest import settings_of
from tests.examples import by
from tests.petition_world import STREET, filed, found_county, who
from tests.projections.jars import jars_view
from tests.published_log import fill
from tests.reactions.test_engine import patience
from tests.storage.jars import Jar
from tests.storage.test_ledger import saved_jar
from tests.tokens import issued
from tests.upgrades.newer import append_newer

OF_A_RECORD_OF_OURS, OF_OTHER_SOFTWARE = "test_jar.polished.v1", "warehouse.opened.v1"
NEXT = Migration("9999_next.sql", "CREATE TABLE next_things (thing_id uuid PRIMARY KEY)")


async def jar_of_a_newer_version(ledger: Ledger, topic: str = OF_A_RECORD_OF_OURS) -> int:
    """Let a newer version record something; return its position."""
    return await append_newer(ledger, Jar.make(by()), topic)


async def test_a_reaction_stops_before_what_only_a_newer_version_understands(
    ledger: Ledger,
) -> None:
    """What it sets or ends would be lost, also to the newer version: they share one position."""
    await saved_jar(ledger)
    position = await jar_of_a_newer_version(ledger)
    await saved_jar(ledger)
    reactions = Reactions(ledger, [patience()])
    await reactions.catch_up()
    (follower,) = reactions.followers

    assert follower.position == position - 1
    assert follower.failure is not None and "KindUnknown" in follower.failure
    tracked = "SELECT position FROM trackings WHERE ledger_id = $1"
    assert await ledger.pool.fetchval(tracked, ledger.id) == position - 1
    timers = "SELECT count(*) FROM timers WHERE ledger_id = $1"
    assert await ledger.pool.fetchval(timers, ledger.id) == 1


@pytest.mark.parametrize("view", [jars_view("newer_jars"), audit_trail], ids=lambda one: one.name)
async def test_a_view_stops_before_what_only_a_newer_version_understands(
    ledger: Ledger, view: View
) -> None:
    """Two versions may share the tables of a view, and no row may lack what an entry says."""
    await saved_jar(ledger)
    position = await jar_of_a_newer_version(ledger)
    await saved_jar(ledger)
    with pytest.raises(ViewStopped):
        await catch_up(ledger, [view])

    (found,) = await status(ledger.pool, ledger.id, [view])
    assert (found.position, found.failed_position) == (position - 1, position)
    assert found.failure is not None and "KindUnknown" in found.failure


async def test_records_of_other_software_are_passed_over(ledger: Ledger) -> None:
    await jar_of_a_newer_version(ledger, OF_OTHER_SOFTWARE)
    await saved_jar(ledger)
    reactions = Reactions(ledger, [patience()])
    await reactions.catch_up()
    assert reactions.followers[0].failure is None
    await catch_up(ledger, [jars_view("foreign_jars"), audit_trail])


async def test_a_record_with_such_an_entry_is_refused_and_others_go_on(ledger: Ledger) -> None:
    jar, other = Jar.make(by()), await saved_jar(ledger)
    await ledger.save(jar)
    jar.fill(by(), 1)
    await append_newer(ledger, jar, OF_A_RECORD_OF_OURS)
    with pytest.raises(KindUnknown):
        await ledger.for_request().load(Jar, jar.id)
    assert (await ledger.load(Jar, other)).stones == 0


async def test_after_a_migration_the_older_one_goes_on_but_does_not_start_again(
    elsewhere: Path,
) -> None:
    settings = settings_of(elsewhere)
    async with open_service(settings) as service:
        await fill(service.ledger, 3)
        owner = await connect_as_owner(dsn_for(elsewhere, OWNER))
        assert await migrate(owner, [*read_migrations(), NEXT]) == [NEXT.name]
        await owner.close()

        before = await read_head(service.ledger.pool, service.ledger.id)
        await fill(service.ledger, 3)
        head = await read_head(service.ledger.pool, service.ledger.id)
        assert head.size == before.size + 3
        async with (
            serving(service.app, "127.0.0.1", 0) as address,
            ClientSession(address) as client,
            client.get("/healthz") as answer,
        ):
            assert answer.status == 200
        with pytest.raises(DatabaseIsNewer):
            async with open_service(settings):
                raise AssertionError("it was served")


async def test_over_http_such_a_record_is_unavailable_and_others_are_served(
    elsewhere: Path,
) -> None:
    async with open_service(settings_of(elsewhere)) as service:
        ledger = service.ledger
        await found_county(ledger)
        newer, other = await filed(ledger), await filed(ledger)
        petition = await ledger.load(Petition, newer)
        petition.withdraw(who(reason="另行反映"))
        await append_newer(ledger, petition, "petition.given_a_medal.v1")
        token = await issued(ledger, "street", organisation_id=STREET)
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            serving(service.app, "127.0.0.1", 0) as address,
            ClientSession(address, headers=headers) as client,
        ):
            for petition_id, status in ((newer, 503), (other, 201)):
                path = f"/v1/petitions/{petition_id}/withdrawals"
                async with client.post(path, json={"reason": "重复登记"}) as answer:
                    told = await answer.json()
                    assert answer.status == status, told
                    assert status == 201 or told["code"] == "kind-unknown"
