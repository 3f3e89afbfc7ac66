"""`tokens`: how many tokens the call took."""

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


class TokensSettings(EvaluatorSettings):
    """The most tokens of each sort, as the endpoint counted them."""

    input: int | None = Field(default=None, ge=0, description="Cached ones included")
    output: int | None = Field(default=None, ge=0, description="Reasoning included")
    reasoning: int | None = Field(default=None, ge=0)
    total: int | None = Field(default=None, ge=0, description="Input and output")

    @model_validator(mode="after")
    def _a_limit(self) -> TokensSettings:
        if all(v is None for v in (self.input, self.output, self.reasoning, self.total)):
            raise ValueError("one of input, output, reasoning, total is needed")
        return self


class TokensEvaluator(Evaluator[TokensSettings]):
    """Compares token counts."""

    kind = "tokens"
    settings = TokensSettings

    async def score(
        self, check: Check, settings: TokensSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        usage = answer.reply.usage
        total = None if None in (usage.input, usage.output) else usage.input + usage.output  # type: ignore[operator]
        counts = []
        for name, limit, count in (
            ("input", settings.input, usage.input),
            ("output", settings.output, usage.output),
            ("reasoning", settings.reasoning, usage.reasoning),
            ("total", settings.total, total),
        ):
            if limit is None:
                continue
            if count is None:
                raise CannotTell(f"The endpoint did not say how many {name} tokens there were.")
            if count > limit:
                detail = f"The call took {count:,} {name} tokens; at most {limit:,} were allowed."
                return scored(check, False, detail, value=float(count))
            counts.append((name, count))
        said = ", ".join(f"{count:,} {name}" for name, count in counts)
        return scored(check, True, f"The call took {said} tokens.", value=float(counts[0][1]))
