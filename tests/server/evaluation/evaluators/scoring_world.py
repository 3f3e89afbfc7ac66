"""What the tests of evaluators share: an answer, a check, a score."""

from __future__ import annotations

import asyncio
from typing import Any

from promptops_server.evaluation.evaluator import Tools
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.scoring import score_all
from promptops_server.providers.model import Reply, ToolCall, Usage

CASE = Case("hail", "hail", {"claim": "Hail broke my window."}, "motor")


def answer(text: str = "", cost: int | None = 1_500, **reply: Any) -> Answer:
    return Answer(Reply(text, **{"stop": "stop", **reply}), cost)


def score(
    kind: str,
    settings: dict[str, Any],
    given: str | Answer,
    case: Case = CASE,
    tools: Tools | None = None,
) -> Score:
    found = given if isinstance(given, Answer) else answer(given)
    check = Check("the check", kind, settings)
    (scored,) = asyncio.run(score_all((check,), case, found, tools or Tools()))
    assert (scored.check, scored.kind, scored.required) == ("the check", kind, True)
    assert scored.detail.endswith((".", "…", ")")), scored.detail
    return scored


def case(expected: Any = None, **inputs: Any) -> Case:
    return Case("c", "c", inputs, expected)


__all__ = ["CASE", "Answer", "ToolCall", "Usage", "answer", "case", "score"]
