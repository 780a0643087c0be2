"""Two estates of the small county with their public accounts, and who handles their money."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from ledger.accounts import account_id_of
from ledger.commands.accounts import (
    OpenPublicAccount,
    ReceiveRevenue,
    open_public_account,
    receive_revenue,
)
from ledger.core.errors import Conflict
from ledger.storage.ledger import Ledger, Recorded
from tests.commands.county import ESTATE, OTHER_ESTATE, STREET
from tests.examples import by

ACCOUNT, OTHER_ACCOUNT = account_id_of(ESTATE), account_id_of(OTHER_ESTATE)

CLERK = by(1)
CHAIR = by(11, role="owners_committee", reason="按业主大会决议")
REVIEWER = by(12, role="community", reason="材料不全")
HEAD = by(13, reason="经研究")
CASHIER = by(14, reason="付款退回")
OWNER = by(15, role="owner")


async def open_accounts(ledger: Ledger) -> None:
    """Open the public accounts of both estates."""
    for estate_id in (ESTATE, OTHER_ESTATE):
        command = OpenPublicAccount(estate_id=estate_id, street_id=STREET)
        await open_public_account(command, ledger, CLERK)


async def receive(ledger: Ledger, amount_fen: int, *, lease_id: UUID | None = None) -> Recorded:
    command = ReceiveRevenue(
        account_id=ACCOUNT,
        category="rent",
        amount_fen=amount_fen,
        payer="惠民便利店",
        lease_id=lease_id,
    )
    return await receive_revenue(command, ledger, CLERK)


async def until_settled(attempt: Callable[[], Awaitable[Recorded]]) -> Recorded:
    """Ask again as long as somebody else was first."""
    while True:
        try:
            return await attempt()
        except Conflict:
            continue
