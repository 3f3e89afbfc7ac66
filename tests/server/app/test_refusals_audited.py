"""Forged requests and waits after wrong passwords are events too, a bounded number a minute."""

from __future__ import annotations

from promptops_server.infra.database import Database
from support.people import PASSWORD, House


def test_forged_requests_are_in_the_log(database: Database) -> None:
    house = House(database)
    house.user("ana")
    ana = house.sign_in("ana")
    forged = house.call("DELETE", "/me/sessions", headers={"Cookie": ana.cookie})
    assert forged.json()["rule"] == "csrf.token"
    foreign = {"Origin": "https://elsewhere.example"}
    body = {"name": "ana", "password": PASSWORD}
    assert house.call("POST", "/session", json=body, headers=foreign).status_code == 403
    told = [e["rule"] for e in house.events() if e["outcome"] == "denied"]
    assert told == ["csrf.token", "csrf.origin"]


def test_waits_are_in_the_log_and_cannot_flood_it(database: Database) -> None:
    house = House(database)
    house.user("ana")
    body = {"name": "ana", "password": "wrong"}
    for _ in range(5):
        house.call("POST", "/session", json=body)
    for _ in range(105):
        assert house.call("POST", "/session", json=body).status_code == 429
    waits = 0
    cursor = None
    from promptops_server.audit.read import Filter, read_log

    while True:
        with database.read() as conn:
            page = read_log(
                conn, "installation", Filter(action="session.start"), limit=100, after=cursor
            )
        waits += sum(e["rule"] == "sign-in.throttle" for e in page.items)
        cursor = page.next
        if cursor is None:
            break
    assert waits == 100


def test_a_sign_in_tells_what_was_given(database: Database) -> None:
    house = House(database)
    house.user("ana")
    app = house.sign_in("ana").enrol()
    house.sign_in("ana", code=app.code())
    given = [e["after"]["factors"] for e in house.events("session.start")]
    assert given == [["password"], ["password", "code"]]
