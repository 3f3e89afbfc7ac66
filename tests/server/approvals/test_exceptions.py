"""Exceptions: requested with a reason and a control, accepted by the control function alone, ended by time."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from continuity_world import APP, DAY, REV, RIK, ROBOT, ContinuityWorld, paper, person
from sqlalchemy import update

from promptops_server.approvals.exceptions import store
from promptops_server.approvals.exceptions.accept import accept_exception
from promptops_server.approvals.exceptions.model import RuleException, waivers_by_path
from promptops_server.approvals.exceptions.read import waivers_for
from promptops_server.approvals.exceptions.request import Wanted, request_exception
from promptops_server.approvals.exceptions.revoke import revoke_exception
from promptops_server.approvals.exceptions.tables import rule_exception
from promptops_server.approvals.gate import gate
from promptops_server.approvals.model import Content, GateFacts
from promptops_server.approvals.paperwork import Gap, Waiver
from promptops_server.approvals.rulebook import all_rules
from promptops_server.infra.authorise import Decision
from promptops_server.infra.clock import now_us
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound

REASON = "The fairness run needs data that arrives in March."
CONTROL = "Every answer is read by a person before it is sent."
RULE = "record.harms_benefits"


def ask(bank: ContinuityWorld, actor: Any = REV, **more: Any) -> RuleException:
    given = {"rule": RULE, "reason": REASON, "control": CONTROL, "scope": "claims/", **more}
    return request_exception(bank.deps, actor, bank.project, Wanted(**given))


def accept(bank: ContinuityWorld, found: RuleException, actor: Any = RIK) -> RuleException:
    return accept_exception(bank.deps, actor, bank.project, found.name, "Small enough.")


def covered(bank: ContinuityWorld, *paths: str, environment: str = "production", days: int = 0):  # type: ignore[no-untyped-def]
    with bank.db.read() as conn:
        return waivers_for(conn, bank.project.id, paths, environment, now_us() + days * DAY)


def test_an_accepted_exception_covers_its_scope_until_it_ends(bank: ContinuityWorld) -> None:
    made = ask(bank, days=30)
    assert covered(bank, "claims/triage") == {}
    assert accept(bank, made).state(now_us()) == "accepted"
    found = covered(bank, "claims/triage", "cards/limit")
    assert list(found) == ["claims/triage"]
    in_force, expired = found["claims/triage"]
    assert [(w.id, w.rule) for w in in_force] == [("E1", RULE)]
    assert expired == []
    in_force, expired = covered(bank, "claims/triage", days=31)["claims/triage"]
    assert (in_force, [w.id for w in expired]) == ([], ["E1"])
    assert [e["event"] for e in bank.told("exception.accepted")] == ["exception.accepted"]
    (event,) = bank.events("exception.accept")
    assert (event["actor"]["name"], event["object"]["id"]) == ("rik", "retail-bank#E1")


def test_an_exception_of_one_environment_says_nothing_about_others(bank: ContinuityWorld) -> None:
    accept(bank, ask(bank, scope="", environment="pilot"))
    assert covered(bank, "cards/limit") == {}
    assert list(covered(bank, "cards/limit", environment="pilot")) == ["cards/limit"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rule": "separation.author"}, "never set aside"),
        ({"rule": "approval.approval"}, "never set aside"),
        ({"rule": "gate.redacted"}, "never set aside"),
        ({"rule": "gate.retired"}, "never set aside"),
        ({"rule": "record.tier"}, "never set aside"),
        ({"rule": "record.not_applicable"}, "never set aside"),
        ({"rule": "record."}, "no rule's name"),
        ({"rule": "record.harms_benefit"}, "no field"),
        ({"reason": "because"}, "reason has 7 characters"),
        ({"control": " " * 30}, "control has 0 characters"),
        ({"control": "x\0" * 20}, "U\\+0000"),
        ({"scope": "../up"}, "scope"),
        ({"environment": "main"}, "environment"),
        ({"days": 91}, "1 to 90"),
        ({"days": 0}, "1 to 90"),
    ],
)
def test_what_may_not_be_asked_for_is_refused(
    sqlite_bank: ContinuityWorld, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        ask(sqlite_bank, **wrong)


def test_only_the_control_function_accepts(bank: ContinuityWorld) -> None:
    made = ask(bank)
    boss = dataclasses.replace(person("boss"), admin=True)
    for actor in (APP, REV, boss):
        with pytest.raises(Denied, match="may not accept exceptions"):
            accept(bank, made, actor)
    with pytest.raises(Denied, match="no person"):
        accept(bank, made, ROBOT)
    with pytest.raises(Denied, match="token made on the server's machine"):
        accept(bank, made, dataclasses.replace(RIK, auth_method="operator"))


def test_neither_who_asked_nor_who_wrote_in_the_scope_accepts(bank: ContinuityWorld) -> None:
    both = person("both", "risk", "reviewer")
    with pytest.raises(Denied, match="requested exception E1") as caught:
        accept(bank, ask(bank, both), both)
    assert caught.value.members["rule"] == "separation.requester"
    author = person("ada", "author", "risk")
    with pytest.raises(Denied, match="wrote prompts") as caught:
        accept(bank, ask(bank), author)
    assert caught.value.members["rule"] == "separation.author"
    elsewhere = person("eve", "author", "risk")
    bank.put("cards/limit", "two", elsewhere, parent=1)
    assert accept(bank, ask(bank, scope="claims/triage"), elsewhere).accepted_name == "eve"
    with pytest.raises(Denied, match="wrote prompts"):
        accept(bank, ask(bank, scope=""), elsewhere)


def test_a_second_account_of_the_same_human_does_not_help(bank: ContinuityWorld) -> None:
    second = person("ada2", "risk", person="human-1")
    bank.humans["id-of-ada"] = "human-1"
    with pytest.raises(Denied, match="wrote prompts"):
        accept(bank, ask(bank), second)
    asker = person("rev", "reviewer", person="human-2")
    with pytest.raises(Denied, match="requested exception"):
        accept(bank, ask(bank, asker), person("rev2", "risk", person="human-2"))


def test_it_is_accepted_once_and_revoked_early(bank: ContinuityWorld) -> None:
    made = accept(bank, ask(bank))
    with pytest.raises(Conflict, match="E1 is accepted"):
        accept(bank, made, person("rob", "risk"))
    with pytest.raises(Denied):
        revoke_exception(bank.deps, APP, bank.project, "E1", "no more")
    revoke_exception(bank.deps, REV, bank.project, "E1", "The data came early.")
    assert covered(bank, "claims/triage") == {}
    with pytest.raises(Conflict, match="revoked"):
        revoke_exception(bank.deps, RIK, bank.project, "E1", "again")
    with pytest.raises(NotFound):
        revoke_exception(bank.deps, RIK, bank.project, "E9", "again")


def test_a_request_that_nobody_accepted_in_time_is_over(bank: ContinuityWorld) -> None:
    made = ask(bank)
    with bank.db.write() as tx:
        tx.conn.execute(update(rule_exception).values(expires_at=tx.now))
    with pytest.raises(Conflict, match="expired"):
        accept(bank, made)


def test_lists_are_pages_by_state(bank: ContinuityWorld) -> None:
    for _ in range(3):
        ask(bank)
    accept(bank, ask(bank))
    revoke_exception(bank.deps, REV, bank.project, "E2", "not needed")
    with bank.db.read() as conn:

        def page(state: Any, after: str | None = None) -> Any:
            return store.page(
                conn, bank.project.id, state=state, now=now_us(), limit=2, after=after
            )

        first = page(None)
        assert [e.name for e in first.items] == ["E4", "E3"]
        assert [e.name for e in page(None, first.next).items] == ["E2", "E1"]
        assert [e.name for e in page("accepted").items] == ["E4"]
        assert [e.name for e in page("requested").items] == ["E3", "E1"]
        assert [e.name for e in page("revoked").items] == ["E2"]
        assert page("expired").items == []


def test_the_gate_lets_a_waived_gap_pass_and_refuses_it_again_once_expired() -> None:
    gap = Gap("D12", "harms_benefits", "missing", "write them")
    found = RuleException(
        "id", "p", 7, RULE, "claims/", None, REASON, CONTROL, 0, "rev", "rev", 90 * DAY, 1
    )

    def verdict(now: int) -> Any:
        in_force, expired = waivers_by_path([found], ["claims/triage"], now)["claims/triage"]
        papers = paper(gaps=(gap,), waivers=tuple(in_force), expired_waivers=tuple(expired))
        return gate(
            GateFacts(
                "production",
                True,
                "publish",
                Decision(True, "r"),
                contents=(Content("claims/triage", 1, None, None),),
                now=now,
                papers={("claims/triage", 1): papers},
            )
        )

    assert verdict(DAY).allowed
    assert [w.exception for w in verdict(DAY).waived] == ["E7"]
    (unmet,) = verdict(90 * DAY).unmet
    assert "Exception E7 covered it until" in unmet.detail


def test_a_rule_of_the_environment_is_set_aside_only_for_all_that_goes_live() -> None:
    rule = all_rules()["ticket_required"].model_validate({})
    a, b = Content("a", 1, None, None), Content("b", 1, None, None)
    waived = paper(waivers=(Waiver("E1", "rule.ticket_required", 10),))

    def verdict(now: int, **papers: Any) -> Any:
        facts = GateFacts("production", True, "publish", Decision(True, "r"), (a, b), (rule,), now)
        known = {(path, 1): paperwork for path, paperwork in papers.items()}
        return gate(dataclasses.replace(facts, papers=known))

    assert [u.rule for u in verdict(1, a=waived, b=paper()).unmet] == ["rule.ticket_required"]
    both = verdict(1, a=waived, b=waived)
    assert both.allowed
    assert [(w.path, w.exception) for w in both.waived] == [("a", "E1"), ("b", "E1")]
    assert not verdict(10, a=waived, b=waived).allowed


def test_twenty_thousand_paths_are_covered_in_a_moment(bank: ContinuityWorld) -> None:
    for scope in ("", "claims/", "claims/triage"):
        accept(bank, ask(bank, scope=scope))
    paths = ["claims/triage", *(f"claims/p{n}" for n in range(10_000))]
    paths += [f"cards/p{n}" for n in range(10_000)]
    found = covered(bank, *paths)
    assert len(found) == 20_001
    assert len(found["claims/triage"][0]) == 3
    assert len(found["claims/p1"][0]) == 2
    assert len(found["cards/p1"][0]) == 1
