"""What an evaluator is: one question about an answer, its settings, and how it says what it found.

One class in one file of `evaluators`; packages named in PROMPTOPS_PLUGINS add others through the entry-point group
`promptops.evaluators`. An evaluator holds no state. Where no model is called, scoring is a pure function of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from promptops.calls.ask import Ask
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.providers.model import Reply

EXAMINED = 1_000_000
"""Characters of an answer that are looked at; longer answers are judged by their beginning, and the detail says so."""


class EvaluatorSettings(BaseModel):
    """Base of an evaluator's settings: what a file may write under the kind, and nothing else."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, allow_inf_nan=False
    )


class Judge(Protocol):
    """Calls a model to judge an answer."""

    async def __call__(self, target: str, ask: Ask) -> tuple[Reply, int | None]:
        """The judge's answer and what it cost (millionths of a US dollar, None where the price is unknown).

        Args:
            target: the name of a target, or a model id that one target of the project serves.

        Raises:
            CallError: there is no such target, or it gave no answer.
        """
        ...


class PythonScorer(Protocol):
    """A function of an installed package that an operator admitted, for the evaluator `python`."""

    def __call__(
        self, text: str, *, expected: Any, inputs: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> bool | float | tuple[bool | float, str]:
        """Whether the answer passes, or a number from 0 to 1; with a sentence, where there is one to say."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What an evaluator may use beside the answer.

    `json_schema` is the prompt's own `jsonSchema` as its artifact holds it.
    """

    judge: Judge | None = None
    json_schema: Mapping[str, Any] | None = None
    scorers: Mapping[str, PythonScorer] = field(default_factory=dict)


class CannotTell(Exception):
    """The question has no answer here; the text says why. The check counts as neither passed nor failed.

    Args:
        cost: what was spent on finding out, millionths of a US dollar.
    """

    def __init__(self, detail: str, cost: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.cost = cost


S = TypeVar("S", bound=EvaluatorSettings)


class Evaluator(Generic[S]):
    """One kind of check. Subclasses set the class variables and say how an answer is scored."""

    kind: ClassVar[str]
    """The key under which a file has the settings."""
    settings: type[S]
    """Its docstring and fields are the documentation of the kind."""
    waits: ClassVar[bool] = False
    """Whether scoring waits for something (a model, a thread), so that several are worth doing at once."""

    def asks(self, settings: S) -> tuple[str, Ask] | None:
        """The model it calls, by name, and such a call without an answer in it; None: it calls none."""
        return None

    async def score(
        self, check: Check, settings: S, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        """What the answer is worth.

        Raises:
            CannotTell: it cannot be said, and why.
        """
        raise NotImplementedError


def scored(
    check: Check, passed: bool, detail: str, *, value: float | None = None, cost: int = 0
) -> Score:
    """The score of a check with what was found and expected in one sentence."""
    return Score(check.name, check.kind, passed, value, detail, check.required, cost)


def untold(check: Check, detail: str, cost: int = 0) -> Score:
    """The score of a check that could not be made."""
    return Score(check.name, check.kind, None, None, detail, check.required, cost)
