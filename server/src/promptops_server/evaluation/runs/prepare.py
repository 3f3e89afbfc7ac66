"""What a request for a run means: its prompt, suites and targets, looked up and checked together.

Owns the order of the checks before a run is made; what each refuses is `plan`'s and the ports'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from promptops.format import behaviour_digest, parse, resolve_fragments
from promptops_server.evaluation.model import Case, Suite
from promptops_server.evaluation.runs.asks import Asks, CannotAsk
from promptops_server.evaluation.runs.model import PlannedCall
from promptops_server.evaluation.runs.plan import (
    Estimate,
    TargetEstimate,
    check_data_class,
    planned_calls,
)
from promptops_server.evaluation.runs.ports import RunDeps, SuiteText
from promptops_server.providers.model import Target
from promptops_server.registry.model import Project, Version
from promptops_server.registry.records.read import RecordReader, head_of_main
from promptops_server.registry.rendering.render import artifact_of_text, artifact_of_version
from promptops_server.registry.versions import fragment_loader, get_version, version_bytes

_TOLD = 20
"""Cases that cannot be rendered, told of an estimate."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `version` None with no `content` is the newest; `suites` None is all of the prompt's."""

    path: str
    targets: tuple[str, ...]
    version: int | None = None
    content: str | None = None
    suites: tuple[str, ...] | None = None
    suite_texts: tuple[SuiteText, ...] = ()
    repeat: int = 1
    max_cost: int | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that could be made. `version` is None for a text that is no version."""

    project: Project
    path: str
    version: int | None
    behaviour: str
    artifact: Mapping[str, Any]
    suites: tuple[Suite, ...]
    targets: tuple[Target, ...]
    calls: tuple[PlannedCall, ...] = field(repr=False)


def prepare_run(conn: Connection, deps: RunDeps, project: Project, wanted: Wanted) -> Prepared:
    """Look everything up and check it; nothing is written.

    Raises:
        NotFound: an unknown prompt, version, suite or target.
        CannotRender: the prompt is not valid.
        Invalid: no cases, a target that may not be given the prompt's data, a suite with errors.
        TooLarge: more calls than a run may have.
    """
    if wanted.content is not None:
        content = wanted.content.encode()
        artifact: Mapping[str, Any] = {
            **artifact_of_text(conn, project, content),
            "path": wanted.path,
        }
        number, commit = None, head_of_main(conn, project)
        behaviour = _behaviour(conn, project, content)
        about: Version | str = wanted.content
        name = f"{project.name}/{wanted.path}"
    else:
        version = get_version(conn, project, wanted.path, wanted.version)
        content = version_bytes(conn, project.id, version)
        artifact = artifact_of_version(conn, project, version)
        number, commit = version.number, version.commit
        behaviour = version.behaviour or _behaviour(conn, project, content)
        about, name = version, version.address
    targets = deps.targets.named(conn, project.name, list(dict.fromkeys(wanted.targets)))
    check_data_class(name, _data_class(conn, project, wanted.path, content, commit), targets)
    suites = _suites(conn, deps, project, wanted, about)
    calls = planned_calls(targets, suites, wanted.repeat, most=deps.limits.calls)
    return Prepared(project, wanted.path, number, behaviour, artifact, suites, targets, calls)


def estimate(deps: RunDeps, prepared: Prepared, wanted: Wanted) -> Estimate:
    """The most the run can cost, and which cases cannot be rendered. Renders every case once per target."""
    asks = Asks(prepared.artifact, deps.limited)
    told: list[Mapping[str, str]] = []
    by_target: dict[str, TargetEstimate] = {}
    for target in prepared.targets:
        most: int | None = 0
        calls = 0
        for suite, case in _cases(prepared.suites):
            calls += wanted.repeat
            try:
                ask = asks.of(target, case)
            except CannotAsk as error:
                told.append(
                    {
                        "target": target.name,
                        "suite": suite.name,
                        "case": case.key,
                        "message": str(error),
                    }
                )
                continue
            one = deps.prices.most(target, ask)
            most = None if most is None or one is None else most + one * wanted.repeat
        by_target[target.id] = TargetEstimate(target.name, calls, most)
    return Estimate(len(prepared.calls), by_target, tuple(told[:_TOLD]))


def _suites(
    conn: Connection, deps: RunDeps, project: Project, wanted: Wanted, about: Version | str
) -> tuple[Suite, ...]:
    sent = [(text.name, text.content) for text in wanted.suite_texts]
    names = () if sent and wanted.suites is None else wanted.suites
    return deps.suites(conn, project, wanted.path, about, names, texts=sent)


def _cases(suites: Sequence[Suite]) -> Iterator[tuple[Suite, Case]]:
    for suite in suites:
        for case in suite.cases:
            yield suite, case


def _behaviour(conn: Connection, project: Project, content: bytes) -> str:
    file = parse(content).file
    assert file is not None  # compiled before
    return behaviour_digest(resolve_fragments(file, fragment_loader(conn, project)))


def _data_class(
    conn: Connection, project: Project, path: str, content: bytes, commit: str | None
) -> str | None:
    if commit is None:
        return None
    examined = RecordReader(conn, project).examine(path, content, commit)
    said = None if examined is None else examined.resolved.record.get("data_class")
    return said if isinstance(said, str) else None
