"""`string`: whether the answer equals, contains, starts or ends with a text."""

from __future__ import annotations

from pydantic import Field, model_validator

from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings, Tools, scored
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined, fill, quoted, shortened


class StringSettings(EvaluatorSettings):
    """Texts the answer is compared with; all that are given must hold. `{{expected}}` and `{{name of an input}}` may stand in them.

    Space around the answer does not count. Upper and lower case are the same, except for `equals`; `ignoreCase` says otherwise.
    """

    equals: str | None = Field(default=None, description="The whole answer")
    contains: str | None = Field(default=None, description="Stands somewhere in it")
    starts_with: str | None = Field(default=None, description="Its beginning")
    ends_with: str | None = Field(default=None, description="Its end")
    ignore_case: bool | None = Field(default=None, description="Of all the tests given")

    @model_validator(mode="after")
    def _something(self) -> StringSettings:
        given = [self.equals, self.contains, self.starts_with, self.ends_with]
        if all(text is None for text in given):
            raise ValueError("one of equals, contains, startsWith, endsWith is needed")
        if any(text == "" for text in given[1:]):
            raise ValueError("an empty text is in every answer: write what it must hold")
        return self


class StringEvaluator(Evaluator[StringSettings]):
    """Compares texts."""

    kind = "string"
    settings = StringSettings

    async def score(
        self, check: Check, settings: StringSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        text = examined(answer).strip()
        end = (
            text
            if len(answer.reply.text) == len(examined(answer))
            else answer.reply.text[-10_000:].rstrip()
        )
        plain = settings.ignore_case is not False
        for wanted, words, holds, fold in (
            (settings.equals, "equal", lambda w, t: w == t, settings.ignore_case is True),
            (settings.contains, "contain", lambda w, t: w in t, plain),
            (settings.starts_with, "start with", lambda w, t: t.startswith(w), plain),
            (settings.ends_with, "end with", lambda w, t: t.endswith(w), plain),
        ):
            if wanted is None:
                continue
            full = fill(wanted, case)
            looked = end if words == "end with" else text
            if words == "equal":
                full = full.strip()
            if not holds(full.lower() if fold else full, looked.lower() if fold else looked):
                detail = f"The answer was to {words} {quoted(full)}; it is {quoted(text)}."
                return scored(check, False, detail + shortened(answer), value=0.0)
        return scored(check, True, "The answer is as expected." + shortened(answer), value=1.0)
