"""What every wire protocol offers, and finding it by name.

A protocol is one module of pure functions: `openai_chat`, `anthropic_messages`. It is loaded when first asked for.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from promptops.calls.ask import Ask
from promptops_server.providers.model import CallError, Delta, ProtocolName, Reply

_MODULES: dict[str, str] = {"openai": "openai_chat", "anthropic": "anthropic_messages"}
NAMES: tuple[str, ...] = tuple(_MODULES)


class StreamReader(Protocol):
    """Puts an answer together from the events of its stream."""

    def feed(self, event: Mapping[str, Any]) -> Sequence[Delta]:
        """What this event adds. `event` is the decoded JSON of its data.

        Raises:
            CallError: the event says that the call failed.
        """
        ...

    def finish(self) -> Reply:
        """The whole answer, after the stream ended.

        Raises:
            CallError: `network`: it ended before the answer did.
        """
        ...


class WireProtocol(Protocol):
    """The four names of a protocol's module."""

    StreamReader: type[StreamReader]

    def body_of(self, ask: Ask, *, stream: bool) -> dict[str, Any]:
        """The request's body. Raises promptops.errors.CannotExpress."""
        ...

    def read_answer(self, document: Any) -> Reply:
        """A whole answer out of its decoded JSON. Raises CallError when it is none."""
        ...

    def fault_of(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """What an answer with an error status means. Header names are in lower case, or ask whatever the case."""
        ...


@functools.cache
def protocol_of(name: ProtocolName) -> WireProtocol:
    """The protocol of this name."""
    module = importlib.import_module(f"promptops_server.providers.wire.{_MODULES[name]}")
    return cast("WireProtocol", module)
