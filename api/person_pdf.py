"""Everything that is kept about a person, as a PDF that they can read: Chinese, English beside.

Each character is shown in a typeface that has it (``pdf_faces``), embedded. Texts are laid out
as texts, never as markup.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, TypeAlias

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from api.event_names import event_name
from api.pdf_faces import LATIN, faces, is_whole, markup, runs
from api.roles import ROLE_NAMES_ZH, Role
from ledger.core.clock import LOCAL
from ledger.sealing import FIELD_NAMES, Field

Document: TypeAlias = "Mapping[str, Any]"

CELL_CHARACTERS_MAX = 1_500  # a longer text would not fit on a page; the JSON has all of it

_ONE_AT_A_TIME = threading.Lock()
FOOT = "民账 Minzhang · 含个人信息，请妥善保管 contains personal data"
FOOT_POINTS = 7.5

TEXT = ParagraphStyle("text", fontName=LATIN, fontSize=9, leading=13, wordWrap="CJK")
SMALL = ParagraphStyle("small", parent=TEXT, fontSize=7.5, leading=10, textColor=colors.grey)
TITLE = ParagraphStyle("title", parent=TEXT, fontSize=17, leading=24, spaceAfter=2 * mm)
HEADING = ParagraphStyle(
    "heading", parent=TEXT, fontSize=12, leading=18, spaceBefore=6 * mm, spaceAfter=2 * mm
)
GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.lightgrey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
    ]
)
RECORDS = {
    "contact": "联系信息 contact data",
    "petition": "诉求 petition",
    "document": "文件 document",
}


def render_pdf(document: Document) -> bytes:
    """Return the PDF of an export (``ledger.commands.person_exports``)."""
    with _ONE_AT_A_TIME:  # the library keeps what is being written with its typefaces
        return _rendered(document)


def _rendered(document: Document) -> bytes:
    out = BytesIO()
    paper = SimpleDocTemplate(
        out,
        pagesize=A4,
        title="个人信息 Personal data",
        author="民账 Minzhang",
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        invariant=True,
    )
    paper.build(list(_story(document)), onFirstPage=_foot, onLaterPages=_foot)
    return out.getvalue()


def _story(document: Document) -> Iterator[Any]:
    yield _text("账本保存的关于您的全部信息", TITLE)
    yield _text("Everything that this ledger keeps about you", SMALL)
    yield Spacer(1, 3 * mm)
    yield _text(f"代号 pseudonym: {document['person_id']}")
    yield _text(f"账本 ledger: {document['ledger']}　制作时间 made: {_when(document['made_at'])}")
    yield _heading("密封保存的个人信息", "Personal data, kept sealed")
    yield from _sealed(document["sealed"])
    if document["documents"]:
        yield _heading("涉及您的文件", "Documents about you, kept encrypted")
        yield _documents(document["documents"])
    if document["erased"]:
        yield _heading("已永久删除的信息", "Erased for good")
        yield _table(
            ("所属记录 record", "项目 fields"),
            ((_record(one), _names(one["fields"])) for one in document["erased"]),
            (70, 104),
        )
    if document["restricted_records"]:
        yield _heading("限制处理", "Restricted: kept, used for nothing")
        for erasure_id, records in document["restricted_records"].items():
            yield _text(f"{erasure_id}: {', '.join(records) or '全部 everything'}")
    yield _heading("谁看过您的信息", "Who looked at your data")
    yield from _looks(document["looks"])
    yield _heading("涉及您的账本记录", "Entries in which you are named")
    yield from _events(document["events"])
    if not document["is_complete"]:
        yield _text("记录过多，此处未全部列出。 There are more entries than are listed here.")
    yield Spacer(1, 5 * mm)
    yield _text(
        "更正、删除或限制处理上述信息，请向个人信息保护负责人提出。"
        " To have any of it corrected, erased or restricted, ask the data protection officer."
    )
    yield from _not_shown(document)


def _not_shown(document: Document) -> Iterator[Any]:
    """Say it where a character is shown by its number."""
    known = faces()
    if all(is_whole(one, known) for one in _texts(document)):
        return
    yield _text(
        "本机字体中没有的字符，以其编码表示，如 [U+1F600]。"
        " Characters that no typeface here has are shown by their numbers."
    )
    if known.lacking:
        packages = " ".join(known.lacking)
        yield _text(f"缺少字体，请安装 Typefaces are missing, install: {packages}")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield "".join(value.split())
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _sealed(slots: list[Any]) -> Iterator[Any]:
    if not slots:
        yield _text("没有。 None.")
        return
    rows = (
        (_record(slot), _field_name(name), value)
        for slot in slots
        for name, value in slot["fields"].items()
    )
    yield _table(("所属记录 record", "项目 field", "内容 content"), rows, (58, 40, 76))


def _documents(documents: list[Any]) -> Any:
    rows = (
        (
            f"{RECORDS['document']}\n{one['record_id'][:8]}",
            _when(one["uploaded_at"]),
            f"{one['media_type']}  {one['size_bytes']} B\nSHA-256 {one['sha256']}",
        )
        for one in documents
    )
    return _table(("所属记录 record", "上传时间 uploaded", "内容 content"), rows, (40, 34, 100))


def _looks(looks: list[Any]) -> Iterator[Any]:
    if not looks:
        yield _text("没有人看过。 Nobody did.")
        return
    rows = (
        (
            _when(look["occurred_at"]),
            _what(look["topic"]),
            f"{_role(look['role'])}\n{look['actor_id'][:8]}",
            _names(look["fields"].get("fields", ())),
            f"{look['fields'].get('purpose', '')}\n{look['reason']}".strip(),
        )
        for look in looks
    )
    heads = ("时间 when", "事项 what", "谁 who", "项目 fields", "目的 purpose")
    yield _table(heads, rows, (30, 36, 34, 34, 40))


def _events(events: list[Any]) -> Iterator[Any]:
    if not events:
        yield _text("没有。 None.")
        return
    rows = (
        (
            f"#{event['position']}",
            _when(event["occurred_at"]),
            _what(event["topic"]),
            _role(event["role"]),
            event["reason"],
        )
        for event in events
    )
    heads = ("编号 no.", "时间 when", "事项 what", "身份 role", "理由 reason")
    yield _table(heads, rows, (20, 30, 54, 32, 38))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]], widths: tuple[int, ...]) -> Any:
    cells = [[_text(head, SMALL) for head in heads]]
    cells += [[_text(value) for value in row] for row in rows]
    return Table(cells, colWidths=[width * mm for width in widths], repeatRows=1, style=GRID)


def _text(value: str, style: ParagraphStyle = TEXT) -> Any:
    cut = value if len(value) <= CELL_CHARACTERS_MAX else value[:CELL_CHARACTERS_MAX] + "…"
    lines = [markup(line.replace("\t", " "), faces()) for line in cut.splitlines()]
    return Paragraph("<br/>".join(lines) or "-", style)


def _heading(zh: str, en: str) -> Any:
    small = f'<font size="8" color="grey">{markup(en, faces())}</font>'
    return Paragraph(f"{markup(zh, faces())} {small}", HEADING)


def _foot(canvas: Any, paper: Any) -> None:
    canvas.saveState()
    canvas.setFillColor(colors.grey)
    across = 18 * mm
    for name, piece in runs(FOOT, faces()):
        canvas.setFont(name, FOOT_POINTS)
        canvas.drawString(across, 10 * mm, piece)
        across += stringWidth(piece, name, FOOT_POINTS)
    canvas.setFont(LATIN, FOOT_POINTS)
    canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(paper.page))
    canvas.restoreState()


def _record(slot: Mapping[str, Any]) -> str:
    return f"{RECORDS.get(slot['record_kind'], slot['record_kind'])}\n{slot['record_id'][:8]}"


def _names(fields: Iterable[str]) -> str:
    return "、".join(FIELD_NAMES[Field(one)][0] for one in fields) or "–"


def _field_name(name: str) -> str:
    zh, en = FIELD_NAMES[Field(name)]
    return f"{zh} {en}"


def _what(topic: str) -> str:
    name = event_name(topic)
    return f"{name.zh} {name.en}"


def _role(role: str) -> str:
    return ROLE_NAMES_ZH[Role(role)] if role in set(Role) else role


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(LOCAL):%Y-%m-%d %H:%M}"
