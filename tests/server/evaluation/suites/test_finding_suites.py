"""Which suites a prompt is tested with, and what is refused with file and line."""

from __future__ import annotations

import pytest
from suite_world import SUITE, TRIAGE, World

from promptops_server.evaluation.suites.belonging import suites_beside
from promptops_server.evaluation.suites.find import suites_digest, suites_key
from promptops_server.infra.database import Database
from promptops_server.infra.problems import BadRequest, Invalid, NotFound

PATH = "claims/triage"


@pytest.fixture
def world(any_database: Database) -> World:
    return World(any_database)


@pytest.fixture
def small(database: Database) -> World:
    return World(database)


def test_those_in_the_file_and_beside_it_belong_to_a_prompt(world: World) -> None:
    version = world.prompt(PATH)
    world.prompt("claims/triage.v2", TRIAGE)
    world.files(
        {
            "claims/triage.suite.yml": SUITE,
            "claims/triage.edge.suite.yaml": SUITE,
            "claims/triage.v2.suite.yml": SUITE,
            "claims/triage.v2.more.suite.yml": SUITE,
            "claims/triages.suite.yml": SUITE,
            "claims/deep/triage.suite.yml": SUITE,
            "triage.suite.yml": SUITE,
            "claims/notes.md": "Hello",
        }
    )
    found = world.suites(PATH, version)
    assert [s.name for s in found] == ["testData", "claims/triage", "claims/triage.edge"]
    own, beside, _ = found
    assert own.blob is None and beside.blob is not None
    assert [(c.key, c.inputs, c.expected) for c in beside.cases] == [
        ("hail", {"claim": "42"}, "motor"),
        (beside.cases[1].key, {"claim": "Rain came in."}, None),
    ]
    (team,) = beside.checks
    assert (team.name, team.kind, team.required) == ("team", "regex", False)
    assert team.settings == {"pattern": "mot.r"}
    assert [c.kind for c in beside.cases[1].checks] == ["length"]
    assert own.digest != beside.digest == found[2].digest


def test_named_suites_may_lie_anywhere(small: World) -> None:
    version = small.prompt(PATH)
    old = small.files({"shared/weather.suite.yml": SUITE})
    small.files({"shared/weather.suite.yml": SUITE.replace("hail", "snow")})
    for name in ("shared/weather", "shared/weather.suite.yml"):
        (found,) = small.suites(PATH, version, [name])
        assert (found.name, found.cases[0].key) == ("shared/weather", "snow")
    (then,) = small.suites(PATH, version, ["shared/weather"], commit=old)
    assert then.cases[0].key == "hail"
    (own,) = small.suites(PATH, version, ["testData", "testData"])
    assert own.name == "testData"
    with pytest.raises(NotFound, match="no suite 'shared/other'"):
        small.suites(PATH, version, ["shared/other"])
    with pytest.raises(BadRequest):
        small.suites(PATH, version, ["../weather"])


def test_a_draft_and_texts_given_with_a_command_count(small: World) -> None:
    found = small.suites("new/prompt", TRIAGE, None, texts=[("mine.yml", SUITE)])
    assert [s.name for s in found] == ["testData", "mine.yml"]
    assert small.suites("new/prompt", "messages:\n  - {role: user, content: Hello}\n") == ()
    with pytest.raises(Invalid, match="Two suites are named 'a'"):
        small.suites("new/prompt", TRIAGE, [], texts=[("a", SUITE), ("a", SUITE)])


def test_inputs_of_fragments_are_inputs_of_the_prompt(small: World) -> None:
    small.prompt("house/tone", 'messages:\n  - {role: user, content: "Be {{manner}}."}\n')
    version = small.prompt(
        PATH,
        'messages:\n  - {role: user, content: "{{> house/tone@1 }}"}\ntestData:\n  - {manner: kind}\n',
    )
    (own,) = small.suites(PATH, version)
    assert own.cases[0].inputs == {"manner": "kind"}
    with pytest.raises(Invalid, match=r"m\.yml:2: cases\[0\]: cases\[0\] lacks the required input"):
        small.suites(PATH, version, [], texts=[("m.yml", "cases:\n  - inputs: {}\n")])


BROKEN = {
    "cases: [": "claims/triage.suite.yml:1: this is not valid YAML",
    "cases:\n  - inputs: {clam: x}\n": "claims/triage.suite.yml:2: cases[0]: cases[0] lacks",
    SUITE.replace("mot.r", "(?=a)"): "evaluators[0].regex.pattern: RE2 cannot read this pattern",
    SUITE.replace("regex:", "reggex:"): "evaluators[0].reggex: this server has no evaluator",
    SUITE.replace("pattern: mot.r", "pattern: a, maximum: 2"): "evaluators[0].regex.maximum: ",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_suite_is_refused_with_its_place_when_it_is_used(small: World, text: str) -> None:
    version = small.prompt(PATH)
    small.files({"claims/triage.suite.yml": text})
    with pytest.raises(Invalid) as refused:
        small.suites(PATH, version)
    assert BROKEN[text] in str(refused.value)
    error = refused.value.members["errors"][0]
    assert error["file"] == "claims/triage.suite.yml" and error["line"] >= 1
    assert [s.name for s in small.suites(PATH, version, ["testData"])] == ["testData"]


def test_a_key_of_test_data_that_is_no_input_is_refused_with_its_line(small: World) -> None:
    version = small.prompt(PATH, TRIAGE.replace("expected: motor", "expect: motor"))
    with pytest.raises(Invalid, match=r"claims/triage\.prompt\.yml:6: testData\[0\]\.expect"):
        small.suites(PATH, version)


def test_twins_and_the_reserved_name_are_refused() -> None:
    with pytest.raises(Invalid, match="both there"):
        suites_beside("a", ["a.suite.yml", "a.suite.yaml"])
    with pytest.raises(Invalid, match="named like"):
        suites_beside("testData", ["testData.suite.yml"])


def test_a_set_of_suites_is_known_by_names_and_by_content(small: World) -> None:
    version = small.prompt(PATH)
    small.files({"claims/triage.suite.yml": SUITE})
    one = small.suites(PATH, version)
    assert suites_key(s.name for s in one) == suites_key(["claims/triage", "testData"])
    assert suites_key(["a"]) != suites_key(["b"]) and suites_key([]).startswith("sha256:")
    small.files({"claims/triage.suite.yml": "# more\n" + SUITE})
    assert suites_digest(one) == suites_digest(small.suites(PATH, version))
    small.files({"claims/triage.suite.yml": SUITE.replace("Rain", "Snow")})
    assert suites_digest(one) != suites_digest(small.suites(PATH, version))
