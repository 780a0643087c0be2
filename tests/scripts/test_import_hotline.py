"""A table of the 12345 hotline goes in without editing: constants, maps, profiles, totals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ledger.accounts import PublicAccount
from ledger.core.errors import LedgerError
from ledger.petitions import Petition
from ledger.storage.ledger import Ledger
from scripts.imports import file_rules
from scripts.imports.preparing import Ways
from scripts.imports.profiles import Profile, merged, read_profile, write_profile
from tests.commands.county import COMMUNITY, DEPARTMENT
from tests.commands.money import ACCOUNT
from tests.scripts.importing import (
    EXAMPLES,
    found_county,
    history_of,
    imported,
    rules_of,
    size_of,
    text_file,
    topics_of,
)

PROFILE = EXAMPLES / "12345.json"
HEADINGS = (
    *("序号", "工单编号", "来电时间", "市民姓名", "联系电话", "市民诉求", "所属社区", "承办单位"),
    *("派单时间", "答复时间", "办理结果", "答复内容", "回访时间", "解决情况", "满意度"),
)
FIRST: tuple[object, ...] = (
    *(1, "LS20261114000123", "20261114090000", "王某", "13812345678"),
    "阳光花园3号楼地下车库长期积水。物业一直没有处理，请尽快解决！",
    *("曹村社区", "县住房和城乡建设局", "20261114101500", "20261116160000", "已办结"),
    *("已更换水泵", "20261117093000", "解决", "基本满意"),
)
SECOND: tuple[object, ...] = (
    *(2, "LS20261114000124", 20261114093000, "李某", None, "小区外路灯不亮", "城关社区"),
    *("县综合行政执法局", "20261114110000", None, None, None, None, None, None),
)


def orders(folder: Path, *rows: tuple[object, ...]) -> Path:
    """A workbook as the hotline's system writes it: a title, a note, headings, rows, a total."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["临沭县12345政务服务便民热线工单明细"])
    sheet.append([None, "导出时间：2026-11-30 08:00", None, None, "导出单位：县热线办"])
    sheet.append(HEADINGS)
    for row in rows or (FIRST, SECOND):
        sheet.append(list(row))
    sheet.append(["合计：", "2件"])
    path = folder / "工单明细.xlsx"
    book.save(path)
    return path


def profiled(path: Path = PROFILE) -> dict[str, Any]:
    profile = read_profile(path, "petitions")
    ways = profile.ways
    return {
        "mapping": ways.mapping,
        "ignored": ways.ignored,
        "constants": ways.constants,
        "values": ways.values,
    }


async def test_a_table_of_the_hotline_goes_in_as_it_is(ledger: Ledger, tmp_path: Path) -> None:
    await found_county(ledger)
    path = orders(tmp_path)

    report = await imported(ledger, "petitions", path, **profiled())

    assert report.problems == []
    assert (report.rows_count, report.recorded_count, report.totals) == (2, 2, [6])
    assert (await topics_of(ledger))["petition.filed.v1"] == 2
    petition = await ledger.load(
        Petition, Petition.create_id(channel="hotline", reference="LS20261114000123")
    )
    assert petition.community_id == COMMUNITY
    filed = next(e.event for e in await history_of(ledger) if e.stream_id == str(petition.id))
    assert isinstance(filed, Petition.Filed)
    assert filed.title == "阳光花园3号楼地下车库长期积水"
    assert filed.timestamp.astimezone().isoformat() and filed.timestamp.hour in (1, 9)
    dispatched = [e.event for e in await history_of(ledger) if "dispatched" in e.topic]
    assert DEPARTMENT in {getattr(one, "unit_id", None) for one in dispatched}
    visited = next(e.event for e in await history_of(ledger) if "visited" in e.topic)
    assert (visited.is_resolved, visited.is_satisfied) == (True, True)  # type: ignore[attr-defined]

    size = await size_of(ledger)
    again = await imported(ledger, "petitions", path, **profiled())
    assert (again.problems, again.there_count, again.recorded_count) == ([], 2, 0)
    assert await size_of(ledger) == size


async def test_what_a_profile_does_not_name_is_refused_with_its_cell(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    strange = list(SECOND)
    strange[7], strange[14] = "县水利局", "一般"
    strange[12:14] = ["20261120090000", "解决"]

    report = await imported(ledger, "petitions", orders(tmp_path, tuple(strange)), **profiled())

    assert rules_of(report) == {
        (4, "承办单位", "organisation-code-malformed"),
        (4, "满意度", "truth-malformed"),
    }
    assert {one.cell for one in report.problems} == {"H4", "O4"}


async def test_constants_fields_and_values_that_do_not_fit_are_named(
    ledger: Ledger, tmp_path: Path
) -> None:
    await found_county(ledger)
    path = text_file(tmp_path, "渠道,内容,受理时间\n热线工单,灯,2026-11-14\n")

    report = await imported(
        ledger,
        "petitions",
        path,
        constants={"channel": "hotline", "社区代码": "371329001001", "nothing": "1"},
        values={"anything": {"a": "b"}},
    )

    assert rules_of(report) == {
        (1, "channel", "constant-doubled"),
        (1, "nothing", "field-unknown"),
        (1, "anything", "field-unknown"),
    }
    good = await imported(
        ledger, "petitions", path, constants={"社区代码": "371329001001"}, mapping={"标题": "内容"}
    )
    assert (good.problems, good.recorded_count) == ([], 1)


def test_profiles_are_kept_and_what_is_said_goes_before(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    said = Ways(constants={"channel": "hotline"}, values={"satisfied": {"基本满意": "是"}})
    write_profile(path, "petitions", Profile(ways=said, sheet="台账", encoding="big5"))

    kept = read_profile(path, "petitions")
    assert (kept.ways.constants, kept.sheet, kept.encoding) == (
        {"channel": "hotline"},
        "台账",
        "big5",
    )
    both = merged(Ways(constants={"channel": "letter"}, ignored=("备注",)), kept.ways)
    assert both.constants == {"channel": "letter"}
    assert (both.values, both.ignored) == ({"satisfied": {"基本满意": "是"}}, ("备注",))
    assert [one.name for one in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize(
    "said",
    ["[]", "{", '{"kind": "revenue"}', '{"set": {"a": 1}}', '{"more": 1}', '{"header_row": 0}'],
)
def test_profiles_that_are_none_are_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(file_rules.ProfileUnreadable):
        read_profile(text_file(tmp_path, said, "p.json"), "petitions")
    with pytest.raises(LedgerError):
        read_profile(tmp_path / "nothing.json", "petitions")


def test_the_example_is_a_profile() -> None:
    assert json.loads(PROFILE.read_text("utf-8"))["kind"] == "petitions"
    assert read_profile(PROFILE, "petitions").ways.constants == {"channel": "hotline"}


STATEMENT = (
    "临沭农商银行对账单\n单位：元\n"
    "小区代码,类别,入账日期,对方户名,银行流水号,{headings}\n"
    "371329001001.e1,parking,2026-11-02,顺达停车,F1-1,{first}\n"
    "371329001001.e1,other,2026-11-03,修理部,F1-2,{second}\n"
    "合计,,,,,{total}\n"
)
MAPPING = {"received_at": "入账日期", "payer": "对方户名"}


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        ("收支方向,金额", ("收入,1000", "支出,400.50", ",1400.50")),
        ("借贷标志,金额", ("贷,1000", "借,400.50", ",1400.50")),
        ("收入,支出", ('"1,000.00",', ",400.50", "1000,400.50")),
        ("贷方发生额,借方发生额", ("1000,0.00", "0.00,400.50", "1000,400.50")),
        ("收入（元）,支出（元）", ("1000,-", "-,400.50", "1000,400.50")),
    ],
)
async def test_a_bank_statement_gives_what_came_in_and_counts_the_rest(
    ledger: Ledger, tmp_path: Path, headings: str, rows: tuple[str, str, str]
) -> None:
    await found_county(ledger)
    text = STATEMENT.format(headings=headings, first=rows[0], second=rows[1], total=rows[2])

    report = await imported(ledger, "revenue", text_file(tmp_path, text), mapping=MAPPING)

    assert report.problems == []
    assert (report.recorded_count, report.others, report.totals) == (1, [5], [6])
    account = await ledger.load(PublicAccount, ACCOUNT)
    assert account.balance_fen == 1_000_00


@pytest.mark.parametrize(
    ("headings", "first", "rule"),
    [
        ("收支方向,金额", "转账,1000", "direction-unknown"),
        ("收支方向,金额", ",1000", "direction-unknown"),
        ("收入,支出", "1000,400", "directions-both"),
        ("收支方向,借贷标志,金额", "收入,借,1000", "directions-both"),
    ],
)
async def test_a_direction_that_is_unclear_is_refused(
    ledger: Ledger, tmp_path: Path, headings: str, first: str, rule: str
) -> None:
    await found_county(ledger)
    text = STATEMENT.format(headings=headings, first=first, second="支出,1", total="")
    report = await imported(ledger, "revenue", text_file(tmp_path, text), mapping=MAPPING)
    assert (4, rule) in {(one.row, one.rule) for one in report.problems}
    assert report.recorded_count == 0
