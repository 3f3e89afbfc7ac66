"""`jsonPath`: what stands at a place of an answer that is JSON."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings, Tools, scored
from promptops_server.evaluation.json_answers import NotJson, compiled_path, read_json, values_at
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import as_text, examined, fill_value, quoted, same


class JsonPathSettings(EvaluatorSettings):
    """A JSON path (RFC 9535) and what must be true of every value it leads to; there must be one, unless `exists` is false.

    `equals` and `contains` may hold `{{expected}}` and names of inputs; a text that is one placeholder alone stands for the
    value itself, so that numbers are compared as numbers.
    """

    path: str = Field(min_length=1, description="Such as $.items[0].team")
    exists: bool | None = Field(default=None, description="false: it must lead to nothing")
    equals: Any = Field(default=None, description="The value")
    contains: Any = Field(default=None, description="A part of a text, or an item of a list")
    minimum: float | None = Field(default=None, description="Of a number")
    maximum: float | None = Field(default=None, description="Of a number")
    fenced: bool = Field(default=False, description="A Markdown code fence around it is admitted")

    @field_validator("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        compiled_path(path)
        return path

    @model_validator(mode="after")
    def _consistent(self) -> JsonPathSettings:
        asks = (self.equals, self.contains, self.minimum, self.maximum)
        if self.exists is False and any(ask is not None for ask in asks):
            raise ValueError("what must not exist cannot be compared")
        return self


class JsonPathEvaluator(Evaluator[JsonPathSettings]):
    """Looks into JSON."""

    kind = "jsonPath"
    settings = JsonPathSettings

    async def score(
        self, check: Check, settings: JsonPathSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        try:
            value = read_json(examined(answer), fenced=settings.fenced)
        except NotJson as error:
            return scored(check, False, str(error), value=0.0)
        found = values_at(settings.path, value)
        if settings.exists is False:
            if not found:
                return scored(check, True, f"{settings.path} leads to nothing.", value=1.0)
            detail = f"{settings.path} leads to {quoted(found[0])}; it was to lead to nothing."
            return scored(check, False, detail, value=0.0)
        if not found:
            return scored(
                check, False, f"{settings.path} leads to nothing in the answer.", value=0.0
            )
        for item in found:
            fault = _fault(settings, case, item)
            if fault:
                detail = f"{settings.path} is {quoted(item)}; it was to {fault}."
                return scored(check, False, detail, value=0.0)
        return scored(check, True, f"{settings.path} is {quoted(found[0])}.", value=1.0)


def _fault(settings: JsonPathSettings, case: Case, item: Any) -> str:
    if settings.equals is not None:
        wanted = fill_value(settings.equals, case)
        if not same(item, wanted):
            return f"equal {quoted(wanted)}"
    if settings.contains is not None:
        wanted = fill_value(settings.contains, case)
        held = (
            as_text(wanted) in item
            if isinstance(item, str)
            else isinstance(item, list) and any(same(one, wanted) for one in item)
        )
        if not held:
            return f"contain {quoted(wanted)}"
    if settings.minimum is not None or settings.maximum is not None:
        if not isinstance(item, int | float) or isinstance(item, bool):
            return "be a number"
        if settings.minimum is not None and item < settings.minimum:
            return f"be at least {settings.minimum:g}"
        if settings.maximum is not None and item > settings.maximum:
            return f"be at most {settings.maximum:g}"
    return ""
