"""`review approve|changes|reject|withdraw|revoke`: decisions about requests."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from promptops.cli import reviewing
from promptops.cli.command import command
from promptops.cli.commands.review import app
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output
from promptops.cli.reviewing import RequestArgument, SignStdinOption
from promptops.cli.session import connect

_STEPS = ("review", "validate", "approve")
_Reason = Annotated[str, typer.Option("--reason", "-r", help="Why, in a sentence.")]


@command(
    app,
    "approve",
    [
        "promptops review approve retail-bank/claims/triage --reason 'Reads well, data is fair'",
        "promptops review approve 'retail-bank#12' --as validate --report-hash sha256:…",
        "promptops review approve 'retail-bank#12' --accept-na '*' --sign-stdin < secrets.txt",
    ],
)
def approve(
    ctx: typer.Context,
    request: RequestArgument,
    reason: _Reason = "",
    step: Annotated[
        str,
        typer.Option(
            "--as",
            help="review, validate or approve; without it, the first missing step that is yours.",
        ),
    ] = "",
    accept_na: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-na", help="A field answered n/a whose reason you accept; '*' for all."
        ),
    ] = None,
    conditions: Annotated[
        str, typer.Option("--conditions", help="Of a validation: under which conditions.")
    ] = "",
    report_hash: Annotated[
        str, typer.Option("--report-hash", help="Of a validation: SHA-256 of its report.")
    ] = "",
    sign_stdin: SignStdinOption = False,
    json: JsonOption = False,
) -> None:
    """Decide in favour: as reviewer, validator or approver. Where signatures are asked, you sign."""
    if step and step not in _STEPS:
        raise BadInput(f"--as {step!r} is no step", remedy=f"one of: {', '.join(_STEPS)}")
    _decide(
        ctx,
        request,
        json,
        sign_stdin,
        decision="approve",
        step=step or None,
        reason=reason,
        accept_na=accept_na or [],
        conditions=conditions,
        report_hash=report_hash or None,
    )


@command(
    app,
    "changes",
    ["promptops review changes 'retail-bank#12' --reason 'Line 4 promises a refund'"],
)
def changes(
    ctx: typer.Context, request: RequestArgument, reason: _Reason, json: JsonOption = False
) -> None:
    """Ask for changes. The author makes a new version; its review is a new request."""
    _decide(ctx, request, json, decision="request_changes", reason=reason)


@command(app, "reject", ["promptops review reject 'retail-bank#12' --reason 'Not for customers'"])
def reject(
    ctx: typer.Context, request: RequestArgument, reason: _Reason, json: JsonOption = False
) -> None:
    """Refuse it for good: this content needs a new request."""
    _decide(ctx, request, json, decision="reject", reason=reason)


@command(app, "withdraw", ["promptops review withdraw 'retail-bank#12'"])
def withdraw(
    ctx: typer.Context, request: RequestArgument, reason: _Reason = "", json: JsonOption = False
) -> None:
    """Take a request back."""
    _decide(ctx, request, json, decision="withdraw", reason=reason)


@command(
    app,
    "revoke",
    ["promptops review revoke retail-bank/claims/triage@7 --reason 'Complaint 4711 upheld'"],
)
def revoke(
    ctx: typer.Context, request: RequestArgument, reason: _Reason, json: JsonOption = False
) -> None:
    """Take an approval back: the content can neither be published nor rolled back to. What is live stays live."""
    _decide(ctx, request, json, decision="revoke", reason=reason)


def _decide(
    ctx: typer.Context, request: str, json: bool, sign_stdin: bool = False, **body: Any
) -> None:
    out = Output(json)
    with connect(ctx) as server:
        reference = reviewing.find(server, request)
        path = f"{reference.path}/decisions"
        found = reviewing.post_signed(server, path, body, sign_stdin)
    out.json(found)
    reviewing.show(out, found)
