"""JSON schemas applied to answers in bounded time: RE2 for patterns, no references outside, a limit of steps. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend, validator_for
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing.exceptions import Unresolvable

from promptops_server.evaluation.evaluator import CannotTell
from promptops_server.evaluation.patterns import compiled

MAX_STEPS = 200_000
"""Keywords of a schema that are applied to one answer."""
_ERRORS = 20

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
_left: ContextVar[list[int]] = ContextVar("schema_steps_left")


class TooManySteps(CannotTell):
    """More keywords would have to be applied than were allowed."""


class _TooMuch(Exception):
    pass


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises ValueError for what is no schema, or cannot be applied in bounded time."""
    base = validator_for(schema, default=Draft202012Validator)
    worst = best_match(base(base.META_SCHEMA).iter_errors(schema))
    if worst is not None:
        raise ValueError(f"this is no JSON schema: {worst.message[:200]}")
    for pattern in _patterns(schema):
        compiled(pattern)
    if "unevaluatedProperties" in (keys := set(_keys(schema))) and "patternProperties" in keys:
        raise ValueError("patternProperties together with unevaluatedProperties is not supported")


def first_fault(schema: Mapping[str, Any] | bool, value: Any, steps: int = MAX_STEPS) -> str:
    """What is wrong with a value, the most telling of the first few faults, or "".

    Raises:
        TooManySteps: it takes more than these.
        CannotTell: the schema cannot be applied.
    """
    try:
        validator = _validator(orjson.dumps(schema))
    except (ValueError, TypeError) as error:
        raise CannotTell(f"The schema cannot be used: {str(error)[:300]}.") from None
    token = _left.set([steps])
    try:
        worst = best_match(iter(list(islice(validator.iter_errors(value), _ERRORS))))
    except _TooMuch:
        raise TooManySteps(
            f"Comparing the answer with the schema takes more than {steps:,} steps."
        ) from None
    except RecursionError:
        raise CannotTell("The schema refers to itself without end.") from None
    except Unresolvable as missing:
        raise CannotTell(
            f"The schema refers to {str(missing.ref)[:200]!r}, which is not in it."
        ) from None
    finally:
        _left.reset(token)
    if worst is None:
        return ""
    where = ".".join(str(part) for part in worst.absolute_path)
    return f"{f'at {where[:100]}: ' if where else ''}{worst.message[:300]}."


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    read = orjson.loads(schema)
    if isinstance(read, dict):
        check_schema(read)
    base = validator_for(read, default=Draft202012Validator)
    return _bounded(base)(read, registry=REGISTRY)


@lru_cache(maxsize=16)
def _bounded(base: Any) -> Any:
    ours: dict[str, Keyword] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    keywords = {**base.VALIDATORS, **{k: f for k, f in ours.items() if k in base.VALIDATORS}}
    counted = {name: _counted(keyword) for name, keyword in keywords.items()}
    return extend(base, counted)  # type: ignore[no-untyped-call]


def _counted(keyword: Keyword) -> Keyword:
    def counted(
        validator: Any, said: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError] | None:
        left = _left.get()
        left[0] -= 1
        if left[0] < 0:
            raise _TooMuch
        return keyword(validator, said, instance, schema)

    return counted


def _pattern(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not compiled(said).search(instance):
        yield ValidationError(f"{instance[:80]!r} does not match {said[:80]!r}")


def _pattern_properties(
    validator: Any, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, below in said.items():
            for name, value in instance.items():
                if compiled(pattern).search(name):
                    yield from validator.descend(value, below, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [
        name
        for name in instance
        if name not in known and not any(compiled(p).search(name) for p in patterns)
    ]
    if said is False and extra:
        names = ", ".join(repr(name[:60]) for name in extra[:5])
        yield ValidationError(f"{names} {'is' if len(extra) == 1 else 'are'} not in the schema")
    elif isinstance(said, dict):
        for name in extra:
            yield from validator.descend(instance[name], said, path=name)


def _unique_items(
    validator: Any, said: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not said or not isinstance(instance, list):
        return
    seen: set[str] = set()
    for item in instance:
        text = json.dumps(_canonical(item), sort_keys=True)
        if text in seen:
            yield ValidationError(f"{text[:80]} stands twice in a list of different items")
            return
        seen.add(text)


def _canonical(value: Any) -> Any:
    """With 1 and 1.0 as one number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    return value


def _patterns(value: Any) -> Iterator[str]:
    """Every text that may be used as a pattern."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "pattern" and isinstance(item, str):
                yield item
            if key == "patternProperties" and isinstance(item, Mapping):
                yield from item
            yield from _patterns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _patterns(item)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
