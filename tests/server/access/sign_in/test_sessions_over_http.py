"""Browser sessions over HTTP: cookie, CSRF, fixation, expiry, ending; against SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import select, update

from promptops_server.access.sign_in.tables import browser_session
from promptops_server.audit.set_back import tell_set_back
from promptops_server.infra.database import Database
from promptops_server.infra.http import BrowserRequest
from promptops_server.infra.set_back import REMEDY
from promptops_server.infra.setting_sections import AccessSettings
from support.people import PASSWORD, House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_a_session_opens_what_its_person_may_do_and_is_stored_hashed(
    any_database: Database,
) -> None:
    house = House(any_database)
    ana = house.user("ana", display_name="Ana Lima", admin=True)
    browser = house.sign_in("ANA")
    me = browser.call("GET", "/me").json()
    assert (me["subject"], me["auth_method"]) == (ana.id, "password")
    assert browser.call("GET", "/session").json() == browser.session
    with any_database.read() as conn:
        row = conn.execute(select(browser_session)).one()
    assert browser.cookie.partition("=")[2] not in str(row)
    assert [e["actor"]["name"] for e in house.events("session.start")] == ["ana"]


def test_a_session_says_that_no_change_is_taken_and_to_administrators_why(house: House) -> None:
    house.user("ana", admin=True)
    house.user("ben")
    ana, ben = house.sign_in("ana"), house.sign_in("ben")
    assert (ana.session["set_back"], ben.session["set_back"]) == (None, None)
    tell_set_back(house.db, "Redis holds r4")
    assert ana.call("GET", "/session").json()["set_back"] == {
        "found": "Redis holds r4",
        "remedy": REMEDY,
    }
    assert ben.call("GET", "/session").json()["set_back"] == {"found": None, "remedy": None}


def test_the_cookie_is_closed_to_scripts_and_other_sites(house: House) -> None:
    house.user("ana")
    cookie = house.sign_in("ana").set_cookie
    assert cookie.startswith("promptops_session=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "; Path=/;" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_has_the_host_prefix_and_the_plain_one_is_not_read(
    database: Database,
) -> None:
    house = House(database, public_url="https://promptops.example.com")
    house.user("ana")
    browser = house.sign_in("ana")
    assert browser.set_cookie.startswith("__Host-promptops_session=")
    assert "; Secure" in browser.set_cookie
    assert browser.call("GET", "/me").status_code == 200
    plain = browser.cookie.removeprefix("__Host-")
    assert house.call("GET", "/me", headers={"Cookie": plain}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({"X-CSRF-Token": ""}, "csrf.token"),
        ({"X-CSRF-Token": "0" * 64}, "csrf.token"),
        ({"Origin": "https://evil.example"}, "csrf.origin"),
        ({"Origin": "null"}, "csrf.origin"),
        ({"Origin": "http://test.evil.example"}, "csrf.origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "csrf.origin"),
        ({"Sec-Fetch-Site": "same-site"}, "csrf.origin"),
    ],
)
def test_a_forged_request_changes_nothing(house: House, headers: dict[str, str], rule: str) -> None:
    house.user("ana")
    browser = house.sign_in("ana")
    answer = browser.call("DELETE", "/session", headers=headers)
    assert (answer.status_code, answer.json()["rule"]) == (403, rule)
    assert browser.call("GET", "/me").status_code == 200


def test_our_own_page_may(house: House) -> None:
    house.user("ana")
    browser = house.sign_in("ana")
    headers = {"Origin": "http://test", "Sec-Fetch-Site": "same-origin"}
    assert browser.call("DELETE", "/session", headers=headers).status_code == 204


def test_another_site_signs_nobody_in(house: House) -> None:
    house.user("ana")
    body = {"name": "ana", "password": PASSWORD}
    answer = house.call("POST", "/session", json=body, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_token_in_the_header_needs_no_csrf_token_and_goes_before_the_cookie(house: House) -> None:
    house.user("ana")
    house.user("ben")
    made = house.sign_in("ben").call("POST", "/tokens", json={"name": "x"}).json()["token"]
    ana = house.sign_in("ana")
    headers = {"Cookie": ana.cookie, "Authorization": f"Bearer {made}"}
    assert house.call("GET", "/me", headers=headers).json()["name"] == "ben"
    assert house.call("POST", "/tokens", json={"name": "y"}, headers=headers).status_code == 201


def test_signing_in_takes_no_session_the_browser_brought_along(house: House) -> None:
    """Session fixation: a cookie planted before the sign-in is worth nothing after it."""
    house.user("ana")
    planted = house.sign_in("ana")
    body = {"name": "ana", "password": PASSWORD}
    answer = house.call("POST", "/session", json=body, headers={"Cookie": planted.cookie})
    assert answer.headers["set-cookie"].partition(";")[0] != planted.cookie
    assert planted.call("GET", "/me").status_code == 401
    made_up = "promptops_session=chosen-by-an-attacker"
    again = house.call("POST", "/session", json=body, headers={"Cookie": made_up})
    assert "chosen-by-an-attacker" not in again.headers["set-cookie"]


def test_a_session_ends_when_unused_and_at_last_whatever_happens(house: House) -> None:
    house.user("ana")
    for column, part in (("seen_at", "unused"), ("expires_at", "over")):
        browser = house.sign_in("ana")
        with house.db.write() as tx:
            tx.conn.execute(
                update(browser_session)
                .where(browser_session.c.id == browser.session["id"])
                .values({column: tx.now - 31 * 60_000_000})
            )
        answer = browser.call("GET", "/me")
        assert answer.status_code == 401
        assert part in answer.json()["detail"]
        assert answer.json()["type"].endswith(":session-over")


def test_being_used_keeps_a_session_alive(house: House) -> None:
    house.user("ana")
    browser = house.sign_in("ana")
    with house.db.write() as tx:
        tx.conn.execute(update(browser_session).values(seen_at=tx.now - 29 * 60_000_000))
    assert browser.call("GET", "/me").status_code == 200
    with house.db.read() as conn:
        row = conn.execute(select(browser_session)).one()
    assert row.seen_at > row.created_at


def test_an_answer_that_goes_on_keeps_no_session_alive(house: House) -> None:
    house.user("ana")
    browser = house.sign_in("ana")
    with house.db.write() as tx:
        long_ago = tx.now - 29 * 60_000_000
        tx.conn.execute(update(browser_session).values(seen_at=long_ago))
    name, _, secret = browser.cookie.partition("=")
    request = BrowserRequest(
        "GET", "http://test", {name: secret}, None, None, None, None, None, None, again=True
    )
    actor = asyncio.run(house.authenticator.by_cookie(request))
    assert actor is not None
    with house.db.read() as conn:
        assert conn.execute(select(browser_session.c.seen_at)).scalar_one() == long_ago


def test_people_see_and_end_their_own_sessions_only(house: House) -> None:
    house.user("ana")
    house.user("ben")
    one, two, three = (house.sign_in("ana") for _ in range(3))
    other = house.sign_in("ben")
    listed = one.call("GET", "/me/sessions").json()["items"]
    assert [s["current"] for s in listed] == [False, False, True]
    assert {s["ip"] for s in listed} == {"10.0.0.1"}
    assert one.call("DELETE", f"/me/sessions/{other.session['id']}").status_code == 404
    assert one.call("DELETE", f"/me/sessions/{two.session['id']}").status_code == 204
    assert two.call("GET", "/me").status_code == 401
    assert one.call("DELETE", "/me/sessions").json() == {"ended": 1}
    assert three.call("GET", "/me").status_code == 401
    assert one.call("GET", "/me").status_code == 200
    assert other.call("GET", "/me").status_code == 200


def test_deactivating_ends_sessions_and_tokens_for_good(any_database: Database) -> None:
    house = House(any_database)
    house.user("root", admin=True)
    house.user("ana")
    root, ana = house.sign_in("root"), house.sign_in("ana")
    token = ana.call("POST", "/tokens", json={"name": "x"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert house.call("GET", "/me", headers=bearer).status_code == 200
    assert root.call("PATCH", "/users/ana", json={"active": False}).status_code == 200
    assert house.call("GET", "/me", headers=bearer).status_code == 401
    assert ana.call("GET", "/me").status_code == 401
    assert root.call("PATCH", "/users/ana", json={"active": True}).status_code == 200
    assert "revoked" in house.call("GET", "/me", headers=bearer).json()["detail"]
    assert ana.call("GET", "/me").status_code == 401
    assert house.sign_in("ana").call("GET", "/me").status_code == 200
    [event] = house.events("user.deactivate")
    assert event["after"] == {"active": False, "sessions_ended": 1, "tokens_revoked": 1}


def test_a_revoked_token_is_refused_at_once_here_and_soon_elsewhere(house: House) -> None:
    house.user("ana")
    ana = house.sign_in("ana")
    made = ana.call("POST", "/tokens", json={"name": "x"}).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert house.call("GET", "/me", headers=bearer).status_code == 200
    ana.call("DELETE", f"/tokens/{made['id']}")
    assert house.call("GET", "/me", headers=bearer).status_code == 401


def test_tokens_live_no_longer_than_the_installation_allows(database: Database) -> None:
    house = House(database, AccessSettings(longest_token_days=30))
    house.user("ana")
    ana = house.sign_in("ana")
    assert ana.call("POST", "/tokens", json={"name": "x"}).json()["expires_at"] is not None
    far = ana.call("POST", "/tokens", json={"name": "y", "expires_at": "2199-01-01T00:00:00Z"})
    assert far.status_code == 422
    assert "30 days" in far.json()["detail"]


def test_a_service_account_has_no_password_session_or_second_factor(house: House) -> None:
    house.user("root", admin=True)
    root = house.sign_in("root")
    asked = {"name": "robot", "kind": "service", "password": PASSWORD}
    assert root.call("POST", "/users", json=asked).status_code == 422
    del asked["password"]
    assert root.call("POST", "/users", json=asked).status_code == 201
    assert root.call("PATCH", "/users/robot", json={"password": PASSWORD}).status_code == 422
    made = root.call("POST", "/tokens", json={"name": "x", "user": "robot"}).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    enrol = house.call("POST", "/me/totp", json={"password": PASSWORD}, headers=bearer)
    assert enrol.status_code == 403
    assert (
        house.call("POST", "/session", json={"name": "robot", "password": "x"}).status_code == 401
    )


@pytest.mark.parametrize("cut", [0, 1, 20, 42])
def test_truncated_and_forged_cookies_are_refused(house: House, cut: int) -> None:
    house.user("ana")
    cookie = house.sign_in("ana").cookie
    name, _, secret = cookie.partition("=")
    for forged in (secret[:cut], secret[:cut] + "x" + secret[cut + 1 :] + "x", secret + secret):
        answer = house.call("GET", "/me", headers={"Cookie": f"{name}={forged}"})
        assert answer.status_code == 401


def test_names_and_agents_cannot_break_lines_of_the_log_or_headers(house: House) -> None:
    house.user("ana")
    for name in ("ana\r\nSet-Cookie: x=1", "ana\nadmin signed in", "ana\x1b[31m", "a\0b"):
        answer = house.call("POST", "/session", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 422
        assert "x=1" not in str(answer.headers)
    browser = house.sign_in("ana", headers={b"User-Agent": b"ugly\x9bagent"})
    [listed] = browser.call("GET", "/me/sessions").json()["items"]
    assert listed["agent"] is None
    assert "\\u009b" not in json.dumps(house.events())


def test_wrong_attempts_are_audited_without_what_was_typed(house: House) -> None:
    house.user("ana")
    house.call("POST", "/session", json={"name": "ana", "password": "hunter2 hunter2"})
    house.call("POST", "/session", json={"name": "my password by mistake", "password": "x"})
    log = json.dumps(house.events())
    assert [e["outcome"] for e in house.events("session.start")] == ["denied"]
    assert "hunter2" not in log
    assert "by mistake" not in log
