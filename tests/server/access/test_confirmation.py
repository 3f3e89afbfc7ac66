"""One administrator alone cannot sign as an established person: another one, there before, has to confirm."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops_server.infra.database import Database
from support.people import PASSWORD, Browser, House

CHOSEN = "chosen by the administrator"
OWN = "only the person knows"
REASON = {"reason": "met her, she showed her new phone"}


def rule(browser: Browser) -> str | None:
    answer: str | None = browser.call("GET", "/me/signing").json()["rule"]
    return answer


def ok(answer: Any) -> None:
    assert answer.status_code in (200, 201, 204), answer.text


def bank(db: Database) -> tuple[House, Browser, Browser]:
    """Two administrators, and Ana with a password of her own."""
    house = House(db)
    for name in ("root", "second"):
        house.user(name, admin=True)
    house.user("ana")
    return house, house.sign_in("root"), house.sign_in("second")


def taken_over(house: House, root: Browser, name: str = "ana") -> Browser:
    """The administrator resets the password, signs in with it and makes it look like the person's."""
    ok(root.call("PATCH", f"/users/{name}", json={"password": CHOSEN}))
    browser = house.sign_in(name, CHOSEN)
    body = {"old_password": CHOSEN, "password": OWN}
    ok(browser.call("PATCH", f"/users/{name}", json=body))
    return browser


def test_a_reset_account_signs_again_once_another_administrator_confirms(
    any_database: Database,
) -> None:
    house, root, second = bank(any_database)
    ok(root.call("PATCH", "/users/ana", json={"password": CHOSEN}))
    # While the administrator's password stands, there is nothing to confirm.
    early = second.call("POST", "/users/ana/confirmation", json=REASON)
    assert (early.status_code, "somebody else chose" in early.json()["detail"]) == (409, True)
    ana = house.sign_in("ana", CHOSEN)
    ok(ana.call("PATCH", "/users/ana", json={"old_password": CHOSEN, "password": OWN}))
    assert rule(ana) == "signature.unconfirmed"
    listed = second.call("GET", "/users").json()["items"]
    assert [u["name"] for u in listed if u["unconfirmed"]] == ["ana"]
    short = second.call("POST", "/users/ana/confirmation", json={"reason": "she is fine"})
    assert short.status_code == 422
    for who in (root, ana):
        assert who.call("POST", "/users/ana/confirmation", json=REASON).status_code == 403
    ok(second.call("POST", "/users/ana/confirmation", json=REASON))
    assert rule(ana) is None
    [event] = [e for e in house.events("user.confirm") if e["outcome"] != "denied"]
    assert (event["actor"]["name"], event["reason"]) == ("second", REASON["reason"])
    again = second.call("POST", "/users/ana/confirmation", json=REASON)
    assert again.status_code == 409
    taken_over(house, root)
    assert rule(house.sign_in("ana", OWN)) == "signature.unconfirmed"


def test_an_app_taken_away_asks_for_a_confirmation_after_the_new_one(database: Database) -> None:
    house, root, second = bank(database)
    house.sign_in("ana").enrol()
    ok(root.call("PATCH", "/users/ana", json={"totp": "off", "reason": "phone lost"}))
    assert second.call("POST", "/users/ana/confirmation", json=REASON).status_code == 409
    ana = house.sign_in("ana")
    ana.enrol()
    assert rule(ana) == "signature.unconfirmed"
    ok(second.call("POST", "/users/ana/confirmation", json=REASON))
    assert rule(ana) is None


def test_an_administrator_made_or_taken_over_for_it_does_not_confirm(database: Database) -> None:
    house, root, _ = bank(database)
    ana = taken_over(house, root)
    body = {"name": "puppet", "admin": True, "password": CHOSEN}
    ok(root.call("POST", "/users", json=body))
    puppet = house.sign_in("puppet", CHOSEN)
    assert puppet.call("POST", "/users/ana/confirmation", json=REASON).status_code == 403
    ok(puppet.call("PATCH", "/users/puppet", json={"old_password": CHOSEN, "password": OWN}))
    answer = puppet.call("POST", "/users/ana/confirmation", json=REASON)
    assert answer.json()["rule"] == "user.confirm.later"
    second = taken_over(house, root, "second")
    answer = second.call("POST", "/users/ana/confirmation", json=REASON)
    assert answer.json()["rule"] == "user.confirm.unconfirmed"
    assert rule(ana) == "signature.unconfirmed"


def test_another_account_of_the_same_administrator_does_not_confirm(database: Database) -> None:
    house, root, second = bank(database)
    ok(root.call("PATCH", "/users/second", json={"same_person_as": "root"}))
    taken_over(house, root)
    answer = second.call("POST", "/users/ana/confirmation", json=REASON)
    assert answer.json()["rule"] == "user.confirm.own"


@pytest.mark.parametrize("direction", [("ana2", "ana"), ("ana", "ana2")])
def test_an_account_linked_to_a_person_does_not_sign_as_them_unconfirmed(
    database: Database, direction: tuple[str, str]
) -> None:
    house, root, second = bank(database)
    ok(root.call("POST", "/users", json={"name": "ana2", "password": CHOSEN}))
    made = house.sign_in("ana2", CHOSEN)
    ok(made.call("PATCH", "/users/ana2", json={"old_password": CHOSEN, "password": OWN}))
    name, other = direction
    ok(root.call("PATCH", f"/users/{name}", json={"same_person_as": other}))
    assert rule(made) == "signature.unconfirmed"
    ok(second.call("POST", "/users/ana2/confirmation", json=REASON))
    assert rule(made) is None


def test_a_token_made_on_the_servers_machine_confirms_nothing(database: Database) -> None:
    from promptops_server.app.operator_token import create_operator_token

    house, root, _ = bank(database)
    taken_over(house, root)
    made = create_operator_token(database, user="second", role="admin")
    bearer = {"Authorization": f"Bearer {made.secret}"}
    answer = house.call("POST", "/users/ana/confirmation", json=REASON, headers=bearer)
    assert answer.json()["rule"] == "user.confirm.person"


def test_a_new_person_needs_no_confirmation(database: Database) -> None:
    house, root, _ = bank(database)
    ok(root.call("POST", "/users", json={"name": "ben", "password": CHOSEN}))
    ok(root.call("PATCH", "/users/ben", json={"password": "given a second time"}))
    ben = house.sign_in("ben", "given a second time")
    body = {"old_password": "given a second time", "password": OWN}
    ok(ben.call("PATCH", "/users/ben", json=body))
    assert rule(ben) is None


STEPS = ("reset", "change", "app off", "enrol", "deactivate", "activate", "puppet", "confirm")


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(STEPS), max_size=7))
def test_no_sequence_of_steps_of_one_administrator_lets_them_sign_as_another(
    database: Database, steps: list[str]
) -> None:
    """The administrator knows only what they set themself; `ana` is established with another password."""
    house = House(database)
    mark = f"{len(house.events()) + 1}"
    root_name, ana = f"root{mark}", f"ana{mark}"
    house.user(root_name, admin=True)
    house.user(ana, "the administrator never learns it")
    root = house.sign_in(root_name)
    confirmers = [root]
    known: str | None = None
    browser: Browser | None = None
    for number, step in enumerate(["reset", *steps]):
        if step == "reset":
            known = f"chosen by somebody, number {number}"
            root.call("PATCH", f"/users/{ana}", json={"password": known})
        elif step == "change" and browser is not None and known is not None:
            new = f"looks like her own, number {number}"
            body = {"old_password": known, "password": new}
            if browser.call("PATCH", f"/users/{ana}", json=body).status_code == 200:
                known = new
        elif step == "app off":
            root.call("PATCH", f"/users/{ana}", json={"totp": "off", "reason": "lost"})
        elif step == "enrol" and browser is not None and known is not None:
            browser.call("POST", "/me/totp", json={"password": known})
        elif step in ("deactivate", "activate"):
            root.call("PATCH", f"/users/{ana}", json={"active": step == "activate"})
        elif step == "puppet":
            name = f"puppet{mark}-{number}"
            root.call("POST", "/users", json={"name": name, "admin": True, "password": CHOSEN})
            puppet = house.sign_in(name, CHOSEN)
            body = {"old_password": CHOSEN, "password": OWN}
            ok(puppet.call("PATCH", f"/users/{name}", json=body))
            confirmers.append(puppet)
        elif step == "confirm":
            for who in confirmers:
                answer = who.call("POST", f"/users/{ana}/confirmation", json=REASON)
                assert answer.status_code in (403, 409)
        entered = house.call("POST", "/session", json={"name": ana, "password": known})
        if entered.status_code == 201:
            browser = Browser(house, entered.headers["set-cookie"], entered.json())
            assert browser.call("GET", "/me/signing").json()["possible"] is False


def test_administrators_end_the_sessions_and_tokens_of_a_user(database: Database) -> None:
    house, root, _ = bank(database)
    ana = house.sign_in("ana")
    token = ana.call("POST", "/tokens", json={"name": "x"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert ana.call("DELETE", "/users/second/sessions").status_code == 403
    ended = root.call("DELETE", "/users/ana/sessions")
    assert ended.json() == {"sessions": 1, "tokens": 0}
    assert ana.call("GET", "/me").status_code == 401
    assert house.call("GET", "/me", headers=bearer).status_code == 200
    assert root.call("DELETE", "/users/ana/sessions?tokens=true").json()["tokens"] == 1
    assert house.call("GET", "/me", headers=bearer).status_code == 401
    assert house.sign_in("ana", PASSWORD).call("GET", "/me").status_code == 200


def test_a_changed_app_ends_all_other_sessions(database: Database) -> None:
    house, _, _ = bank(database)
    other, ana = house.sign_in("ana"), house.sign_in("ana")
    app = ana.enrol()
    assert other.call("GET", "/me").status_code == 401
    assert ana.call("GET", "/me").status_code == 200
    other = house.sign_in("ana", code=app.code())
    off = {"password": PASSWORD, "code": app.code(1)}
    ok(ana.call("POST", "/me/totp/off", json=off))
    assert other.call("GET", "/me").status_code == 401
