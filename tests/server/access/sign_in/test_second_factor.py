"""One-time and recovery codes: enrol, sign in, once only, reset, and the setting that asks everybody for one."""

from __future__ import annotations

import base64

import pyotp
from sqlalchemy import select

from promptops_server.access.sign_in.tables import recovery_code, totp
from promptops_server.infra.database import Database
from promptops_server.infra.setting_sections import AccessSettings
from support.people import PASSWORD, App, House


def sign_in(house: House, code: str | None = None) -> tuple[int, str]:
    body = {"name": "ana", "password": PASSWORD, **({"code": code} if code else {})}
    answer = house.call("POST", "/session", json=body)
    return answer.status_code, answer.json().get("type", "").rpartition(":")[2]


def test_enrolled_people_need_a_code_and_each_code_works_once(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana")
    app = house.sign_in("ana").enrol()
    assert sign_in(house) == (401, "code-needed")
    assert sign_in(house, "000000")[1] == "code-wrong"
    code = app.code()
    assert sign_in(house, code)[0] == 201
    assert sign_in(house, code) == (401, "code-wrong")
    assert sign_in(house, app.code(1))[0] == 201
    assert sign_in(house, app.code(2)) == (401, "code-wrong")


def test_the_confirming_code_signs_nobody_in(database: Database) -> None:
    house = House(database)
    house.user("ana")
    app = house.sign_in("ana").enrol()
    assert sign_in(house, app.code(-1)) == (401, "code-wrong")


def test_recovery_codes_work_once_each_and_are_stored_hashed(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana")
    browser = house.sign_in("ana")
    app = browser.enrol()
    assert len(set(app.recovery)) == 10
    assert sign_in(house, app.recovery[0].upper())[0] == 201
    assert sign_in(house, app.recovery[0]) == (401, "code-wrong")
    assert browser.call("GET", "/me/totp").json() == {"enrolled": True, "recovery_codes_left": 9}
    with any_database.read() as conn:
        stored = str(conn.execute(select(recovery_code)).all())
    assert not any(code in stored for code in app.recovery)
    assert [e["after"] for e in house.events("user.recovery_code_use")] == [{"left": 9}]


def test_the_secret_is_sealed_and_shown_as_text_and_picture(database: Database) -> None:
    house = House(database)
    house.user("ana")
    made = house.sign_in("ana").call("POST", "/me/totp", json={"password": PASSWORD}).json()
    assert made["uri"].startswith("otpauth://totp/PromptOps:ana?secret=" + made["secret"])
    assert len(made["qr"].splitlines()) > 15
    with database.read() as conn:
        row = conn.execute(select(totp)).one()
    assert base64.b32decode(made["secret"]) not in row.pending
    assert made["secret"] not in str(house.events())


def test_a_stolen_session_does_not_enrol_or_take_away_an_app(database: Database) -> None:
    house = House(database)
    house.user("ana")
    browser = house.sign_in("ana")
    assert browser.call("POST", "/me/totp", json={}).status_code == 403
    assert browser.call("POST", "/me/totp", json={"password": "guess"}).status_code == 403
    app = browser.enrol()
    again = {"password": PASSWORD}
    assert browser.call("POST", "/me/totp", json=again).status_code == 422
    off = {"password": PASSWORD, "code": "123123"}
    assert browser.call("POST", "/me/totp/off", json=off).status_code == 422
    off["code"] = app.code()
    assert browser.call("POST", "/me/totp/off", json=off).status_code == 204
    assert sign_in(house)[0] == 201


def test_guessing_codes_is_slowed_down(database: Database) -> None:
    house = House(database)
    house.user("ana")
    app = house.sign_in("ana").enrol()
    for i in range(5):
        assert sign_in(house, f"{i:06}")[0] == 401
    assert sign_in(house, app.code())[0] == 429


def test_a_password_alone_opens_git_only_without_a_second_factor(database: Database) -> None:
    house = House(database)
    house.user("ana")
    basic = {"Authorization": "Basic " + base64.b64encode(f"ana:{PASSWORD}".encode()).decode()}
    assert house.call("GET", "/me", headers=basic).status_code == 200
    browser = house.sign_in("ana")
    browser.enrol()
    refused = house.call("GET", "/me", headers=basic)
    assert refused.status_code == 401
    assert "Use a token" in refused.json()["detail"]
    token = browser.call("POST", "/tokens", json={"name": "git"}).json()["token"]
    as_password = base64.b64encode(f"ana:{token}".encode()).decode()
    assert (
        house.call("GET", "/me", headers={"Authorization": f"Basic {as_password}"}).status_code
        == 200
    )


def test_where_everybody_needs_one_a_first_sign_in_opens_only_the_way_to_it(
    database: Database,
) -> None:
    house = House(database, AccessSettings(require_second_factor=True))
    house.user("ana", admin=True)
    basic = {"Authorization": "Basic " + base64.b64encode(f"ana:{PASSWORD}".encode()).decode()}
    assert house.call("GET", "/me", headers=basic).status_code == 401
    browser = house.sign_in("ana")
    assert browser.session["must"] == ["enrol_totp"]
    for method, path, body in (
        ("GET", "/users", None),
        ("POST", "/tokens", {"name": "x"}),
        ("POST", "/tokens", {"name": "x", "role": "viewer"}),
        ("POST", "/tokens", {"name": "x", "project": "p", "environment": "e"}),
    ):
        assert browser.call(method, path, json=body).status_code == 403, (path, body)
    app = browser.enrol()
    assert browser.call("GET", "/users").status_code == 200
    assert browser.call("GET", "/session").json()["must"] == []
    off = {"password": PASSWORD, "code": app.code()}
    assert browser.call("POST", "/me/totp/off", json=off).status_code == 403


def test_codes_are_those_of_every_authenticator_app() -> None:
    """RFC 6238, appendix B, SHA-1, the last six digits."""
    app = App(base64.b32encode(b"12345678901234567890").decode())
    assert pyotp.TOTP(app.secret).at(59) == "287082"
    assert pyotp.TOTP(app.secret).at(1111111109) == "081804"
