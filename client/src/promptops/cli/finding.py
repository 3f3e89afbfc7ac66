"""What a list of prompts may be narrowed by, as options, and how such a list is shown.

`prompt list` and `view save` take the same options: what one shows, the other keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from promptops.cli.failures import BadInput
from promptops.cli.output import when


class State(StrEnum):
    """What `--state` takes."""

    DRAFT = "draft"
    PUBLISHED = "published"
    BEHIND = "behind"
    SUSPENDED = "suspended"


class Sort(StrEnum):
    """What `--sort` takes."""

    PATH = "path"
    CHANGED = "changed"


Words = Annotated[
    str | None, typer.Option("-q", "--q", metavar="WORDS", help="With all these words in it.")
]
Environment = Annotated[str | None, typer.Option("--environment", help="Live there.")]
StateOption = Annotated[
    State | None,
    typer.Option(
        "--state",
        help="draft: the newest version is live nowhere; published: it is; behind: an older one is.",
    ),
]
Model = Annotated[
    str | None, typer.Option("--model", help="A model's id, or a family: gpt, claude, qwen, …")
]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", help="With this tag; given twice, with both.")
]
Owner = Annotated[str | None, typer.Option("--owner", help="Owned by them.")]
Since = Annotated[
    str | None,
    typer.Option("--changed-since", metavar="WHEN", help="7d, 12h, or 2026-01-31T09:00:00Z."),
]
Archived = Annotated[bool, typer.Option("--archived", help="Those that are archived instead.")]
Invalid = Annotated[bool, typer.Option("--invalid", help="Those that cannot be released.")]
SortOption = Annotated[
    Sort | None, typer.Option("--sort", help="path, or changed: the newest change first.")
]


def query_of(**given: Any) -> dict[str, Any]:
    """The options as parameters of the server's list; what was not given is left out."""
    archived, invalid = given.pop("archived"), given.pop("invalid")
    query = {name: value for name, value in given.items() if value not in (None, "", [])}
    if archived:
        query["archived"] = "true"
    if invalid:
        query["valid"] = False
    return query


_COLUMNS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "path": ("PROMPT", lambda p: p["path"]),
    "version": ("VERSION", lambda p: f"@{p['version']}"),
    "name": ("NAME", lambda p: p.get("name")),
    "description": ("DESCRIPTION", lambda p: p.get("description")),
    "model": ("MODEL", lambda p: p.get("model")),
    "tags": ("TAGS", lambda p: p.get("tags")),
    "owners": ("OWNERS", lambda p: p.get("owners")),
    "states": ("STATE", lambda p: p.get("states")),
    "live": (
        "LIVE IN",
        lambda p: [f"{i['environment']}@{i['version']}" for i in p.get("live", ())],
    ),
    "valid": ("", lambda p: "" if p.get("valid", True) else "invalid"),
    "created_at": ("CREATED", lambda p: when(p.get("created_at"))),
    "updated_at": ("CHANGED", lambda p: when(p.get("updated_at"))),
    "archived_at": ("ARCHIVED", lambda p: when(p.get("archived_at"))),
}
DEFAULT_COLUMNS = ("path", "version", "name", "tags", "live", "updated_at", "valid")


def columns_of(given: str | None) -> list[str]:
    """`path,owners,live` as names of columns. Raises BadInput."""
    names = [name.strip() for name in (given or "").split(",") if name.strip()]
    unknown = [name for name in names if name not in _COLUMNS]
    if unknown:
        raise BadInput(
            f"there is no column {', '.join(unknown)}", remedy=f"choose from: {', '.join(_COLUMNS)}"
        )
    return names


def heads(columns: Sequence[str]) -> tuple[str, ...]:
    """The titles of the columns; of those an older client does not know, their names."""
    return tuple(_COLUMNS[name][0] if name in _COLUMNS else name.upper() for name in columns)


def row(prompt: Mapping[str, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    """One prompt's line."""
    return tuple(
        _COLUMNS[name][1](prompt) if name in _COLUMNS else prompt.get(name) for name in columns
    )


def in_words(query: Mapping[str, Any]) -> str:
    """A query as a person reads it: `tag letters, changed since 7d`."""
    parts = [
        f"{name.replace('_', ' ')} {', '.join(value) if isinstance(value, list) else value}"
        for name, value in query.items()
    ]
    return "; ".join(parts) or "everything"
