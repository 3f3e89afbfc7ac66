"""Showing scheduled releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.cli.output import Output, warn, when

SCHEDULE_COLUMNS = ("ID", "AT", "STATE", "ENVIRONMENT", "PROMPTS", "WHO", "REASON", "CAME OF IT")


def schedule_row(schedule: Mapping[str, Any]) -> tuple[Any, ...]:
    """A schedule as a line of a list."""
    return (
        schedule["id"],
        when(schedule["at"]),
        schedule["state"],
        schedule["environment"],
        _prompts(schedule),
        schedule["actor"],
        schedule["reason"],
        _outcome(schedule),
    )


def show_added(out: Output, schedule: Mapping[str, Any]) -> None:
    """What was scheduled, and what would refuse it as things stand now."""
    count = schedule["count"]
    out.line(
        f"Scheduled for {when(schedule['at'])} in {schedule['environment']}: "
        f"{count} prompt{'' if count == 1 else 's'} ({schedule['id']})."
    )
    if out.as_json:
        return
    for unmet in schedule.get("unmet_now") or ():
        fix = f" → {unmet['remedy']}" if unmet.get("remedy") else ""
        warn(f"would be refused as things stand now: {unmet['rule']}: {unmet['detail']}{fix}")


def show_schedule(out: Output, schedule: Mapping[str, Any]) -> None:
    """All about one schedule."""
    source = schedule.get("promoted_from")
    head = schedule.get("only_if_head")
    out.fields(
        (
            ("id", schedule["id"]),
            ("environment", schedule["environment"]),
            ("at", when(schedule["at"])),
            ("state", schedule["state"]),
            ("made by", f"{schedule['actor']}, {when(schedule['created_at'])}"),
            ("reason", schedule["reason"]),
            ("ticket", schedule.get("ticket")),
            ("promoted from", f"{source['environment']} r{source['release']}" if source else None),
            ("only if head is", None if head is None else f"r{head}"),
            ("came of it", _outcome(schedule)),
            ("ended", _ended(schedule)),
        )
    )
    out.table(
        ("PROMPT", "VERSION", "CHANGE"),
        (
            (
                p["path"],
                f"@{p['version']}",
                "is taken out" if p["state"] == "removed" else "goes live",
            )
            for p in schedule["prompts"]
        ),
        "It names no prompts.",
    )


def _ended(schedule: Mapping[str, Any]) -> str | None:
    if not schedule.get("ended_at"):
        return None
    by = f", by {schedule['ended_by']}" if schedule.get("ended_by") else ""
    return f"{when(schedule['ended_at'])}{by}"


def _prompts(schedule: Mapping[str, Any]) -> list[str]:
    names = [f"{p['path']}@{p['version']}" for p in schedule["prompts"][:3]]
    if schedule["count"] > len(names):
        names.append(f"… {schedule['count']} in all")
    return names


def _outcome(schedule: Mapping[str, Any]) -> str:
    if schedule.get("release"):
        return f"r{schedule['release']}"
    return str((schedule.get("problem") or {}).get("detail") or "")
