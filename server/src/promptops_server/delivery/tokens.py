"""Decisions about tokens, remembered for two seconds, so that a hot read costs no query and a revocation takes effect soon.

Owns the memory and asking once for many. Leaves the decision to the port (`ports.Authorised`). On the event loop only.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor
from typing import NamedTuple

from promptops_server.delivery.ports import Authorised, Refusal, TokenInfo

REMEMBER_SECONDS = 2.0
"""Added to what `access` remembers itself this stays under the five seconds in which a revocation takes effect."""

MAX_REMEMBERED = 20_000


class TokenKey(NamedTuple):
    """What a decision is about. `authorization` is the header's value."""

    authorization: bytes
    project: str
    environment: str


class Tokens:
    """One per process; used on the event loop."""

    def __init__(self, authorised: Authorised, executor: Executor) -> None:
        self._authorised = authorised
        self._executor = executor
        self._known: dict[TokenKey, tuple[float, TokenInfo | Refusal]] = {}
        self._asked: dict[TokenKey, asyncio.Future[TokenInfo | Refusal]] = {}

    def allowed(self, key: TokenKey) -> bool:
        """Whether it is remembered that this token may read. Without I/O, for the hot path."""
        known = self._known.get(key)
        return (
            known is not None
            and time.monotonic() - known[0] < REMEMBER_SECONDS
            and type(known[1]) is TokenInfo
        )

    async def check(self, key: TokenKey, *, anew: bool = False) -> TokenInfo | Refusal:
        """The decision; `anew` asks even if one is remembered.

        Raises:
            Unavailable: it cannot be decided now.
        """
        known = self._known.get(key)
        if known is not None and not anew and time.monotonic() - known[0] < REMEMBER_SECONDS:
            return known[1]
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.ensure_future(self._ask(key))
            self._asked[key] = asked
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        return await asyncio.shield(asked)

    async def _ask(self, key: TokenKey) -> TokenInfo | Refusal:
        began = time.monotonic()
        decision = await asyncio.get_running_loop().run_in_executor(
            self._executor,
            self._authorised,
            bearer(key.authorization),
            key.project,
            key.environment,
        )
        if len(self._known) >= MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = (began, decision)
        return decision


def bearer(authorization: bytes) -> str:
    """The token in an `Authorization` header's value; empty when there is none."""
    scheme, _, token = authorization.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
