"""`/projects/{p}/suites` and `/projects/{p}/suites/{path}`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from promptops.format.check_evaluators import Evaluator
from promptops.format.suite import SuiteFile
from promptops_server.evaluation.suites.listing import list_suites
from promptops_server.evaluation.suites.write import (
    StoredSuite,
    check_suite,
    put_suite,
    show_suite,
)
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.cursor import DEFAULT_LIMIT, MAX_LIMIT
from promptops_server.infra.database import Database
from promptops_server.infra.http import ActorDep, if_match, problem_responses
from promptops_server.registry.edits.plain_file import NO_FILE

_WHERE = "/projects/{project}/suites"
SHOWN_CASES = 1_000


@dataclass(frozen=True, slots=True)
class SuiteDeps:
    """What the routes stand on."""

    db: Database
    authorise: Authorise


class SuiteIn(BaseModel):
    """The whole file as it shall be; a blank text removes it."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=1_048_576, description="YAML: a suite")
    message: str | None = Field(default=None, description="At most 500 characters")
    dry_run: bool = Field(
        default=False, description="Only say what would stand there, with its problems"
    )


class SuiteProblemOut(BaseModel):
    """Something wrong with the file, or worth a look."""

    severity: str
    code: str
    message: str
    key: str
    line: int
    column: int
    fix: str


class SuiteCheckOut(BaseModel):
    """What is asked of answers: an evaluator of a kind with its settings."""

    name: str
    kind: str
    settings: Any
    required: bool


class SuiteCaseOut(BaseModel):
    """One set of inputs, and what is expected."""

    key: str
    name: str
    inputs: dict[str, Any]
    expected: Any
    tags: list[str]
    checks: list[SuiteCheckOut] = Field(description="Asked of this case alone")


class SuiteContentsOut(BaseModel):
    """What a suite holds."""

    checks: list[SuiteCheckOut] = Field(description="Asked of every case")
    cases: list[SuiteCaseOut] = Field(description=f"The first {SHOWN_CASES}")


class SuiteOut(BaseModel):
    """A suite file at the head of `main`. `cases`, `digest` and `contents` are null where it has errors, or is removed.

    `prompt` is the prompt it belongs to by its name; `commit` is the one a write made, null where nothing was different.
    """

    project: str
    name: str
    file: str
    exists: bool
    text: str
    prompt: str | None
    title: str
    description: str
    cases: int | None
    digest: str | None
    contents: SuiteContentsOut | None
    problems: list[SuiteProblemOut]
    commit: str | None


class ListedSuiteOut(BaseModel):
    """A suite in a list. `blob` is null for the `testData` of a prompt file."""

    name: str
    file: str
    prompt: str | None
    blob: str | None
    cases: int | None
    digest: str | None
    title: str
    errors: int


class SuitesOut(BaseModel):
    """A page; it may be shorter than asked for and still have a next one."""

    items: list[ListedSuiteOut]
    next: str | None


def router(deps: SuiteDeps) -> APIRouter:
    """The routes of suites."""
    made = APIRouter(tags=["suites"])

    @made.get(
        _WHERE,
        summary="List suites",
        description="Of the project by path, or with `path` those that belong to one prompt, its `testData` first.",
        responses=problem_responses(400, 401, 404, 422),
    )
    def suites(
        project: str,
        actor: ActorDep,
        path: Annotated[str | None, Query(max_length=500)] = None,
        cursor: Annotated[str | None, Query(max_length=4_000)] = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> SuitesOut:
        page = list_suites(
            *(deps.db, actor, deps.authorise, project), path=path, cursor=cursor, limit=limit
        )
        return SuitesOut(
            items=[
                ListedSuiteOut(**{name: getattr(item, name) for name in item.__slots__})
                for item in page.items
            ],
            next=page.next,
        )

    @made.get(
        _WHERE + "/{path:path}",
        summary="Read a suite",
        description="As it stands at the head of `main`; its path with or without the ending.",
        responses=problem_responses(400, 401, 404),
    )
    def show(project: str, path: str, actor: ActorDep, response: Response) -> SuiteOut:
        found = show_suite(deps.db, actor, deps.authorise, project, path)
        return _out(found, response)

    @made.put(
        _WHERE + "/{path:path}",
        summary="Write a suite",
        description=(
            "One commit on `main`. `If-Match` has the entity tag of what was read and is required where the file exists. "
            "No version of a prompt is made. With `dry_run` nothing is written and no `If-Match` is needed: errors are "
            "among the `problems`."
        ),
        responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 428),
    )
    def write(
        project: str,
        path: str,
        given: SuiteIn,
        actor: ActorDep,
        request: Request,
        response: Response,
    ) -> SuiteOut:
        if given.dry_run:
            said = check_suite(deps.db, actor, deps.authorise, project, path, given.text)
            return _out(said, response)
        done = put_suite(
            *(deps.db, actor, deps.authorise, project, path, given.text),
            base=if_match(request),
            message=given.message,
        )
        return _out(done, response)

    return made


def _out(found: StoredSuite, response: Response) -> SuiteOut:
    response.headers["ETag"] = '"' + (found.blob or NO_FILE) + '"'
    suite = found.suite
    return SuiteOut(
        project=found.project,
        name=found.path,
        file=found.file,
        exists=found.blob is not None,
        text=found.text,
        prompt=found.prompt,
        title=suite.name if suite else "",
        description=suite.description if suite else "",
        cases=len(suite.cases) if suite else None,
        digest=suite.digest if suite else None,
        contents=_contents(suite) if suite else None,
        problems=[SuiteProblemOut(**problem.to_dict()) for problem in found.problems],
        commit=found.commit,
    )


def _contents(suite: SuiteFile) -> SuiteContentsOut:
    return SuiteContentsOut(
        checks=_checks(suite.evaluators),
        cases=[
            SuiteCaseOut(
                key=case.key,
                name=case.name,
                inputs=dict(case.inputs),
                expected=case.expected,
                tags=list(case.tags),
                checks=_checks(case.evaluators),
            )
            for case in suite.cases[:SHOWN_CASES]
        ],
    )


def _checks(evaluators: Sequence[Evaluator]) -> list[SuiteCheckOut]:
    return [
        SuiteCheckOut(
            name=each.name, kind=each.kind, settings=each.settings, required=each.required
        )
        for each in evaluators
    ]
