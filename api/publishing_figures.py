"""The publisher's figures for Prometheus, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ledger.core.clock import Clock
from ledger.publishing.status import Status


class PublishingCollector(Collector):
    """What one process knows about publishing, whether it holds the pen or watches."""

    def __init__(self, status: Status, clock: Clock) -> None:
        self._status = status
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        status = self._status
        gauges = {
            "is_publishing": (status.is_publishing, "1 where this process signs."),
            "is_stopped": (status.alarm is not None, "1 once the log contradicts what was signed."),
            "below_quorum": (status.is_below_quorum, "1 while witnesses are missing."),
            "signed_size": (status.signed_size, "Entries in the newest signed checkpoint."),
            "published_size": (status.published_size, "Entries in the newest published one."),
            "age_seconds": (self._age(status.published_at), "Since the newest was published."),
        }
        for name, (value, text) in gauges.items():
            yield GaugeMetricFamily(f"minzhang_publisher_{name}", text, value=value)
        yield CounterMetricFamily(
            "minzhang_publisher_checkpoints", "Checkpoints signed.", value=status.checkpoints_total
        )
        yield from self._of_others()

    def _age(self, at: datetime | None) -> float:
        return -1.0 if at is None else (self._clock() - at).total_seconds()

    def _of_others(self) -> Iterator[Metric]:
        failures = CounterMetricFamily(
            "minzhang_witness_failures", "Times a witness did not cosign.", labels=["witness"]
        )
        cosigned = GaugeMetricFamily(
            "minzhang_witness_size", "Entries that a witness cosigned.", labels=["witness"]
        )
        for witness in self._status.witnesses:
            failures.add_metric([witness.name], witness.failures_total)
            cosigned.add_metric([witness.name], witness.cosigned_size)
        yield failures
        yield cosigned
        stamps = CounterMetricFamily(
            "minzhang_time_stamp_failures",
            "Times an authority gave no valid time stamp.",
            labels=["authority"],
        )
        for authority in self._status.authorities:
            stamps.add_metric([authority.name], authority.failures_total)
        yield stamps
