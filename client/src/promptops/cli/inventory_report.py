"""The AI inventory as a document: Markdown, or HTML in one file without script or anything loaded. Pure.

Everything it shows was written by people (names, owners, use cases), so it is text here and never markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from promptops.cli.output import visible

COLUMNS = (
    *("Prompt", "Owner", "Tier", "Residual", "Decision role", "Model", "Data", "Where it is live"),
    *("Documentation", "Review by"),
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")
_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#1d2430}"
    "table{border-collapse:collapse;width:100%;margin:0 0 1.5rem}"
    "th,td{border:1px solid #ccd3dd;padding:.35rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th{background:#f2f5f9}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

Item = Mapping[str, Any]


def markdown(items: Sequence[Item], title: str, made_at: str) -> str:
    """The report as Markdown tables, one per use case."""
    lines = [f"# {_marked(title)}", "", _marked(_summary(items, made_at)), ""]
    for use_case, group in by_use_case(items):
        heads = _heads(items)
        lines += [
            f"## {_marked(use_case)}",
            "",
            f"| {' | '.join(heads)} |",
            "|---" * len(heads) + "|",
        ]
        lines += [f"| {' | '.join(map(_marked, cells(item, heads)))} |" for item in group]
        lines.append("")
    return "\n".join(lines)


def html(items: Sequence[Item], title: str, made_at: str) -> str:
    """The report as one HTML file."""
    heads = _heads(items)
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{_shown(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_shown(title)}</h1>\n<p>{_shown(_summary(items, made_at))}</p>",
    ]
    for use_case, group in by_use_case(items):
        parts.append(f"<h2>{_shown(use_case)}</h2>\n<table><thead><tr>")
        parts += [f"<th>{_shown(head)}</th>" for head in heads]
        parts.append("</tr></thead><tbody>")
        for item in group:
            row = "".join(f"<td>{_shown(text)}</td>" for text in cells(item, heads))
            parts.append(f"\n<tr>{row}</tr>")
        parts.append("</tbody></table>\n")
    return "".join([*parts, "</body></html>\n"])


def by_use_case(items: Iterable[Item]) -> Iterator[tuple[str, list[Item]]]:
    """The prompts of each use case, by its name; those without one last."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item["use_case_id"] or "", []).append(item)
    for name in sorted(groups, key=lambda name: (not name, name)):
        yield name or "Without a use case", sorted(groups[name], key=lambda item: item["address"])


def cells(item: Item, heads: Sequence[str] = COLUMNS) -> list[str]:
    """A prompt's row. `exceptions` is shown where the server tells it."""
    faults = item["faults"]
    documented = "complete" if item["complete"] else f"{faults} to do" if faults else "tier unknown"
    live = ", ".join(f"{place['environment']} @{place['version']}" for place in item["live"])
    backup = item.get("backup")
    row = [
        f"{item['address']}@{item['version']}",
        (item["owner"] or "-") + (f", backup {backup}" if backup else ""),
        item["tier"] or "unknown",
        item["residual_tier"] or "-",
        item["decision_role"] or "-",
        _model(item),
        item.get("data_class") or "-",
        live or "nowhere",
        documented if item["valid"] else "no valid file",
        item.get("review_due") or "-",
    ]
    return row + ([str(item.get("exceptions") or 0)] if len(heads) > len(row) else [])


def _heads(items: Iterable[Item]) -> tuple[str, ...]:
    told = any(item.get("exceptions") is not None for item in items)
    return (*COLUMNS, "Exceptions") if told else COLUMNS


def _model(item: Item) -> str:
    name = item["model"] or "-"
    said = [text for text in (item.get("provider"), item.get("hosting")) if text]
    return f"{name} ({', '.join(said)})" if said else name


def _summary(items: Sequence[Item], made_at: str) -> str:
    tiers = [item["tier"] or "unknown" for item in items]
    counts = ", ".join(
        f"{tiers.count(tier)} {tier}"
        for tier in ("high", "medium", "low", "unknown")
        if tier in tiers
    )
    complete = sum(bool(item["complete"]) for item in items)
    return (
        f"{len(items)} prompt{'s' * (len(items) != 1)}"
        + (f" ({counts})" if counts else "")
        + f", {complete} with complete documentation. As of {made_at}."
    )


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def _marked(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _line(text))


def _shown(text: str) -> str:
    return escape(_line(text), quote=True)
