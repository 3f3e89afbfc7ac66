"""`regex`: whether a regular expression matches the answer."""

from __future__ import annotations

from pydantic import Field, field_validator

from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings, Tools, scored
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.patterns import compiled
from promptops_server.evaluation.texts import examined, quoted, shortened


class RegexSettings(EvaluatorSettings):
    """A regular expression of RE2: matched in time linear in the answer, so without look-around and back-references."""

    pattern: str = Field(min_length=1, description="Found anywhere; ^ and $ are the answer's ends")
    ignore_case: bool = Field(default=False, description="Upper and lower case are the same")
    whole: bool = Field(default=False, description="It must match the whole answer")
    absent: bool = Field(default=False, description="It must not match")

    @field_validator("pattern")
    @classmethod
    def _readable(cls, pattern: str) -> str:
        compiled(pattern)
        return pattern


class RegexEvaluator(Evaluator[RegexSettings]):
    """Matches a pattern."""

    kind = "regex"
    settings = RegexSettings

    async def score(
        self, check: Check, settings: RegexSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        pattern = compiled(settings.pattern, ignore_case=settings.ignore_case)
        text = examined(answer)
        found = pattern.fullmatch(text.strip()) if settings.whole else pattern.search(text)
        passed = (found is None) == settings.absent
        if found is None:
            said = f"{quoted(settings.pattern)} does not match the answer {quoted(text)}"
        else:
            said = f"{quoted(settings.pattern)} matches {quoted(found.group(0))}"
        wanted = "" if passed else f"; it was {'not ' if settings.absent else ''}to match"
        return scored(check, passed, f"{said}{wanted}.{shortened(answer)}", value=float(passed))
