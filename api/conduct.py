"""/v1/units: streaks of escalations, and what followed: transfers, analyses, inspections, talks."""

from __future__ import annotations

from api.concerning import of_organisation
from api.routing import CommandFunction, Routes
from ledger.commands import conduct as commands
from projections import conduct as streaks
from projections.conduct import view

routes = Routes("units", zh="单位履职", en="Conduct of units")

ALL = "/v1/units"
ONE = "/v1/units/{unit_id}"


def _step(path: str, command_type: type, function: CommandFunction, zh: str) -> None:
    """Declare a step about one unit: it can be read at the unit's own address."""
    routes.command(
        path,
        command_type,
        function,
        about=of_organisation("unit_id"),
        zh=zh,
        location=ONE,
    )


_step(ONE + "/transfers", commands.TransferUnit, commands.transfer_unit, "移交作风效能办公室")
_step(ONE + "/analyses", commands.AnalysePerformance, commands.analyse_performance, "履职分析")
_step(
    ONE + "/inspection-findings",
    commands.RecordInspectionFinding,
    commands.record_inspection_finding,
    "监督检查发现问题",
)
_step(ONE + "/talks", commands.HoldUnitTalk, commands.hold_unit_talk, "约谈单位")

_step(
    ONE + "/steps/{version_reversed}/reversals",
    commands.ReverseConductStep,
    commands.reverse_conduct_step,
    "撤回对单位的一个步骤",
)

routes.read(ALL, streaks.UnitQuery, streaks.unit_streaks, view=view, zh="单位连续提级情况")
routes.read_one(ONE, streaks.UnitAt, streaks.unit_streak, view=view, zh="查看单位提级情况")
routes.read(
    ONE + "/steps",
    streaks.UnitStepsQuery,
    streaks.unit_conduct_steps,
    view=view,
    zh="单位提级与处置过程",
)
