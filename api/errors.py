"""What the api itself refuses, before a command or a view is asked."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.errors import Fact, LedgerError, RuleViolated

ERRORS_TOLD_MAX = 50
"""How many bad fields an answer names; how many more there are, it says as a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One thing that is wrong with a request: where, which rule, and a sentence about it.

    ``pointer`` is a JSON pointer into the body, or ``""`` with ``parameter`` naming
    what was given in the path, the query or a header.
    """

    pointer: str = ""
    parameter: str = ""
    rule: str
    message: str
    message_zh: str


class RequestInvalid(LedgerError):
    """The request does not have the form that this address expects.

    请求的内容不符合该接口的要求。
    """

    def __init__(self, *errors: FieldError, **facts: Fact) -> None:
        if len(errors) > ERRORS_TOLD_MAX:
            facts["errors_not_told"] = (
                len(errors) - ERRORS_TOLD_MAX + int(facts.get("errors_not_told") or 0)
            )
        super().__init__(**facts)
        self.errors = errors[:ERRORS_TOLD_MAX]


class NotJson(RequestInvalid):
    """The body must be one JSON object in UTF-8.

    请求正文应为一个 UTF-8 编码的 JSON 对象。
    """


class FormMalformed(RequestInvalid):
    """This is not a form of this site.

    这不是本站的表单。
    """


class MediaTypeUnsupported(LedgerError):
    """The body must be sent as the media type that this address takes, mostly application/json.

    请求正文的类型应为该接口接受的类型，通常为 application/json。
    """


class EncodingUnsupported(MediaTypeUnsupported):
    """The body must be sent as it is, without a Content-Encoding.

    请求正文不得压缩或另行编码（Content-Encoding）。
    """


class ExpectationUnknown(LedgerError):
    """This service meets no other expectation than 100-continue.

    本服务只支持 Expect: 100-continue。
    """


class BodyTooLarge(LedgerError):
    """The body is larger than what is accepted here.

    请求正文超过允许的大小。
    """


class BodyTooSlow(LedgerError):
    """The body did not arrive in time.

    请求正文未能在规定时间内送达。
    """


class NotAuthenticated(LedgerError):
    """This needs a session, or a valid token sent as ``Authorization: Bearer TOKEN``.

    需要登录，或者在 Authorization 头中以 Bearer 方式提供有效的令牌。
    """


class NotAllowed(LedgerError):
    """Your role may not do this.

    您的角色无权进行此操作。
    """


class PostNotInTerm(NotAllowed):
    """You do not hold this post today: outside its term nobody acts in it.

    您今天不在该职务的任期内，不得以该职务行事。
    """


class CrossSite(LedgerError):
    """This request did not come from a page of this site; load the page again.

    该请求并非来自本站页面，请重新载入页面后再试。
    """


class RoleMissing(LedgerError):
    """Your account has no role in force; ask an administrator.

    您的账号目前没有有效的角色，请联系管理员。
    """


class SecondFactorNeeded(LedgerError):
    """This role needs a one-time code: set it up on the account page, then sign in again.

    该角色需要动态验证码：请先在账号页面绑定，再重新登录。
    """


class TooManyRequests(LedgerError):
    """Too many requests in a short time; wait a moment.

    短时间内请求过多，请稍候。
    """


class DelegationNotInForce(NotAllowed):
    """There is no delegation in force by which you stand in for somebody.

    没有现行有效的委托允许您代行该职务。
    """


class AddressUnknown(LedgerError):
    """There is nothing at this address.

    没有这个地址。
    """


class MethodUnknown(LedgerError):
    """This address does not take this method.

    该地址不接受这种请求方法。
    """


class MalformedRequest(LedgerError):
    """This is not a well-formed HTTP request.

    这不是格式正确的 HTTP 请求。
    """


class Refused(LedgerError):
    """The request could not be handled.

    请求无法处理。
    """


class InternalError(LedgerError):
    """Something went wrong on our side; quote the instance when you report it.

    服务内部出错，反馈时请附上 instance 编号。
    """


class TooManyStreams(TooManyRequests):
    """Too many streams of events are open for this account; close one of them first.

    该账号打开的事件流过多，请先关闭其中一个。
    """


class StreamsFull(LedgerError):
    """Too many streams of events are open; try again later.

    打开的事件流过多，请稍后再试。
    """


class NotProposable(RuleViolated):
    """What is to be sealed cannot be proposed: it would stay in the log, in clear.

    需密封的内容不能以提议方式提交：提议会以明文永久保存。
    """


class NotYoursToCarryOut(RuleViolated):
    """Whoever carries a proposal out must be allowed to do the very thing; your role may not.

    核准执行的人须有权办理该事项本身；您的角色无权办理。
    """


class NotTried(RuleViolated):
    """What this tells is recorded before it is told: it cannot be tried without recording it.

    该操作须先记录、后告知，不能试运行。
    """
