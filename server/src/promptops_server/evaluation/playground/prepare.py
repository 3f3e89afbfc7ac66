"""What is tried: the prompt, its requests for every target, and whether the targets may be given it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from promptops.calls.ask import Ask
from promptops.format.names import InvalidAddress
from promptops.money import dollars
from promptops_server.evaluation.model import Case
from promptops_server.evaluation.playground.ports import PlayDeps, Told
from promptops_server.evaluation.runs.asks import Asks, CannotAsk
from promptops_server.infra.problems import Invalid
from promptops_server.providers.model import DATA_CLASSES, CallError, Target
from promptops_server.registry.model import Project
from promptops_server.registry.records.read import RecordReader, head_of_main
from promptops_server.registry.rendering.render import artifact_of_text, artifact_of_version
from promptops_server.registry.versions import resolve, version_bytes

MAX_TARGETS = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A try. Without `content` it is a version of `path`: the newest, or what `selector` names.

    `messages` are those for the prompt's placeholders, by name. `max_cost` is for all targets together.
    """

    path: str
    targets: tuple[str, ...]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    messages: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    selector: str | None = None
    content: str | None = None
    max_cost: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What one target is asked, or why it is not (`error`). `most` is None where the price is unknown."""

    target: Target
    ask: Ask | None = None
    told: Told = field(default_factory=Told)
    most: int | None = None
    error: CallError | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A try that may begin. `version` is None for a text that is no version."""

    project: Project
    path: str
    version: int | None
    behaviour: str | None
    questions: tuple[Question, ...]

    @property
    def most(self) -> int | None:
        """The most all of it can cost; None where a price is unknown."""
        amounts = [q.most for q in self.questions if q.ask is not None]
        known = [amount for amount in amounts if amount is not None]
        return sum(known) if len(known) == len(amounts) else None


def prepare(conn: Connection, deps: PlayDeps, project: Project, wanted: Wanted) -> Prepared:
    """Look up, render and check everything; nothing is sent or written.

    What keeps a single target from being asked stands in its question; the others are asked.

    Raises:
        NotFound: an unknown prompt, version or target.
        CannotRender: the prompt is not valid.
        Invalid: inputs that do not fit, or it could cost more than `max_cost`.
    """
    number, behaviour = None, None
    if wanted.content is not None:
        data = wanted.content.encode("utf-8", "surrogatepass")
        artifact = {**artifact_of_text(conn, project, data), "path": wanted.path}
        commit = head_of_main(conn, project)
    else:
        try:
            version = resolve(conn, project, wanted.path, wanted.selector, deps.live)
        except InvalidAddress as error:
            raise Invalid(f"{error}.") from None
        data = version_bytes(conn, project.id, version)
        artifact = dict(artifact_of_version(conn, project, version))
        number, behaviour, commit = version.number, version.behaviour, version.commit
    targets = deps.targets.named(conn, project.name, wanted.targets)
    data_class = None if commit is None else _data_class(conn, project, wanted.path, data, commit)
    asks = Asks(artifact, deps.limited)
    given = Case("try", "as given", {**wanted.inputs, **wanted.messages})
    questions = tuple(_question(deps, asks, target, given, data_class) for target in targets)
    prepared = Prepared(project, wanted.path, number, behaviour, questions)
    _check_cost(prepared, wanted.max_cost)
    return prepared


def _question(
    deps: PlayDeps, asks: Asks, target: Target, given: Case, data_class: str | None
) -> Question:
    if _too_protected(data_class, target):
        detail = f"{target.name} may be given data up to {target.data_class}; the prompt works on {data_class} data."
        return Question(target, error=CallError("permission", detail))
    try:
        ask = asks.of(target, given)
    except CannotAsk as error:
        said = str(error).removeprefix("case as given: ")
        raise Invalid(
            f"The prompt cannot be rendered for {target.name}: {said.rstrip('.')}.",
            slug="cannot-render",
            target=target.name,
        ) from None
    try:
        told = deps.foresee(target, ask)
    except CallError as error:
        return Question(target, error=error)
    return Question(target, ask, told, deps.prices.most(target, ask))


def _check_cost(prepared: Prepared, max_cost: int | None) -> None:
    if max_cost is None:
        return
    most = prepared.most
    if most is None:
        unknown = [q.target.name for q in prepared.questions if q.ask and q.most is None]
        raise Invalid(
            f"The price of {', '.join(unknown)} is unknown, so max_cost cannot be kept.",
            remedy="Try it without max_cost, or without that target.",
            slug="unknown-price",
        )
    if most > max_cost:
        raise Invalid(
            f"It could cost up to {dollars(most)}; max_cost is {dollars(max_cost)}.",
            remedy="Allow more, lower the prompt's maxTokens, or name fewer targets.",
            slug="max-cost",
            most=most,
        )


def _too_protected(said: str | None, target: Target) -> bool:
    if said not in DATA_CLASSES or target.data_class not in DATA_CLASSES:
        return False
    return DATA_CLASSES.index(target.data_class) < DATA_CLASSES.index(said)


def _data_class(
    conn: Connection, project: Project, path: str, content: bytes, commit: str
) -> str | None:
    examined = RecordReader(conn, project).examine(path, content, commit)
    said = None if examined is None else examined.resolved.record.get("data_class")
    return said if isinstance(said, str) else None
