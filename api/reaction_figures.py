"""What reactions passed over, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.reactions.engine import Reactions


class ReactionsCollector(Collector):
    """How many timers each reaction passes over, read when it is asked for."""

    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions

    def collect(self) -> Iterator[Metric]:
        """Yield one figure a reaction."""
        aside = GaugeMetricFamily(
            "minzhang_timers_set_aside",
            "Timers for no record that can be asked; they are passed over.",
            labels=["reaction"],
        )
        for follower in self._reactions.followers:
            aside.add_metric([follower.reaction.name], len(follower.set_aside))
        yield aside
