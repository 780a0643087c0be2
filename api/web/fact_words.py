"""The words in which an event's page says its facts, for the script that checks what is shown.

The page could say anything; what it must say follows from the verified entry and these words,
which the script asks for itself, at an address of its own.
"""

from __future__ import annotations

from functools import cache

from aiohttp import web

from api.answers import to_json
from api.event_names import event_names
from api.permissions import ROLE_NAMES_ZH
from api.web.assets import asset
from api.web.site import REACTION_ROLE, REACTIONS_ZH
from api.web.words import english

PATH = "/assets/fact-words.json"
SCRIPT_PATH = "/assets/facts.js"
ASK_AGAIN = {"Cache-Control": "no-cache"}
LABELS = {
    "trail": "审计轨迹",
    "who": "何人何时",
    "occurred_at": "发生时间",
    "recorded_at": "入账时间",
    "role": "身份",
    "actor": "办理人",
    "organisation": "所在组织",
    "on_behalf_of": "代何人办理",
    "reason": "理由",
    "history": "历史导入",
    "content": "内容",
    "no_content": "此事件没有其他内容",
    "place": "在账本中的位置",
    "position": "序号",
    "event_id": "事件编号",
    "stream": "所属记录",
    "version": "版本",
    "policy": "政策库版本",
    "evidence": "附件",
    "no_evidence": "未附文件",
    "yes": "是",
    "no": "否",
}


@cache
def fact_words() -> bytes:
    """Return labels, roles and events, each in Chinese and English."""
    roles = {str(role): name for role, name in ROLE_NAMES_ZH.items()}
    roles[REACTION_ROLE] = REACTIONS_ZH
    told = {
        "labels": {key: _both(text) for key, text in LABELS.items()},
        "roles": {role: _both(name) for role, name in roles.items()},
        "events": {topic: [name.zh, name.en] for topic, name in event_names().items()},
    }
    return to_json(told)


def _both(chinese: str) -> list[str]:
    return [chinese, english()[chinese]]


async def serve_fact_words(_: web.Request) -> web.Response:
    """GET the words; a copy is asked about again each time."""
    return web.Response(body=fact_words(), content_type="application/json", headers=ASK_AGAIN)


async def serve_script(_: web.Request) -> web.Response:
    """GET the script that compares: not at an address that the page chooses."""
    return web.Response(
        body=asset("facts.js"), content_type="text/javascript", charset="utf-8", headers=ASK_AGAIN
    )


def add_facts(app: web.Application) -> None:
    """Serve both."""
    app.router.add_get(PATH, serve_fact_words)
    app.router.add_get(SCRIPT_PATH, serve_script)
