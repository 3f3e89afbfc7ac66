"""Delivery as a whole: builds its parts from a database, a secret and (perhaps) a Redis, and starts and ends them.

`app` uses this and nothing below it: `sign` and `project` answer the ports of `releases`, `app` is mounted at
`/delivery/v1/`, `health` goes to `/readyz`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import redis
import structlog

from promptops_server.delivery import store
from promptops_server.delivery.asgi import DeliveryApp
from promptops_server.delivery.environments import Environments
from promptops_server.delivery.hub import Hub
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.ports import Authorised
from promptops_server.delivery.projection import Delivery as Delivered
from promptops_server.delivery.projection import Projection
from promptops_server.delivery.receipts.collect import Collector
from promptops_server.delivery.receipts.intake import Intake
from promptops_server.delivery.receipts.spreading import Spreading
from promptops_server.delivery.reconciler import Reconciler
from promptops_server.delivery.status import Health, Status
from promptops_server.delivery.survey import Lag, lags
from promptops_server.delivery.timeline import Timeline, UnknownEnvironment
from promptops_server.delivery.tokens import Tokens
from promptops_server.delivery.vouch import VOUCH_EVERY_US
from promptops_server.delivery.watch import Watch
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError
from promptops_server.infra.redis import RedisAddress, connect

log = structlog.get_logger(__name__)

REBUILD_TIMEOUT = 5.0
"""Seconds per answer while the reconciler writes large environments."""


class Delivery:
    """One per process, made after the database is migrated and holds its installation row.

    Args:
        keys: with `ensure` called, or to be called by `start`.
        authorised: decides about tokens (`ports.authorised_by` makes it from `access`).
        redis_address: None goes without Redis; followers over HTTP do not need it.
        vouch_every_us: microseconds between two signatures of a head.
    """

    def __init__(
        self,
        db: Database,
        keys: Keys,
        authorised: Authorised,
        redis_address: RedisAddress | None,
        *,
        vouch_every_us: int = VOUCH_EVERY_US,
        reconcile_seconds: float = 2.0,
    ) -> None:
        self.keys = keys
        self._db = db
        self._executor = ThreadPoolExecutor(4, thread_name_prefix="delivery")
        self._clients: list[redis.Redis] = []
        quick = self._connect(redis_address, None)
        self._patient = patient = self._connect(redis_address, REBUILD_TIMEOUT)
        self._status = Status(with_redis=redis_address is not None)
        self._timeline = Timeline(db)
        self._environments = Environments(db, self._timeline)
        self._projection = Projection(db, quick, self._timeline, keys, self._status)
        tokens = Tokens(authorised, self._executor)
        self._hub = Hub(tokens)
        self._reconciler = Reconciler(
            db, patient, self._projection, self._timeline, keys, self._status, self._follow,
            interval=reconcile_seconds, vouch_every_us=vouch_every_us,
        )  # fmt: skip
        self._watch = Watch(db, self._follow)
        self.spreading = Spreading(db)
        self._intake = Intake(db, self.spreading.changed, self._reconciler.suspect)
        own = self._connect(redis_address, REBUILD_TIMEOUT)
        self._collector = None if own is None else Collector(db, own, self._intake)
        self.app = DeliveryApp(
            db, keys, self._timeline, self._environments, tokens, self._hub, self._executor,
            self._intake,
        )  # fmt: skip

    def start(self) -> None:
        """Load or make the signing key, then begin to follow SQL and to look after Redis.

        Raises:
            KeyUnreadable: the key was sealed with another secret.
            Unavailable: the database did not answer.
        """
        self.keys.ensure()
        self._watch.start()
        self._reconciler.start()
        self._intake.start()
        if self._collector is not None:
            self._collector.start()

    def project(self, environment_id: str) -> Delivered:
        """The port `Projection` of `releases`: feed followers over HTTP at once, then Redis. Never raises."""
        read = self._feed(environment_id)
        return self._projection.project(environment_id, read=read)

    def forget_redacted(self, project_id: str) -> None:
        """Drop every redacted artifact of a project from memory and from Redis.

        Raises:
            redis.RedisError: Redis did not answer.
            Unavailable: the database did not answer.
        """
        with self._db.read() as conn:
            digests = store.redacted_digests(conn, project_id)
            environments = store.environment_ids(conn, project_id)
        if not digests:
            return
        for environment_id in environments:
            self._timeline.forget(environment_id, frozenset(digests))
            self.app.forget_artifacts(environment_id, digests)
            if self._patient is not None:
                self._projection.drop(environment_id, self._patient, digests)

    def projected(self, environment_id: str, epoch: int, release: int) -> bool:
        """Whether Redis is known to hold the release or a later one; False means that somebody should look."""
        return self._projection.has(environment_id, epoch, release)

    def health(self) -> Health:
        """How delivery is doing."""
        return self._status.health()

    def lags(self, most: int = 50) -> list[Lag]:
        """How far Redis is behind in the environments known to be behind; empty when it does not answer."""
        behind = self._status.health().behind_in[:most]
        if self._patient is None or not behind:
            return []
        try:
            return lags(self._db, self._patient, behind)
        except redis.RedisError:
            return []

    def end_streams(self) -> None:
        """End open event streams, so that a server that is asked to stop need not wait for them. Any thread."""
        self._hub.end_all()
        self.spreading.close()

    def close(self) -> None:
        """End threads and connections."""
        self.end_streams()
        if self._collector is not None:
            self._collector.close()
        self._intake.close()
        self._watch.close()
        self._reconciler.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        for client in self._clients:
            client.close()

    def _feed(self, environment_id: str) -> bool:
        """Bring what HTTP serves to the newest release, and tell the streams; whether the timeline is fresh."""
        if not self._environments.holds(environment_id):
            return False
        try:
            with self._environments.lock(environment_id):
                self._timeline.advance(environment_id)
                self._pass_on(environment_id)
        except (ProblemError, UnknownEnvironment) as error:
            # The watch looks again; an acknowledged release must not fail because of a follower.
            log.warning("feed_failed", environment=environment_id, error=str(error))
            return False
        except Exception:
            log.exception("feed_failed", environment=environment_id)
            return False
        return True

    def _follow(self, environment_id: str) -> None:
        """Something changed elsewhere: a release, or the `as_of` of the head."""
        if not self._environments.holds(environment_id):
            return
        with self._environments.lock(environment_id):
            self._timeline.advance(environment_id)
            self._timeline.vouched(environment_id)
            self._pass_on(environment_id)

    def _pass_on(self, environment_id: str) -> None:
        changed = self._environments.changed(environment_id)
        if changed is not None:
            self._hub.publish(environment_id, changed[1])

    def _connect(self, address: RedisAddress | None, timeout: float | None) -> redis.Redis | None:
        if address is None:
            return None
        client = connect(address, timeout=timeout)
        self._clients.append(client)
        return client
