"""What differs between two addresses of a project: by key, and as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format import parse
from promptops.format.diff import Change, diff_prompts, unified
from promptops_server.infra.problems import NotFound
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.versions import get_version, resolve, version_text

_TAG = re.compile(r"v([1-9][0-9]{0,8})")
"""A version as its entity tag says it; an environment of that name goes before."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` is None when `after` is a first version compared with nothing.

    `changes` is by key; None when a side is not a valid prompt file, and only `text` can be shown.
    """

    before: Version | None
    after: Version
    changes: Sequence[Change] | None
    text: str
    """A unified diff; empty when the files are equal."""


def diff_prompt(
    conn: Connection,
    project: Project,
    path: str,
    live: LiveVersion,
    *,
    start: str | None = None,
    end: str | None = None,
) -> Difference:
    """Compare two contents.

    Args:
        start: version number (`7`, or `v7` as entity tags say), environment or commit of `path`, or another prompt as ``module/prompt@selector``; without
            one, the version before `end`.
        end: likewise; without one, the newest version.

    Raises:
        NotFound: one of them names nothing.
        BadRequest: one of them breaks the grammar.
    """
    after = _resolve(conn, project, path, end, live)
    before: Version | None
    if start is None:
        previous = after.parent
        before = None if previous is None else get_version(conn, project, after.path, previous)
    else:
        before = _resolve(conn, project, path, start, live)
    old = version_text(conn, project.id, before) if before else ""
    new = version_text(conn, project.id, after)
    return Difference(
        before,
        after,
        _changes(old if before else None, new),
        unified(old, new, _label(before), _label(after)),
    )


def _resolve(
    conn: Connection, project: Project, path: str, selector: str | None, live: LiveVersion
) -> Version:
    if selector is None:
        return get_version(conn, project, address_path(path))
    other, at, rest = selector.rpartition("@")
    if at and other:
        path = other
    path = address_path(path)
    try:
        return resolve(conn, project, path, rest, live)
    except NotFound as error:
        number = _TAG.fullmatch(rest)
        if number is None or error.type == "not-live":
            raise
        return get_version(conn, project, path, int(number[1]))


def _changes(old: str | None, new: str) -> list[Change] | None:
    before = parse(old).file if old is not None else None
    after = parse(new).file
    if after is None or (old is not None and before is None):
        return None
    return diff_prompts(before, after)


def _label(version: Version | None) -> str:
    return f"{version.path}@{version.number}" if version else "nothing"
