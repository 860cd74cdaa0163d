"""Figures of the service in the Prometheus format. Labels are routes and statuses, never what a caller sends."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from xnai_pipelines.serving.breaker import Breaker
from xnai_pipelines.serving.cache import Cache
from xnai_pipelines.serving.connection import BoundedConnection
from xnai_pipelines.serving.current import CurrentRelease
from xnai_pipelines.serving.work import Workers

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """Counters of requests, and gauges that are read when they are asked for."""

    def __init__(
        self, workers: Workers, cache: Cache, current: CurrentRelease, breakers: Callable[[], Iterable[Breaker]]
    ) -> None:
        self._workers = workers
        self._cache = cache
        self._current = current
        self._breakers = breakers
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "xnai_requests", "Requests by route and status.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "xnai_request_seconds", "Time of requests by route.", ("route",), buckets=SECONDS, registry=self._registry
        )
        self.unlogged = Counter(
            "xnai_unlogged_requests", "Requests missing in the access log.", registry=self._registry
        )
        self._registry.register(self)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the pattern of its route, or "none"."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """Yield the figures of now."""
        yield GaugeMetricFamily("xnai_busy_workers", "Requests that are worked on.", self._workers.busy)
        yield GaugeMetricFamily("xnai_queue_length", "Requests that wait.", self._workers.waiting)
        refused = BoundedConnection.refused
        yield CounterMetricFamily("xnai_refused_connections", "Refused beyond the limit on connections.", refused)
        yield CounterMetricFamily("xnai_cache_hits", "Results that came from the cache.", self._cache.hits)
        yield CounterMetricFamily("xnai_cache_misses", "Results that did not.", self._cache.misses)
        closed = GaugeMetricFamily(
            "xnai_dependency_used", "1 if it is used, 0 while it is paused after failures.", labels=("dependency",)
        )
        for breaker in self._breakers():
            closed.add_metric((breaker.name,), float(breaker.state == "closed"))
        yield closed
        yield GaugeMetricFamily(
            "xnai_newest_state_served", "1 if the newest state is served.", float(self._current.failure is None)
        )

    def text(self) -> bytes:
        """Return all figures in the Prometheus text format."""
        return generate_latest(self._registry)
