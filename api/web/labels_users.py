"""What states of accounts and ways in are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from projections.engine import Row

STATES_ASKED: Mapping[str, str] = {"": "全部", "open": "未停用", "disabled": "已停用"}
METHODS: Mapping[str, str] = {
    "password": "口令",
    "second_factor": "动态验证码",
    "set_up_link": "一次性链接",
    "single_sign_on": "单点登录",
    "token": "访问令牌",
}


def state_of(user: Row) -> tuple[str, str]:
    """Return what a user's state is called, and its colour."""
    if user["is_disabled"]:
        return "已停用", "bad"
    return ("已开通", "good") if user["has_password"] else ("待设置口令", "warn")
