"""Checks of `modelParameters`: the known ones have the right type; any other passes as it is.

Owns the list of parameters whose meaning providers agree on. Ranges differ between providers, so a
value outside the usual range is a warning.
"""

from __future__ import annotations

from typing import Any

from .problem import KeyPath, key_text
from .source import Report
from .values import read_mapping, wrong_type

_NUMBERS: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "topP": (0, 1),
    "top_p": (0, 1),
    "minP": (0, 1),
    "min_p": (0, 1),
    "frequencyPenalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "presencePenalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
_COUNTS = (
    *("maxTokens", "max_tokens", "maxCompletionTokens", "max_completion_tokens"),
    *("maxOutputTokens", "max_output_tokens", "topK", "top_k", "n"),
)
_INTEGERS = ("seed",)
_STOPS = ("stop", "stopSequences", "stop_sequences")


def read_parameters(
    report: Report, path: KeyPath, value: Any, *, removable: bool = False
) -> dict[str, Any]:
    """The parameters at `path`. With `removable`, null stands for "not this one"."""
    parameters = read_mapping(report, path, value) or {}
    for name, item in parameters.items():
        if item is None and removable:
            continue
        _check(report, (*path, name), name, item)
    return {name: item for name, item in parameters.items() if item is not None or removable}


def _check(report: Report, path: KeyPath, name: str, value: Any) -> None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if name in _NUMBERS:
        if not is_integer and not isinstance(value, float):
            wrong_type(report, path, "a number", value)
            return
        low, high = _NUMBERS[name]
        if not low <= value <= high:
            report.warning(
                "unusual-parameter",
                path,
                f"{key_text(path)} is {value}: most providers take {low:g} to {high:g}",
            )
    elif name in _COUNTS:
        if not is_integer:
            wrong_type(report, path, "a whole number", value)
        elif value < 1 and not (name in ("topK", "top_k") and value >= -1):
            report.error("wrong-value", path, f"{key_text(path)} is {value}: it must be at least 1")
    elif name in _INTEGERS:
        if not is_integer:
            wrong_type(report, path, "a whole number", value)
    elif name in _STOPS:
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) and text for text in texts):
            wrong_type(report, path, "a text or a list of texts, none of them empty", value)
