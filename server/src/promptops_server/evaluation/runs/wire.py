"""Runs and results as the API shows them. Money is in millionths of a US dollar, null where a price is unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Row

from promptops_server.access.users import names_of
from promptops_server.evaluation.model import ResultState, RunState
from promptops_server.evaluation.runs import packing
from promptops_server.evaluation.runs.model import Run
from promptops_server.evaluation.runs.plan import MAX_REPEAT, MAX_TARGETS, Estimate
from promptops_server.evaluation.runs.ports import SuiteText
from promptops_server.evaluation.runs.prepare import Prepared, Wanted
from promptops_server.infra.body_fields import Line
from promptops_server.infra.clock import to_text
from promptops_server.registry.content import MAX_FILE_BYTES

MAX_SUITES = 50


class SuiteTextIn(BaseModel):
    """A suite's file, sent along."""

    model_config = ConfigDict(extra="forbid")
    name: Line = Field(min_length=1, max_length=300)
    content: str = Field(max_length=MAX_FILE_BYTES)


class RunIn(BaseModel):
    """What is to be tested, on what, with what."""

    model_config = ConfigDict(extra="forbid")
    path: Line = Field(max_length=600, description="The prompt's address without the project")
    version: int | None = Field(None, ge=1, description="Default: the newest")
    content: str | None = Field(
        None, max_length=MAX_FILE_BYTES, description="A prompt file that is no version yet"
    )
    targets: list[Line] = Field(
        min_length=1, max_length=MAX_TARGETS, description="Names of model targets"
    )
    suites: list[Line] | None = Field(
        None, max_length=MAX_SUITES, description="Default: all that belong to the prompt"
    )
    suite_texts: list[SuiteTextIn] = Field(default_factory=list, max_length=MAX_SUITES)
    repeat: int = Field(1, ge=1, le=MAX_REPEAT, description="Calls of each case")
    max_cost: int | None = Field(
        None, ge=0, le=10**15, description="What the run may cost, millionths of a US dollar"
    )
    fresh: bool = Field(False, description="Use no stored answer again")
    dry_run: bool = Field(False, description="Only say what the run would be and may cost")

    def wanted(self) -> Wanted:
        """The same as a value."""
        return Wanted(
            path=self.path,
            targets=tuple(self.targets),
            version=self.version,
            content=self.content,
            suites=None if self.suites is None else tuple(self.suites),
            suite_texts=tuple(SuiteText(t.name, t.content) for t in self.suite_texts),
            repeat=self.repeat,
            max_cost=self.max_cost,
            fresh=self.fresh,
        )


class ResumeIn(BaseModel):
    """How a run is carried on."""

    model_config = ConfigDict(extra="forbid")
    max_cost: int | None = Field(
        None, ge=0, le=10**15, description="A new limit for the whole run; default: the same"
    )


class RunTargetOut(BaseModel):
    """How far a run is with one target. `cost` is what was paid, so nothing for answers that were used again.

    It is what is known of it; null where nothing is. `unpriced` counts the answers whose cost is not known.
    """

    name: str
    provider: str
    model: str
    calls: int
    passed: int
    failed: int
    errors: int
    skipped: int
    unchecked: int
    reused: int
    cost: int | None
    unpriced: int


class RunSuiteOut(BaseModel):
    """A suite as it was."""

    name: str
    digest: str
    cases: int


class RunOut(BaseModel):
    """A run. `passed` is null until it is done: then whether every call passed every required check."""

    number: int
    project: str
    path: str
    version: int | None
    behaviour: str
    state: RunState
    passed: bool | None
    problem: str | None
    targets: list[RunTargetOut]
    suites: list[RunSuiteOut]
    repeat: int
    calls: int
    ended: int = Field(description="Calls that have their result")
    cost: int | None = Field(description="What is known of it; null where nothing is")
    unpriced: int = Field(description="Answers whose cost is not known")
    reserved: int
    max_cost: int | None
    fresh: bool
    attempt: int
    cancel_asked: bool
    revision: str = Field(description="Send it as `seen` to wait for the next change")
    created_at: str
    created_by: str
    started_at: str | None
    ended_at: str | None


class RunPage(BaseModel):
    """Runs, the newest first."""

    items: list[RunOut]
    next: str | None


class PlannedTargetOut(BaseModel):
    """A target of a run that was not made. `most` is null where the price is unknown."""

    name: str
    calls: int
    most: int | None


class PlanOut(BaseModel):
    """What a run would be, without judges' cost. `unrenderable` are cases that would end as errors."""

    path: str
    version: int | None
    behaviour: str
    calls: int
    most: int | None
    targets: list[PlannedTargetOut]
    suites: list[RunSuiteOut]
    unrenderable: list[dict[str, str]]


class ScoreOut(BaseModel):
    """What one check made of an answer."""

    check: str
    kind: str
    passed: bool | None
    value: float | None
    detail: str
    required: bool


class ResultOut(BaseModel):
    """One call of a run, without its texts.

    `cost_estimated`: the call gave no answer and may have been charged; `cost` is the most it can have come to.
    """

    ordinal: int
    target: str
    suite: str
    case: str
    repeat: int
    state: ResultState
    passed: bool | None
    fault: str | None
    detail: str | None
    scores: list[ScoreOut]
    reused: bool
    model: str | None
    fingerprint: str | None
    stop: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost: int | None
    cost_estimated: bool
    latency_ms: float | None
    first_token_ms: float | None
    attempts: int | None
    seed: int | None
    ended_at: str | None


class ResultPage(BaseModel):
    """Results in the order of the plan."""

    items: list[ResultOut]
    next: str | None


class WholeResultOut(ResultOut):
    """With the request as it was sent and the whole reply; null where they were not kept."""

    request: dict[str, Any] | None
    reply: dict[str, Any] | None


def passed_of(found: Run) -> bool | None:
    """Whether every call of a run passed.

    None until it is over, where it was cancelled or stopped early, and where no required check looks at some answer.
    """
    if not found.over:
        return None
    tallies = found.progress.tallies.values()
    if any(tally.failed or tally.errors for tally in tallies):
        return False
    return True if all(tally.passed == tally.calls for tally in tallies) else None


def run_out(conn: Connection, project: str, found: Run) -> RunOut:
    """A run with its maker's name."""
    names = names_of(conn, {found.created_by})
    return _run_out(project, found, names)


def runs_out(conn: Connection, project: str, found: list[Run]) -> list[RunOut]:
    """Several."""
    names = names_of(conn, {run.created_by for run in found})
    return [_run_out(project, run, names) for run in found]


def plan_out(prepared: Prepared, estimated: Estimate) -> PlanOut:
    """A run that was not made."""
    return PlanOut(
        path=prepared.path,
        version=prepared.version,
        behaviour=prepared.behaviour,
        calls=estimated.calls,
        most=estimated.most,
        targets=[
            PlannedTargetOut(name=each.name, calls=each.calls, most=each.most)
            for each in estimated.by_target.values()
        ],
        suites=[
            RunSuiteOut(name=suite.name, digest=suite.digest, cases=len(suite.cases))
            for suite in prepared.suites
        ],
        unrenderable=[dict(each) for each in estimated.unrenderable],
    )


def result_fields(found: Run, row: Row[Any]) -> dict[str, Any]:
    """A result without its texts, as JSON members."""
    names = {target.id: target.name for target in found.targets}
    return {
        "ordinal": row.ordinal,
        "target": names.get(row.target_id, row.target_id),
        "suite": row.suite,
        "case": row.case_key,
        "repeat": row.repeat,
        "state": row.state,
        "passed": None if row.passed is None else bool(row.passed),
        "fault": row.fault,
        "detail": row.detail,
        "scores": _scores(row.scores),
        "reused": row.from_run is not None,
        "model": row.model,
        "fingerprint": row.fingerprint,
        "stop": row.stop,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cached_tokens": row.cached_tokens,
        "reasoning_tokens": row.reasoning_tokens,
        "cost": row.cost,
        "cost_estimated": row.state == "error" and row.cost is not None,
        "latency_ms": row.latency_ms,
        "first_token_ms": row.first_token_ms,
        "attempts": row.attempts,
        "seed": row.seed,
        "ended_at": None if row.ended_at is None else to_text(row.ended_at),
    }


def whole_result_fields(found: Run, row: Row[Any]) -> dict[str, Any]:
    """A result with its texts."""
    texts: Mapping[str, Any] = {} if row.texts is None else packing.unpacked(row.texts)
    return {
        **result_fields(found, row),
        "request": texts.get("request"),
        "reply": texts.get("reply"),
    }


def _scores(text: str | None) -> list[dict[str, Any]]:
    return [
        {name: score.get(name) for name in ScoreOut.model_fields}
        for score in json.loads(text or "[]")
    ]


_COUNTED = ("calls", "passed", "failed", "unchecked", "errors", "skipped", "reused", "unpriced")


def _run_out(project: str, found: Run, names: Mapping[str, str]) -> RunOut:
    tallies = found.progress.tallies
    unpriced = sum(tally.unpriced for tally in tallies.values())
    return RunOut(
        number=found.number,
        project=project,
        path=found.path,
        version=found.version,
        behaviour=found.behaviour,
        state=found.state,
        passed=passed_of(found),
        problem=found.problem,
        targets=[
            RunTargetOut(
                name=target.name,
                provider=target.provider,
                model=target.model,
                **{name: getattr(tallies[target.id], name) for name in _COUNTED},
                cost=_known(tallies[target.id].cost, tallies[target.id].unpriced),
            )
            for target in found.targets
        ],
        suites=[
            RunSuiteOut(name=s["name"], digest=s["digest"], cases=s["cases"]) for s in found.suites
        ],
        repeat=found.repeat,
        calls=found.calls,
        ended=found.progress.ended,
        cost=_known(found.cost, unpriced),
        unpriced=unpriced,
        reserved=found.reserved,
        max_cost=found.max_cost,
        fresh=found.fresh,
        attempt=found.attempt,
        cancel_asked=found.cancel_asked,
        revision=found.revision,
        created_at=to_text(found.created_at),
        created_by=names.get(found.created_by, found.created_by),
        started_at=None if found.started_at is None else to_text(found.started_at),
        ended_at=None if found.ended_at is None else to_text(found.ended_at),
    )


def _known(cost: int, unpriced: int) -> int | None:
    return cost if cost or not unpriced else None
