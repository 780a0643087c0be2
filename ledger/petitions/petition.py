"""A petition with all its events and steps; each chapter is a file beside this one."""

from __future__ import annotations

from ledger.petitions import closing, extension, handling, intake, supervision
from ledger.petitions.closing import Closing
from ledger.petitions.extension import Extension
from ledger.petitions.file import PetitionEvent
from ledger.petitions.handling import Handling
from ledger.petitions.intake import Intake
from ledger.petitions.supervision import Supervision


class Petition(Intake, Handling, Extension, Closing, Supervision):
    """What one resident asked for, from its filing to its end."""

    TOPIC = "petition"

    Event = PetitionEvent

    # Intake
    Filed = intake.Filed
    Classified = intake.Classified
    Reclassified = intake.Reclassified
    Merged = intake.Merged
    Absorbed = intake.Absorbed
    Dispatched = intake.Dispatched
    DispatchDisputed = intake.DispatchDisputed
    DispatchReturned = intake.DispatchReturned
    DispatchUpheld = intake.DispatchUpheld
    Accepted = intake.Accepted
    HandlerAssigned = intake.HandlerAssigned

    # Handling
    WhistleBlown = handling.WhistleBlown
    DepartmentReportedIn = handling.DepartmentReportedIn
    DepartmentAnswered = handling.DepartmentAnswered
    DepartmentAssessed = handling.DepartmentAssessed
    FourPartyMeetingHeld = handling.FourPartyMeetingHeld
    ResponsibilityClaimed = handling.ResponsibilityClaimed
    ObligorSpendReported = handling.ObligorSpendReported
    ObligorSpendReversed = handling.ObligorSpendReversed
    ActionTaken = handling.ActionTaken
    Answered = handling.Answered

    # More time
    ExtensionRequested = extension.ExtensionRequested
    ExtensionApproved = extension.ExtensionApproved
    ExtensionRejected = extension.ExtensionRejected

    # The end
    VisitedBack = closing.VisitedBack
    HandlingResumed = closing.HandlingResumed
    Closed = closing.Closed
    Reopened = closing.Reopened
    Withdrawn = closing.Withdrawn

    # Supervision and time
    Escalated = supervision.Escalated
    JointMeetingHeld = supervision.JointMeetingHeld
    SupervisionOrderIssued = supervision.SupervisionOrderIssued
    SupervisionOrderMet = supervision.SupervisionOrderMet
    SupervisionOrderMissed = supervision.SupervisionOrderMissed
    DeadlineMissed = supervision.DeadlineMissed
    DeadlineRecounted = supervision.DeadlineRecounted
