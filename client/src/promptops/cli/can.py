"""`whoami --can`: the answer of access to one question, and for a publish what the gate says as well."""

from __future__ import annotations

from typing import Any

import typer

from promptops.cli.failures import ServerProblem
from promptops.cli.output import Output
from promptops.cli.session import Session, api


def show_can(out: Output, server: Session, action: str, address: str, environment: str) -> None:
    """Ask and show. Exits with 1 when it is refused, or when the gate has something against a publish."""
    place, version = _without_version(address)
    answer: dict[str, Any] = server.get(
        api("me", "can"), action=action, address=place or None, environment=environment or None
    )
    unmet: list[dict[str, str]] = []
    if answer["allowed"] and answer["action"] == "release:publish":
        unmet = _unmet(server, answer, version)
    answer["unmet"] = unmet
    out.json(answer)
    out.line(f"{'Yes' if answer['allowed'] and not unmet else 'No'}.")
    out.fields(
        [
            ("action", answer["action"]),
            ("decided by", answer["rule"]),
            ("because", answer["reason"]),
            ("what would help", answer["remedy"]),
        ]
    )
    for condition in unmet:
        remedy = f" → {condition['remedy']}" if condition["remedy"] else ""
        out.line(f"  {condition['rule']}: {condition['detail']}{remedy}")
    if not answer["allowed"] or unmet:
        raise typer.Exit(1)


def _without_version(address: str) -> tuple[str, int | None]:
    """Access does not depend on a version; the gate does."""
    body, _, selector = address.partition("@")
    return (body, int(selector)) if selector.isdecimal() else (address, None)


def _unmet(server: Session, answer: dict[str, Any], version: int | None) -> list[dict[str, str]]:
    """What the gate has against publishing this prompt now; nothing for a place that is no single prompt."""
    path, environment = answer["path"], answer["environment"]
    if not path or path.endswith("/") or not environment:
        return []
    pick: dict[str, Any] = {"path": path}
    if version is not None:
        pick["version"] = version
    try:
        preview = server.post(
            api("projects", answer["project"], "environments", environment, "releases"),
            {"prompts": [pick], "reason": "May I?", "dry_run": True},
        )
    except ServerProblem as refused:
        # Nothing to publish, or nothing valid: that is an answer to the question, too.
        return [
            {
                "rule": "release",
                "detail": refused.detail,
                "remedy": str(refused.document.get("remedy", "")),
            }
        ]
    found: list[dict[str, str]] = preview["unmet"]
    return found
