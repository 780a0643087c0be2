"""When a unit's escalations lead to its transfer to the efficiency office."""

from __future__ import annotations

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="conduct.escalations_min",
        value=3,
        unit="times",
        basis_zh="来源文件（临沭县城市基层治理报道）：连续三次及以上被提级督办的，移交县委作风效能办公室",
        basis_en="Source document (article on Linshu county): three escalations in a row or more "
        "lead to a transfer to the county's efficiency office",
        certainty="source",
    ),
    StandardValue(
        name="conduct.transfer_term",
        value=5,
        unit="working-days",
        basis_zh="自行设定：达到次数后五个工作日内移交",
        basis_en="Our own choice: transferred within five working days of the last escalation",
        certainty="house",
    ),
    StandardValue(
        name="conduct.streak_broken_by",
        value="escalated_petition",
        unit="text",
        basis_zh="推定：来源文件未说明何为“连续”；曾提级到街道、在县级以下解决的诉求中断连续",
        basis_en="Reconstructed, the source does not say what 'in a row' means: a petition that "
        "went up to the street and was solved below the county breaks the streak",
        certainty="inferred",
    ),
)

LISTS: tuple[StandardList, ...] = ()
