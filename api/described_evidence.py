"""The description of uploaded documents: their bodies are files, not JSON."""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = "dict[str, Any]"

REFUSED: Schema = {"$ref": "#/components/responses/Problem"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
DOCUMENT: Schema = {
    "type": "object",
    "properties": {
        "sha256": DIGEST,
        "name": {"type": "string"},
        "media_type": {"type": "string"},
        "size_bytes": {"type": "integer", "minimum": 1},
    },
    "required": ["sha256", "name", "media_type", "size_bytes"],
    "additionalProperties": False,
}
FILE: Schema = {"content": {"application/octet-stream": {}}}
NAME: Schema = {
    "name": "File-Name",
    "in": "header",
    "required": True,
    "description": (
        "文件名，非 ASCII 字符用百分号编码。 / Its name, percent-encoded where not ASCII."
    ),
    "schema": {"type": "string", "minLength": 1},
}
ABOUT: Schema = {
    "name": "about",
    "in": "query",
    "required": False,
    "description": (
        "文件所涉及的人：删除其个人信息时一并销毁。"
        " / The person it is about: it is destroyed with their data."
    ),
    "schema": {"type": "string", "format": "uuid"},
}


def _stored(description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": DOCUMENT}}}


OWN: Schema = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": {"type": "object"}}},
    "required": ["rows"],
}
EVIDENCE_PATHS: Schema = {
    "/v1/evidence": {
        "get": {
            "operationId": "own_evidence",
            "summary": "我上传的附件 · What one brought, the newest first, up to 200",
            "tags": ["events"],
            "responses": {
                "200": {
                    "description": "OK",
                    "content": {"application/json": {"schema": OWN}},
                },
                "4XX": REFUSED,
                "5XX": REFUSED,
            },
        },
        "post": {
            "operationId": "upload_evidence",
            "summary": "上传附件 · Upload a document, ready for a command's evidence",
            "description": (
                "pdf, png, jpg, webp, docx, xlsx, ods, csv, txt or zip, up to 20 MiB. The content"
                " must be what the name's end says. Sending it again stores nothing twice (200)."
                " It is stored encrypted, its name sealed; the answer's name is for commands."
            ),
            "tags": ["events"],
            "parameters": [NAME, ABOUT],
            "requestBody": {"required": True, **FILE},
            "responses": {
                "201": _stored("Stored"),
                "200": _stored("Was stored before by the same person"),
                "4XX": REFUSED,
                "5XX": REFUSED,
            },
        },
    },
    "/v1/evidence/{sha256}": {
        "get": {
            "operationId": "read_evidence",
            "summary": "下载附件 · Download a document of an event within reach, or one's own",
            "tags": ["events"],
            "parameters": [{"name": "sha256", "in": "path", "required": True, "schema": DIGEST}],
            "responses": {
                "200": {"description": "The document", **FILE},
                "4XX": REFUSED,
                "5XX": REFUSED,
            },
        }
    },
}
