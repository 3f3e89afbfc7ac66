"""What a model is asked and what it answers, whoever serves it. Plain values; the wire forms are `wire`'s.

A request is `promptops.calls.ask.Ask`: a rendered prompt with its settings chosen. The catalogue's contracts change it
for a model before it is sent (`catalogue`), a wire protocol writes it as bytes and reads the answer (`wire`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from promptops.calls.ask import Ask

ProtocolName = Literal["openai", "anthropic"]
Stop = Literal["stop", "length", "tool_calls", "refusal", "filtered", "other"]
"""Why an answer ended: by itself, at the token limit, to call tools, refused by the model, cut by a filter of the provider."""

Fault = Literal[
    "rate_limit",
    "overloaded",
    "context_too_long",
    "refused",
    "invalid_parameter",
    "authentication",
    "permission",
    "not_found",
    "time_out",
    "network",
    "bad_answer",
    "no_credentials",
    "budget",
    "cancelled",
    "cannot_express",
    "failed",
]
"""Every way a call fails, the same words for every provider."""
RETRIED: frozenset[Fault] = frozenset(("rate_limit", "overloaded", "time_out", "network", "failed"))
"""Faults worth another attempt within the deadline."""

_PERHAPS_CHARGED: frozenset[Fault] = frozenset(
    ("time_out", "network", "bad_answer", "cancelled", "failed")
)
"""Faults after which an endpoint may have worked, and charge for it. Nobody charges for an error of his own."""

CredentialKind = Literal["none", "env", "file", "sealed"]
DATA_CLASSES = ("public", "internal", "confidential", "personal", "sensitive_personal")
"""From harmless to protected, as field D30 of the record names them."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a target's secret is. `name` is an environment variable or a file; a sealed one lies in the target's row."""

    kind: CredentialKind = "none"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a target may be asked for at most; None means no limit of ours."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int = 8


@dataclass(frozen=True, slots=True)
class Target:
    """A configured model endpoint of the installation.

    `model` is the id as the endpoint knows it, `catalogue_id` the catalogue's entry it is priced and adapted by (the
    same where None). `alias` says that the id may come to mean another model. `data_class` is the most protected class
    of data it may be given. `projects` are those that may use it, None for all. `budget_month` is in millionths of a
    US dollar. `options` are the provider's own (`api_version`, `region`, …).
    """

    id: str
    name: str
    provider: str
    model: str
    catalogue_id: str | None = None
    base_url: str | None = None
    alias: bool = False
    region: str = ""
    data_class: str = "internal"
    projects: tuple[str, ...] | None = None
    limits: Limits = Limits()
    budget_month: int | None = None
    credential: Credential = Credential()
    options: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    revision: int = 1

    def may_be_used_by(self, project: str) -> bool:
        """Whether this project may call it."""
        return self.enabled and (self.projects is None or project in self.projects)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counted them; None where it did not say.

    `input` includes `cached` (read from the provider's cache) and `cache_written`; `output` includes `reasoning`.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    cache_written: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants called. `arguments` is the JSON text as it came."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Times are milliseconds from sending the attempt that succeeded."""

    text: str
    stop: Stop
    stop_said: str = ""
    """The endpoint's own word for it."""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    refusal: str = ""
    usage: Usage = Usage()
    model: str = ""
    """The model as the endpoint names it in its answer: what an alias stood for."""
    id: str = ""
    fingerprint: str = ""
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer while it streams."""

    text: str = ""
    reasoning: str = ""


class CallError(Exception):
    """A call that gave no answer.

    Args:
        fault: which way, in our words.
        detail: a sentence for people: what the endpoint said, and what to do where that is known. No secret in it.
        parameter: the parameter at fault, for `invalid_parameter`.
        retry_after: seconds the endpoint asks to wait.
        status: the HTTP status, where there was one.
        sent: False where the request never reached the endpoint.

    Attributes:
        may_have_cost: whether the endpoint may charge for it, this attempt or one before it.
    """

    def __init__(
        self,
        fault: Fault,
        detail: str,
        *,
        parameter: str = "",
        retry_after: float | None = None,
        status: int | None = None,
        attempts: int = 1,
        sent: bool = True,
    ) -> None:
        super().__init__(detail)
        self.fault: Fault = fault
        self.detail = detail
        self.parameter = parameter
        self.retry_after = retry_after
        self.status = status
        self.attempts = attempts
        answered_with_it = fault == "failed" and status is not None
        self.may_have_cost = sent and fault in _PERHAPS_CHARGED and not answered_with_it


class NoRoomYet(CallError):
    """`budget`: the call fits what is left, were it not for what is set aside for calls under way."""


class Caller(Protocol):
    """Calls models: adapts the request by the catalogue, sends it, retries within the deadline. One per event loop."""

    async def call(
        self,
        target: Target,
        ask: Ask,
        *,
        deadline: float,
        on_delta: Callable[[Delta], None] | None = None,
    ) -> Reply:
        """One answer. Streams when `on_delta` is given. Cancelling the task ends the connection.

        Args:
            deadline: seconds for all attempts together.

        Raises:
            CallError: no answer within the deadline, or a fault that a repetition does not mend.
        """
        ...
