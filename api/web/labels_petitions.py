"""What petitions, units and findings are called on pages: codes, fields of steps, spans of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from api.web import figures
from api.web.words import Words
from ledger.petitions import labels
from ledger.petitions.labels import Label

MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR

CLOCK_STATES: Mapping[str, tuple[Label, str]] = {
    "running": (Label("计时中", "Running"), ""),
    "kept": (Label("按期", "Kept"), "good"),
    "lapsed": (Label("终止", "Ended otherwise"), ""),
    "overdue": (Label("已超期", "Overdue"), "bad"),
    "missed": (Label("逾期", "Missed"), "bad"),
}
"""A clock's state: its name and the colour of its tag."""

STAGE_COLOURS: Mapping[str, str] = {
    "filed": "warn",
    "dispatched": "warn",
    "disputed": "warn",
    "accepted": "accent",
    "answered": "accent",
    "visited": "accent",
    "closed": "good",
    "merged": "",
    "withdrawn": "",
}
LEVEL_COLOURS: Mapping[str, str] = {"community": "", "street": "warn", "county": "bad"}

FINDING_KINDS: Mapping[str, Label] = {
    "inaction": Label("不作为", "Inaction"),
    "slowness": Label("慢作为", "Slowness"),
    "coldness": Label("冷作为", "Coldness"),
}

BAD_STEPS = frozenset(
    {
        "deadline_missed",
        "supervision_order_missed",
        "escalated",
        "dispatch_disputed",
        "dispatch_returned",
        "transfer_fell_due",
        "transfer_missed",
        "transferred_to_efficiency_office",
        "escalation_counted",
        "inspection_finding_recorded",
        "talk_held",
    }
)
GOOD_STEPS = frozenset(
    {
        "closed",
        "responsibility_claimed",
        "supervision_order_met",
        "department_reported_in",
        "streak_broken",
    }
)

_OUTCOMES: Mapping[str, Label] = {**labels.OUTCOMES, **labels.MEETING_OUTCOMES}
_ITEMS: Mapping[str, Label] = {
    code: label for items in labels.ITEMS.values() for code, label in items.items()
}

CODES: Mapping[str, Mapping[str, Label]] = {
    "channel": labels.CHANNELS,
    "category": labels.CATEGORIES,
    "item": _ITEMS,
    "stage": labels.STAGES,
    "level": labels.LEVELS,
    "clock": labels.CLOCKS,
    "cause": labels.CAUSES,
    "sides": labels.SIDES,
    "led_by": labels.SIDES,
    "outcome": _OUTCOMES,
    "kind": FINDING_KINDS,
}
"""Which names the codes in a field go by."""

FIELDS: Mapping[str, Label] = {
    "channel": Label("渠道", "Channel"),
    "received_by_id": Label("接收单位", "Received by"),
    "category": Label("类别", "Category"),
    "item": Label("事项", "Item"),
    "unit_id": Label("单位", "Unit"),
    "to_unit_id": Label("退回至", "Back to"),
    "department_ids": Label("召集部门", "Departments called"),
    "department_id": Label("部门", "Department"),
    "company_id": Label("企业", "Company"),
    "payer_id": Label("出资方", "Paid by"),
    "amount_fen": Label("金额", "Amount"),
    "purpose": Label("用途", "For"),
    "summary": Label("说明", "Summary"),
    "outcome": Label("结果", "Outcome"),
    "sides": Label("参加方", "Present"),
    "led_by": Label("牵头", "Led by"),
    "level": Label("提级至", "Taken up to"),
    "cause": Label("原因", "Cause"),
    "demand": Label("督办要求", "Order"),
    "convener_id": Label("召集单位", "Convened by"),
    "unit_ids": Label("参加单位", "Units present"),
    "conclusion": Label("结论", "Conclusion"),
    "is_resolved": Label("是否解决", "Resolved"),
    "is_satisfied": Label("是否满意", "Satisfied"),
    "is_prompt": Label("是否及时", "Prompt"),
    "is_effective": Label("是否有效", "Effective"),
    "clock": Label("期限", "Deadline"),
    "holder_id": Label("责任单位", "Whose it was"),
    "due_on": Label("到期日", "Due"),
    "handler_id": Label("承办人", "Handler"),
    "co_unit_ids": Label("协办单位", "With"),
    "kind": Label("问题类型", "Kind"),
    "office_id": Label("移交至", "Handed to"),
    "person_id": Label("涉及人员", "Person"),
}
"""What the fields of a step are called; a field that is not here is not shown."""

SHOWN: Mapping[str, tuple[str, ...]] = {
    "filed": ("channel", "received_by_id"),
    "dispatched": (),
    "dispatch_returned": (),
    "closed": (),
}
"""Steps of which only some fields are shown: the page says the others in another way."""
YES, NO, UNREACHED = Label("是", "Yes"), Label("否", "No"), Label("未联系上", "Not reached")


def code_name(words: Words, field: str, code: str) -> str:
    """Return what a code is called; one that a jurisdiction added goes by itself."""
    label = labels.label_of(CODES[field], code)
    return words.pick(label.zh, label.en)


def duration(words: Words, minutes: int) -> str:
    """Return a span as people say it: 35 minutes, 5 hours 10 minutes, 3 days, 3 days 4 hours."""
    days, rest = divmod(minutes, MINUTES_PER_DAY)
    hours, left = divmod(rest, MINUTES_PER_HOUR)
    if days and not hours:
        return words.say("{days} 天", days=days)
    if days:
        return words.say("{days} 天 {hours} 小时", days=days, hours=hours)
    if hours:
        return words.say("{hours} 小时 {minutes} 分", hours=hours, minutes=left)
    return words.say("{minutes} 分钟", minutes=left)


def told(
    words: Words, step: str, detail: Mapping[str, Any], names: Mapping[UUID, str]
) -> list[tuple[str, str]]:
    """Return a step's own fields, each by its name and as people read it."""
    return [
        (words.pick(FIELDS[field].zh, FIELDS[field].en), _figure(words, field, value, names))
        for field in SHOWN.get(step, tuple(FIELDS))
        if (value := detail.get(field, "")) != "" and not _says_nothing(field, value)
    ]


def _says_nothing(field: str, value: Any) -> bool:
    return value == [] or (value is None and not field.startswith("is_"))


def _figure(words: Words, field: str, value: Any, names: Mapping[UUID, str]) -> str:
    if isinstance(value, list):
        return words.pick("、", ", ").join(_figure(words, field, one, names) for one in value)
    if field.startswith("is_"):
        label = UNREACHED if value is None else YES if value else NO
        return words.pick(label.zh, label.en)
    if field.endswith(("_id", "_ids")):
        return names.get(UUID(value), figures.short_id(value))
    if field in CODES:
        return code_name(words, field, value)
    return figures.field_figure(field, value)
