"""Showing messages as a model receives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from promptops.cli.output import Output


def show_messages(out: Output, messages: Sequence[Mapping[str, Any]]) -> None:
    """Each message under its role; what is not plain text as JSON."""
    for number, message in enumerate(messages):
        if number:
            out.line()
        if "placeholder" in message:
            out.line(f"{{{message['placeholder']}}}", "cyan")
            continue
        out.line(f"{message['role']}:", "cyan")
        content = message.get("content")
        if not isinstance(content, str):
            content = json.dumps(content, indent=2, ensure_ascii=False)
        out.line(content)
        extra = {k: v for k, v in message.items() if k not in ("role", "content")}
        if extra:
            out.line(json.dumps(extra, indent=2, ensure_ascii=False))
