"""The description of one's own account: addresses that are no commands, for the sake of secrets."""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = "dict[str, Any]"

REFUSED: Schema = {"$ref": "#/components/responses/Problem"}
ID: Schema = {"type": "string", "format": "uuid"}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def _object(properties: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required or properties),
        "additionalProperties": False,
    }


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _operation(  # noqa: PLR0913
    name: str,
    summary: str,
    answer: Schema,
    *,
    status: str = "200",
    body: Schema | None = None,
    parameter: str | None = None,
    query: tuple[str, ...] = (),
) -> Schema:
    described: Schema = {
        "operationId": name,
        "summary": summary,
        "tags": ["users"],
        "responses": {status: _json("OK", answer), "4XX": REFUSED, "5XX": REFUSED},
    }
    if body is not None:
        content = {"application/json": {"schema": body}}
        described["requestBody"] = {"required": True, "content": content}
    if parameter is not None:
        described["parameters"] = [
            {"name": parameter, "in": "path", "required": True, "schema": ID}
        ]
    if query:
        described["parameters"] = [{"name": one, "in": "query", "schema": TEXT} for one in query]
    return described


_ISSUE: Schema = _object(
    {
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "days": {"type": "integer", "minimum": 1, "maximum": 366, "default": 90},
        "operations": {"type": "array", "items": TEXT, "maxItems": 100},
    },
    "name",
)
_INVITE: Schema = _object({"login_name": {"type": "string", "minLength": 2, "maxLength": 100}})

ACCOUNT_PATHS: Schema = {
    "/v1/users/{user_id}/invitations": {
        "post": _operation(
            "invite_user",
            "发放一次性设置链接 · Make a one-time link with which a password is chosen",
            _object({"link": TEXT, "expires_at": MOMENT}),
            status="201",
            body=_INVITE,
            parameter="user_id",
        )
    },
    "/v1/users/{user_id}/login": {
        "get": _operation(
            "user_login",
            "登录名、单点登录身份和会话 · A user's login name, linked identities and sessions",
            {"type": "object"},
            parameter="user_id",
        )
    },
    "/v1/logins": {
        "get": _operation(
            "login_register",
            "登录名册 · Users by login name",
            _object(
                {
                    "rows": {
                        "type": "array",
                        "items": _object({"user_id": ID, "login_name": TEXT}),
                    },
                    "after": {"type": ["string", "null"]},
                }
            ),
            query=("name", "after"),
        )
    },
    "/v1/account": {
        "get": _operation(
            "own_account", "我的账号 · One's own roles, sessions and tokens", {"type": "object"}
        )
    },
    "/v1/account/colleagues": {
        "get": _operation(
            "own_colleagues",
            "本单位同事 · Who else decides or holds a post in one's own organisation",
            _object({"rows": {"type": "array", "items": {"type": "object"}}}),
        )
    },
    "/v1/account/tokens": {
        "post": _operation(
            "issue_own_token",
            "签发自己的令牌 · Make a token that acts as oneself; shown this once",
            _object({"token": TEXT}),
            status="201",
            body=_ISSUE,
        )
    },
    "/v1/account/tokens/{token_id}/revocations": {
        "post": _operation(
            "revoke_own_token",
            "撤销自己的令牌 · End a token of one's own",
            _object({"revoked": ID}),
            parameter="token_id",
        )
    },
    "/v1/account/session-endings": {
        "post": _operation(
            "end_other_sessions",
            "结束自己的其他会话 · End all sessions of one's own but the present one",
            _object({"ended": {"type": "array", "items": ID}}),
        )
    },
    "/v1/account/sessions/{session_id}/endings": {
        "post": _operation(
            "end_own_session",
            "结束自己的会话 · End a session of one's own",
            _object({"ended": ID}),
            parameter="session_id",
        )
    },
}
