"""What a provider is: where its models are, how it authenticates, which wire protocol it speaks.

One class in one file of `kinds`; packages named in PROMPTOPS_PLUGINS add others through the entry-point group
`promptops.providers`. A provider holds no state: it turns a target and its secret into the place a request goes to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from promptops_server.providers.model import ProtocolName, Target


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a target that only this provider has, such as Azure's `api_version`."""

    name: str
    help: str
    required: bool = False
    default: str = ""


SECRET_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "x-amz-security-token"})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it goes on the wire.

    `secret_headers` names, in lower case, the headers that are never shown or stored.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    secret_headers: frozenset[str] = field(default_factory=lambda: SECRET_HEADERS)


class TokenEndpoint(Protocol):
    """Asks an address that gives out access tokens; filled by the HTTP that carries the calls."""

    async def post_form(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer to a form. Raises `CallError` `network` or `time_out`."""
        ...


class StreamEvent(Protocol):
    """One event of a stream: its data, and its name where it has one."""

    @property
    def data(self) -> str: ...
    @property
    def name(self) -> str: ...


class StreamDecoder(Protocol):
    """Takes the bytes of a stream as they come and gives the events that are whole."""

    def feed(self, chunk: bytes) -> Sequence[StreamEvent]:
        """The events that these bytes completed. Raises `CallError` `bad_answer` for bytes that are none."""
        ...


class Provider:
    """A provider; subclasses set the class variables and, where they must, override the methods."""

    name: ClassVar[str]
    """As targets name it; the name of its file."""
    title: ClassVar[str]
    protocol: ClassVar[ProtocolName]
    base_url: ClassVar[str] = ""
    """Used where the target has none; empty: every target must say where it is."""
    needs_credential: ClassVar[bool] = True
    free: ClassVar[bool] = False
    """Calls cost nothing, whatever the model: it runs on the installation's own machine."""
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

    async def authorise(
        self, target: Target, secret: str | None, endpoint: TokenEndpoint
    ) -> str | None:
        """The secret as `headers_of` and `signed` take it; asked before every attempt, and not for a preview.

        Most change nothing. A provider that wants an access token (Google) exchanges the stored key for one here and
        keeps it until it expires.

        Raises:
            CallError: the exchange failed; the sentence says why.
        """
        return secret

    def signed(self, target: Target, secret: str | None, outgoing: Outgoing) -> Outgoing:
        """The request with a signature over it, where the provider asks for one (AWS).

        Called last: nothing changes the URL, the headers or the body afterwards.
        """
        return outgoing

    def decoder(self) -> StreamDecoder | None:
        """What reads a stream that is not one of server-sent events (AWS); a new one for every answer."""
        return None

    def listing_url(self, target: Target) -> str | None:
        """Where the endpoint lists its models, for `models check`; None where it does not."""
        return None
