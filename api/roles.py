"""The roles in which people act, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """In which capacity someone acts."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    COMMUNITY = "community"
    COMPANY = "company"
    COUNTY = "county"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    DEPARTMENT = "department"
    DISCIPLINE = "discipline"
    EFFICIENCY_OFFICE = "efficiency_office"
    GRID_WORKER = "grid_worker"
    HOTLINE = "hotline"
    ORGANISER = "organiser"
    OWNER = "owner"
    OWNERS_COMMITTEE = "owners_committee"
    RESIDENT = "resident"
    SHOP = "shop"
    STREET = "street"
    SUPERVISOR = "supervisor"
    VOLUNTEER = "volunteer"


ROLE_NAMES_ZH: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "系统管理员",
    Role.AUDITOR: "审计",
    Role.COMMUNITY: "社区",
    Role.COMPANY: "物业企业",
    Role.COUNTY: "县级主管",
    Role.DATA_PROTECTION_OFFICER: "个人信息保护负责人",
    Role.DEPARTMENT: "县直部门",
    Role.DISCIPLINE: "纪检监察",
    Role.EFFICIENCY_OFFICE: "效能办",
    Role.GRID_WORKER: "网格员",
    Role.HOTLINE: "热线",
    Role.ORGANISER: "活动组织者",
    Role.OWNER: "业主",
    Role.OWNERS_COMMITTEE: "业主委员会",
    Role.RESIDENT: "居民",
    Role.SHOP: "积分超市",
    Role.STREET: "街道",
    Role.SUPERVISOR: "监督员",
    Role.VOLUNTEER: "志愿者",
}

OVERSIGHT = frozenset({Role.AUDITOR, Role.DISCIPLINE, Role.COUNTY, Role.EFFICIENCY_OFFICE})
GOVERNMENT = frozenset({Role.COMMUNITY, Role.STREET, Role.DEPARTMENT, Role.COUNTY})


def only(*roles: Role) -> frozenset[Role]:
    """Return these roles and no others."""
    return frozenset(roles)
