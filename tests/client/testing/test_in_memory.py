"""The in-memory client behaves as the real one where an application can see it."""

from __future__ import annotations

import inspect

import pytest

from promptops import (
    InvalidArtifact,
    NotConnected,
    PromptNotLive,
    PromptOps,
    PromptSuspended,
    Release,
)
from promptops.testing import InMemoryPromptOps

pytest_plugins = ["promptops.testing.pytest_plugin"]


def test_it_reads_like_the_real_client() -> None:
    for name in ("get", "snapshot", "on_release", "health", "close"):
        real, ours = getattr(PromptOps, name), getattr(InMemoryPromptOps, name)
        assert list(inspect.signature(ours).parameters) == list(inspect.signature(real).parameters)


def test_what_is_published_is_live(promptops: InMemoryPromptOps) -> None:
    made = promptops.publish("claims/triage", "Sort: {{ claim }}")
    assert (made.version, made.release) == (1, 1)
    assert promptops.get("claims/triage").render(claim="x")[0]["content"] == "Sort: x"
    assert promptops.get("test/claims/triage") is made
    assert promptops.publish("claims/triage", "Again").version == 2
    assert promptops.health().release == 2


def test_prompts_may_be_released_together(promptops: InMemoryPromptOps) -> None:
    seen: list[Release] = []
    stop = promptops.on_release(seen.append)
    promptops.publish_together({"a": "1", "b": "2"})
    assert [(r.number, set(r.changed)) for r in seen] == [(1, {"a", "b"})]
    stop()
    promptops.publish("a", "3")
    assert len(seen) == 1


def test_a_release_with_a_fault_is_none(promptops: InMemoryPromptOps) -> None:
    with pytest.raises(InvalidArtifact):
        promptops.publish_together({"a": "fine", "b": {"messages": []}})
    assert promptops.health().release == 0
    assert promptops.publish("a", "fine").version == 1


def test_suspend_and_unpublish_stop_a_prompt(promptops: InMemoryPromptOps) -> None:
    promptops.publish_together({"a": "1", "b": "2"})
    promptops.suspend("a", "it leaks")
    with pytest.raises(PromptSuspended, match="it leaks"):
        promptops.get("a", fallback="no")
    promptops.unpublish("b", "not needed")
    with pytest.raises(PromptNotLive, match="not needed"):
        promptops.get("b", fallback="no")
    with pytest.raises(PromptNotLive):
        promptops.suspend("never/published")
    assert promptops.publish("a", "mended").version == 2


def test_a_disconnected_client_has_only_fallbacks(promptops: InMemoryPromptOps) -> None:
    promptops.publish("a", "1")
    promptops.disconnect()
    assert promptops.get("a", fallback="instead").render()[0]["content"] == "instead"
    with pytest.raises(NotConnected):
        promptops.get("a")
    assert not promptops.health().connected
    promptops.connect()
    assert promptops.get("a").render()[0]["content"] == "1"


def test_a_snapshot_is_pinned(promptops: InMemoryPromptOps) -> None:
    promptops.publish("a", "1")
    pinned = promptops.snapshot()
    promptops.publish("a", "2")
    assert pinned.get("a").render()[0]["content"] == "1"
    assert [prompt.path for prompt in pinned] == ["a"]
    assert "test/a" in pinned
    assert "b" not in pinned


def test_a_near_miss_is_pointed_out(promptops: InMemoryPromptOps) -> None:
    promptops.publish("claims/Triage", "1")
    with pytest.raises(PromptNotLive, match="did you mean claims/Triage"):
        promptops.get("claims/triage")
    with pytest.raises(PromptNotLive, match="did you mean claims/Triage"):
        promptops.get("Triage")
    with pytest.raises(PromptNotLive, match="no @ part"):
        promptops.get("claims/Triage@3")
