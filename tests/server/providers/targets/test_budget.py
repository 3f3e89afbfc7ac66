"""Budgets of targets: never above them, whoever reserves at the same time and whatever crashes."""

from __future__ import annotations

import contextlib
import random
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops_server.infra.clock import from_text, now_us
from promptops_server.infra.database import Database, Transaction
from promptops_server.providers.model import CallError, NoRoomYet, Target
from promptops_server.providers.tables import model_reservation, model_spend, model_target
from promptops_server.providers.targets import budget, store
from promptops_server.providers.targets.budget import (
    Month,
    Reservation,
    month_of,
    months_of,
    reserve,
    reserve_in,
    settle,
    settle_expired,
    settle_in,
    settle_left,
)

NOW = month_of(now_us())


def made(db: Database, budget: int | None) -> Target:
    target = Target("t-1", "gpt", "hosted", "m-1", budget_month=budget)
    with db.write() as tx:
        for table in (model_reservation, model_spend, model_target):
            tx.conn.execute(table.delete())
        store.add(tx.conn, target, sealed=None, now=tx.now, created_by="u")
    return target


def month(db: Database, target: Target, name: str = NOW) -> Month:
    with db.read() as conn:
        return months_of(conn, [target.id], name).get(target.id, Month(name))


def left(db: Database) -> int:
    with db.read() as conn:
        return len(conn.execute(model_reservation.select()).all())


def test_a_call_is_reserved_then_settled(any_database: Database) -> None:
    target = made(any_database, 100)
    first = reserve(any_database, target, 60)
    assert month(any_database, target) == Month(NOW, 0, 60, 0)
    with pytest.raises(CallError, match="this call can cost") as told:
        reserve(any_database, target, 41)
    assert told.value.fault == "budget"
    second = reserve(any_database, target, 40)
    settle(any_database, first, 10)
    settle(any_database, second, None)
    assert month(any_database, target) == Month(NOW, 50, 0, 2)
    assert left(any_database) == 0
    settle(any_database, first, 10)
    assert month(any_database, target) == Month(NOW, 50, 0, 2)


def test_without_a_budget_costs_are_counted_and_nothing_is_set_aside(
    any_database: Database,
) -> None:
    target = made(any_database, None)
    held = reserve(any_database, target, 10**12)
    assert month(any_database, target) == Month(NOW)
    settle(any_database, held, 70, calls=3)
    settle(any_database, reserve(any_database, target, None), None)
    assert month(any_database, target) == Month(NOW, 70, 0, 4)


def test_a_budget_needs_a_price(database: Database) -> None:
    with pytest.raises(CallError, match=r"price of m-1 is not known"):
        reserve(database, made(database, 100), None)


def test_many_at_once_never_go_over(any_database: Database) -> None:
    target = made(any_database, 1000)
    taken: list[int] = []
    worst: list[int] = []
    gate = threading.Barrier(8)

    def work(seed: int) -> None:
        dice = random.Random(seed)
        gate.wait()
        for _ in range(12):
            amount = dice.randint(1, 120)
            try:
                held = reserve(any_database, target, amount)
            except CallError:
                continue
            now = month(any_database, target)
            worst.append(now.spent + now.reserved)
            cost = dice.randint(0, amount)
            settle(any_database, held, cost)
            taken.append(cost)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(worst) <= 1000
    assert month(any_database, target) == Month(NOW, sum(taken), 0, len(taken))
    assert sum(taken) > 800


def test_what_a_crash_left_counts_as_spent_when_its_time_is_up(any_database: Database) -> None:
    target = made(any_database, 100)
    reserve(any_database, target, 80, seconds=-1)
    reserve(any_database, target, 10, seconds=600)
    # The next one that needs the room moves what is over, and gets none of it: the endpoint may have charged.
    with pytest.raises(CallError):
        reserve(any_database, target, 11)
    with any_database.write() as tx:
        assert settle_expired(tx) == 1
        assert settle_expired(tx) == 0
    assert month(any_database, target) == Month(NOW, 80, 10, 1)
    reserve(any_database, target, 10)


def test_a_settlement_that_comes_after_the_time_was_up_changes_nothing(
    any_database: Database,
) -> None:
    target = made(any_database, 100)
    held = reserve(any_database, target, 80, seconds=-1)
    with any_database.write() as tx:
        settle_expired(tx, target.id)
    settle(any_database, held, 5)
    assert month(any_database, target) == Month(NOW, 80, 0, 1)


def test_a_resumed_run_settles_what_its_crash_left(any_database: Database) -> None:
    target = made(any_database, 100)
    for amount in (10, 20):
        reserve(any_database, target, amount, holder="run-1")
    other = reserve(any_database, target, 30, holder="run-2")
    with any_database.write() as tx:
        assert settle_left(tx, "run-1") == 2
        assert settle_left(tx, "run-1") == 0
    assert month(any_database, target) == Month(NOW, 30, 30, 2)
    settle(any_database, other, 1)
    assert month(any_database, target) == Month(NOW, 31, 0, 3)


def test_a_month_is_utc_and_a_call_counts_in_the_month_it_was_reserved_in(
    database: Database,
) -> None:
    assert month_of(from_text("2026-11-30T23:59:59Z")) == "2026-11"
    assert month_of(from_text("2026-12-01T07:59:59+08:00")) == "2026-11"
    target = made(database, 100)

    def at(text: str, tx: Transaction) -> Transaction:
        return Transaction(tx.conn, from_text(text))

    with database.write() as tx:
        held = reserve_in(at("2026-11-30T23:59:59Z", tx), target, 100)
        with pytest.raises(CallError):
            reserve_in(at("2026-11-30T23:59:59Z", tx), target, 1)
        settle_in(at("2026-12-01T00:00:09Z", tx), held, 40)
        next_month = reserve_in(at("2026-12-01T00:00:10Z", tx), target, 100)
    assert month(database, target, "2026-11") == Month("2026-11", 40, 0, 1)
    assert month(database, target, "2026-12") == Month("2026-12", 0, 100, 0)
    assert next_month.month == "2026-12"


def test_nothing_may_be_spent_on_a_budget_of_nothing(database: Database) -> None:
    target = made(database, 0)
    with pytest.raises(CallError):
        reserve(database, target, 1)
    settle(database, reserve(database, target, 0), 0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    budget=st.integers(0, 60),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["reserve", "settle", "crash", "expire"]),
            st.integers(0, 30),
            st.integers(0, 9),
        ),
        max_size=25,
    ),
)
def test_whatever_happens_the_sums_agree_and_stay_within(
    database: Database, budget: int, steps: list[tuple[str, int, int]]
) -> None:
    target = made(database, budget)
    held: list[Reservation] = []
    for step, amount, which in steps:
        with database.write() as tx:
            if step == "reserve":
                with contextlib.suppress(CallError):
                    held.append(reserve_in(tx, target, amount, seconds=60))
            elif step == "settle" and held:
                one = held.pop(which % len(held))
                settle_in(tx, one, min(amount, one.amount))
            elif step == "crash" and held:
                held.pop(which % len(held))
            elif step == "expire":
                settle_expired(Transaction(tx.conn, tx.now + 61_000_000))
                held.clear()
        now = month(database, target)
        with database.read() as conn:
            rows = conn.execute(model_reservation.select()).all()
        assert now.reserved == sum(row.amount for row in rows)
        assert 0 <= now.spent + now.reserved <= budget


def test_a_target_made_without_a_budget_can_get_one_while_calls_are_under_way(
    database: Database,
) -> None:
    target = made(database, None)
    held = reserve(database, target, 10)
    bounded = replace(target, budget_month=20)
    reserve(database, bounded, 20)
    settle(database, held, 10)
    with pytest.raises(CallError):
        reserve(database, bounded, 1)


def test_room_that_came_free_between_asking_and_looking_is_no_final_refusal(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on PostgreSQL, where what another transaction settles in between is seen by the second of two statements."""
    target = made(any_database, 100)
    held = reserve(any_database, target, 60)
    settle(any_database, held, 1)
    monkeypatch.setattr(budget, "_take", lambda *_: False)
    with pytest.raises(NoRoomYet):
        reserve(any_database, target, 60)
    with pytest.raises(CallError) as told:
        reserve(any_database, target, 100)
    assert not isinstance(told.value, NoRoomYet)
