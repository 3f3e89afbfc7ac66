"""What commands that change an environment share: sending the change, showing it and what came of it.

Owns the words for releases. Which route a change goes to is the command's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from promptops.cli.failures import Refused
from promptops.cli.output import Output, note, warn, when

ReasonOption = Annotated[
    str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; it is kept with the release.")
]
TicketOption = Annotated[
    str | None, typer.Option("--ticket", help="The ticket it belongs to, for example OPS-1234.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask (never asked without a terminal).")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would change; exit 1 if it is refused.")
]
InOption = Annotated[
    str, typer.Option("--in", "-e", metavar="ENVIRONMENT", help="The environment.")
]

_STATE = {"live": "goes live", "removed": "is taken out", "suspended": "is suspended"}


def show_preview(out: Output, preview: Mapping[str, Any], *, diffs: bool) -> None:
    """What a dry run says: the lines of the release, then the differences, then what is unmet."""
    lines = [
        (line["path"], _from_to(line), _kind(line), ", ".join(line.get("keys") or ()))
        for line in preview["prompts"]
    ]
    out.table(("PROMPT", "VERSION", "CHANGE", "KEYS"), lines, "Nothing would change.")
    if diffs:
        for line in preview["prompts"]:
            out.diff(line.get("diff") or "")
    _show_beside(preview)


def refuse_unmet(preview: Mapping[str, Any], environment: str) -> None:
    """Raise Refused when a dry run says that the change would be refused."""
    unmet = preview.get("unmet") or ()
    if unmet:
        raise Refused(f"{environment} would refuse this release", unmet=list(unmet))


def show_release(out: Output, release: Mapping[str, Any]) -> None:
    """What came of a change: its number, its lines, and whether Redis has it."""
    changed = release.get("changed", len(release["prompts"]))
    out.line(
        f"Release r{release['number']} of {release['environment']}: "
        f"{changed} prompt{'' if changed == 1 else 's'} changed."
    )
    if len(release["prompts"]) <= _FEW:
        for line in release["prompts"]:
            out.line(f"  {line['path']} {_from_to(line)}: {_kind(line)}")
    if not out.as_json:
        _show_beside(release)
        if release.get("delivery") == "pending":
            warn("Redis does not have it yet; it is delivered as soon as Redis answers")


_FEW = 20


def _show_beside(answer: Mapping[str, Any]) -> None:
    unchanged: Sequence[Mapping[str, Any]] = answer.get("unchanged") or ()
    if unchanged:
        names = [f"{pick['path']}@{pick['version']}" for pick in unchanged[:_FEW]]
        more = f" and {len(unchanged) - _FEW} more" if len(unchanged) > _FEW else ""
        note(f"already live: {', '.join(names)}{more}")
    for kept in answer.get("kept") or ():
        note(f"left as it is: {kept['path']}@{kept['version']} ({kept['why']})")


def release_row(release: Mapping[str, Any]) -> tuple[Any, ...]:
    """A release as a line of a list."""
    prompts = release["prompts"]
    changed = release.get("changed", len(prompts))
    names = [f"{line['path']}@{line['version']}" for line in prompts[:3]]
    if changed > len(names):
        names.append(f"… {changed} in all")
    return (
        f"r{release['number']}",
        when(release["acknowledged_at"]),
        release.get("kind", ""),
        release["actor"],
        names,
        release["reason"],
        release.get("ticket"),
    )


RELEASE_COLUMNS = ("RELEASE", "WHEN", "KIND", "WHO", "PROMPTS", "REASON", "TICKET")


def _from_to(line: Mapping[str, Any]) -> str:
    previous = line.get("previous")
    before = f"@{previous}" if previous else "nothing"
    if line.get("state", "live") == "live":
        return f"{before} → @{line['version']}"
    return before if previous else f"@{line['version']}"


def _kind(line: Mapping[str, Any]) -> str:
    state = str(line.get("state", "live"))
    if state != "live":
        return _STATE.get(state, state)
    previous = line.get("previous")
    if not previous:
        return "goes live"
    return "goes back" if int(line["version"]) < int(previous) else "is updated"
