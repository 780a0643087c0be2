"""Figures for Prometheus, of one application: nothing is shared between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.keys import METRICS
from api.problems import Handler
from ledger.storage.ledger import Ledger
from ledger.storage.reading import read_head
from projections import erasures
from projections.engine.checkpoints import read_checkpoints
from projections.engine.view import View

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The registry of one application and what is counted in it."""

    def __init__(self, ledger: Ledger) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "minzhang_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "minzhang_request_seconds",
            "Time until a request was answered; of commands, until they were durable.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.registry.register(AppenderCollector(ledger))

    def note(self, request: web.Request, status: int, seconds: float) -> None:
        """Count one answer, under the route's template: ids are no labels."""
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "unknown"
        method = request.method if resource else "ANY"
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


class AppenderCollector(Collector):
    """The appender's own counts, read when they are asked for."""

    def __init__(self, ledger: Ledger) -> None:
        self._appender = ledger.appender

    def collect(self) -> Iterator[Metric]:
        figures = self._appender.figures
        counts = {
            "groups": (figures.groups, "Groups committed."),
            "events": (figures.events, "Events appended."),
            "refusals": (figures.conflicts, "Appends refused, such as conflicts."),
            "unknown": (figures.unknown, "Appends whose outcome the database did not tell."),
        }
        for name, (value, text) in counts.items():
            yield CounterMetricFamily(f"minzhang_append_{name}", text, value=value)
        yield GaugeMetricFamily(
            "minzhang_append_queue", "Requests that wait.", value=self._appender.waiting_count
        )
        yield GaugeMetricFamily(
            "minzhang_append_group_size", "Requests in the last group.", figures.last_group_size
        )


@web.middleware
async def metrics_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every answer and its time."""
    began = perf_counter()
    response = await handler(request)
    request.app[METRICS].note(request, response.status, perf_counter() - began)
    return response


async def render(metrics: Metrics, ledger: Ledger, views: tuple[View, ...]) -> bytes:
    """Return the page: what was counted, and how far each view is behind the log."""
    head = await read_head(ledger.pool, ledger.id)
    checkpoints = await read_checkpoints(ledger.pool, ledger.id, views)
    now = CollectorRegistry()
    now.register(_ViewCollector(head.size, {n: c.position for n, c in checkpoints.items()}))
    if erasures.view.name in checkpoints:
        now.register(_OverdueCollector(await erasures.overdue_count(ledger.pool, ledger.id)))
    return generate_latest(metrics.registry) + generate_latest(now)


class _ViewCollector(Collector):
    def __init__(self, size: int, positions: dict[str, int]) -> None:
        self._size = size
        self._positions = positions

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("minzhang_log_size", "Entries in the log.", value=self._size)
        lag = GaugeMetricFamily(
            "minzhang_view_lag", "Entries that a view has not applied yet.", labels=["view"]
        )
        for name, position in self._positions.items():
            lag.add_metric([name], self._size - 1 - position)
        yield lag


class _OverdueCollector(Collector):
    def __init__(self, erasures_count: int) -> None:
        self._erasures_count = erasures_count

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "minzhang_erasures_overdue",
            "Requests to erase whose answer is overdue.",
            value=self._erasures_count,
        )
