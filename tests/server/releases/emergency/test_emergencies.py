"""Break-glass: live without approval, ratified by people who stand apart, else taken back by the server itself."""

from __future__ import annotations

import dataclasses
import json
import threading
from typing import Any

import pytest
from release_world import APPROVED, AUTHOR, PUBLISHER, World, actor_with
from sqlalchemy import select, update

from promptops_server.access.signing import Components, Signer
from promptops_server.approvals.certification.tables import certification_due
from promptops_server.approvals.model import Emergency
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.workflow.demands import Tightening, demands_of
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.infra.tables import outbox
from promptops_server.registry.git.read import commit_info
from promptops_server.releases import environments
from promptops_server.releases.emergency import settle as settle_module
from promptops_server.releases.emergency import store
from promptops_server.releases.emergency.model import EmergencyRelease
from promptops_server.releases.emergency.ratify import EmergencyDeps, ratify, refuse
from promptops_server.releases.emergency.read import emergencies_live
from promptops_server.releases.emergency.tables import emergency_release
from promptops_server.releases.emergency.timer import EmergencyTimer
from promptops_server.releases.history import one_release
from promptops_server.releases.publish import preview_publish
from promptops_server.releases.schedule.add import When, schedule_publish

HOUR = 3600 * 1_000_000
EVE = actor_with("emergency", name="eve")
APP = actor_with("approver", name="app")
RIK = actor_with("risk", name="rik")
UNAPPROVED = dataclasses.replace(APPROVED, progress=None, request=None)
HIGH = Paperwork("high", "high", demands=demands_of("high"), authors=frozenset({"id-of-ada"}))


def later(hours: float) -> Any:
    return lambda: now_us() + int(hours * HOUR)


def timer(world: World, hours: float = 73) -> EmergencyTimer:
    return EmergencyTimer(world.deps, clock=later(hours))


def invoke(world: World, *picks: str, actor: Actor = EVE, **more: Any) -> int:
    made = world.publish(
        *(picks or ("a@2",)),
        to="production",
        actor=actor,
        reason="claims are stuck",
        emergency=Emergency("INC-123"),
        **more,
    )
    return made.release.number


def found(world: World, number: int = 2) -> EmergencyRelease:
    with world.db.read() as conn:
        place = environments.get(conn, world.project.id, "production")
        return store.get(conn, place.id, number)


def say(world: World, verb: Any, actor: Actor, number: int = 2, **deps: Any) -> EmergencyRelease:
    given = EmergencyDeps(world.deps, check_signer=everybody_signs, **deps)
    made: EmergencyRelease = verb(given, actor, world.project, "production", number, "Looked at it")
    return made


def everybody_signs(tx: Transaction, actor: Actor, components: Components) -> Signer:
    """Answers the port `CheckSigner`: what a signature asks for is the tests' of signing."""
    return Signer(actor.subject, actor.identity, actor.name, ("password",), "", tx.now)


def actions(world: World) -> list[str]:
    with world.db.read() as conn:
        return list(
            conn.execute(
                select(audit_event.c.action)
                .where(audit_event.c.log_id == world.project.id)
                .order_by(audit_event.c.seq)
            ).scalars()
        )


@pytest.fixture
def ready(world: World) -> World:
    """`a` is live in its version 1, which is approved; version 2, at tier low, is not."""
    prepare(world)
    return world


@pytest.fixture
def quick(sqlite_world: World) -> World:
    """The same on SQLite."""
    prepare(sqlite_world)
    return sqlite_world


def prepare(world: World) -> None:
    world.put("a", "one")
    world.publish("a", to="production", actor=PUBLISHER)
    world.put("a", "two")
    world.put("b", "one")
    for key in (("a", 2), ("a", 3), ("b", 1)):
        world.papers.known[key] = UNAPPROVED


def test_an_emergency_waits_for_no_approval_and_says_so_everywhere(ready: World) -> None:
    with pytest.raises(Denied, match="nobody was asked to review"):
        ready.publish("a", to="production", actor=PUBLISHER)
    number = invoke(ready, "a", "b")
    assert ready.live("production") == {"a": "2", "b": "1"}
    made = found(ready, number)
    assert (made.incident, made.state, made.tier, made.invoked_name) == (
        "INC-123",
        "open",
        "low",
        "eve",
    )
    assert made.deadline - made.invoked_at == 72 * HOUR
    with ready.db.read() as conn:
        place = environments.get(conn, ready.project.id, "production")
        message = commit_info(
            conn, ready.project.id, one_release(conn, place, number).commit
        ).message
        body = json.loads(
            conn.execute(
                select(audit_event.c.body)
                .where(audit_event.c.action == "release.publish")
                .order_by(audit_event.c.seq.desc())
            ).scalar()
            or "{}"
        )
        told = [
            json.loads(p)["event"]
            for p in conn.execute(
                select(outbox.c.payload).where(outbox.c.topic == "review")
            ).scalars()
        ]
        states = emergencies_live(conn, ready.project.id, ["a", "b"])
    assert "\nEmergency: INC-123\n" in message
    assert body["after"]["emergency"] == {"incident": "INC-123"}
    assert told == ["emergency.invoked"]
    assert [e.release for e in states["a", 2]] == [number]
    assert set(states) == {("a", 2), ("b", 1)}
    ready.check("production")


def test_only_people_with_the_role_break_the_glass_and_only_where_there_is_one(
    quick: World,
) -> None:
    for wrong in (PUBLISHER, AUTHOR, APP, dataclasses.replace(actor_with(name="root"), admin=True)):
        with pytest.raises(Denied):
            invoke(quick, actor=wrong)
    with pytest.raises(Denied, match="no person"):
        invoke(quick, actor=dataclasses.replace(EVE, kind="service"))
    with pytest.raises(Denied):
        quick.publish("a", to="production", actor=EVE)
    with pytest.raises(Invalid, match="names its incident"):
        quick.publish("a", to="production", actor=EVE, emergency=Emergency("  "))
    with pytest.raises(Invalid, match="asks for no approval"):
        quick.publish("a", to="staging", actor=EVE, emergency=Emergency("INC-1"))
    assert quick.live("production") == {"a": "1"}


def test_an_emergency_lifts_no_suspension_and_brings_no_redacted_content(quick: World) -> None:
    quick.papers.known["b", 1] = dataclasses.replace(UNAPPROVED, redacted=True)
    with pytest.raises(Denied, match="by a redaction"):
        invoke(quick, "b")
    quick.suspend("a", to="production", actor=PUBLISHER)
    with pytest.raises(Denied, match="suspended"):
        invoke(quick, "a@1")
    assert quick.live("production") == {"a": "suspended 1"}


def test_a_dry_run_shows_it_and_releases_nothing(quick: World) -> None:
    from release_world import pick

    shown = preview_publish(
        quick.deps,
        EVE,
        quick.project,
        "production",
        [pick("a@2")],
        emergency=Emergency("INC-1"),
    )
    assert shown.unmet == ()
    assert quick.live("production") == {"a": "1"}


def test_one_approver_ratifies_at_low_and_nothing_is_taken_back(ready: World) -> None:
    number = invoke(ready)
    assert say(ready, ratify, APP, number).state == "ratified"
    assert timer(ready).run_due() == 0
    assert ready.live("production") == {"a": "2"}
    with ready.db.read() as conn:
        (due,) = conn.execute(
            select(certification_due).where(certification_due.c.ended_at.is_(None))
        ).all()
        assert emergencies_live(conn, ready.project.id, ["a"]) == {}
    assert (due.path, due.version, due.cause) == ("a", 2, "periodic")
    with pytest.raises(Conflict, match="ratified"):
        say(ready, ratify, RIK, number)
    assert "emergency.ratify" in actions(ready)


def test_high_takes_two_one_of_the_control_function(ready: World) -> None:
    ready.papers.known["a", 2] = HIGH
    invoke(ready)
    assert say(ready, ratify, APP).state == "open"
    with pytest.raises(Denied, match="role risk"):
        say(ready, ratify, actor_with("approver", name="apu"))
    with pytest.raises(Denied, match="ratified it already"):
        say(ready, ratify, APP)
    assert say(ready, ratify, RIK).state == "ratified"


def test_an_installation_that_asks_for_more_approvals_asks_for_more_ratifications(
    quick: World,
) -> None:
    more = demands_of("low", more=Tightening(more_approvals={"low": 2}))
    quick.papers.known["a", 2] = dataclasses.replace(UNAPPROVED, demands=more)
    invoke(quick)
    assert say(quick, ratify, APP).state == "open"
    assert say(quick, ratify, actor_with("approver", name="apu")).state == "ratified"


def test_an_unknown_tier_counts_as_high(quick: World) -> None:
    quick.papers.known["a", 2] = Paperwork(None)
    invoke(quick)
    assert found(quick).tier == "high"
    assert say(quick, ratify, RIK).state == "open"
    assert say(quick, ratify, APP).state == "ratified"


def test_invoker_author_second_account_machine_and_operator_do_not_ratify(quick: World) -> None:
    quick.papers.known["a", 2] = dataclasses.replace(
        UNAPPROVED, authors=frozenset({"id-of-ada", "human-1"})
    )
    both = actor_with("emergency", "approver", name="eve")
    invoke(quick, actor=dataclasses.replace(both, person="human-2"))
    second = actor_with("approver", name="eve2")
    for wrong, words in (
        (dataclasses.replace(both, person="human-2"), "invoked this emergency"),
        (dataclasses.replace(second, person="human-2"), "invoked this emergency"),
        (actor_with("author", "approver", name="ada"), "wrote part"),
        (dataclasses.replace(second, person="human-1"), "wrote part"),
        (dataclasses.replace(second, kind="service"), "no person"),
        (dataclasses.replace(second, auth_method="operator"), "server's machine"),
        (actor_with("publisher", name="pia"), "may not ratify"),
        (dataclasses.replace(actor_with(name="root"), admin=True), "may not ratify"),
    ):
        with pytest.raises(Denied, match=words):
            say(quick, ratify, wrong)
    assert found(quick).decisions == ()
    operator = dataclasses.replace(second, auth_method="operator")
    assert say(quick, ratify, operator, operator_tokens_decide=True).state == "ratified"


def test_at_the_deadline_what_was_live_before_returns_and_what_is_new_is_suspended(
    ready: World,
) -> None:
    number = invoke(ready, "a@2", "b")
    assert timer(ready, 71).run_due() == 0
    assert timer(ready).run_due() == 1
    assert timer(ready).run_due() == 0
    assert ready.live("production") == {"a": "1", "b": "suspended 1"}
    made = found(ready, number)
    assert (made.state, made.ended_release) == ("suspended", number + 1)
    with ready.db.read() as conn:
        place = environments.get(conn, ready.project.id, "production")
        release = one_release(conn, place, number + 1)
    assert (release.kind, release.actor, release.ticket) == ("rollback", "system", "INC-123")
    assert "INC-123 (r2) was not ratified" in release.reason
    assert ready.projection.calls[-1] == ready.environment("production").id
    assert actions(ready)[-2:] == ["release.rollback", "emergency.lapse"]
    with pytest.raises(Conflict, match="suspended"):
        say(ready, ratify, APP, number)
    ready.check("production")


def test_what_went_back_unratified_does_not_return_by_a_rollback(quick: World) -> None:
    invoke(quick)
    timer(quick).run_due()
    with pytest.raises(Denied, match="nobody ratified") as caught:
        quick.rollback("a", to="production", actor=PUBLISHER, to_version=2)
    assert caught.value.members["rule"] == "emergency.not_ratified"
    quick.papers.known["a", 2] = APPROVED
    quick.publish("a@2", to="production", actor=PUBLISHER)
    quick.rollback("a", to="production", actor=PUBLISHER, to_version=1)
    quick.rollback("a", to="production", actor=PUBLISHER, to_version=2)
    assert quick.live("production") == {"a": "2"}


def test_content_that_may_not_return_is_suspended_instead(quick: World) -> None:
    invoke(quick)
    quick.papers.known["a", 1] = dataclasses.replace(APPROVED, revoked_by=1)
    timer(quick).run_due()
    assert quick.live("production") == {"a": "suspended 2"}


def test_a_prompt_replaced_since_by_an_approved_release_is_left_alone(quick: World) -> None:
    invoke(quick, "a@2", "b")
    quick.put("a", "three")
    quick.papers.known["a", 3] = APPROVED
    quick.publish("a@3", to="production", actor=PUBLISHER)
    timer(quick).run_due()
    assert quick.live("production") == {"a": "3", "b": "suspended 1"}


def test_nothing_left_of_it_ends_it_without_a_release(quick: World) -> None:
    invoke(quick)
    quick.rollback("a", to="production", actor=PUBLISHER)
    head = quick.environment("production").head
    timer(quick).run_due()
    assert quick.environment("production").head == head
    assert found(quick).state == "replaced"


def test_taking_it_away_and_putting_it_back_does_not_save_it_from_the_deadline(
    quick: World,
) -> None:
    invoke(quick)
    quick.rollback("a", to="production", actor=PUBLISHER)
    quick.rollback("a", to="production", actor=PUBLISHER, to_version=2)
    timer(quick).run_due()
    assert quick.live("production") == {"a": "1"}


def test_an_emergency_on_top_of_another_falls_back_to_what_was_approved(quick: World) -> None:
    invoke(quick, "a@2")
    quick.put("a", "three")
    invoke(quick, "a@3")
    assert timer(quick).run_due() == 2
    assert quick.live("production") == {"a": "1"}
    assert [found(quick, 2).state, found(quick, 3).state] == ["replaced", "rolled_back"]


def test_a_refusal_takes_it_back_in_the_same_moment(ready: World) -> None:
    invoke(ready)
    with pytest.raises(Denied):
        say(ready, refuse, EVE)
    made = say(ready, refuse, APP)
    assert (made.state, made.ended_release) == ("rolled_back", 3)
    assert ready.live("production") == {"a": "1"}
    assert [d.verdict for d in made.decisions] == ["refuse"]
    with pytest.raises(Conflict):
        say(ready, ratify, RIK)


def test_past_its_time_nobody_ratifies_although_no_server_acted_yet(quick: World) -> None:
    invoke(quick)
    with quick.db.write() as tx:
        tx.conn.execute(update(emergency_release).values(deadline=tx.now))
    with pytest.raises(Conflict, match="past its time"):
        say(quick, ratify, APP)
    assert quick.live("production") == {"a": "2"}


def test_ratification_and_deadline_at_once_end_it_in_exactly_one_way(ready: World) -> None:
    number = invoke(ready)
    together = threading.Barrier(3)
    outcomes: list[str] = []

    def person() -> None:
        together.wait()
        try:
            say(ready, ratify, APP, number)
            outcomes.append("ratified")
        except Conflict:
            outcomes.append("too late")

    def server() -> None:
        together.wait()
        outcomes.append(f"took back {timer(ready).run_due()}")

    threads = [threading.Thread(target=work) for work in (person, server, server)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state, live = found(ready, number).state, ready.live("production")
    if "ratified" in outcomes:
        assert (state, live, outcomes.count("took back 0")) == ("ratified", {"a": "2"}, 2)
    else:
        assert (state, live, outcomes.count("took back 1")) == ("rolled_back", {"a": "1"}, 1)
    ready.check("production")


def test_a_server_that_dies_in_between_leaves_all_or_nothing(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke(quick)

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patched:
        patched.setattr(settle_module, "record", dies)
        with pytest.raises(SystemExit):
            timer(quick).run_due()
    assert (found(quick).state, quick.live("production")) == ("open", {"a": "2"})
    assert timer(quick, 24 * 365).run_due() == 1
    assert quick.live("production") == {"a": "1"}


def test_one_that_cannot_be_ended_now_does_not_keep_the_others(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke(quick, "a@2")
    invoke(quick, "b")
    real = settle_module.settle
    calls: list[int] = []

    def sometimes(deps: Any, tx: Any, project: Any, place: Any, item: Any, why: str) -> Any:
        calls.append(item.release)
        if item.release == 2:
            raise RuntimeError("no idea")
        return real(deps, tx, project, place, item, why)

    clock = timer(quick)
    monkeypatch.setattr("promptops_server.releases.emergency.timer.settle", sometimes)
    assert clock.run_due() == 1
    assert clock.run_due() == 0
    assert calls == [2, 3]
    assert quick.live("production") == {"a": "2", "b": "suspended 1"}


def test_lists_are_pages_and_only_emergencies_are_found(quick: World) -> None:
    invoke(quick, "a@2")
    invoke(quick, "b")
    with quick.db.read() as conn:

        def page(**more: Any) -> Any:
            given = {"environment_id": None, "state": None, "limit": 1, "after": None, **more}
            return store.page(conn, quick.project.id, **given)

        first = page()
        assert [e.release for e in first.items] == [3]
        assert [p.path for p in first.items[0].prompts] == ["b"]
        assert [e.release for e in page(after=first.next).items] == [2]
        assert page(state="ratified").items == []
    with pytest.raises(NotFound, match="no emergency"):
        found(quick, 1)


def test_emergencies_are_not_scheduled(quick: World) -> None:
    from release_world import pick

    with pytest.raises(Denied):
        schedule_publish(
            quick.deps,
            EVE,
            quick.project,
            "production",
            [pick("a@2")],
            When(now_us() + HOUR),
            "tonight",
        )
