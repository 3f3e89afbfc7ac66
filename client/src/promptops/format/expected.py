"""Which evaluators compare an answer with the case's `expected`: a case without it cannot pass them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .check_evaluators import Evaluator
from .suite import SuiteCase
from .template import Variable, compile_template

_BY_DEFAULT: Mapping[str, str] = {"similarity": "to", "number": "expected"}
"""Kinds that take the case's `expected` where this setting is not given."""


def lacking_expected(evaluators: Iterable[Evaluator], case: SuiteCase) -> tuple[Evaluator, ...]:
    """The required evaluators that a case can only fail, since it gives no `expected`."""
    if case.expected is not None or "expected" in case.inputs or "expected" in case.values:
        return ()
    return tuple(e for e in evaluators if e.required and takes_expected(e))


def takes_expected(evaluator: Evaluator) -> bool:
    """Whether it compares with the case's `expected`."""
    default = _BY_DEFAULT.get(evaluator.kind)
    if default is not None and evaluator.settings.get(default) is None:
        return True
    return _names_it(evaluator.settings)


def _names_it(value: Any) -> bool:
    if isinstance(value, str):
        segments = compile_template(value) if "{{" in value else ()
        return any(isinstance(s, Variable) and s.name == "expected" for s in segments)
    if isinstance(value, Mapping):
        return any(map(_names_it, value.values()))
    return isinstance(value, list | tuple) and any(map(_names_it, value))
