"""Each step belongs to who takes it: the people of the unit that it is a step of, or its paper.

Whoever is of an organisation below the unit is of the unit. A party without a login says it on
paper: somebody of another organisation records it with ``said_by`` and the scan (that much is
checked in ``ledger/commands/telling.py``), and no duty of their own unit is settled by it.
History says what was done, not who was entitled to; it is recorded as it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from ledger.commands.organisations import ancestors_of, organisation_of
from ledger.core.aggregate import By
from ledger.core.clock import local_day
from ledger.core.errors import RuleViolated
from ledger.petitions import Petition, Stage
from ledger.storage.ledger import Ledger

ONE_DAY = timedelta(days=1)


class ActsForOthers(RuleViolated):
    """Only the unit's own people, or those of an organisation below it, take this step for it.

    此步骤只能由该单位（或其下级组织）的人员办理，他人不得代办。
    """


class SpeaksForOthers(RuleViolated):
    """A party says this itself; its paper is recorded with ``said_by``, the party's id.

    此事项须由当事方自己陈述；其书面陈述须填写 ``said_by``（当事方编号）登记。
    """


class SettlesOwnDuty(RuleViolated):
    """A paper that settles a duty of one's own unit is recorded by somebody of another unit.

    书面陈述如会了结本单位的办理责任，须由其他单位的人员登记。
    """


class CompanyWithoutTie(RuleViolated):
    """A company claims a matter of an estate that it is registered for, or that it is to handle.

    企业只能认领其登记所属辖区内小区的事项，或已派给该企业的事项。
    """


async def guard_of_unit(ledger: Ledger, by: By, *unit_ids: UUID) -> By:
    """Refuse who is of none of these units, nor of an organisation below one of them."""
    if by.is_history or await _is_of(ledger, by, unit_ids):
        return by
    return by.refuse(ActsForOthers(unit_ids=", ".join(map(str, unit_ids))))


async def guard_party(ledger: Ledger, by: By, party_id: UUID) -> By:
    """Refuse who neither is of this party nor records its own paper."""
    if by.is_history or by.said_by == party_id:
        return by
    if by.said_by is None and await _is_of(ledger, by, (party_id,)):
        return by
    return by.refuse(SpeaksForOthers(party_id=str(party_id)))


async def guard_claim(ledger: Ledger, by: By, petition: Petition, company_id: UUID) -> By:
    """Refuse a claim that is not the company's own, or of a matter that it has no tie to."""
    by = await guard_party(ledger, by, company_id)
    if by.is_history:
        return by
    # A company takes over what nobody was sent yet: who holds it need not send it on any more.
    frees_holder = petition.stage == Stage.FILED and by.said_by is not None
    if frees_holder and await _is_of(ledger, by, (petition.holder_id,)):
        by = by.refuse(SettlesOwnDuty(unit_id=str(petition.holder_id)))
    if not await _is_tied(ledger, by, petition, company_id):
        by = by.refuse(CompanyWithoutTie(company_id=str(company_id)))
    return by


async def _is_of(ledger: Ledger, by: By, unit_ids: Iterable[UUID]) -> bool:
    own, units = by.organisation_id, frozenset(unit_ids)
    if own is None or own in units:
        return own is not None
    today = local_day(by.now)
    return not units.isdisjoint(await ancestors_of(ledger, own, today, today + ONE_DAY))


async def _is_tied(ledger: Ledger, by: By, petition: Petition, company_id: UUID) -> bool:
    if company_id == petition.holder_id or company_id in petition.co_unit_ids:
        return True
    place_id, today = petition.estate_id or petition.community_id, local_day(by.now)
    above = await ancestors_of(ledger, place_id, today, today + ONE_DAY)
    company = await organisation_of(ledger, company_id)
    return company.parent_on(today) in above | {place_id}
