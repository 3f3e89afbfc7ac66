"""`language`: the language the answer is written in."""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from typing import Any

from pydantic import Field, field_validator

from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined

LOOKED_AT = 20_000
"""Characters; more does not change what is found."""
LEAST = 12
"""Letters without which a language is only guessed."""
_loading = threading.Lock()


class LanguageSettings(EvaluatorSettings):
    """The language of the answer, or those it may be in: two letters of ISO 639-1, such as `en`, `zh` or `ms`.

    Told by py3langid from letters and their sequences; short texts, names and code mislead it, and close languages
    (Malay and Indonesian) are mistaken for each other.
    """

    languages: str | list[str] = Field(alias="is")

    @field_validator("languages")
    @classmethod
    def _known(cls, given: str | list[str]) -> str | list[str]:
        listed = [given] if isinstance(given, str) else given
        if not listed:
            raise ValueError("name a language, such as en")
        for code in listed:
            if len(code) != 2 or not code.isascii() or not code.islower():
                raise ValueError(
                    f"{code[:20]!r} is no code of a language: write two letters, such as en"
                )
        return given


@cache
def _loaded() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def identifier() -> Any:
    """The model that tells languages apart, read from its package the first time."""
    with _loading:
        return _loaded()


class LanguageEvaluator(Evaluator[LanguageSettings]):
    """Tells the language."""

    kind = "language"
    settings = LanguageSettings

    async def score(
        self, check: Check, settings: LanguageSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        text = examined(answer)[:LOOKED_AT]
        letters = sum(2 if ord(c) > 0x2E7F else 1 for c in text if c.isalpha())
        if letters < LEAST:
            raise CannotTell("The answer has too few letters to tell its language.")
        if not _loaded.cache_info().currsize:
            await asyncio.to_thread(identifier)
        found, sure = identifier().classify(text)
        wanted = settings.languages
        allowed = [wanted] if isinstance(wanted, str) else list(wanted)
        said = f"The answer is in {found} (probability {sure:.2f})"
        if found in allowed:
            return scored(check, True, f"{said}.", value=float(sure))
        return scored(
            check, False, f"{said}; it was to be in {' or '.join(allowed)}.", value=float(sure)
        )
