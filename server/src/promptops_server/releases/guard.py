"""Release by `git push`: one commit on `env/NAME`, a child of its head, is a release like any other.

Answers the Git remote's `RefGuard`. Every changed file must be the content of a version of the same prompt; what was
added or changed is published, what was removed is unpublished. The same access rules and the same gate apply, and the
pushed commit itself becomes the release's commit. Leaves refs other than `env/…` to the remote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from promptops.format.names import EXTENSIONS, InvalidName
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require_paths
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.registry.git.objects import MODE_EXECUTABLE, MODE_FILE, NO_ENTRIES
from promptops_server.registry.git.ports import NewCommits, ProjectLike, RefUpdate
from promptops_server.registry.git.view import ChangedFile, ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.paths import file_address
from promptops_server.registry.projects import get_project_by_id, require_readable
from promptops_server.registry.versions import version_of_blob
from promptops_server.releases import environments
from promptops_server.releases.candidates import compile_candidates, find_candidates, refuse
from promptops_server.releases.change import release_plan
from promptops_server.releases.judge import judge, refuse_unmet
from promptops_server.releases.model import (
    Change,
    Content,
    Environment,
    Kind,
    Pick,
    check_reason,
    check_ticket,
)
from promptops_server.releases.plan import ACTIONS, Plan, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.publish import gate_contents
from promptops_server.releases.rows import current_rows

_PREFIX = "env/"
_TRAILER = re.compile(r"[A-Za-z][A-Za-z0-9-]*: \S.*")
_REGULAR = (MODE_FILE, MODE_EXECUTABLE)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a pushed commit changes: per address the file that becomes live, and the addresses that go."""

    live: dict[str, tuple[str, str]]
    """Path to the file's ending and its blob."""
    gone: tuple[str, ...]


class EnvironmentGuard:
    """Turns an update of an environment's branch into a release, or refuses it in words for the pusher's terminal."""

    def __init__(self, deps: ReleaseDeps) -> None:
        self._deps = deps

    def __call__(
        self,
        tx: Transaction,
        actor: Actor,
        project: ProjectLike,
        update: RefUpdate,
        commits: NewCommits,
    ) -> Callable[[], None]:
        """Judge the update; the returned step writes the release once the commit is stored.

        Raises:
            NotFound: no such environment.
            Denied: deleting or rewriting the branch, or access or the gate refuses.
            Conflict: the commit is no child of the head, or changes nothing.
            Invalid: more than one commit, files that are no versions, or a message that is no reason.
        """
        deps = self._deps
        found = get_project_by_id(tx.conn, project.id)
        require_readable(deps.authorise, actor, found.name)
        environment = _environment(tx, found, update)
        message = _only_commit(environment, update, commits)
        assert update.new is not None
        reason, ticket = _reason(message)
        pushed = read_push(commits.view, update.old, update.new)
        plan = self._plan(tx, found, environment, pushed, reason)
        kinds: list[Kind] = ["publish"] if pushed.live else []
        if pushed.gone:
            kinds.append("unpublish")
        place = Resource(
            project=found.name,
            environment=environment.name,
            approval_required=environment.approval_required,
        )
        for kind in reversed(kinds):
            paths = pushed.live if kind == "publish" else pushed.gone
            require_paths(deps.authorise, actor, ACTIONS[kind], place, paths)
        request = Request(actor, found, environment.name, kinds[0], reason, ticket)
        refuse_unmet(judge(deps, tx.conn, request, environment, plan, now=tx.now), kinds[0])
        commit = update.new

        def project_now(environment_id: str) -> None:
            deps.projection(environment_id)

        def write() -> None:
            release_plan(
                deps,
                tx,
                request,
                environment,
                plan,
                reason=reason,
                ticket=ticket,
                commit=commit,
            )
            tx.after_commit(lambda: project_now(environment.id))

        return write

    def _plan(
        self,
        tx: Transaction,
        project: Project,
        environment: Environment,
        pushed: Pushed,
        reason: str,
    ) -> Plan:
        conn = tx.conn
        picks: list[Pick] = []
        faults: list[dict[str, Any]] = []
        for path, (extension, blob) in pushed.live.items():
            version = version_of_blob(conn, project, path, blob)
            if version is None:
                faults.append(
                    {
                        "address": path + extension,
                        "path": path,
                        "message": "is not the content of any version of this prompt on main "
                        "(new content: push main first, by itself)",
                    }
                )
            else:
                picks.append(Pick(path, version.number))
        try:
            candidates = find_candidates(conn, project, picks)
        except Invalid as error:
            faults.extend(error.members["errors"])
        if faults:
            raise _refuse(faults)
        rows = current_rows(conn, environment.id, [*pushed.live, *pushed.gone])
        fresh = [
            candidate
            for candidate in candidates
            if (row := rows.get(candidate.path)) is None
            or (row.state, row.blob_oid) != ("live", candidate.version.blob)
            or row.extension != pushed.live[candidate.path][0]
        ]
        artifacts = compile_candidates(conn, project, fresh)
        changes = [
            Change.live(
                c.path,
                Content(
                    c.number,
                    artifacts[c.path, c.number].digest,
                    pushed.live[c.path][0],
                    c.version.blob,
                ),
            )
            for c in fresh
        ]
        changes += [Change.removed(path, rows[path].version, reason) for path in pushed.gone]
        if not changes:
            raise Conflict(
                "The commit changes nothing that is live.",
                remedy="Push a commit that changes, adds or removes a prompt file.",
                slug="nothing-to-publish",
            )
        return Plan(
            tuple(changes),
            {artifact.digest: artifact for artifact in artifacts.values()},
            gate_contents(conn, environment, fresh),
        )


def read_push(view: ObjectView, old: str | None, new: str) -> Pushed:
    """What differs between the head and the pushed commit, by address.

    Raises:
        Invalid: anything but prompt files changes; every such file is named.
    """
    live: dict[str, tuple[str, str]] = {}
    gone: list[str] = []
    files = view.changed_files(old, new)  # first: it is what limits how much a tree may unfold to
    faults = [
        {"address": path, "path": path, "message": "is neither a file nor a folder"}
        for path in strange_entries(view, old, new)
    ]
    for file in files:
        try:
            address = file_address(file.path)
        except InvalidName as error:
            faults.append(_fault(file, str(error)))
            continue
        if address is None:
            faults.append(_fault(file, "is no prompt file; only prompts are released"))
            continue
        path, extension = address
        if file.new_blob is None:
            gone.append(path)
        elif file.new_mode not in _REGULAR:
            faults.append(_fault(file, "is not an ordinary file"))
        else:
            twin = next(e for e in EXTENSIONS if e != extension)
            if view.entry_at(new, path + twin) is not None:
                faults.append(_fault(file, f"lies beside {path}{twin}: one file per prompt"))
            live[path] = (extension, file.new_blob)
    if faults:
        raise _refuse(faults)
    return Pushed(live, tuple(path for path in gone if path not in live))


def strange_entries(view: ObjectView, old: str | None, new: str) -> list[str]:
    """Paths of changed entries that are no file of any kind and no folder (submodules); equal folders are not opened."""
    found: list[str] = []
    start = view.commit_row(old).tree if old is not None else None
    level: dict[str, tuple[str | None, str]] = {"": (start, view.commit_row(new).tree)}
    while level:
        trees = view.trees(oid for pair in level.values() for oid in pair if oid is not None)
        deeper: dict[str, tuple[str | None, str]] = {}
        for folder, (old_oid, new_oid) in level.items():
            before = trees[old_oid] if old_oid is not None else NO_ENTRIES
            for name, entry in trees[new_oid].difference(before):
                path = folder + name.decode("utf-8", "replace")
                if entry.is_tree:
                    was = before.get(name)
                    deeper[f"{path}/"] = (was.oid if was and was.is_tree else None, entry.oid)
                elif not entry.is_blob:
                    found.append(path)
        level = deeper
    return found


def reason_of(message: str) -> tuple[str, str | None]:
    """The reason and the ticket in a commit's message: its text, and its `Ticket:` trailer if it has one."""
    paragraphs = re.split(r"\n\s*\n", message.strip())
    lines = [line for line in paragraphs[-1].splitlines() if line.strip()]
    if len(paragraphs) < 2 or not all(_TRAILER.fullmatch(line.strip()) for line in lines):
        return message.strip(), None
    ticket = next(
        (line.partition(": ")[2].strip() for line in lines if line.lower().startswith("ticket: ")),
        None,
    )
    return "\n\n".join(paragraphs[:-1]).strip(), ticket


def _environment(tx: Transaction, project: Project, update: RefUpdate) -> Environment:
    name = (update.branch or "").removeprefix(_PREFIX)
    try:
        environment = environments.get(tx.conn, project.id, name)
    except NotFound as error:
        raise NotFound(
            f"There is no environment {name!r}, and a push does not make one.",
            remedy=f"{error.remedy} An administrator can add one.",
            slug="unknown-environment",
        ) from None
    if update.new is None:
        raise Denied(
            f"The branch of environment {name} cannot be deleted.",
            rule="release.branch",
            remedy="Unpublish what should not be live.",
        )
    return environment


def _only_commit(environment: Environment, update: RefUpdate, commits: NewCommits) -> str:
    """The message of the one new commit, which is a child of the head."""
    one = commits.commits[0] if len(commits.commits) == 1 and commits.complete else None
    if one is not None and one.oid == update.new and one.parents == (update.old,):
        return one.message
    if one is not None or not commits.commits:
        raise Conflict(
            f"The pushed commit is not a child of the head of env/{environment.name} "
            f"({(update.old or '')[:12]}, release {environment.head}).",
            remedy=f"Fetch env/{environment.name} and commit on top of it; merges and forced pushes are refused.",
            slug="head-moved",
        )
    count = str(len(commits.commits)) if commits.complete else f"more than {len(commits.commits)}"
    raise Invalid(
        f"The push brings {count} commits to env/{environment.name}; a release is exactly one, a child of the head.",
        remedy="Squash them into one commit on top of the branch.",
        slug="one-commit",
    )


def _reason(message: str) -> tuple[str, str | None]:
    reason, ticket = reason_of(message)
    try:
        return check_reason(reason), check_ticket(ticket)
    except Invalid as error:
        raise Invalid(
            f"The commit's message is the release's reason, and cannot be: {error.detail}",
            remedy="Amend the message.",
            slug=error.type,
        ) from None


def _refuse(faults: list[dict[str, Any]]) -> Invalid:
    """One refusal for all files; the terminal shows a line for each."""
    return refuse([{**fault, "file": fault["address"]} for fault in faults])


def _fault(file: ChangedFile, message: str) -> dict[str, str]:
    return {"address": file.path, "path": file.path, "message": message}
