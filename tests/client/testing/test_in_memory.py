"""The in-memory client behaves as the real one where an application can see it."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from promptops import (
    AsyncPromptOps,
    InvalidArtifact,
    NotConnected,
    PromptNotLive,
    PromptOps,
    PromptSuspended,
    Release,
    SettingsError,
    TooOld,
)
from promptops.testing import InMemoryAsyncPromptOps, InMemoryPromptOps

pytest_plugins = ["promptops.testing.pytest_plugin"]


@pytest.mark.parametrize(
    ("real", "ours"), [(PromptOps, InMemoryPromptOps), (AsyncPromptOps, InMemoryAsyncPromptOps)]
)
def test_it_reads_like_the_real_client(real: type, ours: type) -> None:
    public = {name for name, member in vars(real).items() if callable(member)}
    public = {name for name in public if not name.startswith("_") or name.endswith("er__")}
    assert {"get", "snapshot", "on_release", "health", "close"} < public
    for name in public:
        made, meant = getattr(ours, name), getattr(real, name)
        assert list(inspect.signature(made).parameters) == list(inspect.signature(meant).parameters)
        assert inspect.iscoroutinefunction(made) == inspect.iscoroutinefunction(meant)


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


def test_a_rollback_brings_an_earlier_version_back(promptops: InMemoryPromptOps) -> None:
    promptops.publish("a", "1")
    promptops.publish("a", "2")
    back = promptops.rollback("a", 1)
    assert (back.version, back.release, back.render()[0]["content"]) == (1, 3, "1")
    promptops.suspend("a")
    assert promptops.rollback("test/a", 2).render()[0]["content"] == "2"
    assert promptops.publish("a", "3").version == 3
    with pytest.raises(PromptNotLive, match="never had a version 4"):
        promptops.rollback("a", 4)


def test_a_client_that_was_cut_off_goes_on_until_its_release_is_too_old() -> None:
    patient, strict = InMemoryPromptOps(), InMemoryPromptOps(max_age=60)
    for ops in (patient, strict):
        ops.publish("a", "1")
        ops.lose_connection(61)
        health = ops.health()
        assert (health.connected, health.source, health.release, health.age) == (
            False,
            "live",
            1,
            61,
        )
    assert patient.get("a").version == 1
    assert patient.snapshot().release == 1
    with pytest.raises(TooOld, match="61 s ago"):
        strict.get("a")
    with pytest.raises(TooOld):
        strict.snapshot()
    assert strict.get("a", fallback="instead").version == 0
    strict.suspend("a")
    with pytest.raises(PromptSuspended):
        strict.get("a", fallback="instead")
    strict.connect()
    assert strict.publish("a", "2").version == strict.get("a").version == 2


def test_the_files_of_a_clone_are_live_together(
    promptops: InMemoryPromptOps, tmp_path: Path
) -> None:
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "triage.prompt.yml").write_text(
        "messages:\n  - {role: user, content: '{{> style/house@3 }} Sort: {{ claim }}'}\n"
    )
    (tmp_path / "style").mkdir()
    house = tmp_path / "style" / "house.prompt.yaml"
    house.write_text("messages:\n  - {role: user, content: Be brief.}\n")
    (tmp_path / "README.md").write_text("Prompts.")
    made = promptops.publish_files(tmp_path)
    assert {(path, prompt.release) for path, prompt in made.items()} == {
        ("claims/triage", 1),
        ("style/house", 1),
    }
    said = promptops.get("claims/triage").render(claim="Hail")
    assert said == [{"role": "user", "content": "Be brief. Sort: Hail"}]
    house.write_text("messages:\n  - {role: user}\n")
    with pytest.raises(InvalidArtifact, match=r"style/house.prompt.yaml is not a prompt: line 2"):
        promptops.publish_files(tmp_path)
    house.unlink()
    with pytest.raises(InvalidArtifact, match="includes style/house, which is not in the folder"):
        promptops.publish_files(tmp_path)
    with pytest.raises(InvalidArtifact, match="holds no prompt file"):
        promptops.publish_files(tmp_path / "style")
    assert promptops.health().release == 1


def test_releases_are_told_in_the_loop(async_promptops: InMemoryAsyncPromptOps) -> None:
    async def use() -> tuple[list[int], list[int], list[int]]:
        waited: list[int] = []
        called: list[int] = []
        followed: list[int] = []

        async def note(release: Release) -> None:
            await asyncio.sleep(0)
            waited.append(release.number)

        async with async_promptops as ops:
            stop = ops.on_release(note)
            ops.on_release(lambda release: called.append(release.number))
            releases = ops.releases()
            ops.publish("a", "1")
            followed.append((await anext(releases)).number)
            await asyncio.sleep(0.01)
            stop()
            ops.publish("a", "2")
            assert ops.get("a").version == 2
        followed += [release.number async for release in releases]  # ended by leaving
        return waited, called, followed

    assert asyncio.run(use()) == ([1], [1, 2], [1, 2])


def test_callbacks_and_ages_are_checked_as_the_real_clients_do() -> None:
    async def later(release: object) -> None: ...

    ops = InMemoryPromptOps()
    for wrong in (None, later):
        with pytest.raises(TypeError, match="on_release"):
            ops.on_release(wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="max_age"):
        InMemoryPromptOps(max_age="5")  # type: ignore[arg-type]
