"""What an import of a repository brought, or would bring, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptops.cli.failures import Refused
from promptops.cli.git.bring import Brought
from promptops.cli.output import Output, note

_SCREEN = 20


def report(out: Output, brought: Brought) -> None:
    """Show it. Raises Refused when a dry run found that the import would be refused."""
    out.json(brought.to_dict())
    out.fields(_fields(brought))
    if not out.as_json:
        _list("invalid, cannot be released", brought.invalid)
        _list("left alone, cannot be a prompt", brought.survey.no_prompts)
        _list("left out", [{"file": r["ref"], "message": r["reason"]} for r in brought.left_out])
        if brought.dry_run:
            note("Nothing was changed: this was a dry run.")
        elif brought.invalid:
            note(f"To see them again: promptops prompt list {brought.project} --invalid")
    if brought.dry_run and brought.would_fail:
        raise Refused(
            f"{brought.project} has versions already, so its main takes valid files only: "
            f"{len(brought.would_fail)} changed ones would be refused",
            errors=brought.would_fail,
            remedy="correct them in the source, then run the same again",
        )


def _fields(brought: Brought) -> list[tuple[str, Any]]:
    new = " (would be created)" if brought.dry_run else " (created)"
    return [
        ("project", brought.project + (new if brought.created else "")),
        ("from", f"{brought.source}, branch {brought.branch}"),
        ("main at", brought.head),
        ("commits", f"{brought.survey.commits:,}"),
        ("prompts", f"{brought.prompts:,}"),
        ("versions", f"{brought.versions:,}"),
        ("invalid", f"{len(brought.invalid):,}" if brought.invalid else ""),
        (
            "other files",
            f"{len(brought.survey.other_files):,}" if brought.survey.other_files else "",
        ),
        ("branches", _some(brought.branches)),
        ("tags", _some(brought.tags)),
    ]


def _list(title: str, items: Sequence[dict[str, Any]]) -> None:
    for item in items[:_SCREEN]:
        place = f"{item['file']}:{item['line']}" if item.get("line") else item["file"]
        note(f"{title}: {place}: {item['message']}")
    if len(items) > _SCREEN:
        note(f"… and {len(items) - _SCREEN} more like these; --json lists all")


def _some(names: Sequence[str]) -> list[str]:
    return [*names[:_SCREEN], *([f"{len(names) - _SCREEN} more"] if len(names) > _SCREEN else [])]
