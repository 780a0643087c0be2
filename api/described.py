"""The parts of the API's description that belong to no context: answers, problems, health."""

from __future__ import annotations

from typing import Any, TypeAlias

from api.log.described import LOG_PATHS
from api.stream import PATH as STREAM_PATH

Schema: TypeAlias = "dict[str, Any]"

INFO: Schema = {
    "title": "民账 Minzhang",
    "version": "1",
    "description": (
        "民账是以事件为账的基层治理账本。每个命令都会留下不可更改的事件；"
        "每个查询都注明所反映的账本位置。\n\n"
        "Minzhang is an event-sourced governance ledger. Every command records events that never "
        "change; every answer names the position of the log that it reflects. Amounts are in fen, "
        "times carry their offset, days are days in China."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}

UUID_SCHEMA: Schema = {"type": "string", "format": "uuid"}
POSITION: Schema = {
    "type": "integer",
    "minimum": -1,
    "description": "Place in the log, from 0; -1: nothing yet.",
}
TEXT: Schema = {"type": "string"}


def _header(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "header", "description": description, "schema": schema}


COMMAND_HEADERS: list[Schema] = [
    _header(
        "Idempotency-Key",
        "同一请求重复发送时只记一次。 / The request is recorded once however often it is sent.",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    ),
    _header(
        "If-Match",
        "记录应处的版本，不符则返回 412。 / The version that the record must have, else 412.",
        {"type": "string", "pattern": '^("[0-9]{1,18}"|[0-9]{1,18})$'},
    ),
]
PROPOSE: Schema = {
    "name": "propose",
    "in": "query",
    "description": "只提出，由另一人核准执行。 / Propose it, for another person to carry out.",
    "schema": {"type": "boolean", "default": False},
}
DRY_RUN: Schema = {
    "name": "dry_run",
    "in": "query",
    "description": "只说明将会记录什么，不保存。 / Say what would be recorded, store nothing.",
    "schema": {"type": "boolean", "default": False},
}


def _object(properties: Schema, *optional: str, more: bool = False) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": more,
    }


def _json(description: str, name: str, headers: Schema | None = None) -> Schema:
    schema = {"$ref": f"#/components/schemas/{name}"}
    answer: Schema = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    return answer | ({"headers": headers} if headers else {})


FIELD_ERROR = _object(
    {
        "pointer": {**TEXT, "description": "JSON pointer into the body."},
        "parameter": {**TEXT, "description": "Name in the path, query or headers."},
        "rule": {**TEXT, "description": "A stable name of the rule that was broken."},
        "message": TEXT,
        "message_zh": TEXT,
    },
    "parameter",
)
PROBLEM = _object(
    {
        "type": {**TEXT, "format": "uri-reference"},
        "code": {**TEXT, "description": "A stable name of the error."},
        "title": TEXT,
        "title_zh": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "facts": {"type": "object"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "instance": {**TEXT, "format": "uri"},
    }
)
RECEIPT = _object(
    {
        "event_id": UUID_SCHEMA,
        "position": POSITION | {"minimum": 0},
        "leaf_hash": {
            **TEXT,
            "pattern": "^[A-Za-z0-9+/]{43}=$",
            "description": "SHA256(00 ‖ entry) in base64: keep it, the proof must lead from it.",
        },
        "checkpoint": {**TEXT, "format": "uri-reference"},
        "proof": {**TEXT, "format": "uri-reference"},
    }
)
RECORDED = _object(
    {
        "recorded": {"const": True},
        "id": UUID_SCHEMA,
        "version": {"type": "integer"},
        "position": POSITION,
        "event_ids": {"type": "array", "items": UUID_SCHEMA},
        "receipts": {"type": "array", "items": {"$ref": "#/components/schemas/Receipt"}},
        "created": {
            "type": "object",
            "description": "The ids of what this made inside the record: a draw-down, a receipt.",
            "additionalProperties": UUID_SCHEMA,
        },
        "disclosed": {
            "type": "object",
            "description": "What may be told because this is recorded; never told again.",
        },
    },
    *("created", "disclosed"),
)
NOTHING_RECORDED = _object(
    {
        "recorded": {"const": False},
        "id": UUID_SCHEMA,
        "version": {"type": "integer"},
        "would_record": {
            "type": "array",
            "items": _object(
                {
                    "topic": TEXT,
                    "stream": UUID_SCHEMA,
                    "version": {"type": "integer"},
                    "state": {"type": "object"},
                }
            ),
        },
        "event_ids": {"type": "array", "maxItems": 0},
    },
    *("id", "version", "would_record", "event_ids"),
)
PAGE = _object(
    {
        "rows": {"type": "array", "items": {"type": "object"}},
        "next_cursor": {"type": ["string", "null"]},
        "position": POSITION,
    }
)
ONE = _object({"row": {"type": "object"}, "position": POSITION})
CONSULTED = _object({"position": POSITION}, more=True)

RECORDED_HEADERS: Schema = {
    "ETag": {"description": "The record's version.", "schema": TEXT},
    "Location": {"description": "Where the record is.", "schema": TEXT},
    "Idempotency-Hit": {
        "description": "'true' when an earlier request with this key recorded it.",
        "schema": TEXT,
    },
}
COMPONENTS: Schema = {
    "securitySchemes": {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "minzhang tokens create --role ROLE --organisation CODE",
        }
    },
    "schemas": {
        "FieldError": FIELD_ERROR,
        "Problem": PROBLEM,
        "Receipt": RECEIPT,
        "Recorded": RECORDED,
        "NothingRecorded": NOTHING_RECORDED,
        "Page": PAGE,
        "One": ONE,
        "Consulted": CONSULTED,
    },
    "responses": {
        "Recorded": _json("已入账。 / Recorded.", "Recorded", RECORDED_HEADERS),
        "NothingRecorded": _json(
            "试算，或无事可记。 / A dry run, or there was nothing to record.", "NothingRecorded"
        ),
        "Page": _json("一页。 / One page.", "Page"),
        "One": _json("一条记录。 / One record.", "One"),
        "Consulted": _json("记录本身。 / From the records themselves.", "Consulted"),
        "Problem": {
            "description": "未受理。 / Refused: RFC 9457.",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        },
    },
}


def _plain(operation: str, summary: str, media_type: str, *, is_public: bool = True) -> Schema:
    described: Schema = {
        "operationId": operation,
        "summary": summary,
        "responses": {
            "200": {"description": "OK", "content": {media_type: {"schema": {}}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    return {"get": described | ({"security": []} if is_public else {})}


_STREAM = _plain(
    "stream_events",
    "新事件的实时流 · Every new event, as server-sent events",
    "text/event-stream",
    is_public=False,
)
_STREAM["get"] |= {
    "tags": ["events"],
    "parameters": [
        {
            "name": "from",
            "in": "query",
            "description": "The first position to send.",
            "schema": {"type": "integer", "minimum": 0},
        },
        _header("Last-Event-ID", "The last position that was received.", {"type": "string"}),
    ],
}
_READY = _plain("readyz", "能否提供服务 · Whether it can serve, and why not", "application/json")
_READY["get"]["responses"]["503"] = {
    "description": "Not ready.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
ADDITIONAL_PATHS: Schema = {
    **LOG_PATHS,
    STREAM_PATH: _STREAM,
    "/healthz": _plain("healthz", "是否存活 · Whether it is alive", "application/json"),
    "/readyz": _READY,
    "/metrics": _plain("read_metrics", "运行指标 · Figures for Prometheus", "text/plain"),
    "/openapi.json": _plain("openapi", "接口说明 · This description", "application/json"),
    "/docs": _plain("docs", "接口文档 · This description to read", "text/html"),
}
