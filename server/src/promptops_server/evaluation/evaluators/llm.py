"""`llm`: another model judges the answer by choosing among given words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import Field, model_validator

from promptops.calls.ask import Ask
from promptops_server.evaluation.evaluator import (
    EXAMINED,
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.texts import examined, fill, quoted
from promptops_server.providers.model import CallError

JUDGED = 100_000
"""Characters of an answer that are shown to a judge."""


class Choice(EvaluatorSettings):
    """A word the judge may answer, and what it is worth from 0 to 1."""

    choice: str = Field(min_length=1, max_length=200)
    score: float


class LlmSettings(EvaluatorSettings):
    """A question to another model and the answers it may give.

    In `prompt` stand `{{completion}}` (the answer that is judged), `{{expected}}`, `{{input}}` and names of inputs. The
    judge's answer must be one of the choices, or name exactly one of them, in its last line or anywhere; else nothing
    can be told. The answer passes from `threshold` on.
    """

    target: str | None = Field(
        default=None, min_length=1, description="Name of the target that judges"
    )
    model_id: str | None = Field(
        default=None, min_length=1, description="Or a model that a target serves"
    )
    system_prompt: str = ""
    prompt: str = Field(min_length=1)
    choices: list[Choice] = Field(min_length=1, max_length=50)
    threshold: float = 0.5
    model_parameters: dict[str, Any] = Field(
        default_factory=dict, description="Of the judge; temperature 0 and 1,000 tokens by default"
    )

    @model_validator(mode="after")
    def _a_judge(self) -> LlmSettings:
        if not (self.target or self.model_id):
            raise ValueError("target or modelId is needed: which model judges?")
        words = [choice.choice.strip().lower() for choice in self.choices]
        if len(set(words)) < len(words):
            raise ValueError("two choices are the same")
        return self


class LlmEvaluator(Evaluator[LlmSettings]):
    """Asks a judge."""

    kind = "llm"
    settings = LlmSettings
    waits = True

    def asks(self, settings: LlmSettings) -> tuple[str, Ask]:
        return _judge(settings), _ask(settings, "a judge", settings.system_prompt, settings.prompt)

    async def score(
        self, check: Check, settings: LlmSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        if tools.judge is None:
            raise CannotTell("No model can be asked to judge here.")
        judge = _judge(settings)
        completion = examined(answer).strip()
        cut = len(completion) > JUDGED
        asked = fill(settings.prompt, case, {"completion": completion[:JUDGED]})
        system = fill(settings.system_prompt, case, {"completion": completion[:JUDGED]})
        ask = _ask(settings, f"the check {check.name}", system, asked)
        try:
            reply, cost = await tools.judge(judge, ask)
        except CallError as error:
            raise CannotTell(
                f"The judge {judge} gave no answer: {error.detail.rstrip('.')}."
            ) from None
        said = reply.text[:EXAMINED]
        note = f" It saw the first {JUDGED:,} characters." if cut else ""
        chosen = choose(said, settings.choices)
        if chosen is None:
            listed = ", ".join(choice.choice for choice in settings.choices)
            detail = f"The judge {judge} answered {quoted(said)}, which names not exactly one of {listed}."
            raise CannotTell(detail, cost or 0)
        passed = chosen.score >= settings.threshold
        detail = f"The judge {judge} chose {quoted(chosen.choice)}, worth {chosen.score:g}"
        if not passed:
            detail += f"; at least {settings.threshold:g} was expected"
        return scored(check, passed, f"{detail}.{note}", value=chosen.score, cost=cost or 0)


def _judge(settings: LlmSettings) -> str:
    return settings.target or settings.model_id or ""


def _ask(settings: LlmSettings, name: str, system: str, asked: str) -> Ask:
    messages = [{"role": "user", "content": asked}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return Ask(
        name=name,
        model=settings.model_id or "",
        messages=messages,
        parameters={"temperature": 0, "maxTokens": 1_000, **settings.model_parameters},
        tools=(),
        response_format=None,
        json_schema=None,
    )


def choose(said: str, choices: Sequence[Choice]) -> Choice | None:
    """The choice an answer names: it is one, or its last line is, or exactly one stands in it as whole words.

    A choice inside a longer one does not count: “incorrect” does not name “correct”.
    """
    lines = [line for line in said.strip().splitlines() if line.strip()]
    for text in (said, *lines[-1:]):
        exact = [choice for choice in choices if _bare(text) == _bare(choice.choice)]
        if exact:
            return exact[0]
    for text in (*lines[-1:], said):
        named = _named(text.lower(), choices)
        if len(named) == 1:
            return named[0]
    return None


def _named(text: str, choices: Sequence[Choice]) -> list[Choice]:
    """The choices in a text as whole words; longer ones take their place first."""
    found = []
    for choice in sorted(choices, key=lambda choice: -len(choice.choice)):
        word = re.compile(rf"(?<!\w){re.escape(choice.choice.strip().lower())}(?!\w)")
        if word.search(text):
            found.append(choice)
            text = word.sub(" ", text)
    return found


def _bare(text: str) -> str:
    return text.strip().strip("\"'`*_.!:“”‘’()[] \t\r\n").lower()
