"""What the report says, as plain values for the template: words, rows and their order.

Owns the words and the verdict on the cover. How it looks is `template/report.typ`; that no text is too long or cannot
be printed is `printable`. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from promptops_server.compliance.documents import (
    NO_TESTS,
    approvals_json,
    continuity_json,
    lint_json,
)
from promptops_server.compliance.gather import Told
from promptops_server.compliance.report_record import findings, principles, risk
from promptops_server.compliance.values import counted, moment, text_of
from promptops_server.infra.clock import to_text

if TYPE_CHECKING:
    from promptops_server.compliance.pack import Facts

MAX_DIFF_LINES, MAX_ROWS, MAX_VERSIONS, MAX_LINE = 160, 40, 12, 400
MAX_REQUESTS, MAX_CELL = 12, 300
_TIMES = frozenset({"at", "opened_at", "approved_at", "signed_at", "created_at"})


def report_data(
    facts: Facts, files: Mapping[str, bytes], release: Mapping[str, Any], key_id: str
) -> dict[str, Any]:
    """Everything the template prints."""
    prompts = [_prompt(told) for told in facts.told]
    subject = facts.subject
    cover: list[tuple[str, str]] = [("Project", subject.project.name)]
    if not subject.whole_release:
        version = facts.told[0].version
        cover += [("Prompt", version.path), ("Version", str(version.number))]
    if release["header"]:
        cover += [
            ("Environment", release["environment"]),
            ("Release", f"r{release['release']} ({release['kind']})"),
            ("Live since", moment(release["acknowledged_at"])),
            ("Released by", release["actor"]),
            ("Reason", release["reason"]),
            ("Ticket", release["ticket"] or "none"),
        ]
    else:
        cover += [("Environment", "not live")]
    tiers = sorted({p["risk"]["tier"] for p in prompts})
    cover += [("Risk tier", ", ".join(tiers))]
    told = [line for p in prompts for line in p["verdict"]]
    many = len(prompts) > 1
    return {
        "title": subject.title,
        "name": subject.name,
        "selector": subject.selector if subject.whole_release else f"version {subject.selector}",
        "made": _made(facts),
        "installation": facts.installation,
        "cover": [[name, value] for name, value in cover],
        "verdict": {
            "open": [f"{a}: {t}" if many else t for a, state, t in told if state == "open"],
            "held": [f"{a}: {t}" if many else t for a, state, t in told if state == "held"],
        },
        "prompts": prompts,
        "audit": _audit(facts),
        "key_id": key_id,
        "files": [
            {"name": name, "sha256": hashlib.sha256(files[name]).hexdigest()}
            for name in sorted(files)
            if name.count("/") != 2
            or name.endswith(("artifact.json", ".prompt.yml", ".prompt.yaml"))
        ][:60],
    }


def _made(facts: Facts) -> str:
    return "no checkpoint" if facts.position is None else moment(facts.position.checkpoint.time)


def _prompt(told: Told) -> dict[str, Any]:
    version = told.version
    approvals = approvals_json(told)["requests"]
    lint = lint_json(told)["findings"]
    continuity = continuity_json(told)
    difference = told.difference
    return {
        "address": version.address,
        "state": told.about.state,
        "about": [
            ["Commit", version.commit],
            ["Written by", f"{version.author_name}, {moment_us(version.created_at)}"],
            ["Message", version.message],
            ["Behaviour digest", version.behaviour or "none: the file is not valid"],
            ["Record digest", version.record or "none: the file is not valid"],
            ["Artifact digest", told.about.digest or "none: not live"],
        ],
        "verdict": [[version.path, state, text] for state, text in _verdict(told, approvals, lint)],
        "risk": risk(told.examined),
        "principles": principles(told),
        "findings": findings(told.examined)[:MAX_ROWS],
        "lint": [
            {
                "severity": f["severity"],
                "where": f"line {f['line']}" if f["line"] else "",
                "rule": f["rule"],
                "text": f["message"],
            }
            for f in lint[:MAX_ROWS]
        ],
        "lint_count": len(lint),
        "requests": [_bounded(request) for request in _in_moments(approvals[-MAX_REQUESTS:])],
        "tests": NO_TESTS,
        "continuity": [
            {"kind": kind.removesuffix("s"), "text": text_of(item, 900)}
            for kind, items in continuity.items()
            for item in items[:MAX_ROWS]
        ],
        "difference": {
            "from": difference.before.address
            if difference.before
            else "nothing: this is its first version",
            "to": version.address,
            "classes": [c.replace("_", " ") for c in difference.comparison.classes]
            if difference.comparison
            else [],
            "lines": _lines(difference.text),
            "cut": max(0, difference.text.count("\n") - MAX_DIFF_LINES),
        },
        "releases": _in_moments(_brief(told.releases[:MAX_ROWS], "reason")),
        "releases_count": len(told.releases),
        "versions": _in_moments(_brief(told.versions[:MAX_VERSIONS], "message")),
        "versions_count": len(told.versions),
    }


def _brief(rows: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Rows with one of their texts cut: a table is read line by line."""
    return [{**row, key: text_of(row[key], MAX_CELL)} for row in rows]


def _bounded(request: dict[str, Any]) -> dict[str, Any]:
    """A request with so many decisions and comments as a person reads."""
    return {
        **request,
        "decisions": request["decisions"][:MAX_ROWS],
        "comments": request["comments"][:MAX_ROWS],
    }


def _in_moments(value: Any) -> Any:
    """The value with its times as the report writes them."""
    if isinstance(value, dict):
        return {
            key: moment(item) if key in _TIMES and isinstance(item, str) else _in_moments(item)
            for key, item in value.items()
        }
    return [_in_moments(item) for item in value] if isinstance(value, (list, tuple)) else value


def moment_us(us: int) -> str:
    """A time as the report writes it."""
    return moment(to_text(us))


def _verdict(
    told: Told, requests: list[dict[str, Any]], lint: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """What is in order and what is open, for the cover."""
    examined = told.examined
    if examined is None:
        yield "open", "the prompt file is not valid"
    elif examined.complete:
        yield "held", f"the documentation record is complete for tier {examined.judged_at}"
    else:
        yield "open", f"the documentation record has {counted(examined.count, 'gap')}"
    bound = [
        d
        for request in requests
        if request["state"] == "approved"
        for d in request["decisions"]
        if (d["behaviour"], d["record"]) == (told.version.behaviour, told.version.record)
    ]
    names = [d["name"] for d in bound if d["verdict"] == "approve"]
    if names:
        signed = sum(d["signature"] is not None for d in bound)
        extra = f"; {counted(signed, 'decision')} signed" if signed else ""
        yield "held", f"approved by {', '.join(names)} for exactly this content{extra}"
    else:
        yield "open", "no approval of this content is recorded"
    wrong = sum(f["severity"] == "error" for f in lint)
    yield (
        ("open", f"{counted(wrong, 'error')} in the prompt file")
        if wrong
        else ("held", "the prompt file has no errors")
    )
    yield "open", f"test results: {NO_TESTS}"
    exceptions = len(told.continuity.get("exceptions", ()))
    if exceptions:
        yield "open", f"{counted(exceptions, 'exception')} recorded"


def _lines(text: str) -> list[dict[str, str]]:
    kinds = {"+": "added", "-": "removed", "@": "place"}
    return [
        {
            "kind": "file" if line[:3] in ("+++", "---") else kinds.get(line[:1], "same"),
            "text": line[:MAX_LINE],
        }
        for line in text.splitlines()[:MAX_DIFF_LINES]
    ]


def _audit(facts: Facts) -> dict[str, Any]:
    position = facts.position
    bodies = facts.audit.bodies
    return {
        "events": len(bodies),
        "complete": facts.audit_complete,
        "size": None if position is None else position.checkpoint.size,
        "root": None if position is None else position.checkpoint.root,
        "time": None if position is None else moment(position.checkpoint.time),
        "earlier": None if facts.audit.earlier is None else facts.audit.earlier[0].checkpoint.size,
        "rows": [
            {
                "seq": body["seq"],
                "at": moment(body["recorded_at"]),
                "who": body["actor"].get("name") or "(name kept apart)",
                "action": body["action"],
                "what": f"{body['object']['id'] or ''} {body['object'].get('version') or ''}".strip(),
                "outcome": body["outcome"],
            }
            for body in bodies[-MAX_ROWS:]
        ],
    }
