"""How long a company has to put right what an estate supervisor found."""

from __future__ import annotations

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="finding.reminder_term",
        value=2,
        unit="working-days",
        basis_zh="自行设定：未写明期限的提醒，物业企业两个工作日内整改；来源文件只提到提醒和督促",
        basis_en="Our own choice: a reminder that names no term gives two working days; "
        "the source tells of reminding and urging without a term",
        certainty="house",
    ),
    StandardValue(
        name="finding.reminder_term_max",
        value=15,
        unit="working-days",
        basis_zh="自行设定：整改期限最长十五个工作日",
        basis_en="Our own choice: no reminder gives more than fifteen working days",
        certainty="house",
    ),
)

LISTS: tuple[StandardList, ...] = ()
