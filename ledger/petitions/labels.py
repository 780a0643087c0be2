"""What people read for the codes of petitions: channels, categories, items, stages, clocks.

Categories and items are ours; the handbook that the sources cite counts 5
categories and 46 items of property matters without listing them. A code that a
jurisdiction adds to its lists has no label here: ``label_of`` shows the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Label:
    """A name in Chinese and in English."""

    zh: str
    en: str


def _labels(**pairs: tuple[str, str]) -> Mapping[str, Label]:
    return MappingProxyType({code: Label(zh, en) for code, (zh, en) in pairs.items()})


CHANNELS = _labels(
    reception_day=("书记接待日", "Secretary's reception day"),
    square_report=("广场述职", "Report on the square"),
    door_knock=("敲门行动", "Door-to-door visit"),
    qr_code=("书记“码”上办", "QR code to the secretary"),
    hotline=("热线工单", "Hotline order"),
    letters_visits=("来信来访", "Letter or visit under the petitions law"),
    supervisor_finding=("小区监督员发现", "Found by an estate supervisor"),
    owners_chat=("业主群", "Owners' group chat"),
    grid_patrol=("网格员巡查", "Grid worker's round"),
    four_party_meeting=("“四位一体”联席会议", "Four-party meeting"),
    online_form=("网上提交", "Online form"),
)

PROPERTY_CATEGORIES = _labels(
    property_service=("物业服务质量", "Quality of property service"),
    facilities=("共用设施设备", "Shared facilities"),
    safety=("安全隐患", "Safety hazards"),
    fees_and_income=("收费与公共收益", "Fees and shared income"),
    parking_and_order=("停车与秩序", "Parking and order"),
)

OTHER_CATEGORIES = _labels(
    utilities=("水电气暖", "Water, power, gas, heating"),
    environment=("环境与噪声", "Environment and noise"),
    neighbours=("邻里纠纷", "Disputes between neighbours"),
    welfare=("民生保障", "Welfare"),
    owners_committee=("业委会事务", "Owners' committee affairs"),
    other=("其他", "Other"),
)

CATEGORIES: Mapping[str, Label] = MappingProxyType({**PROPERTY_CATEGORIES, **OTHER_CATEGORIES})

ITEMS: Mapping[str, Mapping[str, Label]] = MappingProxyType(
    {
        "property_service": _labels(
            cleaning=("保洁不到位", "Cleaning not done well"),
            greening=("绿化养护", "Care of greenery"),
            guarding=("门岗值守", "Gate keeping"),
            attitude=("服务态度", "Attitude of staff"),
            slow_response=("报修无人响应", "Repairs not answered"),
        ),
        "facilities": _labels(
            lift=("电梯故障", "Lift out of order"),
            roof_leak=("楼顶渗水", "Leaking roof"),
            damp_garage=("车库潮湿积水", "Damp or flooded garage"),
            lighting=("楼道照明", "Stairway lighting"),
            pipes=("管道老化堵塞", "Old or blocked pipes"),
            road=("小区道路破损", "Broken paths"),
        ),
        "safety": _labels(
            fire_lane=("占用消防通道", "Blocked fire lane"),
            falling_objects=("高空坠物", "Falling objects"),
            charging=("电动车违规充电", "Unsafe charging of e-bikes"),
            wall_tiles=("外墙脱落", "Wall tiles coming off"),
        ),
        "fees_and_income": _labels(
            fee_dispute=("物业费争议", "Dispute over fees"),
            shared_income=("公共收益不公开", "Shared income not published"),
            repair_fund=("维修资金使用", "Use of the repair fund"),
            deposit_return=("装修押金退还", "Return of a decoration deposit"),
        ),
        "parking_and_order": _labels(
            parking_space=("车位不足", "Too few parking spaces"),
            wild_parking=("车辆乱停", "Wild parking"),
            illegal_building=("私搭乱建", "Unlawful building"),
            pets=("不文明养犬", "Dogs not kept well"),
        ),
        "utilities": _labels(
            heating=("供热不足", "Too little heating"),
            water=("停水水压", "Water cut or weak"),
            power=("停电", "Power cut"),
            gas=("燃气", "Gas"),
            flooding=("城市内涝", "Flooded streets"),
        ),
        "environment": _labels(
            noise=("噪声扰民", "Noise"),
            waste=("垃圾清运", "Removal of waste"),
            fumes=("油烟异味", "Fumes and smells"),
        ),
        "neighbours": _labels(
            leaking_ceiling=("楼上漏水", "Water from above"),
            shared_space=("占用公共空间", "Shared space taken"),
            quarrel=("邻里矛盾", "Quarrel"),
        ),
        "welfare": _labels(
            care=("养老助残", "Care of the old and the disabled"),
            aid=("困难救助", "Help in need"),
            schooling=("入学", "Schooling"),
            jobs=("就业", "Work"),
        ),
        "owners_committee": _labels(
            election=("选举换届", "Election"),
            inactivity=("履职不力", "Not doing its duty"),
            accounts=("账目不公开", "Accounts not published"),
        ),
        "other": _labels(other=("其他", "Other")),
    }
)

STAGES = _labels(
    filed=("待派单", "To be sent to a unit"),
    dispatched=("待签收", "Waiting for acceptance"),
    disputed=("派单有异议", "Dispatch disputed"),
    accepted=("办理中", "Being handled"),
    answered=("待回访", "Waiting for the visit-back"),
    visited=("已回访", "Visited back"),
    closed=("已办结", "Closed"),
    merged=("已并案", "Merged"),
    withdrawn=("已撤回", "Withdrawn"),
)

CLOCKS = _labels(
    routing=("派单期限", "To be sent to a unit by"),
    acceptance=("签收期限", "To be accepted by"),
    handling=("办理期限", "To be answered by"),
    extension=("延期后的办理期限", "To be answered by, extended"),
    whistle=("报到期限", "Department to report in by"),
    visit_back=("回访期限", "To be visited back by"),
    supervision=("督办期限", "Order to be met by"),
)

LEVELS = _labels(
    community=("社区", "Community"), street=("街道", "Street"), county=("县级", "County")
)

CAUSES = _labels(
    overdue=("超期未办", "Overdue"),
    unresolved=("未解决", "Not resolved"),
    unsatisfied=("不满意", "Petitioner not satisfied"),
    needs_several_departments=("涉及多个部门", "Needs several departments"),
    repeated=("反复反映", "Raised again and again"),
    major=("重大事项", "Major matter"),
)

SIDES = _labels(
    community_party_organisation=("社区党组织", "Community party organisation"),
    residents_committee=("居委会", "Residents' committee"),
    owners_committee=("业委会", "Owners' committee"),
    property_company=("物业公司", "Property company"),
    social_organisation=("社会组织", "Social organisation"),
    resident_unit=("驻社区单位", "Unit in the community"),
    street=("街道", "Street"),
    department=("职能部门", "Department"),
)

OUTCOMES = _labels(
    resolved=("已解决", "Resolved"),
    partly_resolved=("部分解决", "Partly resolved"),
    explained=("已解释说明", "Explained"),
)

MEETING_OUTCOMES = _labels(
    settled=("当场解决", "Settled"),
    claimed=("当场认领", "Claimed"),
    carried_on=("继续办理", "Carried on"),
)


def label_of(labels: Mapping[str, Label], code: str) -> Label:
    """Return the label of a code, or the code itself where a jurisdiction added its own."""
    return labels.get(code, Label(code, code))
