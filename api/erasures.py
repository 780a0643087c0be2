"""/v1/erasures: ask that personal data be erased; the data protection officer decides."""

from __future__ import annotations

from api.concerning import of_record
from api.routing import CommandFunction, Routes
from ledger.commands import erasures
from projections import erasures as shown

routes = Routes("erasures", zh="删除与限制处理", en="Erasure and restriction")

ALL = "/v1/erasures"
ONE = ALL + "/{erasure_id}"


def _step(path: str, command_type: type, function: CommandFunction, zh: str) -> None:
    routes.command(
        ONE + path,
        command_type,
        function,
        about=of_record("erasure_id", "erasure"),
        zh=zh,
        location=ONE,
    )


routes.command(
    ALL,
    erasures.RequestErasure,
    erasures.request_erasure,
    about=of_record("subject_id", "person"),
    zh="申请删除个人信息",
)
_step("/approvals", erasures.ApproveErasure, erasures.approve_erasure, "批准并销毁")
_step("/restrictions", erasures.RestrictErasure, erasures.restrict_erasure, "依法保留，限制处理")
_step("/refusals", erasures.RefuseErasure, erasures.refuse_erasure, "不予删除")
_step("/withdrawals", erasures.WithdrawErasure, erasures.withdraw_erasure, "撤回申请")
_step("/destructions", erasures.CarryOutErasure, erasures.carry_out_erasure, "补办销毁")

routes.read(ALL, shown.ErasureQuery, shown.erasure_register, view=shown.view, zh="删除申请台账")
routes.read_one(ONE, shown.ErasureAsked, shown.erasure_by_id, view=shown.view, zh="查看删除申请")
