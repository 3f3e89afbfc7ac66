"""The client of an application: one environment of one project, kept in memory and current.

Owns what an application calls and what happens without a connection: the order live, copy on disk,
fallback, error. Leaves following to `delivery.follower`, what a prompt can do to `prompt`.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from promptops import settings as settings_
from promptops.callbacks import check_plain
from promptops.compose import Content, compose
from promptops.delivery.disk import DiskCopy, Pins, default_folder
from promptops.delivery.follower import Follower
from promptops.delivery.held import Release
from promptops.delivery.keys import Keys
from promptops.delivery.source import Source
from promptops.delivery.trust import KeyRing, is_key_text, may_pin_from, read_trust_key
from promptops.errors import NotConnected, SettingsError, TooOld
from promptops.health import Health
from promptops.lookup import Snapshot, find, within_project
from promptops.prompt import Prompt

log = logging.getLogger("promptops")

DAY = 86_400.0


class PromptOps:
    """The prompts live in one environment. Make one per process and keep it; every thread may
    use it.

    Arguments that are None come from PROMPTOPS_URL, PROMPTOPS_TOKEN, PROMPTOPS_PROJECT,
    PROMPTOPS_ENVIRONMENT, PROMPTOPS_REDIS_URL and PROMPTOPS_TRUST_KEY. With `redis_url` the client
    follows Redis and asks the server only for keys, if at all.

    - `trust_key`: the server's public signing key (base64 text, or a file of such texts). Without it
      the key is fetched from the server over HTTPS or from this machine, and pinned on first use.
    - `start_timeout`: seconds the constructor waits for the live release, at most.
    - `max_start_age`: seconds; with nothing held yet, a release that the server last signed longer ago
      is not taken from Redis: it may be an old one that somebody put back. None takes any.
    - `max_age`: seconds; `get` raises `TooOld` when the server has not vouched for longer. None: never.
    - `cache_dir`, `disk_cache`: where, and whether, the last good release and pinned keys are kept.
    - `ca_file`: certificates to trust instead of the system's, for https:// and rediss://.
    - `receipts`: whether the server is told which release is in use, with host name and process id.
      None takes PROMPTOPS_RECEIPTS (on or off), which is on unless it is set.

    The constructor raises `SettingsError` or `InvalidKey` for settings that cannot work, never
    because nothing can be reached: then `get` answers from the copy on disk, a fallback, or
    says so.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        project: str | None = None,
        environment: str | None = None,
        *,
        redis_url: str | None = None,
        trust_key: str | None = None,
        start_timeout: float = 5.0,
        max_age: float | None = None,
        max_start_age: float | None = DAY,
        cache_dir: str | Path | None = None,
        disk_cache: bool = True,
        ca_file: str | Path | None = None,
        receipts: bool | None = None,
    ) -> None:
        settings_.check_seconds(optional=False, start_timeout=start_timeout)
        self._begin(
            settings_.resolve(
                url=url,
                token=token,
                project=project,
                environment=environment,
                redis_url=redis_url,
                trust_key=trust_key,
                cache_dir=cache_dir,
                disk_cache=disk_cache,
                ca_file=ca_file,
                receipts=receipts,
            ),
            max_age,
            max_start_age,
        )
        self._follower.wait(start_timeout)
        self._say_how_it_started()

    def _begin(
        self,
        settings: settings_.ClientSettings,
        max_age: float | None,
        max_start_age: float | None,
    ) -> None:
        """Everything of the constructor except waiting."""
        settings_.check_seconds(max_age=max_age, max_start_age=max_start_age)
        self._max_age = max_age
        self._settings = settings
        connect, self._where = _source_for(settings)
        keys, copy = _keys_for(settings), None
        if settings.disk_cache:
            folder = settings.cache_dir or default_folder()
            copy = DiskCopy(folder, self._where, settings.project, settings.environment)
        self._follower = Follower(
            connect,
            settings.project,
            settings.environment,
            keys=keys,
            features=supported_features(),
            copy=copy,
            receipts=settings.receipts,
            max_start_age=max_start_age,
        )
        _load_libraries(settings)
        self._follower.start()
        # Also at interpreter exit, so that no thread is cut off in the middle of a write.
        self._finalizer = weakref.finalize(self, self._follower.close)

    def get(self, path: str, *, fallback: Content | None = None) -> Prompt:
        """The prompt that is live at this address, with or without the project; a read of memory.

        `fallback` (a text, messages, or a prompt as a mapping) is used while there is neither a
        live release nor a verified copy. It never stands in for a stopped prompt. Raises
        `PromptSuspended`, `PromptNotLive`, `NotConnected`, and `TooOld` when `max_age` is set.
        """
        if self._max_age is None:
            held = self._follower.held
            try:
                prompt = held.prompts.get(path) or held.prompts.get(path.removeprefix(held.prefix))
            except (AttributeError, TypeError):
                prompt = None  # no text: said below
            if prompt is not None:
                return prompt
        return self._get_carefully(path, fallback)

    def snapshot(self) -> Snapshot:
        """The release held now, pinned: use one per request so that its prompts fit together.

        Raises `NotConnected`, and `TooOld` when `max_age` is set.
        """
        problem = self._no_connection() or self._too_old()
        if problem is not None:
            raise problem
        return Snapshot(self._follower.held)

    def on_release(self, callback: Callable[[Release], object]) -> Callable[[], None]:
        """Call `callback(release)` after every release taken over, in a thread kept for callbacks.

        They never delay a release; what they raise is logged. Returns the function that ends it.
        Raises `TypeError` for what cannot be called, or is a coroutine function.
        """
        check_plain(callback)
        return self._follower.announcer.add(callback)

    def health(self) -> Health:
        """How this client is doing, at this moment."""
        follower = self._follower
        position = follower.held.state.position
        return Health(
            connected=follower.connected,
            epoch=0 if position is None else position.epoch,
            release=0 if position is None else position.release,
            age=follower.age(),
            source="none" if position is None else "live" if follower.confirmed else "disk",
            where=self._where,
            last_error=self._what_is_wrong(),
            disk=follower.about_disk(),
            refusals=follower.refusals,
            last_refusal=follower.last_refusal,
        )

    def close(self) -> None:
        """Stop following. What is held can still be read. May be called more than once."""
        self._finalizer()

    def __enter__(self) -> Self:
        if self._follower.closed:
            raise RuntimeError("this client was closed and follows no more: make a new one")
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client is not passed to another process: make one there")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        settings = self._settings
        return f"<PromptOps {settings.project}/{settings.environment} from {self._where}>"

    def _get_carefully(self, path: str, fallback: Content | None) -> Prompt:
        problem = self._no_connection()
        if problem is None:
            prompt = find(self._follower.held, path)  # a stopped prompt is stopped at any age
            problem = self._too_old()
            if problem is None:
                return prompt
        if fallback is None:
            raise problem
        return compose(
            fallback,
            project=self._settings.project,
            path=within_project(self._settings.project, path),
            environment=self._settings.environment,
        )

    def _what_is_wrong(self) -> str:
        if self._follower.closed:
            return "this client was closed and follows no more: make a new one"
        return self._follower.last_error or self._no_answer_yet()

    def _no_answer_yet(self) -> str:
        return "" if self._follower.confirmed else f"{self._where} has not answered yet"

    def _no_connection(self) -> NotConnected | TooOld | None:
        follower = self._follower
        if follower.held.state.header is not None:
            return None
        tried = [self._what_is_wrong()]
        if follower.about_disk():
            tried.append(follower.about_disk())
        elif not self._settings.disk_cache:
            tried.append("disk_cache is off")
        return NotConnected(
            f"no release of {self._settings.project}/{self._settings.environment} is at hand: "
            + "; ".join(tried)
        )

    def _too_old(self) -> TooOld | None:
        if self._max_age is None:
            return None
        age = self._follower.age()
        if age <= self._max_age:
            return None
        why = self._what_is_wrong()
        return TooOld(
            f"the server last vouched for release {self._follower.held.state.position} "
            f"{age:.0f} s ago, and max_age is {self._max_age:g} s" + (f": {why}" if why else ""),
            age=age,
        )

    def _say_how_it_started(self) -> None:
        health = self.health()
        if health.source == "disk":
            log.warning(
                "started from the copy on disk, release %s-%s, vouched for %.0f s ago: %s",
                health.epoch,
                health.release,
                health.age,
                health.last_error,
            )
        elif health.source == "none":
            log.error("started without any release: %s", self._no_connection())


def supported_features() -> frozenset[str]:
    """The features of prompts that this installation can use, by the names headers require."""
    return frozenset({"jinja2"} if find_spec("jinja2") is not None else ())


def _load_libraries(settings: settings_.ClientSettings) -> None:
    """Import in this thread what following needs: a child that is forked while another thread imports
    a module waits for ever when it imports it as well.
    """
    names = ["cryptography.hazmat.primitives.asymmetric.ed25519"]
    if settings.url is not None:
        names.append("httpx2")
    if settings.redis_url is not None:
        names += ["redis", "redis.backoff", "redis.retry"]
    for name in names:
        import_module(name)


def _source_for(settings: settings_.ClientSettings) -> tuple[Callable[[], Source], str]:
    from promptops.delivery.source_http import HttpSource

    def http() -> HttpSource:
        assert settings.url is not None
        return HttpSource(
            settings.url,
            settings.token,
            settings.project,
            settings.environment,
            ca_file=settings.ca_file,
        )

    if settings.redis_url is None:
        return http, http().where

    from promptops.delivery.source_redis import RedisSource

    def keys_of_the_server() -> Any:
        server = http()
        try:
            return server.keys()
        finally:
            server.close()

    def redis() -> RedisSource:
        assert settings.redis_url is not None
        return RedisSource(
            settings.redis_url,
            settings.project,
            settings.environment,
            ca_file=settings.ca_file,
            keys=keys_of_the_server if settings.url is not None else None,
        )

    return redis, redis().where


def _keys_for(settings: settings_.ClientSettings) -> Keys:
    ring = KeyRing()
    if settings.trust_key is not None:
        ring = KeyRing.pinned(read_trust_key(settings.trust_key))
    pins = None
    if settings.url is not None and settings.disk_cache:
        pins = Pins(settings.cache_dir or default_folder(), settings.url)
    may_pin = settings.url is not None and may_pin_from(settings.url)
    setting = settings.trust_key

    def given_now() -> KeyRing:
        return KeyRing.pinned(read_trust_key(setting or ""))

    keys = Keys(
        ring,
        pins,
        may_pin=may_pin,
        given_now=None if setting is None or is_key_text(setting) else given_now,
    )
    if not keys.ring and not may_pin:
        if settings.url is None:
            raise SettingsError(
                "following Redis needs trust_key= (PROMPTOPS_TRUST_KEY), the server's public signing "
                "key, or the server's url= to fetch it from: keys are never read from Redis"
            )
        raise SettingsError(
            "the signing key cannot be fetched over a connection that is not protected: use https, or "
            "give trust_key= (PROMPTOPS_TRUST_KEY), the server's public signing key"
        )
    return keys
