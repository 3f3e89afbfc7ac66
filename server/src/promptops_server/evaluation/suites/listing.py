"""List suites: those of a prompt, or all of a project page by page through its folders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops.format.companions import TEST_DATA, owner_of
from promptops.format.names import prompt_path_of
from promptops.format.suite import ParsedSuite, parse_suite, suite_path_of
from promptops_server.evaluation.suites.belonging import suites_beside
from promptops_server.evaluation.suites.find import own_suite, problems_of
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.infra.database import Database
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import MODE_EXECUTABLE, MODE_FILE, decode_path
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.records.defaults_at import start_of
from promptops_server.registry.versions import get_version, version_bytes

MAX_PAGE = 100
FOLDERS = 500
"""Read for one page; a page may so be short, or empty, and still have a next one."""


@dataclass(frozen=True, slots=True)
class ListedSuite:
    """A suite in a list. `digest` and `cases` are None where it has errors; `prompt` is whom it belongs to by its name."""

    name: str
    file: str
    prompt: str | None
    blob: str | None
    cases: int | None
    digest: str | None
    title: str
    errors: int


def list_suites(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    project: str,
    *,
    path: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ListedSuite]:
    """Suites at the head of `main`, by path; with `path` those of one prompt, its `testData` first.

    Raises:
        NotFound: no such project or prompt, or not readable.
        BadRequest: the path breaks the grammar, or the cursor is none.
        Invalid: the prompt is no valid file, or has a suite twice.
    """
    require_readable(authorise, actor, project)
    after = str(decode(cursor, str)[0]) if cursor else ""
    limit = min(limit, MAX_PAGE)
    with db.read() as conn:
        found = get_project(conn, project)
        if path is not None:
            return _of_prompt(conn, found, address_path(path), after, limit)
        head = read.head_commit(conn, found.id, MAIN)
        if head is None:
            return Page([], None)
        walk = _Walk(ObjectView(conn, found.id), after)
        listed: list[ListedSuite] = []
        for file, blob, owner in walk.suites(head.tree, ""):
            if len(listed) == limit:
                return Page(listed, encode(listed[-1].file))
            parsed = parse_suite(start_of(walk.view, blob))
            listed.append(_listed(suite_path_of(file), file, owner, blob, parsed))
        return Page(listed, encode(walk.stopped) if walk.stopped else None)


def _of_prompt(
    conn: Connection, project: Project, path: str, after: str, limit: int
) -> Page[ListedSuite]:
    version = get_version(conn, project, path)
    own, _ = own_suite(conn, project, path, version_bytes(conn, project.id, version))
    head = read.head_commit(conn, project.id, MAIN)
    view = ObjectView(conn, project.id)
    files = {} if head is None else view.files_in(head.oid, path.rpartition("/")[0])
    beside = set(suites_beside(path, files))
    page: list[ListedSuite] = []
    if not after and (own.suite is None or own.suite.cases):
        page.append(_listed(TEST_DATA, f"{path}.prompt.yml", path, None, own))
    for file in sorted(file for file in files if suite_path_of(file) in beside and file > after):
        if len(page) >= limit:
            return Page(page, encode(page[-1].file if page[-1].blob else " "))
        parsed = parse_suite(start_of(view, files[file]))
        page.append(_listed(suite_path_of(file), file, path, files[file], parsed))
    return Page(page, None)


def _listed(
    name: str, file: str, prompt: str | None, blob: str | None, parsed: ParsedSuite
) -> ListedSuite:
    errors = sum(problem.severity == "error" for problem in problems_of(parsed))
    suite = None if errors else parsed.suite
    return ListedSuite(
        name,
        file,
        prompt,
        blob,
        None if suite is None else len(suite.cases),
        None if suite is None else suite.digest,
        "" if suite is None else suite.name,
        errors,
    )


class _Walk:
    """Suite files below a folder in the order of their paths, from after a path on, until enough folders are read."""

    def __init__(self, view: ObjectView, after: str) -> None:
        self.view = view
        self.stopped = ""
        """Where it stopped for want of folders: nothing before this is left to list."""
        self._after = after
        self._folders = 0

    def suites(self, tree: str, prefix: str) -> Iterator[tuple[str, str, str | None]]:
        """File, blob and owner of each."""
        self._folders += 1
        entries = {decode_path(name): entry for name, entry in self.view.tree(tree).entries()}
        prompts = {path for name in entries if (path := prompt_path_of(prefix + name))}
        # Git's order of a tree is the order of whole paths: a folder's name counts with its slash.
        for name in sorted(entries, key=lambda n: n + "/" if entries[n].is_tree else n):
            entry, path = entries[name], prefix + name
            if entry.is_tree:
                below = path + "/"
                if below < self._after and not self._after.startswith(below):
                    continue
                if self._folders >= FOLDERS:
                    self.stopped = below
                    return
                yield from self.suites(entry.oid, below)
                if self.stopped:
                    return
            elif path > self._after and entry.mode in (MODE_FILE, MODE_EXECUTABLE):
                suite = suite_path_of(path)
                if suite:
                    yield path, entry.oid, owner_of(suite, prompts)
