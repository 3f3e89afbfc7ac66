"""What Prometheus is told of followers: who holds what, and how long releases took to spread."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from promptops_server.delivery.receipts import store
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

TAKEN = Counter("promptops_receipts", "Receipts taken in by this process.", ["via"])
DROPPED = Counter("promptops_receipts_dropped", "Receipts over a limit, which were not taken in.")
SPREAD = Histogram(
    "promptops_release_spread_seconds",
    "From the acknowledgement of a release to a follower using it, of the receipts this process took in.",
    ["project", "environment"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60),
)


def observe(project: str, environment: str, lags_ms: Iterable[float]) -> None:
    """Count these lags (milliseconds)."""
    of = SPREAD.labels(project, environment)
    for lag in lags_ms:
        of.observe(lag / 1000)


class Followers(Collector):
    """Gauges read when asked. Every server of an installation tells the same: take the maximum, not the sum."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with self._db.read() as conn:
                found = store.on_releases(conn, now_us())
                refused = store.refusing(conn, now_us())
        except ProblemError:
            return
        on_release = GaugeMetricFamily(
            "promptops_followers",
            "Followers by the release they hold.",
            labels=["project", "environment", "release"],
        )
        stale = GaugeMetricFamily(
            "promptops_followers_stale",
            "Followers that are behind the newest release, or give no sign.",
            labels=["project", "environment", "state"],
        )
        releases: Tally[tuple[str, str, str]] = Tally()
        states: Tally[tuple[str, str, str]] = Tally()
        for each in found:
            place = (each.project, each.environment)
            releases[(*place, str(each.number))] += each.followers
            for state in ("behind", "silent"):
                states[(*place, state)] += each.followers if each.state == state else 0
        for labels, n in releases.items():
            on_release.add_metric(labels, n)
        for labels, n in states.items():
            stale.add_metric(labels, n)
        refusing = GaugeMetricFamily(
            "promptops_followers_refusing",
            "Followers that take over nothing of what they are given, by the code that says why.",
            labels=["project", "environment", "code"],
        )
        for one in refused:
            refusing.add_metric((one.project, one.environment, one.code), one.followers)
        yield refusing
        yield on_release
        yield stale

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # the registry must not call `collect` already when it is registered
