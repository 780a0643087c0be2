"""What became of the lines for the second place, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from scripts.syslog.handler import SyslogHandler


class SyslogCollector(Collector):
    """The handler's own counts, read when they are asked for."""

    def __init__(self, handler: SyslogHandler) -> None:
        self._handler = handler

    def collect(self) -> Iterator[Metric]:
        figures = self._handler.figures
        for name, value, text in (
            ("sent", figures.sent, "Lines handed to the syslog receiver, repeated ones included."),
            ("dropped", figures.dropped, "Lines that no receiver will get: too many waited."),
        ):
            yield CounterMetricFamily(f"minzhang_syslog_{name}", text, value=value)
        for name, value, text in (
            ("waiting", figures.waiting, "Lines that wait for the syslog receiver."),
            ("is_reached", int(figures.is_reached), "1 while the syslog receiver can be reached."),
        ):
            yield GaugeMetricFamily(f"minzhang_syslog_{name}", text, value=value)
