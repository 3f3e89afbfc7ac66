"""What the commands about reviews share: which request is meant, how one is shown, signing.

A request is written ``project#12``, or as the address of the prompt it is about.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.failures import BadInput, Refused, ServerProblem
from promptops.cli.output import Output, is_terminal, note, when
from promptops.cli.session import Session, api

_REFERENCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})#([1-9][0-9]{0,8})")

RequestArgument = Annotated[
    str,
    typer.Argument(metavar="REQUEST", help="project#12, or the address of the prompt it is about."),
]
COLUMNS = ("request", "state", "prompt", "tier", "by", "asked for", "waits for")


@dataclass(frozen=True, slots=True)
class Reference:
    """A request of a project."""

    project: str
    number: int

    @property
    def path(self) -> str:
        """Its path below `/api/v1`."""
        return api("projects", self.project, "reviews", str(self.number))


def find(server: Session, text: str) -> Reference:
    """The request meant. Raises BadInput for what is no reference, Refused for a prompt nobody asked about."""
    matched = _REFERENCE.fullmatch(text)
    if matched is not None:
        return Reference(matched[1], int(matched[2]))
    if "#" in text:
        raise BadInput(f"{text!r} is no request", remedy="write it like retail-bank#12")
    given = addresses.prompt(text)
    found = server.get(status_path(given))
    request = found.get("request")
    if request is None:
        raise Refused(
            f"nobody asked for a review of {found['address']}",
            remedy=f"ask: promptops review request {found['address']}",
        )
    return Reference(given.project, request["request"])


def status_path(given: Any) -> str:
    """Where the standing of an address is read."""
    place = given.path + addresses.selector_text(given.selector)
    return api("projects", given.project, "review-status", place)


def row(found: Mapping[str, Any]) -> tuple[Any, ...]:
    """A request as a line of a list."""
    return (
        f"{found['project']}#{found['request']}",
        found["state"].replace("_", " "),
        f"{found['path']}@{found['version']}",
        found["tier"],
        found["opened_by"],
        when(found["opened_at"]),
        waits_for(found),
    )


def waits_for(found: Mapping[str, Any]) -> str:
    """The decisions still missing, in words."""
    words = {"review": "review", "validate": "validation", "approve": "approval"}
    parts = []
    for item in found["missing"]:
        risk = " (one of risk)" if item["from_risk"] else ""
        parts.append(
            f"{item['count']} {words[item['step']]}{'s' if item['count'] > 1 else ''}{risk}"
        )
    return ", ".join(parts)


def show(out: Output, found: Mapping[str, Any]) -> None:
    """A request with its decisions."""
    out.line(
        f"{found['project']}#{found['request']}: {found['path']}@{found['version']} is {found['state'].replace('_', ' ')}"
    )
    out.fields(
        [
            ("tier", found["tier"]),
            ("asked for by", f"{found['opened_by']}, {when(found['opened_at'])}"),
            ("asked", found["asked"]),
            ("authors", found["authors"]),
            ("message", found["message"]),
            ("waits for", waits_for(found)),
            ("signatures", "needed" if found["signatures"] else None),
            ("n/a to accept", "; ".join(f"{k}: {v}" for k, v in found["not_applicable"].items())),
            ("approved", when(found["approved_at"])),
            ("lapses unless used", when(found["lapses_at"])),
            ("used", when(found["used_at"])),
        ]
    )
    if found["newest"] != found["version"]:
        note(
            f"note: version {found['newest']} exists; decisions here are about version {found['version']}"
        )
    for place in found.get("live", ()):
        address = f"{found['project']}/{found['path']}"
        note(
            f"note: version {place['version']} is still live in {place['environment']}; stop it there:"
            f" promptops suspend {address} --in {place['environment']} --reason '…'"
        )
    for item in found["decisions"]:
        signed = item["signature"]
        out.line(
            f"  {when(item['at'])} {item['by']} ({item['role']}): {item['decision'].replace('_', ' ')}"
            + (f", signed as {signed['meaning']}" if signed else "")
            + (
                ""
                if item["counts"]
                or item["decision"] in ("withdraw", "revoke", "reject", "request_changes")
                else ", counts no more"
            )
            + (f": {item['reason']}" if item["reason"] else "")
        )


SignStdinOption = Annotated[
    bool,
    typer.Option(
        "--sign-stdin", help="Sign: read the password, then a one-time code, a line each."
    ),
]


def post_signed(server: Session, path: str, body: Mapping[str, Any], from_stdin: bool) -> Any:
    """Send a decision; where it must be signed and a person is there, ask for the signature and send it again.

    Raises BadInput when a signature is needed and nobody can be asked.
    """
    given = signature(False, from_stdin)
    try:
        return server.post(path, {**body, **({"signature": given} if given else {})})
    except ServerProblem as problem:
        if given or problem.document.get("rule") != "signature.components":
            raise
    return server.post(path, {**body, "signature": signature(True, False)})


def signature(needed: bool, from_stdin: bool) -> dict[str, str] | None:
    """Password and one-time code of who signs, asked hidden or read from standard input (one a line).

    Raises BadInput when they are needed and nobody can be asked.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        code = sys.stdin.readline().rstrip("\r\n")
        if not password and not code:
            raise BadInput(
                "no password on standard input",
                remedy="write the password as its first line, a one-time code as its second",
            )
        return {k: v for k, v in (("password", password), ("code", code)) if v}
    if not needed:
        return None
    if not is_terminal(sys.stdin):
        raise BadInput(
            "this decision is signed, and there is no terminal to ask for the password",
            remedy="use --sign-stdin: the password as first line, a one-time code as second",
        )
    note("This decision is signed: it carries your printed name, the time and its meaning.")
    password = typer.prompt("Your password", hide_input=True, err=True)
    code = typer.prompt(
        "One-time code (empty if you have none)", default="", show_default=False, err=True
    )
    return {k: v for k, v in (("password", password), ("code", code.strip())) if v}
