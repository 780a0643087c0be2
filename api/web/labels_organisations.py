"""What kinds of organisation are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.organisations import Kind

KINDS: Mapping[str, str] = {
    Kind.COUNTY: "县（区）",
    Kind.STREET: "街道",
    Kind.COMMUNITY: "社区",
    Kind.ESTATE: "小区",
    Kind.DEPARTMENT: "部门",
    Kind.PROPERTY_COMPANY: "物业企业",
    Kind.OWNERS_COMMITTEE: "业主委员会",
    Kind.UNIT: "单位",
    Kind.GROUP: "专班",
    Kind.OTHER: "其他组织",
}
