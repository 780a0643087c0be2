"""What kinds of interest are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.interests import InterestKind

INTERESTS: Mapping[str, str] = {
    InterestKind.FAMILY: "亲属",
    InterestKind.EMPLOYMENT: "任职或受雇",
    InterestKind.SHARES: "持股或投资",
    InterestKind.DEBT: "债权债务",
    InterestKind.OTHER: "其他关系",
}
