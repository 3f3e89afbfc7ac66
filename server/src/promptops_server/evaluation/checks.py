"""The kinds of checks this server knows, and from what a file says to a `Check`."""

from __future__ import annotations

from typing import Any

from promptops_server.evaluation.evaluator import Evaluator, EvaluatorSettings
from promptops_server.evaluation.model import Check


def evaluator_of(kind: str) -> Evaluator[Any] | None:
    """The evaluator of a kind, None where this server has none."""
    raise NotImplementedError


def settings_of(check: Check) -> EvaluatorSettings:
    """The settings of a check, read.

    Raises:
        pydantic.ValidationError: they are not what its kind takes.
    """
    raise NotImplementedError
