"""What people may do with performance deposits; drawing on them is in ``draws.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from ledger.claims import Claimed
from ledger.commands.claiming import DEPOSITS, claim_money, release_money
from ledger.commands.interests import without_interest
from ledger.commands.petition_terms import Terms, guard_kind, terms_of
from ledger.commands.plain_texts import without_personal_data
from ledger.commands.references import without_personal_references
from ledger.core.aggregate import By, Event
from ledger.core.clock import end_of_day
from ledger.core.times import NoUndo, decision, fact
from ledger.core.values import (
    AmountFen,
    BasisPoints,
    Count,
    Day,
    Moment,
    Name,
    OptionalName,
    Statement,
    Version,
)
from ledger.deposits import Agreement, Deposit, DepositForm, deposit_id_of, guards
from ledger.deposits.rules import DepositAlreadyAssessed, ReturnTermTooLong
from ledger.deposits.values import COMPANY
from ledger.organisations import Kind
from ledger.storage.ledger import Ledger, Recorded

DAYS_A_YEAR = 366
CAME_IN = (Deposit.Received, Deposit.TopUpReceived, Deposit.DrawRefunded)
WENT_OUT = (Deposit.DrawPaid, Deposit.Returned)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessDeposit:
    """Lay down what a company owes as deposit for an estate and a service contract.

    ``basis`` is the agreement or local rule; ``return_days`` comes from the policy if left out.
    """

    estate_id: UUID
    company_id: UUID
    contract: Name
    base_fen: AmountFen
    rate_bp: BasisPoints
    basis: Statement
    ends_on: Day
    form: DepositForm = DepositForm.CASH
    return_days: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassessDeposit:
    """Change a deposit's base or rate, as the yearly fee changes."""

    deposit_id: UUID
    base_fen: AmountFen
    rate_bp: BasisPoints


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveDeposit:
    """Record money, or a guarantee, that came in from the company."""

    deposit_id: UUID
    amount_fen: AmountFen
    bank_reference: OptionalName = ""
    split_of_fen: AmountFen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDepositReminder:
    """Tell the company what to put right; ``due_at`` comes from the policy if left out."""

    deposit_id: UUID
    matter: Statement
    due_at: Moment | None = None
    reminder_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTopUp:
    """Ask the company to fill the deposit up again; all that is missing if no amount is given."""

    deposit_id: UUID
    amount_fen: AmountFen | None = None
    demand_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveTopUp:
    """Record money that came in for a demand, in full or in part."""

    deposit_id: UUID
    demand_id: UUID
    amount_fen: AmountFen
    bank_reference: OptionalName = ""
    split_of_fen: AmountFen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndContract:
    """Record the end of the secured service contract; ``ended_on`` is its last day."""

    deposit_id: UUID
    ended_on: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDeposit:
    """Give money of a deposit back to the company after the contract ended."""

    deposit_id: UUID
    amount_fen: AmountFen
    bank_reference: OptionalName = ""
    split_of_fen: AmountFen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForfeitDeposit:
    """Keep money of a deposit for good after the contract ended, giving the reason."""

    deposit_id: UUID
    amount_fen: AmountFen


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDeposit:
    """Close a deposit in which nothing is left and nothing is open."""

    deposit_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseDepositStep:
    """Take back a step that was a mistake, by its version in the deposit, giving the reason."""

    deposit_id: UUID
    version_reversed: Version


@decision(undo="reassess_deposit")
async def assess_deposit(command: AssessDeposit, ledger: Ledger, by: By) -> Recorded:
    """Assess the deposit; estate, company and contract together give its id."""
    terms, by = await terms_of(ledger, by)
    by = await guard_kind(ledger, by, command.estate_id, Kind.ESTATE)
    by = await guard_kind(ledger, by, command.company_id, Kind.PROPERTY_COMPANY)
    by = await without_interest(ledger, by, command.estate_id, command.company_id)
    years_max = terms.number("deposit.agreement_years_max")
    by = guards.ahead(by, command.ends_on, years_max * DAYS_A_YEAR, "ends_on")
    by = without_personal_data(by, basis=command.basis)
    by = await without_personal_references(ledger, by, contract=command.contract)
    deposit_id = deposit_id_of(command.estate_id, command.company_id, command.contract)
    if await ledger.find(Deposit, deposit_id) is not None:
        raise DepositAlreadyAssessed(deposit_id=str(deposit_id))
    return_days = command.return_days
    days_max = terms.number("deposit.return_days_max")
    if return_days is None:
        return_days = terms.number("deposit.return_days")
    if return_days > days_max:
        by = by.refuse(ReturnTermTooLong(asked_days=return_days, days_max=days_max))
    deposit = Deposit.assess(
        by,
        estate_id=command.estate_id,
        company_id=command.company_id,
        base_fen=command.base_fen,
        rate_bp=command.rate_bp,
        rate_limits_bp=_rate_limits_bp(terms),
        agreement=Agreement(
            contract=command.contract,
            basis=command.basis,
            form=command.form,
            ends_on=command.ends_on,
            return_days=return_days,
        ),
    )
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step", by_two=True)
async def reassess_deposit(command: ReassessDeposit, ledger: Ledger, by: By) -> Recorded:
    """Change base or rate within the policy's limits."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    terms, by = await terms_of(ledger, by)
    deposit.reassess(
        by,
        base_fen=command.base_fen,
        rate_bp=command.rate_bp,
        rate_limits_bp=_rate_limits_bp(terms),
    )
    return await ledger.save(deposit)


@fact(undo="reverse_deposit_step")
async def receive_deposit(command: ReceiveDeposit, ledger: Ledger, by: By) -> Recorded:
    """Record money that came in."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    by = await claim_of(ledger, by, deposit, command, Claimed.MONEY_IN)
    deposit.receive(by, amount_fen=command.amount_fen, bank_reference=command.bank_reference)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def send_deposit_reminder(command: SendDepositReminder, ledger: Ledger, by: By) -> Recorded:
    """Remind the company, with a due time."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    due_at: datetime | None = command.due_at
    terms, by = await terms_of(ledger, by)
    if due_at is None:
        due_at = end_of_day(terms.due("deposit.reminder_working_days").on)
    by = without_personal_data(by, matter=command.matter)
    deposit.remind(
        by,
        reminder_id=command.reminder_id,
        matter=command.matter,
        due_at=due_at,
        days_max=terms.number("deposit.reminder_days_max"),
    )
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def demand_top_up(command: DemandTopUp, ledger: Ledger, by: By) -> Recorded:
    """Ask the company to fill the deposit up again within the policy's time."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    terms, by = await terms_of(ledger, by)
    deposit.demand_top_up(
        by,
        demand_id=command.demand_id,
        due=terms.due("deposit.top_up_working_days"),
        amount_fen=command.amount_fen,
    )
    return await ledger.save(deposit)


@fact(after="the demand", undo="reverse_deposit_step")
async def receive_top_up(command: ReceiveTopUp, ledger: Ledger, by: By) -> Recorded:
    """Record money that came in for a demand."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    by = await claim_of(ledger, by, deposit, command, Claimed.MONEY_IN)
    deposit.receive_top_up(
        by,
        demand_id=command.demand_id,
        amount_fen=command.amount_fen,
        bank_reference=command.bank_reference,
    )
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step", by_two=True)
async def end_contract(command: EndContract, ledger: Ledger, by: By) -> Recorded:
    """Record the end of the service contract."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    terms, by = await terms_of(ledger, by)
    days_max = terms.number("deposit.contract_end_days_max")
    deposit.end_contract(by, ended_on=command.ended_on, days_max=days_max)
    return await ledger.save(deposit)


@fact(after="the contract's end", undo="reverse_deposit_step", by_two=True)
async def return_deposit(command: ReturnDeposit, ledger: Ledger, by: By) -> Recorded:
    """Give money back to the company."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    by = await claim_of(ledger, by, deposit, command, Claimed.MONEY_OUT)
    deposit.return_money(by, amount_fen=command.amount_fen, bank_reference=command.bank_reference)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step", by_two=True)
async def forfeit_deposit(command: ForfeitDeposit, ledger: Ledger, by: By) -> Recorded:
    """Keep money for good."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    deposit.forfeit(by, amount_fen=command.amount_fen)
    return await ledger.save(deposit)


@decision(undo="reverse_deposit_step")
async def close_deposit(command: CloseDeposit, ledger: Ledger, by: By) -> Recorded:
    """Close the deposit."""
    deposit, by = await deposit_for(ledger, command.deposit_id, by)
    deposit.close(by)
    return await ledger.save(deposit)


@decision(undo=NoUndo("it is itself a taking back; what was right is recorded anew"))
async def reverse_deposit_step(command: ReverseDepositStep, ledger: Ledger, by: By) -> Recorded:
    """Take a step back."""
    deposit = await ledger.load(Deposit, command.deposit_id)
    if by.role != COMPANY:
        by = await impartial(ledger, by, deposit)
    deposit.reverse_step(by, version=command.version_reversed)
    await _give_back(ledger, by, deposit, deposit.step_of(command.version_reversed))
    return await ledger.save(deposit)


async def deposit_for(ledger: Ledger, deposit_id: UUID, by: By) -> tuple[Deposit, By]:
    """Return a deposit for a step that is taken for an authority, and who takes it.

    Refuses who declared an interest in its estate or its company.
    """
    deposit = await ledger.load(Deposit, deposit_id)
    return deposit, await impartial(ledger, by, deposit)


class Moves(Protocol):
    """A command that moves money under a bank's reference."""

    @property
    def amount_fen(self) -> int: ...
    @property
    def bank_reference(self) -> str: ...
    @property
    def split_of_fen(self) -> int | None: ...


async def claim_of(ledger: Ledger, by: By, deposit: Deposit, command: Moves, what: Claimed) -> By:
    """Claim the reference of money that moves, for a deposit."""
    return await claim_money(
        ledger,
        by,
        what,
        command.bank_reference,
        within=DEPOSITS,
        holder_id=deposit.id,
        place_id=deposit.estate_id,
        amount_fen=command.amount_fen,
        split_of_fen=command.split_of_fen,
    )


async def _give_back(ledger: Ledger, by: By, deposit: Deposit, step: Event) -> None:
    """Give the reference back that a step claimed which is taken back."""
    if isinstance(step, CAME_IN + WENT_OUT):
        is_in = isinstance(step, CAME_IN)
        await release_money(
            ledger,
            by,
            Claimed.MONEY_IN if is_in else Claimed.MONEY_OUT,
            step.bank_reference,
            within=DEPOSITS,
            holder_id=deposit.id,
            amount_fen=step.amount_fen,
        )


async def impartial(ledger: Ledger, by: By, deposit: Deposit) -> By:
    """Refuse who declared an interest in the estate or the company of a deposit."""
    return await without_interest(ledger, by, deposit.estate_id, deposit.company_id)


def _rate_limits_bp(terms: Terms) -> tuple[int, int]:
    return (
        terms.number("deposit.rate_min_bp"),
        terms.number("deposit.rate_max_bp"),
    )
