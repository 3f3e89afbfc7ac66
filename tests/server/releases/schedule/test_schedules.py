"""Scheduled releases: pinned when made, judged again at their time, carried out once or reported."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import pytest
from release_world import AUTHOR, PUBLISHER, VIEWER, World, actor_with
from sqlalchemy import select

from promptops_server.audit.read import entries_of
from promptops_server.audit.tables import audit_event
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound, Unavailable
from promptops_server.registry.git.read import commit_info
from promptops_server.releases import environments
from promptops_server.releases.history import one_release
from promptops_server.releases.model import Once, Pick
from promptops_server.releases.promote import Selection
from promptops_server.releases.schedule import store
from promptops_server.releases.schedule.add import (
    Added,
    When,
    schedule_promotion,
    schedule_publish,
)
from promptops_server.releases.schedule.cancel import cancel
from promptops_server.releases.schedule.carry_out import run_now
from promptops_server.releases.schedule.model import Schedule
from promptops_server.releases.schedule.timer import MAX_ATTEMPTS, ScheduleTimer

MINUTE = 60_000_000


class Later:
    """A clock that is ahead by some minutes."""

    def __init__(self, minutes: float = 0) -> None:
        self.minutes = minutes

    def __call__(self) -> int:
        return now_us() + int(self.minutes * MINUTE)


def add(
    world: World,
    *picks: str,
    to: str = "production",
    actor: Any = PUBLISHER,
    minutes: float = 10,
    only_if_head: bool = False,
    **more: Any,
) -> Added:
    found = [
        Pick(p.partition("@")[0], int(p.partition("@")[2]) if "@" in p else None) for p in picks
    ]
    when = When(now_us() + int(minutes * MINUTE), only_if_head)
    return schedule_publish(world.deps, actor, world.project, to, found, when, "tonight", **more)


def timer(world: World, minutes: float = 11, **more: Any) -> ScheduleTimer:
    return ScheduleTimer(world.deps, clock=Later(minutes), **more)


def shown(world: World, made: Schedule) -> Schedule:
    with world.db.read() as conn:
        return store.get(conn, made.id, project_id=world.project.id)


def events(world: World, action: str) -> list[dict[str, Any]]:
    with world.db.read() as conn:
        seqs = conn.execute(
            select(audit_event.c.seq)
            .where(audit_event.c.log_id == world.project.id, audit_event.c.action == action)
            .order_by(audit_event.c.seq)
        ).scalars()
        return entries_of(conn, world.project.id, list(seqs))


@pytest.fixture
def ready(world: World) -> World:
    """A world with two prompts that could be published."""
    for path in ("a", "m/b"):
        world.put(path, "one")
    return world


def test_versions_are_pinned_when_made_and_published_at_the_time(ready: World) -> None:
    made = add(ready, "a", "m/b@1", ticket="OPS-1").schedule
    ready.put("a", "two")
    assert timer(ready, 9).run_due() == 0
    assert ready.live("production") == {}
    assert timer(ready, 11).run_due() == 1
    assert ready.live("production") == {"a": "1", "m/b": "1"}
    done = shown(ready, made)
    assert (done.state, done.release, done.problem, done.ended_by) == ("done", 1, None, None)
    assert timer(ready, 11).run_due() == 0
    with ready.db.read() as conn:
        place = environments.get(conn, ready.project.id, "production")
        release = one_release(conn, place, 1)
        message = commit_info(conn, ready.project.id, release.commit).message
    assert (release.actor, release.reason, release.ticket) == ("pia", "tonight", "OPS-1")
    assert f"\nSchedule: {made.id}\n" in message
    (event,) = events(ready, "release.publish")
    assert event["after"]["scheduled"] == {"id": made.id, "by": "pia"}
    assert event["actor"]["name"] == "pia"
    ready.check("production")


def test_what_can_be_checked_now_is_refused_now_and_what_may_still_come_is_told(
    ready: World,
) -> None:
    for minutes, words in ((-1, "not in the future"), (60 * 24 * 367, "more than a year")):
        with pytest.raises(Invalid, match=words):
            add(ready, "a", minutes=minutes)
    with pytest.raises(Invalid, match="newest version is 1"):
        add(ready, "a@7")
    with pytest.raises(Denied, match="may not publish"):
        add(ready, "a", actor=AUTHOR)
    with pytest.raises(Conflict, match="at release 0"):
        add(ready, "a", expected_head=3)
    with pytest.raises(NotFound):
        add(ready, "a", to="nowhere")
    with pytest.raises(NotFound):
        add(ready, "a", actor=actor_with("publisher", project="elsewhere"))
    ready.refused["id-of-pia"] = Denied("The token expires before.", rule="actor.token")
    with pytest.raises(Denied, match="expires before"):
        add(ready, "a")
    ready.refused.clear()
    ready.configure(ticket_required={})
    made = add(ready, "a")
    assert [u.rule for u in made.unmet] == ["rule.ticket_required"]
    assert made.schedule.state == "scheduled"


def test_rules_are_judged_as_of_the_time(ready: World) -> None:
    until = to_text(now_us() + 5 * MINUTE)
    ready.configure(freeze={"periods": [{"until": until, "reason": "Until in five minutes"}]})
    assert [u.rule for u in add(ready, "a", minutes=4).unmet] == ["rule.freeze"]
    assert add(ready, "m/b", minutes=6).unmet == ()


def test_a_repeated_request_makes_one_schedule(ready: World) -> None:
    first = add(ready, "a", once=Once("key", "f"))
    assert add(ready, "a", once=Once("key", "f")) == first
    with ready.db.read() as conn:
        place = environments.get(conn, ready.project.id, "production")
        assert store.count_open(conn, place.id) == 1


def test_a_prompt_suspended_meanwhile_stays_suspended_even_for_a_publisher(ready: World) -> None:
    ready.publish("a@1", to="production", actor=PUBLISHER)
    ready.put("a", "two")
    made = add(ready, "a@2").schedule
    ready.suspend("a", to="production", actor=PUBLISHER)
    timer(ready).run_due()
    failed = shown(ready, made)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert [u["rule"] for u in failed.problem["unmet"]] == ["gate.suspended"]
    assert ready.live("production") == {"a": "suspended 1"}
    # What was suspended before the schedule was made may be replaced by it: that is how a fix comes.
    fix = add(ready, "a@2").schedule
    timer(ready).run_due()
    assert shown(ready, fix).state == "done"


def test_the_gate_is_asked_again_at_the_time(ready: World) -> None:
    made = add(ready, "a").schedule
    ready.configure(freeze={"periods": [{"reason": "Incident"}]})
    timer(ready).run_due()
    failed = shown(ready, made)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert (failed.problem["status"], failed.problem["rule"]) == (403, "rule.freeze")
    (event,) = events(ready, "schedule.fail")
    assert (event["outcome"], event["actor"]["name"]) == ("failed", "system")
    assert event["before"]["by"] == "pia"
    assert event["after"]["problem"]["rule"] == "rule.freeze"


def test_a_role_lost_meanwhile_and_a_person_gone_are_refused(ready: World) -> None:
    first, second = add(ready, "a").schedule, add(ready, "m/b").schedule
    ready.actors["id-of-pia"] = dataclasses.replace(PUBLISHER, roles=frozenset({"*:viewer"}))
    timer(ready, 10.5).run_due()
    failed = shown(ready, first)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem["rule"] == "role.missing"
    made = add(ready, "a").schedule
    ready.refused["id-of-pia"] = Denied("The token pia used was revoked.", rule="actor.token")
    timer(ready).run_due()
    for schedule in (second, made):
        assert shown(ready, schedule).state == "failed"
    assert ready.live("production") == {}


def test_only_if_head_is_refused_after_another_release(ready: World) -> None:
    free, bound = add(ready, "a").schedule, add(ready, "m/b", only_if_head=True).schedule
    ready.put("c", "one")
    ready.publish("c", to="production", actor=PUBLISHER)
    timer(ready).run_due()
    assert shown(ready, free).state == "done"
    failed = shown(ready, bound)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem["type"].endswith("head-moved")


def test_what_was_due_while_nothing_ran_runs_until_it_is_too_late(ready: World) -> None:
    late, missed = add(ready, "a", minutes=30).schedule, add(ready, "m/b", minutes=1).schedule
    timer(ready, 65).run_due()
    assert shown(ready, late).state == "done"
    gone = shown(ready, missed)
    assert gone.state == "missed"
    assert gone.problem is not None
    assert "64 minutes later" in gone.problem["detail"]
    assert len(events(ready, "schedule.miss")) == 1
    # A person may still decide that it should happen.
    made = run_now(ready.deps, PUBLISHER, ready.project, "production", missed.id)
    assert made.release.number == 2
    assert shown(ready, missed).ended_by == "pia"


def test_an_absent_database_is_waited_for_and_other_errors_are_tried_five_times(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = add(ready, "a").schedule

    class Broken(Exception):
        pass

    def fail(error: Exception) -> Any:
        def sign(*_: Any) -> Any:
            raise error

        return dataclasses.replace(ready.deps, sign=sign)

    down = ScheduleTimer(fail(Unavailable("The database did not answer.")), clock=Later(11))
    for _ in range(MAX_ATTEMPTS - 2):
        down.run_due()
    assert shown(ready, made).state == "running"
    broken = ScheduleTimer(fail(Broken()), clock=Later(20))
    broken.run_due()
    assert shown(ready, made).state == "running"
    broken.run_due()
    failed = shown(ready, made)
    assert failed.state == "failed"
    assert failed.problem is not None
    assert failed.problem["status"] == 500
    assert ready.live("production") == {}


def test_of_many_workers_one_carries_it_out(ready: World) -> None:
    made = [add(ready, "a").schedule, add(ready, "m/b").schedule]
    workers = [timer(ready) for _ in range(3)]
    for worker in workers:  # claims of others do not hold them back: only the row's state does
        worker._lease_us = 0
    start = threading.Barrier(len(workers))

    def run(worker: ScheduleTimer) -> None:
        start.wait()
        worker.run_due()

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [shown(ready, schedule).state for schedule in made] == ["done", "done"]
    assert ready.environment("production").head == 2
    assert len(events(ready, "release.publish")) == 2
    ready.check("production")


def test_a_crash_after_the_claim_and_before_the_commit_is_made_up_for_once(ready: World) -> None:
    made = add(ready, "a").schedule
    with ready.db.write() as tx:
        assert store.claim(tx.conn, made.id, "a-worker-that-died", now_us() + 10 * MINUTE, 0) == 1
    timer(ready, 12).run_due()
    assert shown(ready, made).state == "done"
    assert ready.environment("production").head == 1


def test_its_maker_and_whoever_may_stop_cancels_it_and_nobody_else(ready: World) -> None:
    made = add(ready, "a").schedule

    def ask(actor: Any) -> Schedule:
        return cancel(ready.deps, actor, ready.project, "production", made.id)

    for actor in (AUTHOR, VIEWER):
        with pytest.raises(Denied):
            ask(actor)
    assert ask(actor_with("approver", name="ann")).state == "cancelled"
    assert ask(PUBLISHER).ended_by == "ann"
    timer(ready).run_due()
    assert ready.live("production") == {}
    with pytest.raises(Conflict, match="is cancelled"):
        run_now(ready.deps, PUBLISHER, ready.project, "production", made.id)
    own = add(ready, "a", to="staging", actor=AUTHOR).schedule
    with pytest.raises(NotFound):
        cancel(ready.deps, AUTHOR, ready.project, "production", own.id)
    assert cancel(ready.deps, AUTHOR, ready.project, "staging", own.id).state == "cancelled"
    done = add(ready, "a").schedule
    timer(ready).run_due()
    with pytest.raises(Conflict, match="it became release r1"):
        cancel(ready.deps, PUBLISHER, ready.project, "production", done.id)


def test_cancelling_and_running_at_once_end_in_one_of_the_two(ready: World) -> None:
    def stop(schedule: Schedule, begin: threading.Barrier, refused: list[Exception]) -> None:
        begin.wait()
        try:
            cancel(ready.deps, PUBLISHER, ready.project, "production", schedule.id)
        except Conflict as error:
            refused.append(error)

    for turn in range(4):
        ready.put("a", f"turn {turn}")
        made = add(ready, "a").schedule
        head = ready.environment("production").head
        start = threading.Barrier(2)
        refused: list[Exception] = []

        thread = threading.Thread(target=stop, args=(made, start, refused))
        thread.start()
        start.wait()
        timer(ready).run_due()
        thread.join()
        state = shown(ready, made).state
        assert state == ("done" if refused else "cancelled")
        assert ready.environment("production").head == head + (state == "done")
    assert events(ready, "schedule.fail") == []


def test_run_by_hand_takes_the_rights_of_who_does_it_and_changes_nothing_when_refused(
    ready: World,
) -> None:
    made = add(ready, "a").schedule
    with pytest.raises(Denied):
        run_now(ready.deps, AUTHOR, ready.project, "production", made.id)
    assert shown(ready, made).state == "scheduled"
    other = actor_with("publisher", name="paul")
    outcome = run_now(ready.deps, other, ready.project, "production", made.id)
    assert outcome.release.actor == "paul"
    (event,) = events(ready, "release.publish")
    assert event["after"]["scheduled"] == {"id": made.id, "by": "pia"}
    with pytest.raises(Conflict, match="it became release r1"):
        run_now(ready.deps, other, ready.project, "production", made.id)


def test_a_scheduled_promotion_brings_what_was_looked_at_and_undoes_no_later_fix(
    ready: World,
) -> None:
    ready.put("same", "one")
    ready.put("gone", "one")
    ready.publish("a", "m/b", "same")
    ready.publish("same", "gone", to="production", actor=PUBLISHER)
    when = When(now_us() + 10 * MINUTE)
    made = schedule_promotion(
        ready.deps,
        PUBLISHER,
        ready.project,
        "production",
        Selection(prune=True),
        when,
        "Promote tonight",
    ).schedule
    assert [(p.path, p.version, p.state) for p in made.prompts] == [
        ("a", 1, "live"),
        ("gone", 1, "removed"),
        ("m/b", 1, "live"),
    ]
    ready.put("a", "two")
    ready.publish("a")  # staging moves on
    ready.put("same", "a fix")
    ready.publish("same", to="production", actor=PUBLISHER)  # production gets a fix by hand
    timer(ready).run_due()
    assert shown(ready, made).state == "done"
    assert ready.live("production") == {"a": "1", "m/b": "1", "same": "2"}
    event = events(ready, "release.publish")[-1]
    assert event["after"]["promoted_from"] == {"environment": "staging", "release": 1}
    ready.check("production")


def test_pages_are_of_one_environment_or_of_the_project_latest_first(ready: World) -> None:
    made = [add(ready, "a", minutes=n).schedule for n in (5, 7, 6)]
    staged = add(ready, "a", to="staging", minutes=8).schedule
    with ready.db.read() as conn:
        place = environments.get(conn, ready.project.id, "production")
        seen, after = [], None
        while True:
            page = store.page(
                conn,
                project_id=ready.project.id,
                environment_id=place.id,
                state="scheduled",
                limit=2,
                after=after,
            )
            seen += [item.id for item in page.items]
            after = page.next
            if after is None:
                break
        assert seen == [made[1].id, made[2].id, made[0].id]
        whole = store.page(
            conn, project_id=ready.project.id, environment_id=None, state=None, limit=9, after=None
        )
    assert [item.id for item in whole.items] == [staged.id, *seen]
    assert [p.path for p in whole.items[0].prompts] == ["a"]
