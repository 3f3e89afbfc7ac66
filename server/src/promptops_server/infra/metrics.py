"""Prometheus metrics that no capability owns, and how `/metrics` asks for values that are only known when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector, CollectorRegistry

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series per counter that nobody reads

HTTP_REQUESTS = Counter(
    "promptops_http_requests", "Answered HTTP requests.", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "promptops_http_request_seconds",
    "Time from a request's first byte to the answer's last, in seconds.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
DENIALS = Counter("promptops_denied", "Refusals by the deciding access rule.", ["rule"])


class Asked(Collector):
    """Gauges read at the moment of a scrape.

    Args:
        read: returns (name, help, value) triples; raising leaves the gauges out of this scrape.
    """

    def __init__(self, read: Callable[[], Iterable[tuple[str, str, float]]]) -> None:
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            values = list(self._read())
        except Exception:
            return
        for name, meaning, value in values:
            yield GaugeMetricFamily(name, meaning, value=value)

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # the registry must not call `collect` already when it is registered


def register(collector: Collector, registry: CollectorRegistry = REGISTRY) -> Callable[[], None]:
    """Add a collector; returns what removes it again."""
    registry.register(collector)
    return lambda: registry.unregister(collector)
