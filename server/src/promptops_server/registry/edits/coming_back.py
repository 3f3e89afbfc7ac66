"""The suites that archived prompts had when they left: they come back with them.

A prompt stands in `main` from its newest version's commit until the one that removed it, and not after, so that commit
is found by halving the line of first parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from promptops.format.companions import companion_at, companions_among, owner_of, prompts_among
from promptops.format.suite import suite_path_of
from promptops_server.registry.edits.companions import Companion, Folders
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.ancestry import first_parent_rows
from promptops_server.registry.git.store import batches
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.rows import BATCH, Head
from promptops_server.registry.tables import prompt, version


def companions_before(
    conn: Connection, project_id: str, heads: Sequence[Head]
) -> dict[str, list[Companion]]:
    """The companions of archived prompts as they were just before they left, by path; `to` is None."""
    tip = read.head_commit(conn, project_id, MAIN)
    if tip is None or not heads:
        return {}
    view = ObjectView(conn, project_id)
    written = _written(conn, heads)
    first = min(view.commit_rows(set(written.values())).values(), key=lambda row: row.generation)
    steps = first_parent_rows(view, first.oid, tip.oid)
    line = [first.oid, *(after.oid for _, after in steps)]
    at = {oid: number for number, oid in enumerate(line)}
    files: dict[tuple[str, str], dict[str, str]] = {}
    last: list[int] = []  # many prompts leave in one commit
    found: dict[str, list[Companion]] = {}
    for head in heads:
        commit = written[head.id]
        if commit in at:
            commit = line[_last_with(view, line, at[commit], head.file_path, last)]
        folder = head.path.rpartition("/")[0]
        if (commit, folder) not in files:
            files[commit, folder] = view.files_in(commit, folder)
        there = files[commit, folder]
        for file in companions_among(there, [head.path]).get(head.path, ()):
            one = Companion(head.path, file, None, there[file])
            found.setdefault(head.path, []).append(one)
    return found


def coming_back(
    folders: Folders, companions: Iterable[Companion], path: str, beside: Iterable[str] = ()
) -> list[Companion]:
    """Those that can stand at the address `path` now; a suite that was written there since stays as it is.

    Args:
        beside: further prompts that arrive.
    """
    files = folders.files(path.rpartition("/")[0])
    prompts = prompts_among(files) | {path, *beside}
    taken = {suite_path_of(file) for file in files}
    back = []
    for one in companions:
        file = companion_at(one.file, one.prompt, path)
        suite = suite_path_of(file)
        if suite not in taken and owner_of(suite, prompts) == path:
            back.append(Companion(one.prompt, one.file, file, one.blob))
    return back


def _written(conn: Connection, heads: Sequence[Head]) -> dict[int, str]:
    """The commits of newest versions, by the prompt's row."""
    found: dict[int, str] = {}
    for some in batches([head.id for head in heads], BATCH):
        query = (
            select(version.c.prompt_id, version.c.commit_oid)
            .join(prompt, prompt.c.id == version.c.prompt_id)
            .where(prompt.c.id.in_(some), version.c.number == prompt.c.latest)
        )
        found.update((row.prompt_id, row.commit_oid) for row in conn.execute(query))
    return found


def _last_with(view: ObjectView, line: list[str], low: int, file: str, last: list[int]) -> int:
    """The place of the last commit that has the file; `low` has it, the end of the line has not."""

    def has(number: int) -> bool:
        return view.entry_at(line[number], file) is not None

    for number in last[-3:]:
        if low <= number < len(line) - 1 and has(number) and not has(number + 1):
            return number
    high = len(line)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if has(middle) else (low, middle)
    last.append(low)
    return low
