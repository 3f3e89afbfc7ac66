"""Components of signatures: who may sign, with what, how often asked, and that an administrator cannot sign for another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from promptops_server.access.sign_in.tables import browser_session, signing_session
from promptops_server.access.signing import Components, Signer, verify_signer
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Denied, ProblemError
from promptops_server.infra.setting_sections import AccessSettings
from support.people import PASSWORD, Browser, House


def actor_of(browser: Browser) -> Actor:
    me = browser.call("GET", "/me").json()
    return Actor(
        me["subject"],
        me["name"],
        auth_method=me["auth_method"],
        session=browser.session["id"],
        person=me["person"],
        ip="10.0.0.1",
    )


def sign(
    house: House, actor: Actor, password: str | None = None, code: str | None = None
) -> Signer:
    with house.db.write() as tx:
        return verify_signer(tx, actor, Components(password, code), deps=house.signing)


def refused(house: House, actor: Actor, **kwargs: str) -> str:
    with pytest.raises(Denied) as caught:
        sign(house, actor, **kwargs)
    return str(caught.value.members["rule"])


def test_the_first_signature_takes_two_components_and_the_next_one(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana", display_name="Ana Lima")
    browser = house.sign_in("ana")
    app = browser.enrol()
    actor = actor_of(browser)
    assert browser.call("GET", "/me/signing").json()["components"] == [["password", "code"]]
    assert refused(house, actor, password=PASSWORD) == "signature.components"
    assert refused(house, actor, code=app.code()) == "signature.components"
    signer = sign(house, actor, PASSWORD, app.code())
    assert (signer.printed_name, signer.components) == ("Ana Lima", ("password", "code"))
    assert (signer.subject, signer.identity, signer.session) == (
        actor.subject,
        actor.identity,
        actor.session,
    )
    assert browser.call("GET", "/me/signing").json()["components"] == [["password"], ["code"]]
    assert sign(house, actor, PASSWORD).components == ("password",)
    assert sign(house, actor, code=app.code(1)).components == ("code",)
    with any_database.write() as tx:
        tx.conn.execute(update(signing_session).values(last_at=tx.now - 16 * 60_000_000))
    assert refused(house, actor, password=PASSWORD) == "signature.components"


def test_without_an_app_the_account_name_is_the_second_component(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana")
    actor = actor_of(house.sign_in("ana"))
    assert sign(house, actor, PASSWORD).components == ("name", "password")
    assert sign(house, actor, PASSWORD).components == ("password",)


def test_another_session_begins_again(database: Database) -> None:
    house = House(database)
    house.user("ana")
    one = house.sign_in("ana")
    app = one.enrol()
    sign(house, actor_of(one), PASSWORD, app.code())
    two = house.sign_in("ana", code=app.code(1))
    assert refused(house, actor_of(two), password=PASSWORD) == "signature.components"


def test_a_code_can_be_asked_of_everybody(database: Database) -> None:
    house = House(database, AccessSettings(signatures_need_code=True))
    house.user("ana")
    browser = house.sign_in("ana")
    assert refused(house, actor_of(browser), password=PASSWORD) == "signature.code-needed"
    app = browser.enrol()
    assert sign(house, actor_of(browser), PASSWORD, app.code()).components == ("password", "code")


def test_only_people_sign_and_only_for_themselves(database: Database) -> None:
    house = House(database)
    house.user("ana")
    house.user("ben", "another good password")
    actor = actor_of(house.sign_in("ana"))
    assert refused(house, replace(actor, kind="service"), password=PASSWORD) == "signature.person"
    assert refused(house, SYSTEM, password=PASSWORD) == "signature.person"
    operator = replace(actor, auth_method="operator")
    assert refused(house, operator, password=PASSWORD) == "signature.operator"
    assert refused(house, replace(actor, session=None), password=PASSWORD) == "signature.session"
    ben = actor_of(house.sign_in("ben", "another good password"))
    assert refused(house, ben, password=PASSWORD) == "signature.wrong"
    # Somebody else's session is no session of the actor's.
    assert (
        refused(house, replace(ben, session=actor.session), password="another good password")
        == "signature.session"
    )
    # Nor does another account's name make its password count.
    assert refused(house, replace(ben, name="ana"), password=PASSWORD) == "signature.wrong"


def test_a_session_that_ended_a_moment_ago_signs_nothing(database: Database) -> None:
    house = House(database)
    house.user("ana")
    browser = house.sign_in("ana")
    actor = actor_of(browser)
    browser.call("DELETE", "/session")
    assert refused(house, actor, password=PASSWORD) == "signature.session"


def test_wrong_components_leave_nothing_and_count_as_wrong_sign_ins(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana")
    actor = actor_of(house.sign_in("ana"))
    for _ in range(5):
        assert refused(house, actor, password="not it") == "signature.wrong"
    with pytest.raises(ProblemError, match="Too many"):
        sign(house, actor, PASSWORD)
    body = {"name": "ana", "password": PASSWORD}
    assert house.call("POST", "/session", json=body).status_code == 429


def test_a_code_signs_once(database: Database) -> None:
    house = House(database)
    house.user("ana")
    browser = house.sign_in("ana")
    app = browser.enrol()
    code = app.code()
    sign(house, actor_of(browser), PASSWORD, code)
    assert refused(house, actor_of(browser), code=code) == "signature.wrong"
    assert refused(house, actor_of(browser), code=app.recovery[0]) == "signature.wrong"


def test_components_never_show_in_a_traceback() -> None:
    assert "secret" not in repr(Components("secret", "123456"))


def test_who_has_no_password_signs_after_a_fresh_sign_in_there_and_with_a_code(
    database: Database,
) -> None:
    house = House(database)
    house.user("ana")
    browser = house.sign_in("ana")
    app = browser.enrol()
    actor = replace(actor_of(browser), auth_method="sso")
    with database.write() as tx:
        from promptops_server.access.tables import user

        tx.conn.execute(update(user).values(password_hash=None))
        tx.conn.execute(update(browser_session).values(auth_method="sso", proved_at=1))
    assert refused(house, actor, code=app.code()) == "signature.sso-again"
    with database.write() as tx:
        tx.conn.execute(update(browser_session).values(proved_at=now_us()))
    assert refused(house, actor) == "signature.components"
    assert sign(house, actor, code=app.code()).components == ("sso", "code")


def test_an_administrator_alone_cannot_sign_for_another(any_database: Database) -> None:
    """Whatever an administrator resets and then does as the person, signing stays blocked, and each step is in the log."""
    house = House(any_database)
    house.user("root", admin=True)
    house.user("ana")
    app = house.sign_in("ana").enrol()
    root = house.sign_in("root")

    chosen = "chosen by the administrator"
    assert root.call("PATCH", "/users/ana", json={"password": chosen}).status_code == 200
    # The password is known now, the code is not.
    body = {"name": "ana", "password": chosen}
    assert house.call("POST", "/session", json=body).status_code == 401
    lost = {"totp": "off", "reason": "says the phone is lost"}
    assert root.call("PATCH", "/users/ana", json=lost).status_code == 200
    assert [e["reason"] for e in house.events("user.totp_reset")] == ["says the phone is lost"]
    browser = house.sign_in("ana", chosen)
    assert browser.session["must"] == ["change_password"]
    actor = actor_of(browser)
    assert refused(house, actor, password=chosen) == "signature.password-set-by-other"
    assert refused(house, actor, password=chosen, code=app.code()) == (
        "signature.password-set-by-other"
    )
    own = {"old_password": chosen, "password": "only the person knows"}
    assert browser.call("PATCH", "/users/ana", json=own).status_code == 200
    assert refused(house, actor, password="only the person knows") == "signature.code-reset"
    again = browser.enrol("only the person knows")
    assert refused(house, actor, password="only the person knows", code=again.code()) == (
        "signature.unconfirmed"
    )

    told = [
        (e["action"], e["actor"]["name"])
        for e in house.events()
        if e["object"]["id"] == "ana" and e["action"].startswith("user.")
    ]
    assert told[told.index(("user.set_password", "root")) :] == [
        ("user.set_password", "root"),
        ("user.totp_reset", "root"),
        ("user.change_password", "ana"),
        ("user.totp_enrol", "ana"),
        ("user.totp_confirm", "ana"),
    ]
    [confirmed] = [e for e in house.events("user.totp_confirm") if e["before"]["reset"]]
    assert confirmed["actor"]["name"] == "ana"


def test_a_password_given_at_the_start_has_to_be_changed_before_signing(database: Database) -> None:
    house = House(database)
    house.user("root", admin=True)
    root = house.sign_in("root")
    root.call("POST", "/users", json={"name": "ben", "password": "given by somebody"})
    ben = house.sign_in("ben", "given by somebody")
    assert ben.session["must"] == ["change_password"]
    assert ben.call("GET", "/me/signing").json()["rule"] == "signature.password-set-by-other"
    same = {"old_password": "given by somebody", "password": "given by somebody"}
    assert ben.call("PATCH", "/users/ben", json=same).status_code == 422
    no_proof = {"password": "my very own secret"}
    assert ben.call("PATCH", "/users/ben", json=no_proof).status_code == 403
    proved = {**no_proof, "old_password": "given by somebody"}
    assert ben.call("PATCH", "/users/ben", json=proved).status_code == 200
    assert ben.call("GET", "/me/signing").json()["possible"] is True


def test_an_administrators_token_does_not_change_the_administrators_password(
    database: Database,
) -> None:
    house = House(database)
    house.user("root", admin=True)
    token = house.sign_in("root").call("POST", "/tokens", json={"name": "x"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for body in ({"password": "stolen it is now"}, {"password": "stolen it is now", "reason": "x"}):
        answer = house.call("PATCH", "/users/root", json=body, headers=bearer)
        assert answer.status_code == 403
