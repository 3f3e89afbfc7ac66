"""`import --git`: a repository with its history into a project.

The order makes every refusal come before anything is changed: look at the source, fetch it, read it, look at the
project, then (unless it is a dry run) create the project and push. A run that broke off is simply repeated.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptops.cli.failures import Refused, ServerProblem
from promptops.cli.git.destination import MAIN, Destination, Pushed
from promptops.cli.git.source import Source, check_address, choose_branch, fetch, look_at
from promptops.cli.git.stock import GitFailed, find_git
from promptops.cli.git.survey import Survey, survey
from promptops.cli.git.wish import Wish
from promptops.cli.output import note
from promptops.cli.session import Session, api

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_ASKED = 200
"""Invalid prompts the server is asked about one by one."""


@dataclass(slots=True)
class Brought:
    """What came, or in a dry run would come. `left_out` are refs of the source with the reason."""

    project: str
    source: str
    branch: str
    dry_run: bool
    created: bool
    head: str
    survey: Survey
    prompts: int = 0
    versions: int = 0
    invalid: list[dict[str, Any]] = field(default_factory=list)
    would_fail: list[dict[str, Any]] = field(default_factory=list)
    """Faults for which a main that has versions already would refuse the push."""
    branches: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "project": self.project,
            "dry_run": self.dry_run,
            "created": self.created,
            "source": self.source,
            "branch": self.branch,
            "head": self.head,
            "commits": self.survey.commits,
            "prompts": self.prompts,
            "versions": self.versions,
            "invalid": self.invalid,
            "no_prompts": self.survey.no_prompts,
            "other_files": self.survey.other_files,
            "branches": self.branches,
            "tags": self.tags,
            "left_out": self.left_out,
        }


def bring(server: Session, wish: Wish, *, quiet: bool) -> Brought:
    """Import a repository. Raises BadInput, Refused, ServerProblem, Unreachable."""
    git = find_git(show=not quiet)
    address = check_address(wish.address)
    source = look_at(git, address)
    branch = choose_branch(source, wish.branch)
    exists = _project_exists(server, wish)
    with tempfile.TemporaryDirectory(prefix="promptops-import-") as temporary:
        folder = Path(temporary) / "source.git"
        _say(quiet, f"Fetching {source.shown}")
        fetch(git, source, folder, branch, everything=wish.everything)
        tip = git.run("-C", str(folder), "rev-parse", f"{_HEADS}{branch}").out.strip()
        there = Destination(git, server.target, wish.project, folder)
        refs = there.refs() if exists else {}
        _check_related(there, wish, refs.get(MAIN), tip, branch)
        _say(quiet, "Reading what it holds")
        found = survey(git, folder, tip, since=refs.get(MAIN))
        would_fail = [] if MAIN not in refs else [*found.no_prompts, *found.invalid]
        brought = Brought(
            wish.project, source.shown, branch, wish.dry_run, not exists, tip, found,
            found.prompts, found.versions, found.invalid, would_fail,
        )  # fmt: skip
        specs = _plan_refs(source, wish, branch, brought)
        if not wish.dry_run:
            _push(server, there, wish, specs, brought, exists=exists, quiet=quiet)
    return brought


def _project_exists(server: Session, wish: Wish) -> bool:
    try:
        server.get(api("projects", wish.project))
    except ServerProblem as problem:
        if problem.status != 404:
            raise
        if not wish.create:
            problem.document["remedy"] = (
                f"`promptops project list` shows those you may read; --create makes {wish.project}"
            )
            raise
        return False
    return True


def _check_related(there: Destination, wish: Wish, main: str | None, tip: str, branch: str) -> None:
    """An import into a project that has versions goes on only where its own history ends. Raises Refused."""
    if main is None:
        return
    try:
        there.git.run("-C", str(there.folder), "merge-base", "--is-ancestor", main, tip)
    except GitFailed:
        raise Refused(
            f"{wish.project} has versions already, and {branch} does not continue them: "
            f"its main is at {main[:12]}, which is not in the history of {branch}",
            remedy="import into a project of its own (-p NAME --create); or clone the project, merge there and push",
        ) from None


def _plan_refs(source: Source, wish: Wish, branch: str, brought: Brought) -> list[str]:
    """The refspecs beside main's, and by name what cannot come or was not asked for."""
    specs: list[str] = []
    for name in source.refs:
        short = name.removeprefix(_HEADS).removeprefix(_TAGS)
        reason = _why_not(name, branch)
        if name == _HEADS + branch:
            continue
        if reason is None and not wish.everything:
            reason = "not asked for; --all brings the other branches and tags"
        if reason is not None:
            brought.left_out.append({"ref": name, "reason": reason})
            continue
        (brought.branches if name.startswith(_HEADS) else brought.tags).append(short)
        specs.append(f"{name}:{name}")
    return specs


def _why_not(name: str, branch: str) -> str | None:
    """Why the server would not take a ref under its name."""
    if not name.startswith((_HEADS, _TAGS)):
        return "only branches and tags are kept"
    lower = name.lower()
    if lower == MAIN:
        return f"{branch} becomes main, and there is one main"
    if lower.startswith(f"{_HEADS}env/") or lower == f"{_HEADS}env":
        return "env/ is reserved for environments"
    if lower.startswith(f"{MAIN}/"):
        return "no branch can lie below main"
    return None


def _push(
    server: Session,
    there: Destination,
    wish: Wish,
    specs: list[str],
    brought: Brought,
    *,
    exists: bool,
    quiet: bool,
) -> None:
    before = _numbers(server, wish.project) if exists else (0, 0)
    if not exists:
        server.post(api("projects"), {"name": wish.project})
    if brought.survey.commits:
        _say(quiet, f"Pushing {brought.survey.commits:,} commits to {there.url}")
    else:
        _say(quiet, f"{wish.project} has all commits of {brought.branch} already")
    done = there.push([f"{brought.head}:{MAIN}"])
    brought.said = done.said
    if MAIN in done.refused:
        raise Refused(
            f"{wish.project} did not take {brought.branch}: {done.refused[MAIN]}",
            errors=[{"message": line} for line in done.said],
            remedy="nothing of the push was kept; correct it in the source, or in a clone of it, and run the same again",
        )
    _push_others(there, specs, brought)
    after = _numbers(server, wish.project)
    brought.prompts, brought.versions = after[0], after[1] - before[1]
    brought.invalid = _invalid(server, wish.project, brought.survey)


def _push_others(there: Destination, specs: list[str], brought: Brought) -> None:
    others = there.push(specs) if specs else Pushed()
    for name, reason in others.refused.items():
        brought.left_out.append({"ref": name, "reason": reason})
        kept = brought.branches if name.startswith(_HEADS) else brought.tags
        kept.remove(name.removeprefix(_HEADS).removeprefix(_TAGS))


def _numbers(server: Session, project: str) -> tuple[int, int]:
    """Prompts that are there, and versions of these and of archived ones."""
    prompts = versions = 0
    for item in server.pages(api("projects", project, "prompts"), archived="any"):
        prompts += item["archived_at"] is None
        versions += item["version"]
    return prompts, versions


def _invalid(server: Session, project: str, found: Survey) -> list[dict[str, Any]]:
    """The invalid prompts as the server sees them, which also knows what fragments lead to."""
    known = {str(problem["file"]): problem for problem in found.invalid}
    listed: list[dict[str, Any]] = []
    asked = 0
    for item in server.pages(api("projects", project, "prompts"), valid="false"):
        files = (item["path"] + extension for extension in (".prompt.yml", ".prompt.yaml"))
        file = next((file for file in files if file in found.prompt_files), item["path"])
        problem = known.get(file)
        if problem is None and asked == _ASKED:
            problem = {"file": file, "line": 1, "message": "see `promptops prompt show`"}
        elif problem is None:
            asked += 1
            version = server.get(
                api("projects", project, "versions", f"{item['path']}@{item['version']}")
            )
            problem = {"file": file, **_first_error(version["problems"])}
        listed.append(problem)
    return listed


def _first_error(problems: list[Mapping[str, Any]]) -> dict[str, Any]:
    error = next((p for p in problems if p.get("severity") == "error"), {})
    return {key: error.get(key, "") for key in ("line", "column", "key", "message", "fix")}


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        note(text)
