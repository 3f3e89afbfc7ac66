"""Test runs joined with what they stand on: targets, budgets, prices, suites, scoring, calls, and the matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from promptops.format.names import fold
from promptops_server.app.model_parts import ModelParts
from promptops_server.evaluation.evaluator import Tools
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.runs.model import RunLimits
from promptops_server.evaluation.runs.ports import EngineDeps, JudgeCall, OnEnded
from promptops_server.evaluation.scoring import score_all
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.problems import NotFound
from promptops_server.infra.settings import Settings
from promptops_server.providers.model import Target
from promptops_server.providers.targets import budget, store
from promptops_server.registry.rendering.limited import LimitedRenderer


class StoredTargets:
    """`runs.ports.Targets` over the rows of targets."""

    def named(self, conn: Connection, project: str, names: Sequence[str]) -> tuple[Target, ...]:
        """Raises NotFound naming every target that is unknown or not for this project."""
        found = store.by_names(conn, names)
        known = [found.get(fold(name)) for name in names]
        missing = [
            name
            for name, stored in zip(names, known, strict=True)
            if stored is None or not stored.target.may_be_used_by(project)
        ]
        if missing:
            raise NotFound(
                f"{project} has no model target {', '.join(repr(name[:100]) for name in missing)}.",
                remedy=f"`promptops models list --project {project}` shows those it may use.",
                slug="unknown-target",
            )
        return tuple(stored.target for stored in known if stored is not None)

    def one(self, conn: Connection, project: str, name: str) -> Target | None:
        """The target of this name, if this project may use it."""
        found = store.by_names(conn, [name]).get(fold(name))
        if found is None or not found.target.may_be_used_by(project):
            return None
        return found.target

    def current(self, conn: Connection, ids: Sequence[str]) -> Mapping[str, Target]:
        """Removed ones are left out."""
        found = store.by_ids(conn, ids)
        return {key: each.target for key, each in found.items() if each.removed_at is None}


class StoredBudgets:
    """`runs.ports.Budgets` over the rows of budgets."""

    def reserve_in(
        self, tx: Transaction, target: Target, amount: int | None, *, holder: str = ""
    ) -> budget.Reservation:
        """Raises CallError `budget`."""
        return budget.reserve_in(tx, target, amount, holder=holder)

    def settle_in(
        self, tx: Transaction, reservation: budget.Reservation, spent: int | None
    ) -> None:
        """Once; a second time does nothing."""
        budget.settle_in(tx, reservation, spent)

    def count_in(self, tx: Transaction, target_id: str, spent: int, calls: int) -> None:
        """In the month of the transaction."""
        month = budget.month_of(tx.now)
        none = budget.Reservation(None, target_id, month, 0)
        budget.settle_in(tx, none, spent, calls=calls)

    def settle_left(self, tx: Transaction, holder: str) -> int:
        """How many reservations there were."""
        return budget.settle_left(tx, holder)


async def scored(
    checks: Sequence[Check],
    case: Case,
    answer: Answer,
    *,
    artifact: Mapping[str, Any],
    judge: JudgeCall,
) -> tuple[Score, ...]:
    """`runs.ports.Scoring` by the evaluators."""
    return await score_all(
        checks, case, answer, Tools(judge=judge, json_schema=artifact.get("jsonSchema") or None)
    )


def limits_of(settings: Settings) -> RunLimits:
    """The limits of runs as they are set."""
    given = settings.test_runs
    return RunLimits(given.calls, given.call_seconds, given.keep_days)


def engine_deps(
    settings: Settings,
    database: Database,
    models: ModelParts,
    limited: LimitedRenderer,
    on_ended: OnEnded,
) -> EngineDeps:
    """What carrying out runs stands on."""
    return EngineDeps(
        db=database,
        targets=StoredTargets(),
        prices=models,
        budgets=StoredBudgets(),
        preview=models.preview,
        score=scored,
        open_caller=models.calls,
        limited=limited,
        limits=limits_of(settings),
        on_ended=on_ended,
    )
