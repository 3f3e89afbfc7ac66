"""Findings as SARIF 2.1.0 (OASIS), which code hosts and review tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..document import visible
from ..registry import all_rules
from .result import Result

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def document(result: Result, version: str) -> dict[str, Any]:
    """The report as a SARIF log with one run. `version` is the tool's."""
    descriptors = _descriptors(result)
    index = {descriptor["id"]: number for number, descriptor in enumerate(descriptors)}
    results = [
        {
            "ruleId": found.rule,
            "ruleIndex": index[found.rule],
            "level": found.severity,
            "message": {"text": f"{found.message} — {found.fix}" if found.fix else found.message},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": _location(found.file),
                        "region": {"startLine": found.line, "startColumn": found.column},
                    }
                }
            ],
        }
        for found in result.findings
    ]
    driver = {"name": "promptops lint", "version": version, "rules": descriptors}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptors(result: Result) -> list[dict[str, Any]]:
    """Every rule, and those problems of the parser that were found."""
    written = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.summary},
            "fullDescription": {"text": rule.documentation.partition("\n\n")[0]},
            "help": {"text": visible(rule.documentation), "markdown": visible(rule.documentation)},
            "defaultConfiguration": {"level": rule.severity},
        }
        for rule in all_rules()
    ]
    parsed = {f.rule: f.severity for f in result.findings if f.rule.startswith("parse/")}
    for id, severity in sorted(parsed.items()):
        text = f"The file is not a prompt file as it should be: {id.removeprefix('parse/')}."
        written.append(
            {
                "id": id,
                "shortDescription": {"text": text},
                "fullDescription": {"text": text},
                "help": {"text": "The message of each result says what to do."},
                "defaultConfiguration": {"level": severity},
            }
        )
    return written


def _location(file: str) -> dict[str, str]:
    path = Path(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(file), "uriBaseId": "%SRCROOT%"}
