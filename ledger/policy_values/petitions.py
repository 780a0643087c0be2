"""How petitions come in, what they are about, and by when each step must be done.

Three procedures set the deadlines: the hotline's, the petitions law's (letters and
visits) and the community's own. Each channel belongs to exactly one. A term named
after a category too (``petition.hotline.handling_term.safety``) goes before the
general one.
"""

from __future__ import annotations

from ledger.petitions.labels import CATEGORIES, CHANNELS, ITEMS
from ledger.policy_values import Certainty, StandardList, StandardValue

_HOTLINE_ZH = "据新闻报道所述《山东省政务服务热线管理办法》（2020），未见原文"
_HOTLINE_EN = "News of Shandong's rules for the government hotline (2020), the text was not seen"
_LAW_ZH = "《信访工作条例》（2022）"
_LAW_EN = "Regulation on the work of petitions (2022)"
_LINSHU_ZH = "来源文件（临沭县城市基层治理报道）"
_LINSHU_EN = "Source document (article on urban governance in Linshu county)"


def _value(  # noqa: PLR0913, PLR0917
    name: str, value: int | str, unit: str, zh: str, en: str, certainty: Certainty = "house"
) -> StandardValue:
    if certainty == "house":
        zh, en = f"自行设定：{zh}", f"Our own choice: {en}"
    return StandardValue(
        name=f"petition.{name}",
        value=value,
        unit=unit,
        basis_zh=zh,
        basis_en=en,
        certainty=certainty,
    )


def _hotline(name: str, value: int, zh: str, en: str) -> StandardValue:
    zh, en = f"{_HOTLINE_ZH}：{zh}", f"{_HOTLINE_EN}: {en}"
    return _value(f"hotline.{name}", value, "working-days", zh, en, "second-hand")


def _law(name: str, value: int | str, unit: str, zh: str, en: str) -> StandardValue:
    zh, en = f"{_LAW_ZH}{zh}", f"{_LAW_EN}, {en}"
    return _value(f"letters_visits.{name}", value, unit, zh, en, "verified")


def _working_days(name: str, value: int, zh: str, en: str) -> StandardValue:
    return _value(name, value, "working-days", zh, en)


HOTLINE: tuple[StandardValue, ...] = (
    _working_days(
        "hotline.routing_term", 1, "一个工作日内派单", "sent to a unit within one working day"
    ),
    _working_days(
        "hotline.acceptance_term", 1, "一个工作日内签收", "accepted within one working day"
    ),
    _hotline(
        "dispute_term",
        2,
        "派错的工单两个工作日内退回",
        "a wrong dispatch goes back within two working days",
    ),
    _value("hotline.handling_starts", "dispatch", "text", "自派单起算", "counted from dispatch"),
    _hotline("handling_term", 5, "五个工作日内办结", "finished within five working days"),
    _working_days(
        "hotline.handling_term.safety",
        1,
        "涉及安全隐患的一个工作日内办结",
        "where safety is at stake, finished within one working day",
    ),
    _hotline(
        "extension_max",
        10,
        "复杂事项延期不超过十个工作日",
        "a complex matter is extended by ten working days at most",
    ),
    _value("hotline.extensions_max", 1, "times", "只延期一次", "extended once"),
)

LETTERS_AND_VISITS: tuple[StandardValue, ...] = (
    _law(
        "routing_term",
        15,
        "days",
        "第22、23条：十五日内登记、转送",
        "articles 22 and 23: registered and routed within 15 days",
    ),
    _value(
        "letters_visits.acceptance_term",
        15,
        "days",
        "十五日内决定是否受理，与转送期限一致",
        "accepted or not within 15 days, as for routing",
    ),
    _law(
        "dispute_term",
        5,
        "working-days",
        "：有异议的五个工作日内提出",
        "a wrong body objects within five working days",
    ),
    _law(
        "handling_starts", "acceptance", "text", "第34条：自受理之日起算", "article 34: acceptance"
    ),
    _law("handling_term", 60, "days", "第34条：六十日内办结", "article 34: finished in 60 days"),
    _law(
        "extension_max",
        30,
        "days",
        "第34条：经批准可延期，不超过三十日",
        "article 34: extended by 30 days at most, with approval",
    ),
    _value("letters_visits.extensions_max", 1, "times", "只延期一次", "extended once"),
)

COMMUNITY: tuple[StandardValue, ...] = (
    _working_days(
        "community.routing_term", 2, "两个工作日内派单", "sent to a unit within two working days"
    ),
    _working_days(
        "community.acceptance_term", 1, "一个工作日内签收", "accepted within one working day"
    ),
    _working_days(
        "community.dispute_term",
        2,
        "参照热线工单，两个工作日内提出异议",
        "disputed within two working days, as for the hotline",
    ),
    _value("community.handling_starts", "dispatch", "text", "自派单起算", "counted from dispatch"),
    _working_days(
        "community.handling_term", 7, "七个工作日内办结", "finished within seven working days"
    ),
    _working_days(
        "community.handling_term.safety",
        1,
        "涉及安全隐患的一个工作日内办结",
        "where safety is at stake, finished within one working day",
    ),
    _working_days(
        "community.extension_max",
        10,
        "参照热线工单，延期不超过十个工作日",
        "extended by ten working days at most, as for the hotline",
    ),
    _value("community.extensions_max", 1, "times", "只延期一次", "extended once"),
)

EVERY_PROCEDURE: tuple[StandardValue, ...] = (
    _working_days(
        "whistle_term",
        1,
        "被召集的部门一个工作日内报到",
        "a called department reports in within one working day",
    ),
    _working_days(
        "visit_back_term",
        3,
        "答复后三个工作日内回访（《北京市接诉即办工作条例》第23条要求期满回访）",
        "asked back within three working days (Beijing's ordinance, article 23, asks for a "
        "visit-back when the time is up)",
    ),
    _value(
        "reopen_term",
        30,
        "days",
        "办结后三十日内可以重新办理",
        "may be reopened within 30 days",
    ),
    _working_days(
        "supervision_term", 10, "督办期限为十个工作日", "an order gives ten working days"
    ),
    _working_days(
        "supervision_term_max",
        30,
        "督办期限最长三十个工作日",
        "an order gives 30 working days at most",
    ),
    _value(
        "obligor_spend_max",
        500_000_000,
        "fen",
        "一次报告的责任方自有资金支出不超过五百万元",
        "one report of an obligor's own spending is five million yuan at most",
    ),
    _value(
        "meeting_quorum",
        4,
        "items",
        f"{_LINSHU_ZH}：四方参加的“四位一体”联席会议",
        f"{_LINSHU_EN}: a joint meeting of four sides",
        "source",
    ),
    _value(
        "meeting_leader",
        "community_party_organisation",
        "text",
        f"{_LINSHU_ZH}：由社区党组织牵头",
        f"{_LINSHU_EN}: led by the community's party organisation",
        "source",
    ),
)

VALUES: tuple[StandardValue, ...] = (
    *HOTLINE,
    *LETTERS_AND_VISITS,
    *COMMUNITY,
    *EVERY_PROCEDURE,
)

PROCEDURES: dict[str, tuple[str, ...]] = {
    "hotline": ("hotline",),
    "letters_visits": ("letters_visits",),
    "community": tuple(code for code in CHANNELS if code not in ("hotline", "letters_visits")),
}


def _list(
    name: str, items: tuple[str, ...], zh: str, en: str, certainty: Certainty = "house"
) -> StandardList:
    if certainty == "house":
        zh, en = f"自行设定：{zh}", f"Our own choice: {en}"
    return StandardList(
        name=f"petition.{name}",
        items=items,
        count=None,
        basis_zh=zh,
        basis_en=en,
        certainty=certainty,
    )


LISTS: tuple[StandardList, ...] = (
    _list(
        "channels",
        tuple(CHANNELS),
        f"{_LINSHU_ZH}列出四种渠道及热线工单、监督员和业主群，其余自行补充",
        f"{_LINSHU_EN} names four channels, the hotline, supervisors and owners' chats; "
        "the others are our own",
        "source",
    ),
    _list(
        "procedures",
        tuple(PROCEDURES),
        "按热线、信访、社区三类程序计算期限",
        "deadlines follow the hotline, the petitions law or the community",
    ),
    *(
        _list(
            f"procedure_channels.{procedure}",
            channels,
            "这些渠道的诉求适用该程序的期限",
            "petitions of these channels have this procedure's deadlines",
        )
        for procedure, channels in PROCEDURES.items()
    ),
    _list(
        "categories",
        tuple(CATEGORIES),
        "物业领域五类，其他领域六类",
        "five of property matters and six others",
    ),
    *(
        _list(
            f"items.{category}",
            tuple(items),
            "该类别下的事项",
            "the items of this category",
        )
        for category, items in ITEMS.items()
    ),
    StandardList(
        name="petition.meeting_members",
        items=(
            "community_party_organisation",
            "residents_committee",
            "owners_committee",
            "property_company",
        ),
        count=4,
        basis_zh=f"{_LINSHU_ZH}：社区党组织、居委会、业委会、物业公司四方",
        basis_en=f"{_LINSHU_EN}: party organisation, residents' committee, owners' committee, "
        "property company",
        certainty="source",
    ),
)
