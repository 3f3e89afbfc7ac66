"""Change an environment's place in the order, whether it asks for approval, and its rules.

None of this touches what is live; it decides what the gate says to the next publish. Leaves the rules themselves to
`approvals`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, update

from promptops_server.approvals.rule import EnvironmentRule
from promptops_server.approvals.rulebook import name_of, to_json
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.evaluation.matrix.columns import check_targets
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import require_readable
from promptops_server.releases import environments
from promptops_server.releases.model import Environment, check_reason, check_ticket
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.tables import environment as table

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

_PLACE = update(table).where(table.c.id == bindparam("row_id")).values(position=bindparam("place"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should change; None leaves it as it is. `rules` are set as a whole, or cleared with None, by name."""

    position: int | None = None
    """Place in the order of promotion, from 1."""
    approval_required: bool | None = None
    rules: Mapping[str, EnvironmentRule | None] = field(default_factory=dict)


def configure(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    name: str,
    wanted: Wanted,
    *,
    reason: str = "",
    ticket: str | None = None,
    expected: str | None = None,
) -> Environment:
    """Apply what is wanted, under the project lock, and note it with before and after; returns the environment.

    What is so already changes nothing and is not noted. `expected` is the `settings_tag` of what the wish was made from:
    who read periods of a freeze and adds one to them must not lift what somebody else added in between.

    Raises:
        Denied: the actor may not change it, or takes the need for approval away and is no administrator.
        Invalid: a place that does not exist, a rule that names an environment that is missing, this one, or one that
            waits for this one, or a rule that names a model target the project may not use.
        Conflict: the settings are others than the expected ones.
        NotFound: there is no such environment.
    """
    require_readable(deps.authorise, actor, project.name)
    said = check_reason(reason) if reason.strip() else None
    cited = check_ticket(ticket)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        order = environments.list_environments(tx.conn, project.id)
        before = environments.get(tx.conn, project.id, name)
        place = Resource(project.name, environment=name, approval_required=True)
        rule = require(deps.authorise, actor, "environment:change", place).rule
        if before.approval_required and wanted.approval_required is False:
            rule = require(deps.authorise, actor, "environment:weaken", place).rule
        if expected is not None and expected != settings_tag(before):
            raise settings_changed(before)
        rules = merged(before.rules, wanted.rules)
        check_sources(before, rules, order)
        check_tested(tx.conn, project.name, before.rules, rules)
        changed: dict[str, tuple[Any, Any]] = {}
        if wanted.position is not None:
            names = [e.name for e in order]
            moved = reordered(names, name, wanted.position)
            if moved != names:
                changed["order"] = (names, moved)
                by_name = {e.name: e.id for e in order}
                tx.conn.execute(
                    _PLACE,
                    [{"row_id": by_name[n], "place": at} for at, n in enumerate(moved, start=1)],
                )
        values: dict[str, Any] = {}
        if wanted.approval_required not in (None, before.approval_required):
            values["approval_required"] = wanted.approval_required
            changed["approval_required"] = (before.approval_required, wanted.approval_required)
        if to_json(rules) != to_json(before.rules):
            values["rules"] = json.dumps(to_json(rules), sort_keys=True)
            changed["rules"] = (to_json(before.rules), to_json(rules))
        if values:
            tx.conn.execute(update(table).where(table.c.id == before.id).values(**values))
        after = environments.get(tx.conn, project.id, name)
        if changed:
            record(
                tx,
                AuditEvent(
                    action="environment.change",
                    object=AuditObject("environment", f"{project.name}@{name}"),
                    actor=actor,
                    project=project.name,
                    environment=name,
                    before={key: old for key, (old, _) in changed.items()},
                    after={key: new for key, (_, new) in changed.items()},
                    reason=said,
                    ticket=cited,
                    rule=rule,
                ),
                project_id=project.id,
            )
    return after


def settings_tag(environment: Environment) -> str:
    """Twelve hexadecimal characters that differ when the place in the order, the need for approval or the rules do."""
    settings = [environment.position, environment.approval_required, to_json(environment.rules)]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    return digest[:12]


def whole_tag(environment: Environment) -> str:
    """The entity tag of an environment, `r41.1f0c9a3e77b2`: its release and its settings.

    In `If-Match` a release is judged by the first half, a change of settings by the second.
    """
    return f"{environment.tag}.{settings_tag(environment)}"


def settings_changed(environment: Environment) -> Conflict:
    """The refusal of a change of settings that was based on other settings."""
    tag = whole_tag(environment)
    return Conflict(
        f"The settings of {environment.name} have changed since you read them.",
        remedy=f'Look at them again, then repeat with If-Match: "{tag}".',
        slug="settings-changed",
        current={"etag": tag, "rules": to_json(environment.rules)},
    )


def merged(
    present: Sequence[EnvironmentRule], wanted: Mapping[str, EnvironmentRule | None]
) -> tuple[EnvironmentRule, ...]:
    """The rules after a change: those named are set or cleared, the others stay."""
    rules: dict[str, EnvironmentRule | None] = {name_of(rule): rule for rule in present}
    rules.update(wanted)
    return tuple(rule for _, rule in sorted(rules.items()) if rule is not None)


def reordered(names: Sequence[str], name: str, position: int) -> list[str]:
    """The order with `name` at `position` (from 1), the others as they were.

    Raises:
        Invalid: there is no such place.
    """
    if not 1 <= position <= len(names):
        raise Invalid(
            f"position is {position}; the project has {len(names)} environments.",
            remedy=f"Say 1 to {len(names)}.",
            slug="bad-position",
        )
    rest = [other for other in names if other != name]
    return [*rest[: position - 1], name, *rest[position - 1 :]]


def check_sources(
    changed: Environment, rules: Sequence[EnvironmentRule], order: Sequence[Environment]
) -> None:
    """Refuse rules under which nothing could ever be published here.

    Raises:
        Invalid: a rule names an environment that is missing, the environment itself, or one that waits for it.
    """
    waits = {e.name: {s for rule in e.rules for s in rule.sources()} for e in order}
    waits[changed.name] = {s for rule in rules for s in rule.sources()}
    for name in sorted(waits[changed.name]):
        if name not in waits:
            raise Invalid(
                f"A rule names the environment {name}, which does not exist in this project.",
                remedy=f"There are: {', '.join(waits)}.",
                slug="unknown-environment",
            )
        if changed.name in _reachable(name, waits):
            what = "itself" if name == changed.name else f"{name}, which waits for {changed.name}"
            raise Invalid(
                f"{changed.name} would wait for {what}: nothing could be published there.",
                remedy="Name an environment that comes before it.",
                slug="rules-in-a-circle",
            )


def check_tested(
    conn: Connection,
    project: str,
    present: Sequence[EnvironmentRule],
    rules: Sequence[EnvironmentRule],
) -> None:
    """Refuse a new or changed rule that asks for tests on a target that is not there.

    A rule that stays as it is may name a target that was removed since: other settings can still be changed.

    Raises:
        Invalid: naming the target, and those there are.
    """
    for rule in rules:
        asked = rule.tested_on()
        if asked is not None and rule not in present:
            check_targets(conn, project, asked.targets)


def _reachable(start: str, waits: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(waits.get(name, ()))
    return found
