"""Which keys one follower trusts over its life: the setting, the pins on disk, and keys learned
later.

Owns when keys are fetched and that nothing is pinned from an unprotected connection. Leaves the
chain of signatures to `trust` and the file to `disk`.
"""

from __future__ import annotations

import logging
import time

from promptops.delivery.disk import Pins
from promptops.delivery.source import Source
from promptops.delivery.trust import KeyRing
from promptops.errors import InvalidHeader, SourceError

log = logging.getLogger("promptops")

_FETCH_EVERY = 10.0


class Keys:
    """The ring in use. Used by the follower's thread; `ring` may be read from any."""

    def __init__(self, ring: KeyRing, pins: Pins | None, *, may_pin: bool) -> None:
        """`may_pin`: whether keys fetched now may be trusted without any pinned before."""
        self.ring = ring
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
        """Fetch the list again for keys that a trusted one has signed; whether there was one."""
        now = time.monotonic()
        if now < self._next_fetch:
            return False
        self._next_fetch = now + _FETCH_EVERY
        try:
            document = source.keys()
        except (SourceError, InvalidHeader) as error:
            log.warning("the server's keys cannot be read: %s", error)
            return False
        if document is None:
            return False
        ring = self.ring.extended(document)
        if ring.keys == self.ring.keys:
            return False
        self.ring = ring
        self._store()
        return True

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
