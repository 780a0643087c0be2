"""What a service is worth, how long points last, and how much counts in a day.

The source document on Suzhou district, Jiuquan, tells of a points system for
volunteers and a charity shop, and gives no figure of either.
"""

from ledger.policy_values import StandardList, StandardValue

KINDS: tuple[tuple[str, str, str, int], ...] = (
    ("patrol", "治安巡逻", "patrols", 10),
    ("cleaning", "环境清洁", "cleaning up", 10),
    ("visiting", "走访陪护老人和困难家庭", "visiting the old and families in need", 15),
    ("teaching", "授课与课后托管", "teaching and after-school care", 15),
    ("mediation", "邻里调解", "mediation between neighbours", 15),
    ("event", "活动组织协助", "help at events", 10),
    ("emergency", "应急与防汛抗灾", "emergencies and disaster relief", 20),
    ("other", "其他服务", "any other service", 10),
)

VALUES: tuple[StandardValue, ...] = (
    *(
        StandardValue(
            name=f"points.per_hour.{kind}",
            value=points,
            unit="points",
            basis_zh=f"自行设定：{zh}每小时{points}分；来源文件仅提到积分制度，未列标准",
            basis_en=f"Our own choice: {points} points an hour for {en}; "
            "the source names a points system and no rates",
            certainty="house",
        )
        for kind, zh, en, points in KINDS
    ),
    StandardValue(
        name="points.validity_months",
        value=24,
        unit="months",
        basis_zh="自行设定：积分自服务之日起二十四个月内有效",
        basis_en="Our own choice: points last for twenty-four months from the day of the service",
        certainty="house",
    ),
    StandardValue(
        name="points.service_minutes_a_day_max",
        value=480,
        unit="minutes",
        basis_zh="自行设定：每人每天计分的服务不超过八小时，防止虚报时长",
        basis_en="Our own choice: eight hours of service a person and day earn points, "
        "so that inflated hours are worth nothing",
        certainty="house",
    ),
    StandardValue(
        name="points.check_in_early_minutes",
        value=30,
        unit="minutes",
        basis_zh="自行设定：活动开始前三十分钟起可以签到",
        basis_en="Our own choice: check-in opens thirty minutes before an activity starts",
        certainty="house",
    ),
    StandardValue(
        name="points.return_days",
        value=7,
        unit="days",
        basis_zh="自行设定：物品领取后七日内可以退回并返还积分",
        basis_en="Our own choice: goods can be brought back for their points within seven days",
        certainty="house",
    ),
)

LISTS: tuple[StandardList, ...] = (
    StandardList(
        name="points.activity_kinds",
        items=tuple(kind for kind, *_ in KINDS),
        count=None,
        basis_zh="自行设定：志愿服务活动的类别，每一类别都有对应的每小时积分",
        basis_en="Our own choice: the kinds of volunteer activity, each with its points an hour",
        certainty="house",
    ),
)
