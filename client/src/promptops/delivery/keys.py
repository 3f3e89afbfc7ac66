"""Which keys one follower trusts over its life: the setting, the pins on disk, and keys learned
later.

Owns when keys are fetched and that nothing is pinned from an unprotected connection: before the
first header, when a header names an unknown key, and every few minutes, which is how a key that is
announced is known before it signs, and a revoked one does no harm for long. Leaves the chain of
signatures to `trust` and the file to `disk`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from promptops.delivery.disk import Pins
from promptops.delivery.source import Source
from promptops.delivery.trust import KeyRing
from promptops.errors import InvalidHeader, InvalidKey, SourceError

log = logging.getLogger("promptops")

_FETCH_EVERY = 10.0
FIRST_LOOK = 1.0
LOOK_EVERY = 300.0
"""Seconds to the first look at the list after following begins (up to three times as many), and between two
(less up to a fifth)."""


class Keys:
    """The ring in use. Used by the follower's thread; `ring` may be read from any."""

    def __init__(
        self,
        ring: KeyRing,
        pins: Pins | None,
        *,
        may_pin: bool,
        given_now: Callable[[], KeyRing] | None = None,
    ) -> None:
        """`may_pin`: whether keys fetched now may be trusted without any pinned before.

        `given_now` reads the setting again, where it names a file: a key that an operator adds to
        or takes from the file counts without a restart. May raise `InvalidKey`.
        """
        self.ring = ring
        self._given_ring = ring
        self._given_now = given_now
        self._changing = threading.Lock()
        spread = random.uniform(1.0, 3.0)  # noqa: S311 - many processes start together
        self._next_look = time.monotonic() + FIRST_LOOK * spread
        self._pins = pins
        self._may_pin = may_pin
        self._next_fetch = 0.0
        self._given = bool(ring)
        self._unreadable = ""
        if not ring and pins is not None:
            found = pins.read()
            if isinstance(found, str):
                log.warning("%s", found)
                self._may_pin = False
                self._unreadable = found
            else:
                self.ring = found

    def prepare(self, source: Source) -> None:
        """Have some key before the first header. Raises `SourceError`, `InvalidHeader`."""
        if self.ring:
            return
        if not self._may_pin:
            raise SourceError(
                "no-key",
                self._unreadable
                or f"no signing key is trusted and {source.where} is not a protected connection to "
                "fetch one over: give trust_key (PROMPTOPS_TRUST_KEY), or use https",
                retry_slowly=True,
            )
        document = source.keys()
        if document is None or not document.keys:
            raise SourceError("no-key", f"{source.where} lists no signing key", retry_slowly=True)
        self.ring = KeyRing.on_first_use(document)
        log.info("pinned %d signing key(s) of %s", len(self.ring.keys), source.where)
        self._store()

    def learn(self, source: Source) -> bool:
        """Look again for keys that the setting or a trusted key vouches for; whether anything changed."""
        now = time.monotonic()
        if now < self._next_fetch:
            return False
        self._next_fetch = now + _FETCH_EVERY
        return self._look(source)

    def look_again(self, connect: Callable[[], Source]) -> None:
        """Every few minutes look at the list in a thread of its own, with a connection of its own; returns at once."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load
        threading.Thread(
            target=self._look_apart, args=(connect,), name="promptops-keys", daemon=True
        ).start()

    def _look_apart(self, connect: Callable[[], Source]) -> None:
        try:
            source = connect()
            try:
                self._look(source)
            finally:
                source.close()
        except Exception:
            log.exception("the server's keys could not be looked at")

    def _look(self, source: Source) -> bool:
        document = None
        try:
            document = source.keys()
        except (SourceError, InvalidHeader) as error:
            log.warning("the server's keys cannot be read: %s", error)
        with self._changing:
            before = self.ring
            ring = self._with_what_is_given(before)
            if document is not None:
                ring = ring.extended(document)
            if ring == before:
                return False
            self.ring = ring
            self._tell(before, ring)
            self._store()
        return True

    def _with_what_is_given(self, ring: KeyRing) -> KeyRing:
        """The ring with the file of the setting as it is now: what it lost is gone, what it got is there."""
        if self._given_now is None:
            return ring
        try:
            now = self._given_now()
        except InvalidKey as error:
            log.warning("the keys stay as they are: %s", error)
            return ring
        if now.keys == self._given_ring.keys:
            return ring
        gone = self._given_ring.keys.keys() - now.keys.keys()
        self._given_ring = now
        keys = {k: v for k, v in {**ring.keys, **now.keys}.items() if k not in gone}
        return KeyRing.pinned(keys.values(), ring.installation, ring.revoked)

    def _tell(self, before: KeyRing, ring: KeyRing) -> None:
        for key_id in ring.keys.keys() - before.keys.keys():
            log.info("key %s is trusted from now on", key_id)
        for key_id in before.keys.keys() - ring.keys.keys():
            log.warning("key %s is not trusted any more", key_id)

    def after_fork(self) -> None:
        """In the child of a fork: the lock may be held by a thread that only the parent has."""
        self._changing = threading.Lock()

    def hint(self, code: str) -> str:
        """What a person can do about a refusal of this code, as the tail of a sentence."""
        set_up_anew = code in ("unknown-key", "other-installation") and not self._given
        if set_up_anew and self._pins is not None:
            return f" (if the server was set up anew, remove {self._pins.path} and restart)"
        return ""

    def _store(self) -> None:
        if self._pins is None or self._given:
            return
        try:
            self._pins.write(self.ring)
        except OSError as error:
            log.warning("the pinned keys cannot be kept in %s: %s", self._pins.path, error.strerror)
