"""How targets are shown: one as fields, many as a table, money as dollars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.cli.output import Output, when
from promptops.money import dollars

_IN_SHORT = {
    "authentication": "key refused",
    "bad_answer": "no model's answer",
    "budget": "budget",
    "cannot_express": "no such provider",
    "context_too_long": "context too short",
    "failed": "it failed",
    "invalid_parameter": "parameter refused",
    "network": "not reached",
    "no_credentials": "no credential",
    "not_found": "model not found",
    "overloaded": "overloaded",
    "permission": "no access",
    "rate_limit": "rate limit",
    "time_out": "no answer in time",
}
"""Faults of a check for a column; `models show` has the sentences."""


def fields(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A target as its manager sees it."""
    limits, credential, month = found["limits"], found["credential"], found["this_month"]
    budget = None if found["budget_month"] is None else dollars(found["budget_month"])
    spent = f"{dollars(month['spent'])} in {_calls(month['calls'])}"
    if month["reserved"]:
        spent += f", {dollars(month['reserved'])} set aside"
    return [
        ("model target", found["name"]),
        ("state", None if found["enabled"] else "disabled"),
        ("provider", found["provider"]),
        ("model", found["model"] + (" (alias)" if found["alias"] else "")),
        ("catalogue id", found["catalogue_id"]),
        ("base url", found["base_url"]),
        ("region", found["region"]),
        ("data up to", found["data_class"]),
        ("projects", "all" if found["projects"] is None else found["projects"]),
        ("at the same time", _calls(limits["concurrency"])),
        ("calls a minute", limits["requests_per_minute"]),
        ("tokens a minute", limits["tokens_per_minute"]),
        ("budget a month", budget),
        (f"spent in {month['month']}", spent if month["calls"] or month["reserved"] else None),
        ("credential", _credential(credential)),
        *((f"option {name}", value) for name, value in found["options"].items()),
        *_check(found["check"]),
    ]


def check_fields(name: str, found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What one check found."""
    return [("model target", name), *_check(found)]


def show_many(out: Output, found: list[dict[str, Any]], empty: str) -> None:
    """A table of targets, as their managers or their users see them."""
    out.table(
        ("NAME", "PROVIDER", "MODEL", "DATA UP TO", "CREDENTIAL", "LAST CHECK"),
        (
            (
                item["name"],
                item["provider"],
                item["model"] + (" (alias)" if item["alias"] else ""),
                item["data_class"],
                _short_credential(item),
                _short_check(item),
            )
            for item in found
        ),
        empty,
    )


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count:,} calls"


def _credential(credential: Mapping[str, Any]) -> str:
    kind, name = credential["kind"], credential["name"]
    text = {
        "none": "none",
        "env": f"variable {name}",
        "file": f"file {name}",
        "sealed": "sealed",
    }.get(kind, str(kind))
    return text if credential["there"] else f"{text}: missing. {credential['missing']}"


def _short_credential(item: Mapping[str, Any]) -> str:
    if "credential" not in item:
        return "there" if item["credential_there"] else "missing"
    kind = str(item["credential"]["kind"])
    return kind if item["credential"]["there"] else f"{kind}, missing"


def _short_check(item: Mapping[str, Any]) -> str:
    if item.get("enabled") is False:
        return "disabled"
    check = item["check"]
    if check is None:
        return "never"
    if check["ok"]:
        return "well"
    return f"not well: {_IN_SHORT.get(check.get('fault'), 'see models show')}"


def _check(check: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    if check is None:
        return [("last check", "never")]
    first = check["first_token_ms"]
    latency = f"{check['latency_ms']:.0f} ms" if check["latency_ms"] is not None else None
    if latency and first is not None:
        latency += f", first token after {first:.0f} ms"
    usage = None
    if check["input_tokens"] is not None:
        usage = f"{check['input_tokens']} in, {check['output_tokens']} out"
    if check["ok"] and not usage:
        usage = "not reported"
    return [
        ("last check", f"{'well' if check['ok'] else 'not well'}, {when(check['at'])}"),
        ("problem", check["problem"]),
        ("what to do", check["remedy"]),
        ("reachable", check["reachable"]),
        ("authenticated", check["authenticated"]),
        ("model there", check["model_there"]),
        ("says it is", check["model"]),
        ("stands for", check["stands_for"]),
        ("answered in", latency),
        ("tokens", usage),
        ("cost", None if check["cost"] is None else dollars(check["cost"])),
        *(("note", note) for note in check["notes"]),
    ]
