"""What public revenue can come from."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = ()

LISTS: tuple[StandardList, ...] = (
    StandardList(
        name="account.revenue_categories",
        items=(
            "rent",
            "parking",
            "advertising",
            "venture",
            "brought_forward",
            "interest",
            "other",
        ),
        count=None,
        basis_zh="民法典第二百八十二条；潍坊市物业管理条例第五十八条列有停车、广告、出租三类及其他；"
        "合办经营、上期结转和利息为自行增列",
        basis_en="Civil Code 282; Weifang's property ordinance, article 58, names parking, "
        "advertising, letting and others; ventures, balance brought forward and interest "
        "are our own additions",
        certainty="verified",
    ),
)
