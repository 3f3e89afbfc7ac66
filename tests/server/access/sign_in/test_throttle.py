"""Waiting after mistakes: it grows, ends, survives restarts, and locks nobody out for ever."""

from __future__ import annotations

import pytest
from argon2.exceptions import VerifyMismatchError
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.access import users
from promptops_server.access.sign_in import throttle
from promptops_server.access.sign_in.throttle import TooManyAttempts
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from support.people import PASSWORD, House

SECOND = 1_000_000
HOME, ELSEWHERE = "10.0.0.1", "203.0.113.9"


def waits(db: Database, name: str, ip: str, now: int | None = None) -> int:
    with db.read() as conn:
        try:
            throttle.refuse_if_waiting(conn, name, ip, now or now_us())
        except TooManyAttempts as problem:
            return int(problem.headers["Retry-After"])
    return 0


def fail(db: Database, name: str, ip: str, times: int) -> None:
    for _ in range(times):
        throttle.count_failure(db, name, ip)


@given(st.integers(0, 10_000), st.sampled_from([throttle.NAME, throttle.ADDRESS]))
def test_a_wait_never_shrinks_with_more_mistakes_and_has_an_end(
    failures: int, limit: throttle.Limit
) -> None:
    seconds = throttle.wait_seconds(failures, limit)
    assert seconds <= throttle.wait_seconds(failures + 1, limit) <= limit.longest
    assert (seconds == 0) == (failures < limit.free)


def test_the_wait_grows_and_passes(any_database: Database) -> None:
    fail(any_database, "ana", HOME, 4)
    assert waits(any_database, "ana", HOME) == 0
    fail(any_database, "ana", HOME, 1)
    assert 3 <= waits(any_database, "ANA", HOME) <= 5
    fail(any_database, "ana", HOME, 1)
    assert 8 <= waits(any_database, "ana", HOME) <= 10
    assert waits(any_database, "ana", HOME, now_us() + 11 * SECOND) == 0


def test_another_process_counts_on(any_database_url: str) -> None:
    for _ in range(5):
        one = Database(any_database_url)
        fail(one, "ana", HOME, 1)
        one.close()
    two = Database(any_database_url)
    assert waits(two, "ana", HOME) > 0
    two.close()


def test_strangers_elsewhere_hold_up_nobody_at_home(database: Database) -> None:
    with database.write() as tx:
        throttle.note_success(tx, "ana", HOME)
    for i in range(60):
        fail(database, "ana", f"198.51.100.{i}", 1)
    assert waits(database, "ana", "198.51.100.99") > 50
    assert waits(database, "ana", HOME) == 0
    assert waits(database, "ben", "198.51.100.99") == 0


def test_one_address_cannot_try_many_names_for_ever(database: Database) -> None:
    for i in range(50):
        fail(database, f"user{i}", ELSEWHERE, 1)
    assert waits(database, "never-tried", ELSEWHERE) > 0
    assert waits(database, "never-tried", HOME) == 0


def test_an_ipv6_household_counts_as_one_address(database: Database) -> None:
    for i in range(5):
        fail(database, "ana", f"2001:db8::{i:x}", 1)
    assert waits(database, "ana", "2001:db8::ffff") > 0
    assert waits(database, "ana", "2001:db8:0:1::1") == 0


def test_mistakes_are_forgotten_after_an_hour(database: Database) -> None:
    fail(database, "ana", HOME, 40)
    assert waits(database, "ana", HOME) == 900
    assert waits(database, "ana", HOME, now_us() + 3601 * SECOND) == 0


def test_guessing_over_http_stops_even_with_the_right_password_then(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana")
    for _ in range(5):
        wrong = house.call("POST", "/session", json={"name": "ana", "password": "wrong"})
        assert wrong.status_code == 401
    right = {"name": "ana", "password": PASSWORD}
    answer = house.call("POST", "/session", json=right)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 5
    assert house.call("POST", "/session", json=right, ip=ELSEWHERE).status_code == 201


@pytest.mark.parametrize("name", ["nobody", "ana"])
def test_unknown_and_known_names_look_the_same(database: Database, name: str) -> None:
    house = House(database)
    house.user("ana")
    answer = house.call("POST", "/session", json={"name": name, "password": "wrong"})
    document = answer.json()
    document.pop("request_id")
    assert document == {
        "type": "urn:promptops:problem:unauthenticated",
        "title": "Sign in or send a valid token",
        "status": 401,
        "detail": "The user name or the password is wrong.",
        "remedy": "Try again; an administrator can set a new password.",
    }


@pytest.mark.parametrize("name", ["nobody", "ana", "robot"])
def test_every_name_costs_one_verification(
    database: Database, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody learns from the time an answer takes whether a name exists."""
    House(database).user("ana")
    House(database).user("robot", None, kind="service")
    verified: list[str] = []

    class Counting:
        def verify(self, stored: str, password: str) -> None:
            verified.append(stored)
            raise VerifyMismatchError

    monkeypatch.setattr(users, "_hasher", Counting())
    with database.read() as conn:
        assert users.check_password(conn, name, "wrong") is None
    assert len(verified) == 1
