"""What public revenue may be spent on, and how soon owners must see it and be answered."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="expense.publication_working_days",
        value=15,
        unit="working-days",
        basis_zh="自行设定：支出支付后十五个工作日内公示；"
        "民法典第九百四十三条与山东省物业管理条例要求定期公布，未定具体期限",
        basis_en="Our own choice: published within fifteen working days of payment; Civil Code "
        "943 and Shandong's property ordinance ask for regular publication and set no day",
        certainty="house",
    ),
    StandardValue(
        name="expense.publication_days_min",
        value=15,
        unit="days",
        basis_zh="参照杭州市物业管理条例：公示时间不少于十五日",
        basis_en="After Hangzhou's property ordinance: shown for at least fifteen days",
        certainty="verified",
    ),
    StandardValue(
        name="expense.objection_answer_working_days",
        value=10,
        unit="working-days",
        basis_zh="自行设定：业主异议须在十个工作日内答复",
        basis_en="Our own choice: an owner's objection is answered within ten working days",
        certainty="house",
    ),
)

LISTS: tuple[StandardList, ...] = (
    StandardList(
        name="expense.categories",
        items=(
            "repair",
            "facilities",
            "greening",
            "cleaning",
            "security",
            "activities",
            "committee_costs",
            "repair_fund",
            "distribution",
            "other",
        ),
        count=None,
        basis_zh="物业管理条例第五十四条（收益主要补充专项维修资金，也可按业主大会决定使用）；"
        "山东省物业管理条例允许列支业主委员会经费；其余分类为自行设定",
        basis_en="Property regulation, article 54 (income mainly tops up the repair fund, or as "
        "the owners' meeting decides); Shandong's ordinance lets committee costs be paid from "
        "it; the other classes are our own choice",
        certainty="house",
    ),
)
