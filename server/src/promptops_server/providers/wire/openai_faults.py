"""What went wrong, out of the errors of OpenAI-compatible endpoints. Pure.

Everybody's errors look a little different: an object under `error` (OpenAI, Azure, Groq, Together, OpenRouter,
llama.cpp, DashScope), a text there (Ollama), its members at the top (older vLLM, DashScope's own form, Azure's gateway),
`detail` (FastAPI), a list around it (Google), or a page of HTML. They are read into `Said` first; then the code decides,
then what the sentence says, then the status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promptops_server.providers.model import CallError, Fault
from promptops_server.providers.wire.decoded import decoded, text_of
from promptops_server.providers.wire.retry_after import retry_after

_LONGEST = 600  # characters of what an endpoint said


@dataclass(frozen=True, slots=True)
class Said:
    """An endpoint's error. `code` and `kind` are in lower case; `text` is one line, shortened, without keys."""

    text: str
    code: str = ""
    kind: str = ""
    parameter: str = ""


def fault_of(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """What an answer with an error status means."""
    try:
        said = _said(decoded(body))
    except ValueError:
        said = Said(_readable(body.decode("utf-8", "replace")))
    return _fault(status, headers, said)


def fault_in(document: Mapping[str, Any]) -> CallError | None:
    """The error within an answer, a choice or a chunk that came with status 200; None where there is none."""
    error = document.get("error")
    if not error and document.get("object") != "error":
        return None
    said = _said(document)
    status = int(said.code) if re.fullmatch(r"[45]\d\d", said.code) else 500
    return _fault(status, {}, said)


_CODES: dict[str, Fault] = {
    "rate_limit_exceeded": "rate_limit",
    "too_many_requests": "rate_limit",
    "throttling": "rate_limit",
    "throttling.ratequota": "rate_limit",
    "throttling.allocationquota": "rate_limit",
    "limit_requests": "rate_limit",
    "insufficient_quota": "permission",
    "billing_hard_limit_reached": "permission",
    "billing_not_active": "permission",
    "arrearage": "permission",
    "accessdenied": "permission",
    "context_length_exceeded": "context_too_long",
    "exceed_context_size_error": "context_too_long",
    "content_filter": "refused",
    "content_policy_violation": "refused",
    "data_inspection_failed": "refused",
    "datainspectionfailed": "refused",
    "responsibleaipolicyviolation": "refused",
    "moderation_blocked": "refused",
    "invalid_api_key": "authentication",
    "invalidapikey": "authentication",
    "authentication_error": "authentication",
    "deploymentnotfound": "not_found",
    "modelnotfound": "not_found",
    "model_not_available": "not_found",
    "model_decommissioned": "not_found",
    "unavailable_error": "overloaded",
    "capacity_exceeded": "overloaded",
    "model_overloaded": "overloaded",
    "json_validate_failed": "bad_answer",  # Groq: what the model wrote is no JSON
    "tool_use_failed": "bad_answer",
}
_TOO_LARGE = re.compile(
    r"max(?:_new|_completion)?_tokens'?.{0,60}? is too large|max_tokens must be", re.IGNORECASE
)
_TOO_LONG = re.compile(
    r"maximum (?:context|model|input|prompt) length|context[ _](?:length|window|size)|prompt is too long"
    r"|range of input length|reduce the length|input is too long|too many (?:input )?tokens|max_new_tokens` must be"
    r"|maximum (?:allowed )?number of (?:input )?tokens|request too large for model",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content management policy|content[ _]filter|safety system|inappropriate content|usage policy|flagged",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model .{0,200}(?:does not exist|not found|is not supported|not available)|unknown model|no such model"
    r"|not a valid model|no endpoints found",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"(?:invalid|incorrect) api[ -]?key|api[ -]?key (?:is )?not valid", re.IGNORECASE
)
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"range of ([a-z_]\w{0,80}) should be",
        r"(?:parameters?|arguments?|value|property|field|keys?)(?: supplied)?:? ?[`'\"\[]([a-z_][\w.]{0,80})[`'\"\]]",
        r"[`'\"\[]([a-z_][\w.]{0,80})[`'\"\]](?: parameter)? (?:is|does|must|cannot|should|was|has)\b",
        r"(?:unrecognized request argument supplied|unknown parameter|parameter)[:.] ?([a-z_][\w.]{0,80})",
        r"^(?:<400> [\w.]+: )?([a-z]+_[a-z_]{1,80}|temperature|seed|stop|tools|n) (?:must|should|is|has|cannot)\b",
    )
)
_STATUSES: dict[int, Fault] = {
    400: "invalid_parameter",
    401: "authentication",
    402: "permission",
    403: "permission",
    404: "not_found",
    405: "not_found",
    408: "time_out",
    409: "overloaded",
    413: "context_too_long",
    422: "invalid_parameter",
    429: "rate_limit",
    451: "refused",
    498: "overloaded",  # Groq's flex tier
    502: "overloaded",
    503: "overloaded",
    504: "time_out",
    522: "time_out",
    524: "time_out",
    529: "overloaded",
}
_WHAT: dict[Fault, tuple[str, str]] = {
    "rate_limit": ("The endpoint's rate limit is reached", ""),
    "overloaded": ("The endpoint is overloaded", ""),
    "context_too_long": (
        "Prompt and answer are longer than the model takes",
        "Shorten the prompt or ask for fewer tokens.",
    ),
    "refused": ("The endpoint's filter refused the request", ""),
    "invalid_parameter": ("The endpoint refuses the request", ""),
    "authentication": ("The endpoint refuses the key", "Check the target's credential."),
    "permission": (
        "The key is valid, but may not do this",
        "Check its access and quota with the provider.",
    ),
    "not_found": (
        "The endpoint does not know the model or the address",
        "Check the target's model and base_url.",
    ),
    "time_out": ("The endpoint took too long", ""),
    "bad_answer": ("The model's answer is not what was asked for", ""),
    "failed": ("The endpoint failed", ""),
}


def _fault(status: int, headers: Mapping[str, str], said: Said) -> CallError:
    fault = _which(status, said)
    parameter = ""
    if fault == "invalid_parameter":
        parameter = said.parameter or _parameter_in(said.text)
        parameter = parameter if re.fullmatch(r"[\w.\[\]-]{1,100}", parameter, re.ASCII) else ""
    what, remedy = _WHAT[fault]
    if parameter:
        what = f"The endpoint refuses the parameter {parameter}"
    detail = f"{what}: {said.text}" if said.text else f"{what} (status {status})"
    if detail[-1] not in ".!?":
        detail += "."
    return CallError(
        fault,
        f"{detail} {remedy}".rstrip(),
        parameter=parameter,
        retry_after=retry_after(headers, said.text),
        status=status,
    )


def _which(status: int, said: Said) -> Fault:
    if status == 413:
        return "context_too_long"  # Groq says rate_limit_exceeded for a request that no waiting makes fit
    for word in (said.code, said.kind):
        if word in _CODES:
            return _CODES[word]
    if status in (400, 403, 404, 413, 422, 500):
        if _TOO_LARGE.search(said.text):
            return "invalid_parameter"
        if _TOO_LONG.search(said.text):
            return "context_too_long"
        if _FILTERED.search(said.text):
            return "refused"
        if status == 400 and _BAD_KEY.search(said.text):
            return "authentication"
        if status in (400, 404) and _NO_MODEL.search(said.text) and not _is_named(said):
            return "not_found"
    return _STATUSES.get(status, "failed" if status >= 500 else "invalid_parameter")


def _is_named(said: Said) -> bool:
    """Whether the error is about a parameter that it names, other than the model itself."""
    return bool(said.parameter) and said.parameter != "model"


def _parameter_in(text: str) -> str:
    if _TOO_LARGE.search(text):
        return "max_tokens"
    for pattern in _NAMED:
        found = pattern.search(text)
        if found is not None:
            return found[1].rstrip(".")
    return ""


def _said(document: Any) -> Said:
    if isinstance(document, list):
        document = document[0] if document else {}
    if not isinstance(document, Mapping):
        return Said(_readable(str(document)))
    error = document.get("error")
    if isinstance(error, str):
        return Said(_readable(error), _word(document.get("code")))
    if not isinstance(error, Mapping):
        error = document
    inner = error.get("innererror")
    code = _word(inner.get("code")) if isinstance(inner, Mapping) else ""
    message = error.get("message", error.get("detail"))
    parameter = text_of(error.get("param"))
    if isinstance(message, Mapping):  # Mistral
        message = message.get("detail", message)
    if isinstance(message, list):  # FastAPI
        message, parameter = _of_fields(message, parameter)
    metadata = error.get("metadata")
    text = message if isinstance(message, str) else "" if message is None else str(message)
    if isinstance(metadata, Mapping):  # OpenRouter, of whoever is behind it
        if metadata.get("reasons"):
            code = "moderation_blocked"
        text = f"{text} {text_of(metadata.get('raw'))}".strip()
    return Said(
        _readable(text),
        code if code in _CODES else _word(error.get("code")),
        _word(error.get("type")),
        parameter.removeprefix("body."),
    )


def _of_fields(errors: list[Any], parameter: str) -> tuple[str, str]:
    for error in errors:
        if isinstance(error, Mapping):
            place = error.get("loc")
            names = (
                [str(part) for part in place if part != "body"] if isinstance(place, list) else []
            )
            return text_of(error.get("msg")), parameter or ".".join(names)
    return "", parameter


def _word(value: Any) -> str:
    return str(value).lower()[:80] if isinstance(value, str | int) else ""


_TAGS = re.compile(
    r"<(?:head|style|script)\b.*?</(?:head|style|script)>|<[^>]{0,500}>", re.IGNORECASE | re.DOTALL
)
_KEY = re.compile(
    r"\b(?:sk|gsk|pk|xai)-[\w*.-]{4,}|\bgsk_[\w*]{4,}|Bearer [\w.~+/*-]{8,}", re.ASCII
)


def _readable(text: str) -> str:
    """One line of plain text without keys; an HTML page loses its tags."""
    text = text[: 8 * _LONGEST]
    if re.match(r"\s*<(?:!doctype|html|head|body)", text, re.IGNORECASE):
        text = _TAGS.sub(" ", text)
    text = _KEY.sub("…", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
