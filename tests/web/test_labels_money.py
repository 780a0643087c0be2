"""Every code of money has its name on pages, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from api.event_names import event_names
from api.web import labels_money as labels
from api.web.words import english
from ledger.deposits import CauseKind, ContestOutcome, DepositForm, DrawStatus
from ledger.expenses import EvidenceKind, ExpenseStatus
from ledger.policy_values import accounts, expenses
from projections.accounts import KINDS


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (accounts.LISTS[0].items, labels.REVENUE),
        (expenses.LISTS[0].items, labels.SPENDING),
        (tuple(EvidenceKind), labels.EVIDENCE),
        (tuple(CauseKind), labels.CAUSES),
        (tuple(DepositForm), labels.FORMS),
        (tuple(ExpenseStatus), labels.EXPENSE_STATES),
        (tuple(DrawStatus), labels.DRAW_STATES),
        (("open", *ContestOutcome), labels.CONTEST_STATES),
    ],
)
def test_every_code_has_a_name(codes: tuple[str, ...], names: Mapping[str, object]) -> None:
    assert set(codes) == set(names)


def test_every_name_has_its_english() -> None:
    names: set[str] = {name for _, name in labels.FOUR_STEPS}
    for name, table in vars(labels).items():
        if name.isupper() and isinstance(table, dict):
            names |= {one if isinstance(one, str) else one[0] for one in table.values()}
    assert len(names) > 50
    assert sorted(names - english().keys()) == []


def test_every_kind_of_line_is_an_event_with_a_name() -> None:
    assert all(f"public_account.{kind}.v1" in event_names() for kind in KINDS)
