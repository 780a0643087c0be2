"""What codes of accounts, leases, expenses and deposits are called on pages.

A state has its name and the colour of its tag; ``locale/en.po`` has the English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

States: TypeAlias = Mapping[str, tuple[str, str]]

REVENUE: Mapping[str, str] = {
    "rent": "出租",
    "parking": "停车",
    "advertising": "广告",
    "venture": "合办经营",
    "brought_forward": "上期结转",
    "interest": "利息",
    "other": "其他",
}
SPENDING: Mapping[str, str] = {
    "repair": "维修",
    "facilities": "设施设备",
    "greening": "绿化",
    "cleaning": "保洁",
    "security": "安全防范",
    "activities": "居民活动",
    "committee_costs": "业委会经费",
    "repair_fund": "补充维修资金",
    "distribution": "分配给业主",
    "other": "其他",
}
EVIDENCE: Mapping[str, str] = {
    "quotation": "报价单",
    "contract": "合同",
    "invoice": "发票",
    "acceptance": "验收单",
    "resolution": "决议",
    "photo": "照片",
    "other": "其他",
}
CAUSES: Mapping[str, str] = {
    "petition": "居民诉求",
    "finding": "监督员发现",
    "inspection": "检查记录",
    "emergency": "应急处置",
}
FORMS: Mapping[str, str] = {"cash": "现金", "guarantee": "银行保函"}
PERIODS: Mapping[str, str] = {"month": "按月", "quarter": "按季", "year": "按年"}

EXPENSE_STATES: States = {
    "applied": ("待社区审核", "warn"),
    "reviewed": ("待街道审批", "warn"),
    "returned": ("已退回修改", "warn"),
    "approved": ("已批准待支付", "accent"),
    "rejected": ("未批准", "bad"),
    "withdrawn": ("已撤回", ""),
    "paid": ("已支付", "good"),
    "reversed": ("付款已冲回", "bad"),
}
OBJECTION_STATES: States = {
    "open": ("待答复", "warn"),
    "missed": ("逾期未答复", "bad"),
    "answered": ("已答复", "good"),
}
INSTALMENT_STATES: States = {
    "paid": ("已收", "good"),
    "partly_paid": ("部分已收", "accent"),
    "due": ("今日到期", "warn"),
    "overdue": ("拖欠", "bad"),
    "upcoming": ("未到期", ""),
}
DEPOSIT_STATES: States = {
    "assessed": ("待缴", "warn"),
    "short": ("不足额", "warn"),
    "full": ("足额", "good"),
    "ended": ("合同已终止", ""),
    "closed": ("已销户", ""),
}
DRAW_STATES: States = {
    "requested": ("待批准", "warn"),
    "approved": ("已批准待支付", "accent"),
    "rejected": ("未批准", "bad"),
    "cancelled": ("已放弃", ""),
    "paid": ("已支付", "good"),
}
CONTEST_STATES: States = {
    "open": ("企业异议待处理", "warn"),
    "upheld": ("企业异议成立", "bad"),
    "dismissed": ("企业异议不成立", ""),
}
DEMAND_STATES: States = {
    "open": ("待补足", "warn"),
    "missed": ("逾期未补足", "bad"),
    "met": ("已补足", "good"),
    "met_late": ("逾期后补足", "warn"),
}

FOUR_STEPS: tuple[tuple[str, str], ...] = (
    ("applied", "业委会申请"),
    ("review_passed", "社区审核"),
    ("approved", "街道审批"),
    ("paid", "街道支付"),
)
"""The steps that four different persons take, in order."""
FOUR_HEADS = tuple((name, "") for _, name in FOUR_STEPS)
"""The same as heads of a table."""
