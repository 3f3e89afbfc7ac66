"""`python`: a function of an installed package that the operator admitted by name."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import Field

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    PythonScorer,
    Tools,
    scored,
)
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.plugins import BadPlugin, admitted, loaded, where
from promptops_server.evaluation.texts import examined, shortened

GROUP = "promptops.scorers"
SECONDS = 30.0
"""How long one call of a function is waited for."""
PASSING = 0.5
"""From which number on an answer passes."""


class PythonSettings(EvaluatorSettings):
    """The entry point (group `promptops.scorers`) of a package named in PROMPTOPS_PLUGINS, and what it is given.

    The file names a function that is installed; it cannot bring code of its own.
    """

    name: str = Field(min_length=1, max_length=200)
    settings: dict[str, Any] = Field(default_factory=dict)


@cache
def installed() -> Mapping[str, PythonScorer]:
    """The functions of admitted packages by name.

    Raises:
        BadPlugin: one cannot be loaded, or cannot be called.
    """
    found: dict[str, PythonScorer] = {}
    for point in admitted(GROUP):
        scorer = loaded(point)
        if not callable(scorer):
            raise BadPlugin(f"{where(point)} cannot be called, as a scorer must be.")
        found[point.name] = scorer
    return found


class PythonEvaluator(Evaluator[PythonSettings]):
    """Calls a function in a thread."""

    kind = "python"
    settings = PythonSettings
    waits = True

    async def score(
        self, check: Check, settings: PythonSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        scorer = tools.scorers.get(settings.name) or installed().get(settings.name)
        if scorer is None:
            raise CannotTell(
                f"No admitted package has the scorer {settings.name!r}; an operator admits packages in PROMPTOPS_PLUGINS."
            )
        call = asyncio.to_thread(
            scorer,
            examined(answer),
            expected=case.expected,
            inputs=case.inputs,
            settings=settings.settings,
        )
        try:
            result = await asyncio.wait_for(call, SECONDS)
        except TimeoutError:
            raise CannotTell(f"{settings.name} did not answer within {SECONDS:.0f} s.") from None
        said = ""
        if isinstance(result, tuple):
            result, said = result
        if not isinstance(result, bool | int | float) or not math.isfinite(result):
            raise CannotTell(f"{settings.name} answered neither true or false nor a number.")
        passed = result if isinstance(result, bool) else result >= PASSING
        detail = said or f"{settings.name} says {result}."
        return scored(check, passed, detail[:500] + shortened(answer), value=float(result))
