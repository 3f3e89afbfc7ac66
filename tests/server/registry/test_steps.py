"""The numbering rule, against any history of files."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from promptops_server.registry.steps import (
    AddressState,
    Change,
    Numbered,
    Step,
    number_steps,
)

YML = ".prompt.yml"
Tree = dict[str, str]
paths = st.sampled_from(["a", "b", "m/a", "m/b", "m/n/c"])
trees = st.dictionaries(paths, st.sampled_from(["x", "y", "z"]), max_size=5)
histories = st.lists(trees, max_size=8)


def step(commit: str, before: Tree, after: Tree) -> Step:
    changes = [
        Change(path, YML, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]
    return Step(commit, tuple(changes))


def steps_of(history: list[Tree]) -> list[Step]:
    line = [{}, *history]
    return [step(f"c{i}", line[i], line[i + 1]) for i in range(len(history))]


def state(latest: int, blob: str | None) -> AddressState:
    return AddressState(latest, {} if blob is None else {YML: blob})


@given(histories)
def test_numbers_of_an_address_count_its_changes_without_gaps(history: list[Tree]) -> None:
    numbering = number_steps(steps_of(history), {})
    wanted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    before: Tree = {}
    for index, tree in enumerate(history):
        for path, blob in tree.items():
            if before.get(path) != blob:
                wanted[path].append((f"c{index}", blob))
        before = tree
    made: dict[str, list[Numbered]] = defaultdict(list)
    for version in numbering.versions:
        made[version.path].append(version)
    assert {p: [(v.commit, v.blob) for v in vs] for p, vs in made.items()} == dict(wanted)
    for versions in made.values():
        assert [v.number for v in versions] == list(range(1, len(versions) + 1))


@given(histories, st.integers(min_value=0, max_value=8))
def test_the_same_numbers_come_of_one_push_or_of_two(history: list[Tree], cut: int) -> None:
    steps = steps_of(history)
    whole = number_steps(steps, {})
    first = number_steps(steps[:cut], {})
    second = number_steps(steps[cut:], first.addresses)
    assert (*first.versions, *second.versions) == whole.versions
    assert {**first.addresses, **second.addresses} == whole.addresses


@given(histories)
def test_afterwards_an_address_holds_what_the_tip_holds(history: list[Tree]) -> None:
    numbering = number_steps(steps_of(history), {})
    tip = history[-1] if history else {}
    assert {p: s.blob for p, s in numbering.addresses.items() if s.blob is not None} == tip


@given(trees, trees)
def test_a_move_names_a_source_whose_identical_content_disappeared(
    before: Tree, after: Tree
) -> None:
    known = {path: state(3, blob) for path, blob in before.items()}
    numbering = number_steps([step("c", before, after)], known)
    moved = [v for v in numbering.versions if v.moved_from]
    sources = [v.moved_from or "" for v in moved]
    assert len(set(sources)) == len(sources)
    for version in moved:
        source, _, number = (version.moved_from or "").partition("@")
        assert number == "3"
        assert source not in after
        assert before[source] == version.blob
        assert version.path not in before
    gone = [before[p] for p in before if p not in after]
    new = [after[p] for p in after if p not in before]
    for blob in set(gone):
        assert sum(v.blob == blob for v in moved) == min(gone.count(blob), new.count(blob))


def test_a_move_starts_at_one_and_prefers_the_same_name() -> None:
    known = {"a/triage": state(7, "x"), "a/other": state(2, "x")}
    after = {"b/triage": "x", "c/new": "x"}
    numbering = number_steps([step("c", {"a/triage": "x", "a/other": "x"}, after)], known)
    assert numbering.versions == (
        Numbered("b/triage", 1, "c", "x", "a/triage@7"),
        Numbered("c/new", 1, "c", "x", "a/other@2"),
    )


def test_a_file_created_again_continues_its_numbers() -> None:
    numbering = number_steps([step("c", {}, {"a": "x"})], {"a": state(4, None)})
    assert numbering.versions == (Numbered("a", 5, "c", "x"),)


def test_another_extension_alone_makes_no_version() -> None:
    renamed = Step("c", (Change("a", ".prompt.yaml", None, "x"), Change("a", YML, "x", None)))
    numbering = number_steps([renamed], {"a": state(4, "x")})
    assert numbering.versions == ()
    assert numbering.addresses["a"] == AddressState(4, {".prompt.yaml": "x"})
