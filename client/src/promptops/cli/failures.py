"""What can go wrong in a command, and the exit code of each.

Owns the family of failures and the reading of the server's problem documents (RFC 9457) into them;
how they are shown is `output`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

EXIT_OK = 0
EXIT_REFUSED = 1
EXIT_BAD_INPUT = 2
EXIT_UNREACHABLE = 3
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""What a shell reports for a program whose reader went away; 1 would read as a refusal."""

_BAD_INPUT_STATUS = frozenset({400, 401, 404, 405, 406, 411, 413, 414, 415, 422, 428})


class Failure(Exception):
    """A command cannot go on. `document` is its problem document, for people and programs alike."""

    exit_code = EXIT_REFUSED
    slug = "refused"
    title = "Refused"

    def __init__(
        self,
        detail: str,
        *,
        remedy: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.document: dict[str, Any] = {
            "type": f"urn:promptops:problem:{self.slug}",
            "title": self.title,
            "detail": detail,
            **({"errors": [dict(error) for error in errors]} if errors else {}),
            **({"remedy": remedy} if remedy else {}),
            **members,
        }

    @property
    def detail(self) -> str:
        """The sentence that says what was wrong."""
        return str(self.document.get("detail") or self.document.get("title") or self.title)


class BadInput(Failure):
    """What was typed, or a file that was named, cannot be used."""

    exit_code = EXIT_BAD_INPUT
    slug = "invalid"
    title = "The input is not valid"


class Unreachable(Failure):
    """The server did not answer."""

    exit_code = EXIT_UNREACHABLE
    slug = "unreachable"
    title = "The server cannot be reached"


class Refused(Failure):
    """The server, or a check made here, said no."""


class ServerProblem(Failure):
    """The server answered with a problem. `status` is the HTTP status."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        super().__init__(str(document.get("detail") or ""))
        self.status = status
        self.document = dict(document)
        self.exit_code = exit_code_of(status, document)

    @property
    def slug_received(self) -> str:
        """The last part of the problem's type: `conflict`, `not-found`, …"""
        return str(self.document.get("type", "")).rpartition(":")[2]


def exit_code_of(status: int, document: Mapping[str, Any]) -> int:
    """The exit code for an HTTP status.

    A gate or a rule that said no (`unmet` reasons) is a refusal whatever its status; what the user
    wrote wrongly is bad input; a gateway that has no server behind it is an unreachable server.
    """
    if document.get("unmet"):
        return EXIT_REFUSED
    if status in _BAD_INPUT_STATUS:
        return EXIT_BAD_INPUT
    if status in (502, 504) and "type" not in document:
        return EXIT_UNREACHABLE
    return EXIT_REFUSED


def problem_lines(document: Mapping[str, Any]) -> list[str]:
    """A problem document as lines for people: the sentence, each place or unmet rule, the remedy.

    Nothing is said twice: `detail` sums up what `errors` and `unmet` tell exactly.
    """
    title, detail = str(document.get("title") or ""), str(document.get("detail") or "")
    errors = [e for e in document.get("errors") or () if isinstance(e, Mapping)]
    unmet = [u for u in document.get("unmet") or () if isinstance(u, Mapping)]
    detail, errors = _without_repeats(detail, errors, unmet)
    first = detail or title or "the command failed"
    if title and detail and title.rstrip(".").lower() not in detail.lower():
        first = f"{title}: {detail}"
    lines = [f"error: {first}" if detail or not errors else f"error: {first.rstrip('.')}:"]
    lines += [f"  {_place(error)}{_finding(error)}" for error in errors]
    for item in unmet:
        named = f"{item['rule']}: " if item.get("rule") else ""
        fix = f" → {item['remedy']}" if item.get("remedy") else ""
        lines.append(f"  {named}{item.get('detail', '')}{fix}")
    rule, remedy = document.get("rule"), document.get("remedy")
    if rule and rule not in [item.get("rule") for item in unmet]:
        lines.append(f"  deciding rule: {rule}")
    shown = [error.get("fix") for error in errors]
    if remedy and remedy not in (*shown, " ".join(_remedies(unmet))):
        lines.append(f"  → {remedy}")
    if document.get("request_id") and int(document.get("status") or 0) >= 500:
        lines.append(f"  request id: {document['request_id']}")
    return lines


def _without_repeats(
    detail: str, errors: Sequence[Mapping[str, Any]], unmet: Sequence[Mapping[str, Any]]
) -> tuple[str, list[Mapping[str, Any]]]:
    """The sentence without what is listed below it, and the list without what the sentence says."""
    first = str(errors[0].get("message") or "") if errors else ""
    if first and first in detail and errors[0].get("file"):
        return "", list(errors)  # the list has the place to the column
    kept = [
        error
        for error in errors
        if error.get("file") or f"{_place(error)}{error.get('message', '')}" not in detail
    ]
    reasons = [str(item.get("detail") or "") for item in unmet]
    if reasons and all(reason and reason in detail for reason in reasons):
        detail = detail[: detail.index(reasons[0])].rstrip()
    return detail, kept


def _remedies(unmet: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(str(item["remedy"]) for item in unmet if item.get("remedy")))


def _place(error: Mapping[str, Any]) -> str:
    """`file:line:column `, or `module/prompt@3 ` for what is wrong with a version; "" for neither."""
    if error.get("path") and not error.get("file"):
        return (
            f"{error['path']}@{error['version']} " if error.get("version") else f"{error['path']} "
        )
    parts = [str(error[name]) for name in ("file", "line", "column") if error.get(name)]
    return ":".join(parts) + " " if parts else ""


def _finding(error: Mapping[str, Any]) -> str:
    key = error.get("key") or error.get("field")
    message = str(error.get("message", ""))
    where = f"{key}: " if key and not message.startswith(str(key)) else ""
    fix = f" → {error['fix']}" if error.get("fix") else ""
    return f"{where}{message}{fix}"
