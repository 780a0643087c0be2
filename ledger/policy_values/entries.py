"""What holds for every entry of the ledger, whatever its context."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="entry.fact_days",
        value=30,
        unit="days",
        basis_zh="自行设定：付款、到账、走访等事实可在三十日内补录并注明；逾期补录须两人办理",
        basis_en="Our own choice: payments, receipts, visits and other facts may be told within "
        "thirty days, marked as late; after that it takes two persons",
        certainty="house",
    ),
    StandardValue(
        name="entry.statement_days",
        value=15,
        unit="days",
        basis_zh="自行设定：书面陈述自收到之日起十五日内登记并注明；逾期登记须两人办理",
        basis_en="Our own choice: a statement on paper is recorded within fifteen days of its "
        "receipt, marked as late; after that it takes two persons",
        certainty="house",
    ),
    StandardValue(
        name="entry.proposal_days",
        value=30,
        unit="days",
        basis_zh="自行设定：须两人办理的提议，三十日内由另一人核准执行，逾期重新提出",
        basis_en="Our own choice: what takes two persons is carried out within thirty days of its "
        "proposal, or proposed anew",
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
