"""How delivery is doing: facts for `/readyz` and `doctor`, and the Prometheus metrics of this package.

Owns what is counted and the one value that says whether Redis is with us. Leaves the endpoints to `app`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

PROJECTED = Counter("promptops_releases_projected", "Releases applied to Redis by this process.")
REBUILT = Counter(
    "promptops_redis_rebuilds", "Environments written to Redis anew by this process.", ["reason"]
)
PROJECTION_SECONDS = Histogram(
    "promptops_projection_seconds",
    "From the commit of a release to Redis holding it.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1.0, 5.0),
)
PENDING = Counter(
    "promptops_releases_pending", "Releases acknowledged while Redis could not take them."
)
REDIS_CONNECTED = Gauge("promptops_redis_connected", "1 while Redis answers, else 0.")
BEHIND = Gauge("promptops_environments_behind", "Environments whose newest release Redis lacks.")
REFUSED = Gauge(
    "promptops_environments_refused", "Environments where Redis holds what must not be overwritten."
)
ALTERED = Counter(
    "promptops_redis_altered",
    "Environments found in Redis otherwise than this installation left them, and written anew.",
    ["how"],
)
STREAMS = Gauge("promptops_sse_streams", "Open event streams.")
STREAMS_CUT = Counter("promptops_sse_streams_cut", "Streams ended by the server.", ["reason"])

ALTERED_SECONDS = 86_400.0
"""How long it is told that an environment was found altered."""

RedisState = Literal["none", "unknown", "connected", "down"]


@dataclass(frozen=True, slots=True)
class Health:
    """Delivery at one moment. `refused` maps `project/environment` to the reason, in words."""

    redis: RedisState
    behind: int
    refused: dict[str, str] = field(default_factory=dict)
    last_error: str | None = None
    altered: dict[str, str] = field(default_factory=dict)
    """`project/environment` → how Redis held it otherwise than it was left, within the last day, in words."""
    behind_in: tuple[str, ...] = ()
    """Row ids of the environments that Redis is behind in."""

    @property
    def ok(self) -> bool:
        """Whether followers over Redis get everything there is (true without any Redis)."""
        return self.redis in ("none", "connected") and not self.behind and not self.refused


class Status:
    """Collects the facts; one per process, safe between threads."""

    def __init__(self, *, with_redis: bool) -> None:
        self._mutex = threading.Lock()
        self._redis: RedisState = "unknown" if with_redis else "none"
        self._behind: set[str] = set()
        self._refused: dict[str, str] = {}
        self._altered: dict[str, tuple[float, str]] = {}
        self._last_error: str | None = None

    def connected(self) -> bool:
        """Note that Redis answered; true when it did not before."""
        with self._mutex:
            changed = self._redis != "connected"
            self._redis = "connected"
            REDIS_CONNECTED.set(1)
            return changed

    def down(self, error: str) -> bool:
        """Note that Redis did not answer; true when it did before."""
        with self._mutex:
            changed = self._redis != "down"
            self._redis = "down"
            self._last_error = error
            REDIS_CONNECTED.set(0)
            return changed

    def failed(self, error: str) -> None:
        """Note an error that is not about the connection."""
        with self._mutex:
            self._last_error = error

    def behind(self, environment_id: str) -> None:
        """Note that Redis lacks this environment's newest release."""
        with self._mutex:
            self._behind.add(environment_id)
            BEHIND.set(len(self._behind))

    def caught_up(self, environment_id: str, label: str) -> None:
        """Note that Redis holds this environment's newest release."""
        with self._mutex:
            self._behind.discard(environment_id)
            self._refused.pop(label, None)
            BEHIND.set(len(self._behind))
            REFUSED.set(len(self._refused))

    def refused(self, label: str, reason: str) -> bool:
        """Note that an environment is not projected, and why; true when that is news."""
        with self._mutex:
            news = self._refused.get(label) != reason
            self._refused[label] = reason
            REFUSED.set(len(self._refused))
            return news

    def altered(self, label: str, how: str, words: str) -> None:
        """Note that an environment was not as it was left; `how` is one word for the metric."""
        ALTERED.labels(how).inc()
        with self._mutex:
            self._altered[label] = (time.monotonic() + ALTERED_SECONDS, words)

    def health(self) -> Health:
        """The facts now."""
        with self._mutex:
            now = time.monotonic()
            self._altered = {k: v for k, v in self._altered.items() if v[0] > now}
            return Health(
                self._redis,
                len(self._behind),
                dict(self._refused),
                self._last_error,
                {label: words for label, (_, words) in self._altered.items()},
                tuple(sorted(self._behind)),
            )
