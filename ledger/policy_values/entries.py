"""What holds for every entry of the ledger, whatever its context."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="entry.backdated_days",
        value=7,
        unit="days",
        basis_zh="自行设定：事项发生后超过七日才入账的，须说明理由并予以提示",
        basis_en="Our own choice: what is recorded more than seven days after it happened "
        "needs a reason and is flagged",
        certainty="house",
    ),
    StandardValue(
        name="ledger.timezone",
        value="Asia/Shanghai",
        unit="text",
        basis_zh="全国统一使用北京时间，日期一律按此计算",
        basis_en="The whole country keeps Beijing time; days are counted by it",
        certainty="general",
    ),
)

LISTS: tuple[StandardList, ...] = ()
