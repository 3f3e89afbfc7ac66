"""An event as a line of CEF (ArcSight Common Event Format, version 0). Pure.

What people wrote cannot begin a line, a field or an extension of its own: the header's bars, the extension's equals
signs, backslashes and line ends are escaped as the format says; other control characters are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from promptops_server.infra.clock import from_text

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SEVERITY = {"ok": 3, "failed": 5, "denied": 6}
_LONGEST = 4_000
"""Characters of one extension value; more is cut, as receivers cut it too."""


def header(text: str) -> str:
    """A field of the header: one line, bars and backslashes escaped."""
    one_line = _CONTROL.sub("\ufffd", text).replace("\r", " ").replace("\n", " ").replace("\t", " ")
    return one_line.replace("\\", "\\\\").replace("|", "\\|")


def value(text: str) -> str:
    """A value of the extension: equals signs, backslashes and line ends escaped."""
    clean = _CONTROL.sub("\ufffd", text[:_LONGEST]).replace("\t", " ")
    clean = clean.replace("\\", "\\\\").replace("=", "\\=")
    return clean.replace("\r", "\\r").replace("\n", "\\n")


def cef_line(entry: Mapping[str, Any], version: str) -> str:
    """The line of an entry as it is shown, without a line end."""
    actor, about = entry["actor"], entry["object"]
    outcome = str(entry["outcome"])
    fields: list[tuple[str, Any]] = [
        ("rt", from_text(entry["recorded_at"]) // 1000),
        ("externalId", entry["event_id"]),
        ("cat", "audit"),
        ("act", entry["action"]),
        ("outcome", outcome),
        ("suid", actor["subject"]),
        ("suser", actor["name"]),
        ("src", _address(actor.get("ip"))),
        ("reason", entry.get("reason")),
        ("cn1", entry["seq"]),
        ("cn1Label", "seq"),
        *_custom("cs1", "log", entry.get("project") or entry["log_id"]),
        *_custom("cs2", "object", _object(about)),
        *_custom("cs3", "environment", entry.get("environment")),
        *_custom("cs4", "ticket", entry.get("ticket")),
        *_custom("cs5", "rule", entry.get("rule")),
        *_custom("cs6", "entryHash", entry["entry_hash"]),
        ("msg", _changed(entry)),
    ]
    extension = " ".join(f"{key}={value(str(v))}" for key, v in fields if v not in (None, ""))
    head = "|".join(
        header(part)
        for part in ("PromptOps", "PromptOps", version, str(entry["action"]), _title(entry))
    )
    return f"CEF:0|{head}|{_SEVERITY.get(outcome, 5)}|{extension}"


def _title(entry: Mapping[str, Any]) -> str:
    return f"{entry['action']} {entry['outcome']}"


def _object(about: Mapping[str, Any]) -> str:
    version = f"@{about['version']}" if about.get("version") else ""
    return f"{about['type']}:{about['id']}{version}"


def _custom(key: str, label: str, given: Any) -> list[tuple[str, Any]]:
    return [] if given in (None, "") else [(key, given), (f"{key}Label", label)]


def _address(given: Any) -> str | None:
    try:
        return str(ip_address(given)) if isinstance(given, str) else None
    except ValueError:  # erased, or a socket's name
        return None


def _changed(entry: Mapping[str, Any]) -> str | None:
    parts = {k: entry[k] for k in ("before", "after") if entry.get(k) is not None}
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False) if parts else None
