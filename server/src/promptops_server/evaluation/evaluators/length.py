"""`length`: how long the answer is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings, Tools, scored
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined, shortened


class LengthSettings(EvaluatorSettings):
    """The least and the most of characters, words (parted by space) or lines; space around the answer does not count."""

    minimum: int | None = Field(default=None, ge=0)
    maximum: int | None = Field(default=None, ge=0)
    unit: Literal["characters", "words", "lines"] = "characters"

    @model_validator(mode="after")
    def _a_range(self) -> LengthSettings:
        if self.minimum is None and self.maximum is None:
            raise ValueError("minimum or maximum is needed")
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:  # type: ignore[operator]
            raise ValueError("minimum is more than maximum")
        return self


class LengthEvaluator(Evaluator[LengthSettings]):
    """Counts characters, words or lines."""

    kind = "length"
    settings = LengthSettings

    async def score(
        self, check: Check, settings: LengthSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        if settings.unit == "characters":
            count, note = len(answer.reply.text.strip()), ""
        else:
            text, note = examined(answer).strip(), shortened(answer)
            count = len(text.split() if settings.unit == "words" else text.splitlines())
        low = settings.minimum is not None and count < settings.minimum
        high = settings.maximum is not None and count > settings.maximum
        said = f"The answer has {count:,} {settings.unit}"
        if low or high:
            limit = f"at least {settings.minimum:,}" if low else f"at most {settings.maximum:,}"
            said += f"; it was to have {limit}"
        return scored(check, not (low or high), f"{said}.{note}", value=float(count))
