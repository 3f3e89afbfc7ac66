"""What a run keeps of its plan and its answers comes back as it was."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptops_server.evaluation.model import Case, Check, Score, Suite
from promptops_server.evaluation.runs import packing
from promptops_server.evaluation.runs.model import Contents, Progress, Tally
from promptops_server.providers.model import Reply, Target, ToolCall, Usage

text = st.text(max_size=20)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
checks = st.builds(Check, text, text, st.dictionaries(text, json_values, max_size=3), st.booleans())
cases = st.builds(
    Case,
    *(text, text, st.dictionaries(text, json_values, max_size=3), json_values),
    checks=st.lists(checks, max_size=2).map(tuple),
    tags=st.lists(text, max_size=2).map(tuple),
    values=st.dictionaries(text, json_values, max_size=2),
)
suites = st.builds(
    Suite,
    *(text, text, st.lists(cases, max_size=3).map(tuple), st.lists(checks, max_size=2).map(tuple)),
    blob=st.none() | text,
)


@given(artifact=st.dictionaries(text, json_values, max_size=3), found=st.lists(suites, max_size=3))
def test_a_plan_comes_back(artifact: dict[str, Any], found: list[Suite]) -> None:
    contents = Contents(artifact, tuple(found))
    assert packing.contents_from(packing.contents_to(contents)) == contents


@given(
    reply=st.builds(
        Reply,
        *(text, st.just("stop")),
        tool_calls=st.lists(st.builds(ToolCall, text, text, text), max_size=2).map(tuple),
        usage=st.builds(Usage, st.none() | st.integers()),
        latency_ms=st.floats(0, 1e6),
    )
)
def test_a_reply_comes_back(reply: Reply) -> None:
    kept = packing.packed({"reply": packing.reply_to(reply)})
    assert packing.reply_from(packing.unpacked(kept)["reply"]) == reply


def test_a_target_comes_back_without_the_digest_beside_it() -> None:
    target = Target("i", "gpt", "openai", "m", projects=("bank",), options={"x": 1})
    kept = packing.target_to(target, "sha256:1")
    assert kept["catalogue_digest"] == "sha256:1"
    assert packing.target_from(kept) == target


def test_progress_comes_back() -> None:
    progress = Progress({"a": Tally(calls=3, passed=1, cost=7)})
    assert packing.progress_from(packing.progress_to(progress)) == progress
    assert packing.progress_from(None) == Progress()


def test_scores_hold_nothing_a_database_refuses() -> None:
    kept = packing.scores_to([Score("a\x00b", "regex", False, detail="\ud800")])
    assert "\x00" not in kept
    assert "\\u0000" not in kept
    kept.encode()


def test_suites_are_known_by_their_names_and_by_what_they_say() -> None:
    one, two = Suite("a", "d1", ()), Suite("b", "d2", ())
    assert packing.suites_key([one, two]) == packing.suites_key([two, one])
    assert packing.suites_digest([one, two]) == packing.suites_digest([two, one])
    changed = Suite("a", "d3", ())
    assert packing.suites_key([one]) == packing.suites_key([changed])
    assert packing.suites_digest([one]) != packing.suites_digest([changed])
