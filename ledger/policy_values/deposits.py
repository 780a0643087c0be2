"""How large a performance deposit is, and how long its parties have."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="deposit.rate_min_bp",
        value=500,
        unit="basis-points",
        basis_zh="临沭县做法：按小区物业服务费用年度应收额的5%至10%收取履约保证金",
        basis_en="Practice in Linshu county: 5% to 10% of the estate's property service fee "
        "receivable for the year",
        certainty="source",
    ),
    StandardValue(
        name="deposit.rate_max_bp",
        value=1_000,
        unit="basis-points",
        basis_zh="临沭县做法，同上；招标投标法实施条例第五十八条规定履约保证金不超过合同金额的10%",
        basis_en="Practice in Linshu county, as above; the tender regulation, article 58, limits "
        "a performance bond to 10% of the contract",
        certainty="source",
    ),
    StandardValue(
        name="deposit.reminder_working_days",
        value=3,
        unit="working-days",
        basis_zh="自行设定：提醒未另定期限的，物业企业须在三个工作日内整改",
        basis_en="Our own choice: three working days to put things right, unless the reminder "
        "says otherwise",
        certainty="house",
    ),
    StandardValue(
        name="deposit.contest_working_days",
        value=10,
        unit="working-days",
        basis_zh="自行设定：物业企业可在款项支付后十个工作日内提出异议",
        basis_en="Our own choice: the company may contest a draw-down within ten working days "
        "of its payment",
        certainty="house",
    ),
    StandardValue(
        name="deposit.top_up_working_days",
        value=15,
        unit="working-days",
        basis_zh="自行设定：物业企业须在接到要求后十五个工作日内补足保证金",
        basis_en="Our own choice: the company fills the deposit up again within fifteen "
        "working days of being asked",
        certainty="house",
    ),
    StandardValue(
        name="deposit.refund_working_days",
        value=15,
        unit="working-days",
        basis_zh="自行设定：异议成立的，款项须在十五个工作日内退回保证金",
        basis_en="Our own choice: where a contest is upheld the money is back in the deposit "
        "within fifteen working days",
        certainty="house",
    ),
    StandardValue(
        name="deposit.reminder_days_max",
        value=90,
        unit="days",
        basis_zh="自行设定：提醒所定整改期限不超过九十日",
        basis_en="Our own choice: a reminder gives no more than ninety days",
        certainty="house",
    ),
    StandardValue(
        name="deposit.contract_end_days_max",
        value=90,
        unit="days",
        basis_zh="自行设定：合同终止日最多可提前九十日登记",
        basis_en="Our own choice: a contract's end is recorded at most ninety days ahead",
        certainty="house",
    ),
    StandardValue(
        name="deposit.agreement_years_max",
        value=10,
        unit="years",
        basis_zh="自行设定：所担保的物业服务合同期限自核定之日起不超过十年",
        basis_en="Our own choice: the secured contract ends within ten years of the assessment",
        certainty="house",
    ),
    StandardValue(
        name="deposit.return_days_max",
        value=180,
        unit="days",
        basis_zh="自行设定：约定的退还期限最长为合同终止后一百八十日",
        basis_en="Our own choice: an agreement may give at most 180 days for the return",
        certainty="house",
    ),
    StandardValue(
        name="deposit.return_days",
        value=30,
        unit="days",
        basis_zh="自行设定：协议未约定的，合同终止后三十日内退还；"
        "保障中小企业款项支付条例要求按时退还",
        basis_en="Our own choice: back within thirty days of the contract's end, unless the "
        "agreement says otherwise; the 2025 regulation on payments to small enterprises "
        "asks for return on time",
        certainty="house",
    ),
)

LISTS: tuple[StandardList, ...] = ()
