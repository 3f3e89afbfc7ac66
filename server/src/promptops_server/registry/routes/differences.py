"""`/projects/{p}/diff/{path}`: what differs between two versions; `/projects/{p}/blame/{path}`: who wrote each line."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from promptops_server.infra.clock import seconds_to_text, to_text
from promptops_server.infra.http import ActorDep, problem_responses
from promptops_server.registry.history.blame import Blame, blame_prompt
from promptops_server.registry.history.diff import diff_prompt
from promptops_server.registry.model import Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.routes.comparison_out import ComparisonOut, comparison_fields
from promptops_server.registry.routes.deps import RegistryDeps, split_selector
from promptops_server.registry.routes.schemas import ChangeOut, DiffOut, version_out
from promptops_server.registry.versions import resolve

Selector = Annotated[
    str | None,
    Query(
        description="Version (`7` or `v7`), environment or commit; or `module/prompt@selector`",
        max_length=700,
    ),
]


class VersionDifferenceOut(DiffOut, ComparisonOut):
    """The difference of two versions: as text, by key, by section."""


class OriginOut(BaseModel):
    """A version that wrote lines, at the address it had then."""

    address: str
    path: str
    version: int
    commit: str
    author: str
    author_text: str = Field(description="The commit's author line, as pushed")
    message: str
    created_at: str
    committed_at: str | None = Field(description="What the commit says, in UTC: a claim")


class LineOut(BaseModel):
    """One line, from 1, without its end. `address` names its version in `versions`."""

    line: int
    text: str
    address: str | None = Field(description="null where the walk ended before an answer was found")
    original_line: int | None = Field(description="The line's number in that version")


class BlameOut(BaseModel):
    """Every line of a version's file with the version that last changed it.

    When the history is too long for one answer, `complete` is false: lines without an address are as old as
    `walked_to`, or older.
    """

    address: str
    path: str
    version: int
    complete: bool
    walked_to: str
    versions: dict[str, OriginOut]
    lines: list[LineOut]


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of differences and of blame."""

    @router.get(
        "/projects/{project}/diff/{path:path}",
        summary="Compare two versions",
        description=(
            "Without `to` the newest version, without `from` the one before `to`. `text` is a unified "
            "diff, `changes` tells keys, `sections` messages, parameters, inputs, variants, tools, "
            "schemas and record with their words. With `resolved` what a model receives is compared: "
            "the text of fragments in place, documentation left out."
        ),
        response_model_by_alias=True,
        responses=problem_responses(400, 401, 404, 409, 422),
        tags=["versions"],
    )
    def diff(
        project: str,
        path: str,
        actor: ActorDep,
        start: Annotated[Selector, Query(alias="from")] = None,
        end: Annotated[Selector, Query(alias="to")] = None,
        resolved: Annotated[
            bool, Query(description="Compare with the text of fragments in place")
        ] = False,
    ) -> VersionDifferenceOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            done = diff_prompt(
                conn, found, path, deps.live, start=start, end=end, resolved=resolved
            )
            paths = {done.after.path} | ({done.before.path} if done.before else set())
            live = deps.live.where(conn, found.id, sorted(paths))
        changes = None
        if done.changes is not None:
            changes = [
                ChangeOut(key=c.key, kind=c.kind, before=c.before, after=c.after)
                for c in done.changes
            ]
        return VersionDifferenceOut(
            before=version_out(done.before, live) if done.before else None,
            after=version_out(done.after, live),
            changes=changes,
            text=done.text,
            **comparison_fields(done.comparison, done.behaviour_changed, done.record_changed),
        )

    @router.get(
        "/projects/{project}/blame/{path:path}",
        summary="Which version last changed each line",
        description=(
            "Of the newest version, or of `{path}@7`, `{path}@production`, `{path}@3f9c2ab`; across moves."
        ),
        responses=problem_responses(400, 401, 404, 409),
        tags=["versions"],
    )
    def blame(project: str, path: str, actor: ActorDep) -> BlameOut:
        require_readable(deps.authorise, actor, project)
        path, selector = split_selector(path)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            version = resolve(conn, found, path, selector, deps.live)
            done = blame_prompt(conn, found, version)
        return _blame_out(done)


def _blame_out(done: Blame) -> BlameOut:
    versions = {
        line.version.address: line.version for line in done.lines if line.version is not None
    }
    return BlameOut(
        address=done.version.address,
        path=done.version.path,
        version=done.version.number,
        complete=done.complete,
        walked_to=done.walked_to.address,
        versions={address: _origin(version) for address, version in versions.items()},
        lines=[
            LineOut(
                line=number,
                text=line.text,
                address=None if line.version is None else line.version.address,
                original_line=line.original_line,
            )
            for number, line in enumerate(done.lines, 1)
        ],
    )


def _origin(version: Version) -> OriginOut:
    return OriginOut(
        address=version.address,
        path=version.path,
        version=version.number,
        commit=version.commit,
        author=version.author_name,
        author_text=version.author_text,
        message=version.message,
        created_at=to_text(version.created_at),
        committed_at=seconds_to_text(version.committed_at),
    )
