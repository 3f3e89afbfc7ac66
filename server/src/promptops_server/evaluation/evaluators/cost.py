"""`cost`: what the call cost."""

from __future__ import annotations

from pydantic import Field

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.model import Answer, Case, Check, Score


class CostSettings(EvaluatorSettings):
    """The most one call may cost, in US dollars, judges not counted."""

    maximum: float = Field(ge=0)


class CostEvaluator(Evaluator[CostSettings]):
    """Compares costs."""

    kind = "cost"
    settings = CostSettings

    async def score(
        self, check: Check, settings: CostSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        if answer.cost is None:
            raise CannotTell(
                "The cost is not known: the model has no price, or the endpoint counted no tokens."
            )
        dollars = answer.cost / 1_000_000
        passed = dollars <= settings.maximum
        said = f"The call cost ${dollars:.6f}"
        wanted = "" if passed else f"; at most ${settings.maximum:.6f} was allowed"
        return scored(check, passed, f"{said}{wanted}.", value=dollars)
