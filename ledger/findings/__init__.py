"""Findings: what estate supervisors see before anyone complains, and what companies do about it.

Source: the article on Linshu county. Supervisors are appointed to estates, look
around there and in the owners' group chats, and remind the property company. A
finding ends solved on the spot, rectified, or taken back; if the company did
nothing in time it is *unrectified*, and may be the cause of a draw-down from the
company's deposit.
"""

from ledger.findings.finding import Finding, FindingSource, FindingStage
from ledger.findings.supervisor import Supervisor

__all__ = ["Finding", "FindingSource", "FindingStage", "Supervisor"]
