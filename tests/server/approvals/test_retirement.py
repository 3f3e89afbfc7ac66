"""Retirement: ended by an approver, not while it is live under approval, and the gate refuses what is retired."""

from __future__ import annotations

import dataclasses

import pytest
from continuity_world import ADA, APP, REV, RIK, ROBOT, ContinuityWorld, paper

from promptops_server.approvals.gate import gate
from promptops_server.approvals.model import Content, GateFacts
from promptops_server.approvals.retirement.read import page, retired_reasons
from promptops_server.approvals.retirement.retire import bring_back, retire
from promptops_server.infra.authorise import Decision
from promptops_server.infra.problems import BadRequest, Conflict, Denied, NotFound

PATH = "claims/triage"
WHY = "Replaced by the claims agent."


def reasons(bank: ContinuityWorld) -> dict[str, str]:
    with bank.db.read() as conn:
        return retired_reasons(conn, bank.project.id, [PATH, "claims/letter"])


def test_a_retired_prompt_is_refused_by_the_gate_until_it_is_brought_back(
    bank: ContinuityWorld,
) -> None:
    retire(bank.deps, APP, bank.project, PATH, WHY)
    assert reasons(bank) == {PATH: WHY}
    facts = GateFacts(
        "production",
        True,
        "publish",
        Decision(True, "r"),
        contents=(Content(PATH, 1, None, None),),
        papers={(PATH, 1): paper(retired=reasons(bank)[PATH])},
    )
    assert [u.rule for u in gate(facts).unmet] == ["gate.retired"]
    with pytest.raises(Conflict, match="retired already"):
        retire(bank.deps, RIK, bank.project, PATH, WHY)
    bring_back(bank.deps, RIK, bank.project, PATH, "The agent was withdrawn.")
    assert reasons(bank) == {}
    with pytest.raises(Conflict, match="not retired"):
        bring_back(bank.deps, RIK, bank.project, PATH, "again")
    retire(bank.deps, APP, bank.project, PATH, WHY)
    assert [e["after"] for e in bank.events("prompt.retire")] == [{"retired": True}] * 2
    assert len(bank.told("prompt.brought_back")) == 1


def test_what_is_live_under_approval_is_not_retired(bank: ContinuityWorld) -> None:
    bank.live_gated[PATH] = ["production"]
    with pytest.raises(Conflict, match="live in production") as caught:
        retire(bank.deps, APP, bank.project, PATH, WHY)
    assert "unpublish" in caught.value.remedy
    assert reasons(bank) == {}


def test_only_approvers_retire_and_bring_back(bank: ContinuityWorld) -> None:
    for actor in (ADA, REV, ROBOT, dataclasses.replace(APP, auth_method="operator")):
        with pytest.raises(Denied):
            retire(bank.deps, actor, bank.project, PATH, WHY)
    retire(bank.deps, APP, bank.project, PATH, WHY)
    with pytest.raises(Denied):
        bring_back(bank.deps, ADA, bank.project, PATH, WHY)


def test_prompts_that_are_not_there_are_not_retired(bank: ContinuityWorld) -> None:
    with pytest.raises(NotFound):
        retire(bank.deps, APP, bank.project, "claims/none", WHY)
    with pytest.raises(BadRequest):
        retire(bank.deps, APP, bank.project, "../up", WHY)


def test_retired_prompts_are_listed_by_path(bank: ContinuityWorld) -> None:
    for path in (PATH, "cards/limit", "claims/letter"):
        retire(bank.deps, APP, bank.project, path, WHY)
    with bank.db.read() as conn:
        first = page(conn, bank.project.id, limit=2, after=None)
        rest = page(conn, bank.project.id, limit=2, after=first.next)
    assert [r.path for r in first.items] == ["cards/limit", "claims/letter"]
    assert [r.path for r in rest.items] == [PATH]
