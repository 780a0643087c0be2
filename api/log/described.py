"""The part of the API's description about the log: addresses that no declared route serves."""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = "dict[str, Any]"

TAG: Schema = {"name": "log", "description": "防篡改日志 · The transparency log"}
PROBLEM: Schema = {"$ref": "#/components/responses/Problem"}

HASH: Schema = {
    "type": "string",
    "pattern": "^[A-Za-z0-9+/]{43}=$",
    "description": "SHA-256 in base64.",
}
COUNT: Schema = {"type": "integer", "minimum": 0}
WORDS: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
SIZE_ASKED: Schema = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


STANDING = _object(
    origin=WORDS,
    size=COUNT,
    root=HASH,
    note={"type": "string", "description": "The signed note with all cosignatures so far."},
    signed_at=MOMENT,
    published_at=MOMENT,
    age_seconds=COUNT,
    unpublished_count={**COUNT, "description": "Entries that it does not cover yet."},
    vkeys={"type": "array", "items": WORDS},
    is_signed={"type": "boolean", "description": "By one of vkeys."},
    is_quorate={
        "type": ["boolean", "null"],
        "description": "Whether the policy's witnesses cosigned it; null: it asks for none.",
    },
    witnesses={
        "type": "array",
        "items": _object(
            name=WORDS, vkey=WORDS, counts={"type": "boolean"}, cosigned_at=_or_null(MOMENT)
        ),
    },
    time_stamps={"type": "array", "items": _object(authority=WORDS, stamped_at=MOMENT)},
)
CONSISTENCY = _object(
    **{"origin": WORDS, "from": COUNT, "from_root": HASH, "to": COUNT, "to_root": HASH},
    hashes={"type": "array", "items": HASH, "maxItems": 63},
)

BOUND = _or_null(_object(at=MOMENT, size=COUNT, by=WORDS, is_time_stamp={"type": "boolean"}))
INTERVAL = _object(position=COUNT, not_before=BOUND, not_after=BOUND)


def _in_path(name: str, description: str) -> Schema:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": WORDS,
    }


def _asked(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema,
    }


def _get(
    operation: str, summary: str, content: Schema, *parameters: Schema, is_public: bool = True
) -> Schema:
    described: Schema = {
        "operationId": operation,
        "tags": ["log"],
        "summary": summary,
        "responses": {
            "200": {
                "description": "OK",
                "content": {media_type: {"schema": one} for media_type, one in content.items()},
            },
            "4XX": PROBLEM,
            "5XX": PROBLEM,
        },
    }
    if parameters:
        described["parameters"] = [*parameters]
    return {"get": described | ({"security": []} if is_public else {})}


EVENT = _in_path("event_id", "事件编号或序号 · The event's id, or its position.")
LOG_PATHS: Schema = {
    "/log/checkpoint": _get(
        "read_checkpoint",
        "最新检查点 · The latest published checkpoint (C2SP tlog-checkpoint)",
        {"text/plain": WORDS},
    ),
    "/log/tile/{path}": _get(
        "read_tile",
        "瓦片；entries/ 之下须有权限 · A tile (C2SP tlog-tiles); below entries/ with a permission",
        {"application/octet-stream": {}},
        _in_path("path", "LEVEL/N, LEVEL/N.p/WIDTH, entries/N or entries/N.p/WIDTH"),
    ),
    "/v1/events/{event_id}/proof": _get(
        "event_proof",
        "事件的证明文件 · An event's proof file (C2SP tlog-proof)",
        {"text/plain": WORDS},
        EVENT,
        _asked("size", "Under the published checkpoint of this size, not the latest.", SIZE_ASKED),
    ),
    "/v1/events/{event_id}/interval": _get(
        "event_interval",
        "事件确在其间入账的时段 · When an event provably came into the log",
        {"application/json": INTERVAL},
        EVENT,
    ),
    "/v1/events/{event_id}/entry": _get(
        "event_entry",
        "事件的原始字节 · The exact bytes that were hashed",
        {"application/octet-stream": {}},
        EVENT,
        is_public=False,
    ),
    "/v1/log/consistency": _get(
        "log_consistency",
        "一致性证明 · Proof that the log at one size begins with the log at a smaller one",
        {"application/json": CONSISTENCY, "text/plain": WORDS},
        _asked("from", "The smaller size.", SIZE_ASKED, required=True),
        _asked("to", "The larger size; the latest checkpoint's unless given.", SIZE_ASKED),
        _asked(
            "form",
            "text: as witnesses are asked (C2SP tlog-witness).",
            {"type": "string", "enum": ["json", "text"], "default": "json"},
        ),
    ),
    "/v1/log/checkpoint": _get(
        "log_checkpoint",
        "检查点的现状 · How the latest checkpoint stands: age, keys, witnesses, time stamps",
        {"application/json": STANDING},
    ),
}
