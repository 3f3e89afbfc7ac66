"""Which files belong to which prompt by their names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptops.format.companions import companion_at, companions_among, owner_of

NAMES = st.lists(st.sampled_from(["a", "b", "v2"]), min_size=1, max_size=4).map(".".join)


def test_a_suite_belongs_to_the_longest_prompt_its_name_begins_with() -> None:
    assert owner_of("m/a.b.c", {"m/a", "m/a.b"}) == "m/a.b"
    assert owner_of("m/a.b.c", {"m/a"}) == "m/a"
    assert owner_of("m/a", {"a"}) is None and owner_of("a", set()) is None
    assert owner_of("m/ab", {"m/a"}) is None


def test_companions_are_told_from_other_files_and_other_prompts() -> None:
    files = [
        *("m/triage.prompt.yml", "m/triage.v2.prompt.yaml", "m/README.md", "m/triage.yml"),
        *("m/triage.suite.yml", "m/triage.edge.suite.yaml", "m/triage.v2.suite.yml"),
        *("m/triage.v2.more.suite.yml", "m/urgent.suite.yml"),
    ]
    assert companions_among(files, ["m/triage"]) == {
        "m/triage": ["m/triage.edge.suite.yaml", "m/triage.suite.yml"]
    }
    assert companions_among(files, ["m/triage.v2", "m/urgent"]) == {
        "m/triage.v2": ["m/triage.v2.more.suite.yml", "m/triage.v2.suite.yml"]
    }


@given(st.sets(NAMES, max_size=6), st.sets(NAMES, max_size=8))
def test_every_suite_has_one_owner_and_keeps_it_under_a_new_name(
    prompts: set[str], suites: set[str]
) -> None:
    files = [f"{name}.prompt.yml" for name in prompts] + [f"{name}.suite.yml" for name in suites]
    found = companions_among(files, prompts)
    owned = [file for some in found.values() for file in some]
    assert len(owned) == len(set(owned))
    assert set(owned) == {f"{s}.suite.yml" for s in suites if owner_of(s, prompts) is not None}
    for prompt, some in found.items():
        moved = [companion_at(file, prompt, "x/new") for file in some]
        beside = [*moved, "x/new.prompt.yml"]
        assert companions_among(beside, ["x/new"]) == {"x/new": sorted(moved)}
