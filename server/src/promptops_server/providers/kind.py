"""What a provider is: where its models are, how it authenticates, which wire protocol it speaks.

One class in one file of `kinds`; packages named in PROMPTOPS_PLUGINS add others through the entry-point group
`promptops.providers`. A provider holds no state: it turns a target and its secret into the place a request goes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from promptops_server.providers.model import ProtocolName, Target


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a target that only this provider has, such as Azure's `api_version`."""

    name: str
    help: str
    required: bool = False
    default: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it goes on the wire.

    `secret_headers` names the headers that are never shown or stored.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    secret_headers: frozenset[str] = field(default_factory=lambda: frozenset({"authorization"}))


class Provider:
    """A provider; subclasses set the class variables and, where they must, override the methods."""

    name: ClassVar[str]
    """As targets name it; the name of its file."""
    title: ClassVar[str]
    protocol: ClassVar[ProtocolName]
    base_url: ClassVar[str] = ""
    """Used where the target has none; empty: every target must say where it is."""
    needs_credential: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = ()

    async def prepare(self, target: Target) -> Target:
        """What must be there before `target` can be called: asked before every attempt, and not for a preview.

        Returns the target to go on with, its `base_url` filled in where it is known only now. Most change nothing.

        Raises:
            CallError: it cannot be called; the sentence says what to do.
        """
        return target

    def url_of(self, target: Target, *, stream: bool) -> str:
        """Where a chat request of this target goes."""
        raise NotImplementedError

    def headers_of(self, target: Target, secret: str | None) -> dict[str, str]:
        """Authentication and versions, without content headers."""
        raise NotImplementedError

    def body_of(self, target: Target, body: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        """The protocol's body as this provider wants it; most change nothing."""
        return body

    def signed(self, target: Target, secret: str | None, outgoing: Outgoing) -> Outgoing:
        """The request with a signature over it, where the provider asks for one (AWS)."""
        return outgoing

    def listing_url(self, target: Target) -> str | None:
        """Where the endpoint lists its models, for `models check`; None where it does not."""
        return None
