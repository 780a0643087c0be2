"""Two thousand random commands, many refused: what the views show follows from the entries.

Honest and dishonest people act: alone and for others, on their day and late, with amounts that
are not there; and whatever may be taken back is taken back at random. What a rule refuses leaves
nothing. The figures are worked out from the entries at many pairs of times. Accounts are of the
time when callers dated decisions as they liked: theirs are compared as they are now and as they
were known, not as of a day on which a payment stands before its money.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from ledger.core.aggregate import By
from ledger.core.errors import LedgerError
from ledger.deposits import Deposit
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_entries
from projections import VIEWS
from projections.engine import AsOf, catch_up, verify
from tests.commands import money
from tests.examples import AT
from tests.examples import deposits as d
from tests.projections.any_account import random_account
from tests.projections.test_deposits import STEPS as OF_DEPOSITS
from tests.projections.test_points_always import Town
from tests.recomputed.figures import Figures, Said, counting, figures, read
from tests.recomputed.views import shown

ACCOUNTS, DEPOSITS, TOWN_STEPS, DEPOSIT_STEPS = 12, 12, 120, 1_200
STEPS_OF_ACCOUNT = 60
OF_FACTS = (0, 6, 7, 9, 12)
"""Which random steps of a deposit are facts, which may be told late: the others are decisions."""


async def test_two_thousand_commands_leave_figures_that_follow_from_the_entries(
    ledger: Ledger, store_dsn: str
) -> None:
    chance = Random(20260302)  # noqa: S311 - the same each time
    for number in range(ACCOUNTS):
        await ledger.save(random_account(chance, 40 + number))
    town = Town(ledger, seed=7)
    await town.found()
    for number in range(TOWN_STEPS):
        with suppress(LedgerError):
            await town.step(number)
    await catch_up(ledger, VIEWS)
    await steps_of_deposits(ledger, chance)
    await catch_up(ledger, VIEWS)

    log = await whole_log(ledger)
    assert ACCOUNTS * STEPS_OF_ACCOUNT + TOWN_STEPS + DEPOSIT_STEPS >= 2_000
    assert sum(said.what == "step_reversed" for said in log) > 20, "much was taken back"
    assert sum(_is_out_of_order(log)) > 50, "much was told late"
    await assert_figures(ledger, chance, log)
    for view in VIEWS:
        if view.name in {"deposits", "accounts", "points", "shop"}:
            verified = await verify(store_dsn, ledger.id, view)
            assert verified.is_right, verified.difference


async def steps_of_deposits(ledger: Ledger, chance: Random) -> None:
    """Let deposits go their way: late facts, stand-ins, reversals, and much that is refused."""
    ids = []
    for number in range(DEPOSITS):
        contract = replace(d.AGREEMENT, contract=f"合同{number}")
        assessed = Deposit.assess(
            d.CLERK,
            estate_id=UUID(int=number % 5),
            company_id=d.COMPANY,
            base_fen=chance.randrange(1, 50_000),
            rate_bp=700,
            rate_limits_bp=d.LIMITS_BP,
            agreement=contract,
        )
        ids.append((await ledger.save(assessed)).id)
    for number in range(DEPOSIT_STEPS):
        now = AT + number * timedelta(hours=7)
        deposit = await ledger.load(Deposit, chance.choice(ids))
        with suppress(LedgerError):
            if chance.random() < 0.2:
                version = chance.randrange(1, deposit.version + 1)
                by = teller(chance, now, may_be_late=False)(d.HEAD)
                deposit.take_back(by, version=version)
            else:
                which = chance.randrange(len(OF_DEPOSITS))
                told = teller(chance, now, may_be_late=which in OF_FACTS)
                OF_DEPOSITS[which](deposit, chance, told)
            await ledger.save(deposit)
        if number % 100 == 0:
            await catch_up(ledger, VIEWS)


def teller(chance: Random, now: datetime, *, may_be_late: bool) -> Callable[[By], By]:
    """Return how somebody tells of a step: now or late, for themself or for another."""

    def told(who: By) -> By:
        is_late = may_be_late and chance.random() < 0.5
        other = chance.choice((d.HEAD, d.CASHIER, money.CLERK)).actor_id
        return replace(
            who,
            at=now - timedelta(days=chance.randrange(30)) if is_late else now,
            told_at=now if may_be_late else None,
            reason="经核实",
            is_late=is_late,
            on_behalf_of=other if chance.random() < 0.3 else None,
            proposed_by=(other,) if chance.random() < 0.5 else (),
        )

    return told


def _is_out_of_order(log: list[Said]) -> list[bool]:
    latest: dict[str, datetime] = {}
    found = []
    for said in log:
        before = latest.setdefault(said.stream, said.occurred_at)
        found.append(said.occurred_at < before and said.kind == "deposit")
        latest[said.stream] = max(before, said.occurred_at)
    return found


async def whole_log(ledger: Ledger) -> list[Said]:
    entries = await read_entries(ledger.pool, ledger.id, start=0, limit=100_000)
    return [read(entry.position, entry.data) for entry in entries]


async def assert_figures(ledger: Ledger, chance: Random, log: list[Said]) -> None:
    """Compare now, and at random pairs of the log's own moments."""
    moments = sorted(said.occurred_at for said in log)
    known = sorted(said.recorded_at for said in log)
    times = [AsOf()]
    times += [AsOf(at=chance.choice(moments)) for _ in range(8)]
    times += [AsOf(known_at=chance.choice(known)) for _ in range(8)]
    times += [AsOf(at=chance.choice(moments), known_at=chance.choice(known)) for _ in range(16)]
    for as_of in times:
        worked_out = figures(counting(log, as_of.at, as_of.known_at))
        seen = await shown(ledger, worked_out, as_of)
        if as_of.at is not None:
            worked_out, seen = _without_accounts(worked_out), _without_accounts(seen)
        assert seen == worked_out, as_of


def _without_accounts(all_figures: Figures) -> Figures:
    return {name: value for name, value in all_figures.items() if name[0] != "public_account"}
