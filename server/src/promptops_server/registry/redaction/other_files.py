"""Files that are no prompts, such as suites: where a text was found in one, and what still holds it in another form.

Owns reading them as plain YAML or JSON; what they mean is their own capability's concern.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from promptops.format.companions import companions_among
from promptops.format.source import decode
from promptops.format.suite import is_suite
from promptops.format.yaml_reader import read_yaml
from promptops_server.infra.problems import NotFound
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import BLOB, encode_path
from promptops_server.registry.git.store import batches
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.registry.redaction.rewrite import Rewrite
from promptops_server.registry.redaction.versions import holding
from promptops_server.registry.tables import git_commit

_BATCH = 500
_STRUCTURED = (".yml", ".yaml", ".json")


def object_kind(conn: Connection, project: Project, path: str) -> str:
    """What the audit log calls the address of a redaction: `prompt`, `suite` or `file`."""
    if holding(conn, project, path, None):
        return "prompt"
    return "suite" if is_suite(path) else "file"


def file_states(conn: Connection, project: Project, path: str) -> list[str]:
    """The contents that a path ever had, in any commit of the project. Reads the folders on the way in all of them."""
    view = ObjectView(conn, project.id)
    query = select(git_commit.c.tree).where(git_commit.c.project_id == project.id).distinct()
    level = {row.tree for row in conn.execute(query)}
    *folders, last = encode_path(path).split(b"/")
    for name in folders:
        level = {e.oid for e in _entries(view, level, name) if e.is_tree}
    return sorted({e.oid for e in _entries(view, level, last) if e.is_blob})


def companions_with(
    conn: Connection, project: Project, prompt: str, replacer: Replacer
) -> list[str]:
    """The suites beside a prompt on `main` that hold a text."""
    head = read.head_commit(conn, project.id, MAIN)
    if head is None:
        return []
    view = ObjectView(conn, project.id)
    files = view.files_in(head.oid, prompt.rpartition("/")[0])
    named = companions_among(files, [prompt]).get(prompt, [])
    blobs = view.blobs({files[name] for name in named})
    held = {oid for oid, data in blobs.items() if replacer.in_bytes(data) or hides(data, replacer)}
    return [name for name in named if files[name] in held]


def hides(data: bytes, replacer: Replacer) -> bool:
    """Whether a file, read as YAML or JSON, holds a text: escaped, folded, or as it is.

    One that cannot be read is searched for the escapes of JSON.
    """
    if not replacer.may_hide_in(data):
        return False
    text, report = decode(data)
    value: Any = None
    if not report.failed:
        value = read_yaml(report)
    return replacer.in_json(text) if report.failed else replacer.in_value(value)


def names_of(conn: Connection, project: Project, rewrite: Rewrite) -> dict[str, str]:
    """The rewritten files by their old id: the path on `main`, or for an earlier state its name alone.

    A name that holds a text itself is not told: see `Rewrite.names`.
    """
    names = {oid: rewrite.file_names.get(oid, "") for oid in rewrite.of_kind(BLOB)}
    head = read.head_commit(conn, project.id, MAIN)
    if head is not None and names:
        entries = ObjectView(conn, project.id).entries(head.oid)
        names.update((e.oid, path) for path, e in entries.items() if e.oid in names)
    return names


def in_other_form(
    conn: Connection, project: Project, rewrite: Rewrite, prompts: set[str], replacer: Replacer
) -> list[str]:
    """Files that hold a text in another form: rewritten ones as they will be, and every suite on `main`.

    Args:
        prompts: ids of rewritten files that are prompts; those are read as such elsewhere.
    """
    found: list[str] = []
    for oid, name in names_of(conn, project, rewrite).items():
        if oid not in prompts and name.endswith(_STRUCTURED):
            new = zlib.decompress(rewrite.objects[rewrite.ids[oid]].z)
            if hides(new, replacer):
                found.append(name)
    head = read.head_commit(conn, project.id, MAIN)
    if head is None:
        return found
    view = ObjectView(conn, project.id)
    entries = view.entries(head.oid)
    suites = {
        path: entry.oid
        for path, entry in entries.items()
        if is_suite(path) and entry.oid not in rewrite.ids
    }
    held: set[str] = set()
    for some in batches(sorted(set(suites.values())), _BATCH):
        held.update(oid for oid, data in view.blobs(some).items() if hides(data, replacer))
    return found + [path for path, oid in suites.items() if oid in held]


def no_file(project: Project, path: str) -> NotFound:
    """Neither a prompt nor a file was ever there."""
    return NotFound(
        f"There is no prompt or file {path[:200]!r} in {project.name}.",
        remedy="A prompt is named without its ending, a suite or another file with it.",
    )


def _entries(view: ObjectView, trees: set[str], name: bytes) -> Iterator[Any]:
    for some in batches(sorted(trees), _BATCH):
        for tree in view.trees(some).values():
            entry = tree.get(name)
            if entry is not None:
                yield entry
