"""What holds for every kind of check, also for one added by putting a file into the folder."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from scoring_world import CASE, answer, score

from promptops.format.evaluator_kinds import KINDS
from promptops_server.evaluation import evaluators
from promptops_server.evaluation.checks import all_evaluators, settings_of
from promptops_server.evaluation.evaluator import Tools
from promptops_server.evaluation.model import Check, Score
from promptops_server.evaluation.scoring import score_all
from promptops_server.providers.model import ToolCall

EXAMPLES: dict[str, dict[str, Any]] = {
    "string": {"contains": "motor"},
    "llm": {
        "target": "judge",
        "prompt": "Is {{completion}} right?",
        "choices": [{"choice": "yes", "score": 1}],
    },
    "regex": {"pattern": "mot"},
    "jsonSchema": {"schema": {"type": "object"}},
    "jsonPath": {"path": "$.team", "equals": "motor"},
    "number": {"expected": 3, "absolute": 1},
    "similarity": {"to": "the motor team"},
    "latency": {"maximum": 100},
    "cost": {"maximum": 1},
    "tokens": {"output": 10},
    "refusal": {},
    "language": {"is": "en"},
    "length": {"maximum": 100},
    "toolCall": {"name": "find"},
    "python": {"name": "nothing"},
}
HEAVY = ("llm", "similarity", "python", "language")
"""Kinds that call a model or a thread, or load one."""


def test_every_kind_has_a_file_an_example_and_a_place_in_the_format() -> None:
    files = {p.stem for p in Path(evaluators.__path__[0]).glob("*.py")} - {"__init__"}
    assert len(files) == len(all_evaluators()) == len(EXAMPLES)
    assert set(all_evaluators()) == set(EXAMPLES)
    assert set(EXAMPLES) == set(KINDS) - {"uses"}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_format_knows_exactly_the_settings_of_a_kind(kind: str) -> None:
    fields = all_evaluators()[kind].settings.model_fields
    names = {field.alias or name: field for name, field in fields.items()}
    assert set(names) == set(KINDS[kind].settings)
    needed = {name for name, field in names.items() if field.is_required()}
    assert needed == set(KINDS[kind].required)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_settings_are_documented_and_refuse_what_they_do_not_know(kind: str) -> None:
    settings = all_evaluators()[kind].settings
    assert settings.__doc__ and len(settings.__doc__) > 20
    with pytest.raises(ValueError, match="surprise"):
        settings_of(Check("x", kind, {**EXAMPLES[kind], "surprise": 1}))
    settings_of(Check("x", kind, EXAMPLES[kind]))


TEXTS = (
    "",
    "motor",
    '{"team": "motor"}',
    "\x00\ud800",
    "{{expected}}",
    "x" * 2_000_000,
    "[" * 5_000,
)


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
def test_no_answer_breaks_a_check(kind: str, text: str) -> None:
    begun = time.process_time()
    for given in (answer(text), answer(text, tool_calls=(ToolCall("1", "find", text),), cost=None)):
        found = score(kind, EXAMPLES[kind], given)
        assert isinstance(found, Score) and "itself broke" not in found.detail, found.detail
        assert len(found.detail) < 1_500
    assert time.process_time() - begun < 10


def test_a_check_that_breaks_says_so_and_the_others_go_on() -> None:
    checks = (
        Check("bad", "regex", {"pattern": 3}),
        Check("none", "no_such_kind", {}),
        Check("good", "string", {"contains": "motor"}, required=False),
    )
    bad, none, good = asyncio.run(score_all(checks, CASE, answer("motor"), Tools()))
    assert (bad.passed, none.passed, good.passed) == (None, None, True)
    assert "no evaluator 'no_such_kind'" in none.detail and good.required is False


def test_the_cases_own_checks_come_after_the_suites_and_each_once() -> None:
    own, shared = Check("own", "length", {"maximum": 9}), Check("shared", "length", {"maximum": 9})
    case = type(CASE)("c", "c", {}, checks=(own,))
    for asked in ((shared,), (shared, own)):
        found = asyncio.run(score_all(asked, case, answer("motor"), Tools()))
        assert [s.check for s in found] == ["shared", "own"]


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind not in HEAVY])
def test_scoring_is_cheap(kind: str) -> None:
    """At most 0.3 ms a call on a free core; the best of five hundreds, since others use this machine too."""
    check = Check("x", kind, EXAMPLES[kind])
    given = answer('{"team": "motor", "n": 3}')

    async def best() -> float:
        took = []
        for _ in range(5):
            begun = time.perf_counter()
            for _ in range(100):
                await score_all((check,), CASE, given, Tools())
            took.append((time.perf_counter() - begun) / 100)
        return min(took)

    assert asyncio.run(best()) < 0.3e-3
