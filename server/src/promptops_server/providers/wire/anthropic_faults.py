"""What a refusal of an Anthropic-speaking endpoint means, in our words: Anthropic's form, Amazon's and Google's. Pure.

The type or status decides; the message only where they leave several meanings open, since its wording may change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from promptops_server.providers.model import CallError, Fault

LONGEST_MESSAGE = 600
"""Characters kept of what an endpoint said."""

KINDS: dict[str, Fault] = {
    # Anthropic
    "authentication_error": "authentication",
    "permission_error": "permission",
    "billing_error": "permission",
    "not_found_error": "not_found",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "timeout_error": "time_out",
    "request_too_large": "context_too_long",
    "api_error": "failed",
    # Amazon Bedrock, also in the middle of a stream
    "unrecognizedclientexception": "authentication",
    "invalidsignatureexception": "authentication",
    "signaturedoesnotmatch": "authentication",
    "incompletesignatureexception": "authentication",
    "missingauthenticationtokenexception": "authentication",
    "expiredtokenexception": "authentication",
    "accessdeniedexception": "permission",
    "servicequotaexceededexception": "rate_limit",
    "throttlingexception": "rate_limit",
    "resourcenotfoundexception": "not_found",
    "modelnotreadyexception": "overloaded",
    "serviceunavailableexception": "overloaded",
    "modeltimeoutexception": "time_out",
    "modelerrorexception": "failed",
    "modelstreamerrorexception": "failed",
    "internalserverexception": "failed",
    # Google
    "unauthenticated": "authentication",
    "permission_denied": "permission",
    "not_found": "not_found",
    "resource_exhausted": "rate_limit",
    "unavailable": "overloaded",
    "deadline_exceeded": "time_out",
    "internal": "failed",
}
"""Types of error with one meaning each; `invalid_request_error` and its like are read by `_invalid`."""

STATUSES: dict[int, Fault] = {
    401: "authentication",
    402: "permission",
    403: "permission",
    404: "not_found",
    408: "time_out",
    413: "context_too_long",
    429: "rate_limit",
    503: "overloaded",
    504: "time_out",
    529: "overloaded",
}

ADVICE: dict[Fault, str] = {
    "authentication": "The endpoint does not accept the credential: check the target's key.",
    "permission": "The key is valid but has no access to this: check what its account may use.",
    "not_found": "The endpoint does not know this model: check the target's model and region.",
    "context_too_long": "The prompt and the answer's limit together are longer than the model takes.",
}
"""What to do, put after what the endpoint said."""

_TOO_LONG = re.compile(
    r"(prompt|input) is too long|exceed(s|ed)? (the )?(model('s)? )?(context|maximum (context|number of (input )?tokens|size))"
    r"|too many (input )?tokens in|exceeds? (the )?maximum (allowed )?size|context (window|length)",
    re.I,
)  # fmt: skip
_REFUSED = re.compile(r"content filtering policy|blocked by .*(polic|filter)|usage policy", re.I)
_UNPAID = re.compile(r"credit balance|billing|spend(ing)? limit", re.I)
_NO_ACCESS = re.compile(r"(don.t|do not|does not) have (access|permission)|not authori[sz]ed", re.I)
_NO_MODEL = re.compile(r"model identifier is invalid|on-demand throughput isn.t supported|model:? \S+ (was )?not found", re.I)  # fmt: skip
_NAMED = (
    re.compile(r"^[`'\"]?(?P<name>[a-z][a-z0-9_]*(\.\w+)*)[`'\"]?: "),  # temperature: range: 0..1
    re.compile(r"extraneous key \[(?P<name>[\w.]+)\]"),  # Amazon
    re.compile(r"^[`'\"](?P<name>[a-z][\w.]*)[`'\"]"),  # `temperature` is deprecated for this model
    re.compile(r"the [`'\"]?(?P<name>[a-z][\w.]*)[`'\"]? parameter"),
    re.compile(r"(parameter|field|argument) [`'\"](?P<name>[a-z][\w.]*)[`'\"]"),
    re.compile(r"[`\"](?P<name>[a-z]+_[a-z_]+(\.\w+)*|temperature|thinking|effort|stream|system|tools|messages)[`\"]"),
    re.compile(r"^(?P<name>[a-z]+_[a-z_]+|temperature|thinking|effort) "),
)  # fmt: skip
_PREFILL = re.compile(r"prefill|must end with a user message", re.I)
_SECRETS = re.compile(r"\b(sk-ant-|ABSK|AKIA|ASIA|ya29\.)[\w./+=-]+")


def fault_of(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """What an answer with an error status means. Header names in any case."""
    named = {name.lower(): value for name, value in headers.items()}
    kind, message = _said(named, _decoded(body))
    return fault_said(kind, message, status=status, retry_after=_retry_after(named))


def fault_said(
    kind: str, message: str, *, status: int | None = None, retry_after: float | None = None
) -> CallError:
    """The fault of this type and message, from a response or from the middle of a stream."""
    message = _SECRETS.sub(r"\1…", _storable(message))[:LONGEST_MESSAGE]
    fault, parameter = _fault(kind.lower(), message, status)
    said = message or (f"The endpoint answered {status}" if status else f"The endpoint said {kind or 'error'}")  # fmt: skip
    detail = said if said.endswith((".", "!", "?")) else said + "."
    if fault in ADVICE:
        detail = f"{detail} {ADVICE[fault]}"
    return CallError(fault, detail, parameter=parameter, retry_after=retry_after, status=status)


def _fault(kind: str, message: str, status: int | None) -> tuple[Fault, str]:
    known = KINDS.get(kind)
    if known is not None:
        return known, ""
    if status in STATUSES:
        return STATUSES[status], ""
    invalid = status in (400, 409, 422) or kind in (
        "invalid_request_error", "validationexception", "invalid_argument", "failed_precondition",
    )  # fmt: skip
    if invalid:
        return _invalid(message)
    return "failed", ""


def _invalid(message: str) -> tuple[Fault, str]:
    """A request that was refused: too long, forbidden by a policy, unpaid, or wrong in a parameter."""
    if _TOO_LONG.search(message):
        return "context_too_long", ""
    if _REFUSED.search(message):
        return "refused", ""
    if _UNPAID.search(message) or _NO_ACCESS.search(message):
        return "permission", ""
    if _NO_MODEL.search(message):
        return "not_found", ""
    if _PREFILL.search(message):
        return "invalid_parameter", "messages"
    for pattern in _NAMED:
        if named := pattern.search(message):
            return "invalid_parameter", named["name"]
    return "invalid_parameter", ""


def _decoded(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _said(headers: Mapping[str, str], body: Any) -> tuple[str, str]:
    """Type and message, wherever this endpoint puts them."""
    if isinstance(body, list) and body:  # Google, where a stream was asked for
        body = body[0]
    amazon = headers.get("x-amzn-errortype", "").partition(":")[0]
    if isinstance(body, dict):
        error = body.get("error")
        if isinstance(error, dict):
            kind = error.get("type") or error.get("status") or amazon
            return str(kind), str(error.get("message") or "")
        message = body.get("message") or body.get("Message") or error or ""
        return amazon or str(body.get("__type") or "").rpartition("#")[2], str(message)
    if isinstance(body, str) and not body.lstrip().startswith("<"):
        return amazon, body
    return amazon, ""  # a page of some proxy says nothing


def _storable(message: str) -> str:
    """One line, without what a database cannot keep."""
    whole = message.replace("\0", " ").encode("utf-8", "replace").decode()
    return " ".join(whole.split())


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after`: a number or a date."""
    said = headers.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0) if seconds == seconds and seconds != float("inf") else None
