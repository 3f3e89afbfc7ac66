"""What differs between two addresses of a project: as text, by key, and section by section.

Owns which two contents are compared, and whether as written or with fragments resolved. Comparing is `promptops.format`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from promptops.format import FragmentError, PromptFile, dump, parse, resolve_fragments
from promptops.format.diff import Change, diff_prompts, unified
from promptops.format.diff_sections import Comparison, compare_prompts
from promptops.format.diff_sequences import Effort
from promptops.format.digests import behaviour_members, without_empty
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.versions import (
    fragment_loader,
    get_version,
    resolve,
    version_text,
)

_TAG = re.compile(r"v([1-9][0-9]{0,8})")
"""A version as its entity tag says it; an environment of that name goes before."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` is None when `after` is a first version compared with nothing.

    `changes` is by key and `comparison` by section; None when a side is not a valid prompt file, and only `text` can be
    shown. Digests tell whether behaviour and record changed; None where an invalid side has none.
    """

    before: Version | None
    after: Version
    changes: Sequence[Change] | None
    text: str
    """A unified diff; empty when the files are equal."""
    comparison: Comparison | None
    behaviour_changed: bool | None
    record_changed: bool | None


def diff_prompt(
    conn: Connection,
    project: Project,
    path: str,
    live: LiveVersion,
    *,
    start: str | None = None,
    end: str | None = None,
    resolved: bool = False,
) -> Difference:
    """Compare two contents.

    Args:
        start: version number (`7`, or `v7` as entity tags say), environment or commit of `path`, or another prompt as ``module/prompt@selector``; without
            one, the version before `end`.
        end: likewise; without one, the newest version.
        resolved: compare what a model receives, with the text of fragments in place, instead of the files.

    Raises:
        NotFound: one of them names nothing.
        BadRequest: one of them breaks the grammar.
        Invalid: with `resolved`, one of them is not a valid prompt.
    """
    after = resolve_side(conn, project, path, end, live)
    before: Version | None
    if start is None:
        previous = after.parent
        before = None if previous is None else get_version(conn, project, after.path, previous)
    else:
        before = resolve_side(conn, project, path, start, live)
    sides = [None if v is None else _side(conn, project, v, resolved) for v in (before, after)]
    old, new = sides[0] or _NOTHING, sides[1] or _NOTHING
    effort = Effort()
    text = unified(old.text, new.text, _label(before), _label(after), effort)
    valid = new.file is not None and (before is None or old.file is not None)
    return Difference(
        before,
        after,
        diff_prompts(old.file, new.file) if valid else None,
        text,
        compare_prompts(
            old.file,
            new.file,
            same_text=before is not None and old.text == new.text,
            effort=effort,
        )
        if valid
        else None,
        _differ(before, after.behaviour, None if before is None else before.behaviour),
        _differ(before, after.record, None if before is None else before.record),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """A file to compare; without a value it is not valid."""

    text: str
    file: PromptFile | None


_NOTHING = _Side("", None)


def _side(conn: Connection, project: Project, version: Version, resolved: bool) -> _Side:
    text = version_text(conn, project.id, version)
    file = parse(text).file
    if not resolved:
        return _Side(text, file)
    try:
        if file is None:
            raise FragmentError("it is not a valid prompt file")
        file = resolve_fragments(file, fragment_loader(conn, project))
    except FragmentError as error:
        raise Invalid(
            f"What a model receives of {version.address} cannot be told: {error}.",
            remedy="Compare the files: leave `resolved` away.",
            slug="not-resolvable",
        ) from error
    members = without_empty(behaviour_members(file))
    return _Side(dump(members), replace(file, data=members))


def _differ(before: Version | None, new: str | None, old: str | None) -> bool | None:
    """Whether two digests differ; unknown where a file is not valid. A first version differs from nothing."""
    if new is None or (before is not None and old is None):
        return None
    return new != old


def resolve_side(
    conn: Connection, project: Project, path: str, selector: str | None, live: LiveVersion
) -> Version:
    """One side of a comparison, as `diff_prompt` takes it. Raises BadRequest, NotFound, Conflict."""
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


def _label(version: Version | None) -> str:
    return f"{version.path}@{version.number}" if version else "nothing"
