"""Every check asked of one answer. Never raises: a check that breaks is neither passed nor failed, and says why."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from promptops_server.evaluation.checks import evaluator_of, said_by, settings_of
from promptops_server.evaluation.evaluator import CannotTell, Tools, untold
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import plain

log = structlog.get_logger(__name__)


async def score_all(
    checks: Sequence[Check], case: Case, answer: Answer, tools: Tools
) -> tuple[Score, ...]:
    """The scores of a suite's checks, then of the case's own. Checks that call a model are asked at the same time.

    Only cancelling ends it early.
    """
    asked = (*checks, *(check for check in case.checks if check not in checks))
    waiting = [check for check in asked if _waits(check)]
    together = await asyncio.gather(*(_score(check, case, answer, tools) for check in waiting))
    done = dict(zip(map(id, waiting), together, strict=True))
    return tuple(
        [done.get(id(check)) or await _score(check, case, answer, tools) for check in asked]
    )


def _waits(check: Check) -> bool:
    found = evaluator_of(check.kind)
    return found is not None and found.waits


async def _score(check: Check, case: Case, answer: Answer, tools: Tools) -> Score:
    evaluator = evaluator_of(check.kind)
    if evaluator is None:
        return untold(check, f"There is no evaluator {check.kind!r} on this server.")
    try:
        found = await evaluator.score(check, settings_of(check), case, answer, tools)
    except CannotTell as reason:
        found = untold(check, reason.detail, reason.cost)
    except ValidationError as error:
        found = untold(check, f"The settings of the check cannot be used: {said_by(error)}.")
    except Exception as error:
        log.warning("check-broke", check=check.name, kind=check.kind, error=type(error).__name__)
        found = untold(
            check, f"The check itself broke: {type(error).__name__}: {str(error)[:400]}."
        )
    return dataclasses.replace(found, detail=plain(found.detail))
