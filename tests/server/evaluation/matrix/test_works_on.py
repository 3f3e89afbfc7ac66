"""The rule `works_on` at the real gate: refused, then allowed; what counts as tested; who passes over it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from promptops_server.approvals.model import Emergency
from promptops_server.approvals.paperwork import Waiver
from promptops_server.approvals.rulebook import all_rules
from promptops_server.evaluation.matrix.facts import matrix_facts
from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import Denied, Invalid
from server.evaluation.matrix.matrix_world import MatrixWorld
from server.releases.release_world import APPROVED, PUBLISHER, actor_with

PATH = "claims/triage"


@pytest.fixture
def bank(world: MatrixWorld) -> MatrixWorld:
    world.deps = replace(world.deps, matrix=partial(matrix_facts, around=world.around))
    world.put(PATH, "Sort {{ claim }}")
    world.configure("staging", works_on={"targets": ["gpt", "claude"]})
    return world


def refused(bank: MatrixWorld, pick: str = PATH) -> str:
    with pytest.raises(Denied) as caught:
        bank.publish(pick)
    assert caught.value.members["rule"] == "rule.works_on"
    return str(caught.value.detail)


def test_a_publish_is_refused_until_it_works_on_every_target(bank: MatrixWorld) -> None:
    told = refused(bank)
    assert "claims/triage@1 on gpt: untested (no run yet)" in told
    bank.ran(PATH, {"gpt": [True] * 6, "claude": [True, False]})
    told = refused(bank)
    assert "@1 on gpt" not in told
    assert "claims/triage@1 on claude: needs tuning (1/2" in told
    assert "exact fails on case-1, run 1)" in told
    bank.ran(PATH, {"claude": [True] * 6})
    assert bank.publish(PATH).release.number == 1


def test_what_was_tested_must_be_what_is_published(bank: MatrixWorld) -> None:
    bank.ran(PATH, {"gpt": [True], "claude": [True]})
    bank.put(PATH, "Sort this {{ claim }}")
    assert "out of date (the content has changed: version 1 was tested" in refused(bank)
    assert bank.publish(f"{PATH}@1").release.number == 1


def test_a_cell_out_of_date_or_of_some_suites_alone_does_not_count(bank: MatrixWorld) -> None:
    bank.ran(PATH, {"gpt": [True], "claude": [True]})
    bank.suites.known[PATH] = {"testData": "d1", "claims/triage": "d1"}
    assert "the suite claims/triage was not part of run 1" in refused(bank)
    bank.suites.known[PATH] = {"testData": "d2"}
    assert "the suite testData has changed" in refused(bank)
    bank.suites.known[PATH] = {}
    assert "no suite belongs to it" in refused(bank)
    bank.suites.known[PATH] = {"testData": "d1"}
    bank.publish(PATH)


def test_a_rule_may_name_one_suite(bank: MatrixWorld) -> None:
    bank.configure("staging", works_on={"targets": ["gpt"], "suite": "claims/smoke"})
    assert "there is no suite claims/smoke" in refused(bank)
    bank.suites.known[PATH] = {"testData": "d1", "claims/smoke": "s1"}
    bank.ran(PATH, {"gpt": [True]}, suites={"claims/smoke": "s1"})
    bank.publish(PATH)


def test_a_bound_says_how_many_cases_it_takes(bank: MatrixWorld) -> None:
    bank.configure("staging", works_on={"targets": ["gpt"], "at_least": 0.8})
    bank.ran(PATH, {"gpt": [True] * 6})
    told = refused(bank)
    assert "6 of 6 pass, lower bound 61 %; 80 % takes 16 cases that all pass" in told
    bank.ran(PATH, {"gpt": [True] * 16})
    bank.publish(PATH)


def test_a_target_that_is_gone_lets_nothing_pass(bank: MatrixWorld) -> None:
    bank.ran(PATH, {"gpt": [True], "claude": [True]})
    bank.target("claude", provider="anthropic", enabled=False)
    assert "no target of this name that the project may use" in refused(bank)


def test_a_rule_names_targets_that_are_there(bank: MatrixWorld) -> None:
    bank.target("claude", provider="anthropic", enabled=False)
    for wrong in ("gtp", "claude"):
        with pytest.raises(Invalid) as caught:
            bank.configure("production", works_on={"targets": ["GPT", wrong]})
        assert f"no model target '{wrong}'; it may use: " in str(caught.value.detail)
        assert "gpt" in str(caught.value.detail).partition("use:")[2]
    bank.configure("production", works_on={"targets": ["GPT"]})
    # What is set already stands in nobody's way when something else is changed.
    bank.configure("staging", max_prompts={"prompts": 3})
    bank.configure("staging", works_on={"targets": ["gpt", "claude"]})


def test_rollback_and_unpublish_are_never_stopped_by_it(bank: MatrixWorld) -> None:
    bank.configure("staging", works_on=None)
    bank.publish(PATH)
    bank.put(PATH, "two")
    bank.publish(PATH)
    bank.configure("staging", works_on={"targets": ["gpt"]})
    bank.rollback(PATH)
    bank.unpublish(PATH)
    assert bank.live() == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"targets": []},
        {"targets": ["gpt", "GPT"]},
        {"targets": ["gpt"], "at_least": 1},
        {"targets": ["gpt"], "at_least": 0.9999},
        {"targets": ["gpt"], "model": "x"},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        all_rules()["works_on"].model_validate(settings)


def test_an_emergency_release_does_not_wait_for_the_matrix(bank: MatrixWorld) -> None:
    bank.configure("production", works_on={"targets": ["gpt"]})
    with pytest.raises(Denied, match="gpt: untested"):
        bank.publish(PATH, to="production", actor=PUBLISHER)
    eve = actor_with("emergency", name="eve")
    bank.publish(PATH, to="production", actor=eve, emergency=Emergency("INC-1"))
    assert bank.live("production") == {PATH: "1"}


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_an_accepted_exception_covers_it_until_it_ends(bank: MatrixWorld, environment: str) -> None:
    bank.configure(environment, works_on={"targets": ["gpt"]})
    over = Waiver("E1", "rule.works_on", now_us() - 1)
    bank.papers.known[PATH, 1] = replace(APPROVED, waivers=(over,))
    with pytest.raises(Denied, match="gpt: untested"):
        bank.publish(PATH, to=environment, actor=PUBLISHER)
    stands = Waiver("E2", "rule.works_on", now_us() + 3_600_000_000)
    bank.papers.known[PATH, 1] = replace(APPROVED, waivers=(stands,))
    bank.publish(PATH, to=environment, actor=PUBLISHER)
    assert bank.live(environment) == {PATH: "1"}
