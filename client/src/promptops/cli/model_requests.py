"""Showing the request a model would get: its body, what was changed for the model, tokens, cost.

Owns how money and token counts are written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promptops.cli.output import Output
from promptops.money import dollars


def show_request(out: Output, document: Mapping[str, Any]) -> None:
    """What `render` answers for a model, after the messages."""
    out.line()
    out.line("request:", "cyan")
    endpoint = document.get("endpoint") or {}
    if endpoint:
        out.line(f"{endpoint['method']} {endpoint['url']}")
        for name, value in (endpoint.get("headers") or {}).items():
            out.line(f"{name}: {value}")
    if document.get("request") is not None:
        out.line(json.dumps(document["request"], indent=2, ensure_ascii=False))
    else:
        out.line(f"none: {document.get('request_refused')}")
    notes = document.get("notes") or []
    if notes:
        out.line()
        out.line("changed for this model:", "cyan")
        for note in notes:
            out.line(f"- {note['what']}")
            out.line(f"  {note['rule']}, from {note['source']}, {note['date']}", "bright_black")
    tokens, cost = document["tokens"], document.get("cost_estimate") or {}
    out.line()
    out.fields(
        [
            ("Tokens", _tokens(tokens)),
            ("Costs at most", dollars(cost.get("at_most"))),
            ("Price from", _source(cost)),
        ]
    )


def _tokens(tokens: Mapping[str, Any]) -> str:
    if tokens["exact"]:
        return f"{tokens['count']:,} ({tokens['tokenizer']})"
    return f"about {tokens['count']:,} (an estimate: {tokens['why']})"


def _source(cost: Mapping[str, Any]) -> str:
    parts = (cost.get("price_source"), cost.get("price_date"))
    return ", ".join(part for part in parts if part)
