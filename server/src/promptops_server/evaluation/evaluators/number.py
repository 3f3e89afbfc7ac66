"""`number`: whether a number in the answer is the expected one, within a tolerance."""

from __future__ import annotations

import math
from typing import Any

import re2  # type: ignore[import-untyped]
from pydantic import Field, field_validator

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.json_answers import NotJson, compiled_path, read_json, values_at
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined, quoted, shortened

_NUMBER = re2.compile(
    r"[-+\x{2212}]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?"
    r"|[-+\x{2212}]?\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?"
)
_ROUNDING = 1e-9
"""Relative: what binary fractions add to a difference that is within the tolerance."""


class NumberSettings(EvaluatorSettings):
    """The expected number, else the case's `expected`, and how far the answer's may be from it.

    The number is the first one in the answer (`1,250.50` is one), or at a JSON path. It may differ by `absolute`, or by
    `relative` times the expected number, whichever is more.
    """

    expected: float | None = None
    path: str | None = Field(default=None, description="A JSON path to it, for answers in JSON")
    absolute: float = Field(default=0.0, ge=0)
    relative: float = Field(default=0.0, ge=0, description="0.01 is one percent")
    fenced: bool = Field(default=False, description="A Markdown code fence around it is admitted")

    @field_validator("path")
    @classmethod
    def _readable(cls, path: str | None) -> str | None:
        if path is not None:
            compiled_path(path)
        return path


class NumberEvaluator(Evaluator[NumberSettings]):
    """Compares numbers."""

    kind = "number"
    settings = NumberSettings

    async def score(
        self, check: Check, settings: NumberSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        wanted = settings.expected if settings.expected is not None else number_in(case.expected)
        if wanted is None:
            raise CannotTell("Neither the check nor the case says which number is expected.")
        text = examined(answer)
        if settings.path is None:
            found, where = number_in(text), "the answer"
        else:
            try:
                values = values_at(settings.path, read_json(text, fenced=settings.fenced))
            except NotJson as error:
                return scored(check, False, str(error))
            found, where = (number_in(values[0]) if values else None), settings.path
        if found is None:
            detail = f"There is no number in {where}; {wanted:g} was expected: {quoted(text)}."
            return scored(check, False, detail + shortened(answer))
        allowed = max(settings.absolute, settings.relative * abs(wanted))
        off = abs(found - wanted)
        passed = off <= allowed + _ROUNDING * max(abs(wanted), abs(found))
        said = f"The number in {where} is {_shown(found)}"
        if not passed:
            said += f"; {_shown(wanted)} was expected, give or take {_shown(allowed)}"
        return scored(check, passed, f"{said}.", value=found)


def number_in(value: Any) -> float | None:
    """A number, or the first one in a text; None where there is none that is finite."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            number = float(value)
        elif isinstance(value, str):
            found = _NUMBER.search(value)
            if found is None:
                return None
            number = float(found.group(0).replace(",", "").replace("\u2212", "-"))
        else:
            return None
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _shown(number: float) -> str:
    return f"{number:,.10g}"
