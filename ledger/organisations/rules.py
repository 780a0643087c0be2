"""What an organisation can be, below what it may stand, and the rules that its commands keep."""

from __future__ import annotations

from enum import StrEnum

from ledger.core.errors import RuleViolated


class Kind(StrEnum):
    """What an organisation is."""

    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"
    ESTATE = "estate"
    DEPARTMENT = "department"
    PROPERTY_COMPANY = "property_company"
    OWNERS_COMMITTEE = "owners_committee"
    UNIT = "unit"
    GROUP = "group"
    OTHER = "other"


PARENT_KINDS: dict[Kind, frozenset[Kind]] = {
    Kind.COUNTY: frozenset(),
    Kind.STREET: frozenset({Kind.COUNTY}),
    Kind.COMMUNITY: frozenset({Kind.STREET}),
    Kind.ESTATE: frozenset({Kind.COMMUNITY}),
    Kind.DEPARTMENT: frozenset({Kind.COUNTY, Kind.STREET}),
    Kind.PROPERTY_COMPANY: frozenset({Kind.COUNTY}),
    Kind.OWNERS_COMMITTEE: frozenset({Kind.ESTATE}),
    Kind.UNIT: frozenset({Kind.COUNTY, Kind.STREET}),
    Kind.GROUP: frozenset(Kind),
    Kind.OTHER: frozenset(Kind),
}
"""Below what each kind may stand."""

WITHOUT_PARENT = frozenset({Kind.COUNTY, Kind.OTHER})
"""A county stands at the top, and an outsider, such as a tenant, may stand alone."""


class CodeMalformed(RuleViolated):
    """An organisation's code has 1 to 64 letters, digits, dots, colons, hyphens or underscores.

    组织代码须为1至64位的字母、数字、点、冒号、连字符或下划线，且以字母或数字开头。
    """


class OrganisationExists(RuleViolated):
    """There is already an organisation with this code.

    已有使用这一代码的组织。
    """


class NameMissing(RuleViolated):
    """An organisation needs a Chinese name.

    组织必须有中文名称。
    """


class NameUnchanged(RuleViolated):
    """The organisation already has these names on that day.

    该组织在当日已经使用这些名称。
    """


class ParentMissing(RuleViolated):
    """An organisation of this kind must stand below another one.

    这类组织必须隶属于上级组织。
    """


class ParentKindWrong(RuleViolated):
    """An organisation of this kind cannot stand below one of that kind.

    这类组织不能隶属于该类上级组织。
    """


class ParentNotThere(RuleViolated):
    """The parent did not exist, or no longer exists, on the day the change takes effect.

    变更生效之日，上级组织尚未成立或已经撤销。
    """


class ParentBelowItself(RuleViolated):
    """An organisation cannot stand below itself or below anything that stands below it.

    组织不能隶属于自己或自己的下级。
    """


class ParentUnchanged(RuleViolated):
    """The organisation already stands below this parent on that day.

    该组织在当日已经隶属于这一上级组织。
    """


class BeforeEstablishment(RuleViolated):
    """Nothing can happen to an organisation before the day it was established.

    组织成立之日以前，不能发生与其有关的事项。
    """


class OrganisationDissolved(RuleViolated):
    """The organisation is dissolved by that day.

    到该日，这一组织已经撤销。
    """


class TermEndsTooSoon(RuleViolated):
    """A term must end after the day on which it starts.

    任期的结束日必须晚于开始日。
    """


class PostTaken(RuleViolated):
    """Another person holds this post for part of that time, and only one person can.

    该职务在此期间已由他人担任，且同一时间只能由一人担任。
    """


class PostHeldAlready(RuleViolated):
    """This person already holds this post for part of that time.

    此人在此期间已经担任这一职务。
    """


class FillsOwnPost(RuleViolated):
    """Nobody puts themselves into a post; somebody else does.

    任何人不得任命自己担任职务，须由他人任命。
    """


class PostNotHeld(RuleViolated):
    """This person does not hold this post on that day.

    此人在当日并未担任这一职务。
    """


class PostEndsThatDay(RuleViolated):
    """This person's time in the post ends on that day already.

    此人的任职本来就在当日结束。
    """


class PostsStillHeld(RuleViolated):
    """An organisation can be dissolved only when no post in it is held any longer.

    组织内仍有人任职时，不能撤销。
    """
