"""What can be wrong with what is asked of a user's account."""

from __future__ import annotations

from ledger.core.errors import InvalidValue, RuleViolated


class RoleUnknown(InvalidValue):
    """There is no such role.

    没有这个角色。
    """


class GrantEndsTooSoon(RuleViolated):
    """A grant must end after the day on which it begins.

    授权的截止日期必须晚于起始日期。
    """


class GrantHeldAlready(RuleViolated):
    """The user holds this role for this organisation and post in that time already.

    该用户在该期间已就该组织及职务持有此角色。
    """


class GrantUnknown(RuleViolated):
    """The user has no such grant, or it was revoked already.

    该用户没有这项授权，或者授权已被撤销。
    """


class NotToOneself(RuleViolated):
    """Nobody grants, revokes, links, invites or unlocks anything for themselves.

    不得为自己授权、撤销授权、生成一次性链接、关联单点登录身份、解除动态验证码或者启用账号。
    """


class RolesApart(RuleViolated):
    """One person cannot hold these two roles: administration, oversight and business stay apart.

    同一人不得同时担任这两个角色：系统管理、监督与业务必须分离。
    """


class UserDisabled(RuleViolated):
    """The user's account is disabled.

    该用户的账号已被停用。
    """


class UserNotDisabled(RuleViolated):
    """The user's account is not disabled.

    该用户的账号并未停用。
    """


class IdentityTaken(RuleViolated):
    """This identity is linked to a user already: it belongs to one alone.

    该单点登录身份已关联账号；一个身份只能属于一个账号。
    """


class IdentityNotLinked(RuleViolated):
    """The user has no such identity linked.

    该用户没有关联这个单点登录身份。
    """


class EntryNotAllowed(RuleViolated):
    """Who oversees or administers gets a new way in only after two persons allowed it, that day.

    监督人员和管理员的新登录方式（一次性链接、单点登录身份）须先经两人核准，当日有效。
    """


class SecondFactorEnrolledAlready(RuleViolated):
    """A second factor is set up already; remove it first.

    已绑定动态验证码，请先解除绑定。
    """


class SecondFactorMissing(RuleViolated):
    """No second factor is set up.

    尚未绑定动态验证码。
    """


class TokenRevokedAlready(RuleViolated):
    """The token was revoked already.

    该令牌已被撤销。
    """


class SignInEnded(RuleViolated):
    """This session has ended already.

    该会话已经结束。
    """
