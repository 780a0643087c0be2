"""Public accounts after random steps at random times."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from uuid import UUID

from ledger.accounts import PublicAccount
from ledger.core.aggregate import By
from ledger.core.errors import LedgerError
from tests.commands.county import STREET
from tests.commands.money import CASHIER, CLERK
from tests.examples import AT
from tests.examples import accounts as a


@dataclass(frozen=True)
class Steps:
    """What may happen to an account, with amounts, times and expenses thrown by dice."""

    dice: Random
    is_history: bool

    def someone(self) -> By:
        at = AT + timedelta(days=self.dice.randrange(400))
        return replace(CASHIER, at=at, is_history=self.is_history)

    def some_fen(self) -> int:
        return self.dice.randrange(1, 400)

    def an_expense(self) -> UUID:
        return UUID(int=10 + self.dice.randrange(6))

    def receive(self, account: PublicAccount) -> None:
        receipt_id = UUID(int=self.dice.getrandbits(60))
        receipt = a.receipt(2 * self.some_fen(), receipt_id=receipt_id)
        account.receive(self.someone(), receipt=receipt, categories=a.CATEGORIES)

    def reverse_receipt(self, account: PublicAccount) -> None:
        receipt_id = self.dice.choice([*account.receipts, a.RECEIPT])
        account.reverse_receipt(self.someone(), receipt_id=receipt_id)

    def place_hold(self, account: PublicAccount) -> None:
        account.place_hold(self.someone(), expense_id=self.an_expense(), amount_fen=self.some_fen())

    def release_hold(self, account: PublicAccount) -> None:
        account.release_hold(self.someone(), expense_id=self.an_expense())

    def pay_out(self, account: PublicAccount) -> None:
        expense_id = self.an_expense()
        account.pay_out(
            self.someone(),
            expense_id=expense_id,
            amount_fen=account.holds.get(expense_id, self.some_fen()),
            payee="宏达维修公司",
            bank_reference="",
        )

    def reverse_payment(self, account: PublicAccount) -> None:
        account.reverse_payment(self.someone(), expense_id=self.an_expense(), bank_reference="")


def random_account(dice: Random, number: int) -> PublicAccount:
    """Return an account after 60 steps, less those that a rule refuses.

    Every other one is history, where much is marked that a live command would refuse.
    """
    steps = Steps(dice, is_history=number % 2 == 1)
    moves = [steps.receive] * 3 + [steps.place_hold] * 2 + [steps.pay_out] * 2
    moves += [steps.reverse_receipt, steps.release_hold, steps.reverse_payment]
    account = PublicAccount.open(CLERK, estate_id=UUID(int=number), street_id=STREET)
    for _ in range(60):
        with suppress(LedgerError):
            dice.choice(moves)(account)
    return account
