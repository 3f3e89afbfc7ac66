"""Calls models: one request after another until there is an answer, within a deadline.

Owns what is tried again and when. A turn is asked for before every attempt (`limits`), the request is `request`'s, bytes
are `wire.http`'s, what they mean is the protocol's.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from promptops.calls.ask import Ask
from promptops_server.providers.kind import Provider
from promptops_server.providers.limits import WINDOW, TargetLimits, Turn
from promptops_server.providers.model import RETRIED, CallError, Delta, Fault, Reply, Target
from promptops_server.providers.request import Adapt, nothing_known, request_of
from promptops_server.providers.wire.connection_faults import Hopeless
from promptops_server.providers.wire.decoded import decoded
from promptops_server.providers.wire.protocol import WireProtocol
from promptops_server.providers.wire.sse import Decoder

if TYPE_CHECKING:
    from promptops_server.providers.wire.http import (  # costs memory before anything is called
        Http,
        Incoming,
    )

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
ATTEMPTS = 4
"""At the most, for faults that may have cost money. An endpoint that takes nothing in is asked until the deadline."""
_TOOK_NOTHING: frozenset[Fault] = frozenset(("rate_limit", "overloaded"))

OnDelta = Callable[[Delta], None]


class Calls:
    """The `Caller` of one event loop.

    Args:
        http: connections; closed by `close`.
        providers: by name, from `kinds.registry`.
        secret_of: a target's secret, None where it has none; raises CallError `no_credentials`.
        adapt: the catalogue's contracts applied.
        limits: shared by all that call from this loop.
        chance: a number from 0 to 1, for the waits.
    """

    def __init__(
        self,
        http: Http,
        providers: Mapping[str, Provider],
        secret_of: Callable[[Target], str | None],
        *,
        adapt: Adapt = nothing_known,
        limits: TargetLimits | None = None,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._providers = providers
        self._secret_of = secret_of
        self._adapt = adapt
        self._limits = limits or TargetLimits()
        self._chance = chance
        self._sleep = sleep

    async def close(self) -> None:
        """End all connections."""
        await self._http.close()

    async def call(
        self, target: Target, ask: Ask, *, deadline: float, on_delta: OnDelta | None = None
    ) -> Reply:
        """One answer. Streams when `on_delta` is given. Cancelling the task ends the connection.

        Args:
            deadline: seconds for all attempts together, from the first one's turn: waiting for the target's own limits
                before it does not count.

        Raises:
            CallError: no answer within the deadline, or a fault that a repetition does not mend; also any fault after
                a delta was given out, since what was said cannot be taken back.
        """
        provider = provider_of(self._providers, target)
        tokens = _about(ask) if target.limits.tokens_per_minute else 0
        given = _Given(on_delta) if on_delta is not None else None
        ends: float | None = None
        attempts = 0
        fault: CallError | None = None
        while True:
            turn = await self._turn(target, tokens, ends, fault)
            now = time.monotonic()
            ends = now + deadline if ends is None else ends
            attempts += 1
            try:
                reply = await self._attempt(provider, target, ask, ends - now, given)
                turn.used = _used(reply)
                return dataclasses.replace(reply, attempts=attempts)
            except CallError as error:
                error.attempts = attempts
                error.may_have_cost |= fault is not None and fault.may_have_cost
                fault = error
                if error.retry_after and error.fault in _TOOK_NOTHING:
                    # Before the turn goes on: the next one would be turned away as well, and make it worse.
                    self._limits.lane(target).pause(min(error.retry_after, WINDOW))
            finally:
                self._limits.lane(target).leave(turn)
            wait = self._wait(fault, attempts, given)
            if wait is None or time.monotonic() + wait >= ends:
                raise fault
            await self._sleep(wait)

    async def _turn(
        self, target: Target, tokens: int, ends: float | None, fault: CallError | None
    ) -> Turn:
        lane = self._limits.lane(target)
        if ends is None or fault is None:
            return await lane.enter(tokens)
        try:
            async with asyncio.timeout(ends - time.monotonic()):
                return await lane.enter(tokens, first=True)
        except TimeoutError:
            raise fault from None

    def _wait(self, fault: CallError, attempts: int, given: _Given | None) -> float | None:
        """Seconds until the next attempt; None where there is none."""
        if fault.fault not in RETRIED or isinstance(fault, Hopeless) or (given and given.any):
            return None
        if fault.fault not in _TOOK_NOTHING and attempts >= ATTEMPTS:
            return None
        # Full jitter: those who failed together do not come back together.
        chance = self._chance()
        jitter = chance * min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 10))
        # At least what it asks for, and more where it asks for nothing again and again.
        return max(jitter, (fault.retry_after or 0.0) * (1 + 0.1 * chance))

    async def _attempt(
        self, provider: Provider, target: Target, ask: Ask, seconds: float, given: _Given | None
    ) -> Reply:
        began = time.monotonic()
        target = await provider.prepare(target)
        secret = self._secret_of(target)
        if secret is None and provider.needs_credential:
            raise CallError(
                "no_credentials", f"The model target {target.name} has no credential: set one."
            )
        stream = given is not None
        key = await provider.authorise(target, secret, self._http)
        built = request_of(provider, target, ask, key, stream=stream, adapt=self._adapt)
        seconds -= time.monotonic() - began
        began = time.monotonic()
        try:
            async with self._http.sent(built.outgoing, seconds) as incoming:
                if incoming.status >= 400:
                    body = await incoming.body()
                    raise built.protocol.fault_of(incoming.status, incoming.headers, body)
                reply = await _read(incoming, provider, built.protocol, given)
        except CallError as error:
            for hidden in {secret, key}:
                if hidden and hidden in error.detail:
                    error.detail = error.detail.replace(hidden, "********")
                    error.args = (error.detail,)
            raise
        first = None if given is None or given.first is None else (given.first - began) * 1000
        return dataclasses.replace(
            reply, latency_ms=(time.monotonic() - began) * 1000, first_token_ms=first
        )


def provider_of(providers: Mapping[str, Provider], target: Target) -> Provider:
    """The target's provider.

    Raises:
        CallError: `not_found`: it is not installed here.
    """
    try:
        return providers[target.provider]
    except KeyError:
        raise CallError(
            "not_found",
            f"There is no provider {target.provider} here; if a package brings it, install it and name it in "
            "PROMPTOPS_PLUGINS.",
        ) from None


class _Given:
    """Hands deltas out, and remembers whether and when the first one was."""

    __slots__ = ("_on_delta", "any", "first")

    def __init__(self, on_delta: OnDelta) -> None:
        self._on_delta = on_delta
        self.any = False
        self.first: float | None = None

    def __call__(self, delta: Delta) -> None:
        if not self.any:
            self.any = True
            self.first = time.monotonic()
        self._on_delta(delta)


async def _read(
    incoming: Incoming, provider: Provider, protocol: WireProtocol, given: _Given | None
) -> Reply:
    """The answer, streamed or whole as the endpoint sends it, whatever it was asked for."""
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    whole = "json" in kind or kind == "text/html" or given is None
    if whole and kind != "text/event-stream":
        try:
            document = decoded(await incoming.body())
        except ValueError:
            raise CallError(
                "bad_answer",
                f"The endpoint's answer is no JSON ({kind or 'of no type'}). Check the target's base_url.",
            ) from None
        reply = protocol.read_answer(document)
        if given is not None and (reply.text or reply.reasoning):
            given(Delta(reply.text, reply.reasoning))
        return reply
    reader = protocol.StreamReader()
    decoder = provider.decoder() or Decoder()
    async for chunk in incoming.chunks():
        for event in decoder.feed(chunk):
            if event.data == "[DONE]":
                await incoming.drain()
                return reader.finish()
            if event.data:
                for delta in reader.feed(_object(event.data)):
                    if given is not None:
                        given(delta)
    return reader.finish()


def _object(data: str) -> dict[str, Any]:
    try:
        value = decoded(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CallError("bad_answer", "A piece of the endpoint's stream is no JSON object.")
    return value


def _about(ask: Ask) -> int:
    """Tokens a request may take, roughly: what providers count before they know. The answer's usage corrects it."""
    letters = sum(len(str(message.get("content") or "")) for message in ask.messages)
    most = next(
        (
            value
            for name, value in ask.parameters.items()
            if name.lower().replace("_", "")
            in ("maxtokens", "maxoutputtokens", "maxcompletiontokens")
            and isinstance(value, int)
        ),
        256,
    )
    return letters // 3 + most


def _used(reply: Reply) -> int | None:
    usage = reply.usage
    return None if usage.input is None else usage.input + (usage.output or 0)
