"""A petition with all its events and steps; each chapter is a file beside this one.

Type annotations name the events as ``ledger.petitions.events`` has them.
"""

from __future__ import annotations

from ledger.petitions import events
from ledger.petitions.closing import Closing
from ledger.petitions.extension import Extension
from ledger.petitions.handling import Handling
from ledger.petitions.intake import Intake
from ledger.petitions.supervision import Supervision


class Petition(Intake, Handling, Extension, Closing, Supervision):
    """What one resident asked for, from its filing to its end."""

    TOPIC = "petition"

    Event = events.PetitionEvent

    # Intake
    Filed = events.Filed
    Classified = events.Classified
    Reclassified = events.Reclassified
    Merged = events.Merged
    Absorbed = events.Absorbed
    Dispatched = events.Dispatched
    DispatchDisputed = events.DispatchDisputed
    DispatchReturned = events.DispatchReturned
    DispatchUpheld = events.DispatchUpheld
    Accepted = events.Accepted
    HandlerAssigned = events.HandlerAssigned
    PetitionerJoined = events.PetitionerJoined

    # Handling
    WhistleBlown = events.WhistleBlown
    DepartmentReportedIn = events.DepartmentReportedIn
    DepartmentAnswered = events.DepartmentAnswered
    DepartmentAssessed = events.DepartmentAssessed
    FourPartyMeetingHeld = events.FourPartyMeetingHeld
    ResponsibilityClaimed = events.ResponsibilityClaimed
    ObligorSpendReported = events.ObligorSpendReported
    ObligorSpendReversed = events.ObligorSpendReversed
    ActionTaken = events.ActionTaken
    Answered = events.Answered

    # More time
    ExtensionRequested = events.ExtensionRequested
    ExtensionApproved = events.ExtensionApproved
    ExtensionRejected = events.ExtensionRejected

    # The end
    VisitedBack = events.VisitedBack
    HandlingResumed = events.HandlingResumed
    Closed = events.Closed
    Reopened = events.Reopened
    Withdrawn = events.Withdrawn
    PetitionerLeft = events.PetitionerLeft

    # Supervision and time
    Escalated = events.Escalated
    JointMeetingHeld = events.JointMeetingHeld
    SupervisionOrderIssued = events.SupervisionOrderIssued
    SupervisionOrderMet = events.SupervisionOrderMet
    SupervisionOrderMissed = events.SupervisionOrderMissed
    DeadlineMissed = events.DeadlineMissed
    DeadlineRecounted = events.DeadlineRecounted
    StepReversed = events.StepReversed
