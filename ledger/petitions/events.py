"""All events of a petition, for annotations: each is written down in its chapter."""

from __future__ import annotations

from ledger.petitions.closing import (
    Closed,
    HandlingResumed,
    Reopened,
    VisitedBack,
    Withdrawn,
)
from ledger.petitions.extension import (
    ExtensionApproved,
    ExtensionRejected,
    ExtensionRequested,
)
from ledger.petitions.file import PetitionEvent
from ledger.petitions.handling import (
    ActionTaken,
    Answered,
    DepartmentAnswered,
    DepartmentAssessed,
    DepartmentReportedIn,
    FourPartyMeetingHeld,
    ObligorSpendReported,
    ObligorSpendReversed,
    ResponsibilityClaimed,
    WhistleBlown,
)
from ledger.petitions.intake import (
    Absorbed,
    Accepted,
    Classified,
    DispatchDisputed,
    Dispatched,
    DispatchReturned,
    DispatchUpheld,
    Filed,
    HandlerAssigned,
    Merged,
    PetitionerJoined,
    Reclassified,
)
from ledger.petitions.supervision import (
    DeadlineMissed,
    DeadlineRecounted,
    Escalated,
    JointMeetingHeld,
    SupervisionOrderIssued,
    SupervisionOrderMet,
    SupervisionOrderMissed,
)

__all__ = [
    "Absorbed",
    "Accepted",
    "ActionTaken",
    "Answered",
    "Classified",
    "Closed",
    "DeadlineMissed",
    "DeadlineRecounted",
    "DepartmentAnswered",
    "DepartmentAssessed",
    "DepartmentReportedIn",
    "DispatchDisputed",
    "DispatchReturned",
    "DispatchUpheld",
    "Dispatched",
    "Escalated",
    "ExtensionApproved",
    "ExtensionRejected",
    "ExtensionRequested",
    "Filed",
    "FourPartyMeetingHeld",
    "HandlerAssigned",
    "HandlingResumed",
    "JointMeetingHeld",
    "Merged",
    "ObligorSpendReported",
    "ObligorSpendReversed",
    "PetitionEvent",
    "PetitionerJoined",
    "Reclassified",
    "Reopened",
    "ResponsibilityClaimed",
    "SupervisionOrderIssued",
    "SupervisionOrderMet",
    "SupervisionOrderMissed",
    "VisitedBack",
    "WhistleBlown",
    "Withdrawn",
]
