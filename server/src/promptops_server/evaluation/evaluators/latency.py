"""`latency`: how long the answer took."""

from __future__ import annotations

from pydantic import Field, model_validator

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.model import Answer, Case, Check, Score


class LatencySettings(EvaluatorSettings):
    """Limits in milliseconds, from sending the attempt that succeeded."""

    maximum: float | None = Field(default=None, gt=0, description="For the whole answer")
    first_token: float | None = Field(default=None, gt=0, description="Until the first token")

    @model_validator(mode="after")
    def _a_limit(self) -> LatencySettings:
        if self.maximum is None and self.first_token is None:
            raise ValueError("maximum or firstToken is needed")
        return self


class LatencyEvaluator(Evaluator[LatencySettings]):
    """Compares times."""

    kind = "latency"
    settings = LatencySettings

    async def score(
        self, check: Check, settings: LatencySettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        took, first = answer.reply.latency_ms, answer.reply.first_token_ms
        if settings.first_token is not None:
            if first is None:
                raise CannotTell(
                    "The time to the first token is not known: the answer was not streamed."
                )
            if first > settings.first_token:
                detail = f"The first token came after {first:,.0f} ms; at most {settings.first_token:,.0f} ms were allowed."
                return scored(check, False, detail, value=first)
        if settings.maximum is not None and took > settings.maximum:
            detail = (
                f"The answer took {took:,.0f} ms; at most {settings.maximum:,.0f} ms were allowed."
            )
            return scored(check, False, detail, value=took)
        if settings.maximum is None and first is not None:
            return scored(check, True, f"The first token came after {first:,.0f} ms.", value=first)
        return scored(check, True, f"The answer took {took:,.0f} ms.", value=took)
