"""The log's keys and policy as the service shows them: read again when they may have changed."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from api.log.trust import Trust
from ledger.core.errors import LedgerError
from ledger.merkle.policies import Policy
from ledger.publishing.log_keys import KeySource
from ledger.publishing.publisher import Publisher

log = logging.getLogger(__name__)

READ_AGAIN_SECONDS = 1.0


def trust_in(source: KeySource, policy: Policy) -> Trust:
    """Return the keys that are there now, and the policy."""
    keys = source.find()
    return Trust(keys=tuple(keys.verifying()) if keys else (), policy=policy)


class TrustOfPublisher:
    """Tells the publisher's keys, its policy, and which witnesses it waits for."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._read_at = float("-inf")
        self._trust = Trust(policy=publisher.policy)

    def __call__(self) -> Trust:
        """Return it as it is now; while the keys cannot be read, as it last was."""
        if time.monotonic() - self._read_at > READ_AGAIN_SECONDS:
            self._read_at = time.monotonic()
            try:
                self._trust = trust_in(self._publisher.source, self._publisher.policy)
            except (LedgerError, OSError) as error:
                log.warning("the log's keys cannot be read: %s", type(error).__name__)
        status = self._publisher.status
        return replace(
            self._trust,
            lacking=status.lacking if status.is_below_quorum else (),
            authorities=tuple(self._publisher.authorities),
        )
