"""/v1/users, /v1/grants, /v1/tokens: what administrators do, and what oversight sees of it."""

from __future__ import annotations

from api.concerning import EVERYWHERE
from api.routing import Routes
from ledger.commands import identities
from ledger.commands import users as commands
from ledger.commands.access_tokens import RevokeToken, revoke_access_token
from projections import users as register
from projections.users import view

routes = Routes("users", zh="用户与授权", en="Users and grants")

ALL = "/v1/users"
ONE = "/v1/users/{user_id}"

routes.command(ALL, commands.OpenUser, commands.open_user, about=EVERYWHERE, zh="开设账号")
routes.command(
    ONE + "/grants", commands.GrantRole, commands.grant_role, about=EVERYWHERE, zh="授予角色"
)
routes.command(
    ONE + "/grants/{grant_id}/revocations",
    commands.RevokeRole,
    commands.revoke_role,
    about=EVERYWHERE,
    zh="撤销授权",
    location=ONE,
)
routes.command(
    ONE + "/disablements",
    commands.DisableUser,
    commands.disable_user,
    about=EVERYWHERE,
    zh="停用账号",
)
routes.command(
    ONE + "/entry-allowances",
    commands.AllowEntry,
    commands.allow_entry,
    about=EVERYWHERE,
    zh="准许新的登录方式（监督人员与管理员，两人核准）",
)
routes.command(
    ONE + "/enablements", commands.EnableUser, commands.enable_user, about=EVERYWHERE, zh="启用账号"
)
routes.command(
    ONE + "/second-factor-removals",
    commands.RemoveSecondFactor,
    commands.remove_second_factor,
    about=EVERYWHERE,
    zh="解除动态验证码",
)
routes.command(
    ONE + "/session-endings",
    commands.EndSessions,
    commands.end_user_sessions,
    about=EVERYWHERE,
    zh="结束用户的全部会话",
)
routes.command(
    ONE + "/identities",
    identities.LinkSingleSignOn,
    identities.link_single_sign_on,
    about=EVERYWHERE,
    zh="关联单点登录身份",
)
routes.command(
    ONE + "/identities/endings",
    identities.UnlinkSingleSignOn,
    identities.unlink_single_sign_on,
    about=EVERYWHERE,
    zh="解除单点登录关联",
)
routes.command(
    "/v1/tokens/{token_id}/revocations",
    RevokeToken,
    revoke_access_token,
    about=EVERYWHERE,
    zh="撤销令牌",
    location="/v1/users",
)

routes.read(ALL, register.UserQuery, register.user_register, view=view, zh="用户名册")
routes.read_one(ONE, register.UserAt, register.user_by_id, view=view, zh="查看用户")
routes.read("/v1/grants", register.GrantQuery, register.grant_register, view=view, zh="授权台账")
