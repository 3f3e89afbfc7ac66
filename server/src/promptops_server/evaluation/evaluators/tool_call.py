"""`toolCall`: which function the model wants called, and with what."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field, model_validator

from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings, Tools, scored
from promptops_server.evaluation.json_answers import MAX_JSON
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import fill_value, quoted, same


class ToolCallSettings(EvaluatorSettings):
    """The function one of the calls must name, with arguments that must be among its own (`exactly`: and no others).

    Values of arguments may hold `{{expected}}` and names of inputs. `none: true` asks that nothing is called.
    """

    name: str | None = Field(default=None, min_length=1)
    arguments: dict[str, Any] | None = None
    exactly: bool = False
    none: bool = False

    @model_validator(mode="after")
    def _one_question(self) -> ToolCallSettings:
        if self.none == (self.name is not None):
            raise ValueError("either name, or none: true is needed")
        if self.none and self.arguments is not None:
            raise ValueError("what is not called has no arguments")
        return self


class ToolCallEvaluator(Evaluator[ToolCallSettings]):
    """Compares function calls."""

    kind = "toolCall"
    settings = ToolCallSettings

    async def score(
        self, check: Check, settings: ToolCallSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        calls = answer.reply.tool_calls
        names = ", ".join(call.name[:60] for call in calls[:5]) or "nothing"
        if settings.none:
            detail = f"The model called {names}" + ("; it was to call nothing." if calls else ".")
            return scored(check, not calls, detail, value=float(not calls))
        named = [call for call in calls if call.name == settings.name]
        if not named:
            detail = f"The model called {names}; it was to call {settings.name}."
            return scored(check, False, detail, value=0.0)
        wanted = fill_value(settings.arguments or {}, case)
        faults = [_fault(call.arguments, wanted, exactly=settings.exactly) for call in named]
        if settings.arguments is None or "" in faults:
            return scored(check, True, f"The model called {settings.name} as expected.", value=1.0)
        return scored(
            check, False, f"The model called {settings.name}, but {faults[0]}.", value=0.0
        )


def _fault(arguments: str, wanted: dict[str, Any], *, exactly: bool) -> str:
    if len(arguments) > MAX_JSON:
        return f"with more than {MAX_JSON:,} characters of arguments"
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return f"its arguments are not JSON: {quoted(arguments)}"
    if not isinstance(given, dict):
        return f"its arguments are no object: {quoted(arguments)}"
    for name, value in wanted.items():
        if name not in given:
            return f"without the argument {name!r}"
        if not same(given[name], value):
            return f"{name} is {quoted(given[name])}; it was to be {quoted(value)}"
    more = [name for name in given if name not in wanted]
    return f"with the argument {more[0][:60]!r}, which was not expected" if exactly and more else ""
