"""What codes of sealed data, its readings and its erasure are called on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from api.web.words import Words
from ledger.sealing import FIELD_NAMES, Field

Names: TypeAlias = Mapping[str, tuple[str, str]]

PURPOSES: Names = {
    "petition_handling": ("办理诉求", "handling the petition"),
    "visit_back": ("回访", "visiting back"),
    "identity_check": ("核对身份", "checking who it is"),
    "payout": ("发放款项", "paying out"),
    "emergency": ("紧急情况", "an emergency"),
    "supervision": ("监督检查", "supervision"),
    "discipline_inspection": ("纪检核查", "discipline inspection"),
    "audit": ("审计核查", "audit"),
    "own_request": ("本人请求", "the person's own request"),
}
GROUNDS: Names = {
    "purpose_ended": ("处理目的已实现或不再需要", "the purpose has ended"),
    "service_ended": ("已停止提供服务", "the service has ended"),
    "retention_over": ("保存期限已届满", "the retention period is over"),
    "consent_withdrawn": ("撤回同意", "consent was withdrawn"),
    "handled_unlawfully": ("违反规定处理", "it was handled unlawfully"),
}
HOLDS: Names = {
    "retention_period_by_law": ("法定保存期限未届满", "a legal retention period runs"),
    "erasure_technically_hard": ("技术上难以删除", "erasing is technically hard"),
    "audit": ("审计", "audit"),
    "discipline_inspection": ("纪检核查", "discipline inspection"),
    "court": ("诉讼", "court proceedings"),
}
KINDS: Names = {
    "revealed": ("查看密封信息", "read sealed data"),
    "looked_up": ("按号码查人", "looked up by a number"),
    "exported": ("导出全部信息", "exported everything"),
    "read": ("查阅审计数据", "read audit data"),
    "sign_in_failed": ("登录失败", "failed to sign in"),
    "sign_in_blocked": ("登录被拦截", "sign-in turned away"),
    "denied": ("越权请求被拒", "refused for lack of permission"),
}
STAGES: Mapping[str, tuple[tuple[str, str], str]] = {
    "requested": (("待决定", "to be decided"), "warn"),
    "restricted": (("依法保留，限制处理", "restricted under a legal hold"), "accent"),
    "approved": (("已批准，销毁中", "approved, being destroyed"), "warn"),
    "refused": (("不予删除", "refused"), "bad"),
    "carried_out": (("已销毁", "destroyed"), "good"),
    "withdrawn": (("已撤回", "withdrawn"), ""),
}
RECORDS: Names = {
    "contact": ("联系信息", "contact data"),
    "petition": ("诉求", "petition"),
    "document": ("文件", "document"),
}


def name_in(words: Words, names: Names, code: str) -> str:
    """Return what a code is called in the page's language; an unknown one goes as it is."""
    return words.pick(*names[code]) if code in names else code


def field_names(words: Words, fields: list[str]) -> str:
    """Return what fields are called, in a row."""
    known = set(Field)
    told = [words.pick(*FIELD_NAMES[Field(one)]) if one in known else one for one in fields]
    return words.pick("、", ", ").join(told) if told else "–"
