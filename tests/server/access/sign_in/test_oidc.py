"""Sign-in at an identity provider that really runs, on loopback; what goes wrong is refused in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import select

from promptops_server.access import grants, users
from promptops_server.access.sign_in.oidc.assembly import OidcUnusable, flow_of
from promptops_server.access.sign_in.oidc.flow import own_path
from promptops_server.access.sign_in.oidc.id_token import (
    LOGOUT_EVENT,
    Expected,
    SignInRefused,
    claims_of,
)
from promptops_server.access.sign_in.oidc.routes import OidcDeps, api_router, root_router
from promptops_server.access.sign_in.tables import sso_identity
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.setting_sections import OidcSettings
from support.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from support.people import Browser, House

GROUPS = {"prompt-authors": ["bank:author"], "audit": ["*:auditor", "bank:viewer"]}


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as running:
        yield running


def house_with(db: Database, provider: IdentityProvider, **more: Any) -> House:
    settings = OidcSettings(
        issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET, groups=GROUPS, **more
    )

    def routers(house: House) -> tuple[APIRouter, APIRouter]:
        flow = flow_of(db, b"x" * 32, settings, house.rules, house.site, house.authenticator.forget)
        assert flow is not None
        deps = OidcDeps(flow)
        return api_router(deps), root_router(deps)

    return House(db, public_url="http://test", more=routers)


@pytest.fixture
def house(database: Database, provider: IdentityProvider) -> House:
    return house_with(database, provider)


def start(house: House, query: str = "", cookie: str = "") -> tuple[str, str]:
    """Where the browser is sent, and the cookie it got."""
    answer = house.call("GET", f"/auth/oidc/start{query}", headers={"Cookie": cookie})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"], answer.headers["set-cookie"].partition(";")[0]


def back(house: House, query: str, cookie: str) -> httpx2.Response:
    return house.call("GET", f"/auth/oidc/callback?{query}", headers={"Cookie": cookie})


def enter(house: House, provider: IdentityProvider, query: str = "") -> Browser:
    location, trip = start(house, query)
    answer = back(house, provider.authorise(location), trip)
    assert answer.status_code == 302, answer.text
    [cookie] = [
        c for c in answer.headers.get_list("set-cookie") if c.startswith("promptops_session=")
    ]
    browser = Browser(house, cookie, {"csrf": ""})
    browser.session = browser.call("GET", "/session").json()
    return browser


def refused(house: House, provider: IdentityProvider) -> str:
    location, trip = start(house)
    answer = back(house, provider.authorise(location), trip)
    assert answer.status_code == 403, answer.text
    assert "set-cookie" not in answer.headers
    return str(answer.json()["detail"])


def test_a_first_sign_in_makes_the_account_and_a_later_one_finds_it(
    any_database: Database, provider: IdentityProvider
) -> None:
    house = house_with(any_database, provider)
    provider.claims |= {"name": "Ana Lima", "email": "ana@bank.example", "email_verified": True}
    me = enter(house, provider).call("GET", "/me").json()
    assert (me["name"], me["auth_method"], me["admin"]) == ("ana", "sso", False)
    provider.claims |= {"preferred_username": "ana.lima", "name": "Ana Costa"}
    again = enter(house, provider).call("GET", "/me").json()
    assert again["subject"] == me["subject"]
    with any_database.read() as conn:
        found = users.user_by_id(conn, me["subject"])
        assert len(conn.execute(select(sso_identity)).all()) == 1
    assert found is not None
    assert (found.name, found.display_name, found.email) == ("ana", "Ana Costa", "ana@bank.example")


def test_an_email_address_counts_only_when_the_provider_verified_it(
    house: House, provider: IdentityProvider
) -> None:
    for verified in (None, False, "true"):
        provider.claims |= {"email": "boss@bank.example", "email_verified": verified}
        me = enter(house, provider).call("GET", "/me").json()
        with house.db.read() as conn:
            found = users.user_by_id(conn, me["subject"])
        assert found is not None
        assert found.email is None


def test_no_existing_account_is_taken_over_by_name_or_address(
    house: House, provider: IdentityProvider
) -> None:
    local = house.user("ana", email="ana@bank.example", admin=True)
    provider.claims |= {"email": "ana@bank.example", "email_verified": True}
    me = enter(house, provider).call("GET", "/me").json()
    assert me["subject"] != local.id
    assert (me["name"], me["admin"]) == ("ana-2", False)


def test_groups_give_and_take_roles_and_grants_by_hand_stay(
    any_database: Database, provider: IdentityProvider
) -> None:
    house = house_with(any_database, provider)
    provider.claims["groups"] = ["prompt-authors", "audit", "unknown"]
    browser = enter(house, provider)
    assert browser.call("GET", "/me").json()["roles"] == ["*:auditor", "bank:author", "bank:viewer"]
    with any_database.write() as tx:
        grants.add_grant(tx, SYSTEM, "ana", "bank", "publisher")
        grants.add_grant(tx, SYSTEM, "ana", "claims", "author")
    provider.claims["groups"] = "audit"
    browser = enter(house, provider)
    assert browser.call("GET", "/me").json()["roles"] == [
        "*:auditor", "bank:publisher", "bank:viewer", "claims:author",
    ]  # fmt: skip
    del provider.claims["groups"]
    browser = enter(house, provider)
    assert browser.call("GET", "/me").json()["roles"] == ["bank:publisher", "claims:author"]
    assert len(house.events("grant.remove")) == 3


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "never"}, "exp"),
        ({"iat": int(time.time()) + 3600}, "future"),
        ({"aud": "somebody-else"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [CLIENT, "other"]}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    house: House, provider: IdentityProvider, spoil: dict[str, Any], word: str
) -> None:
    provider.spoil = spoil
    assert word in refused(house, provider)


def test_unsigned_and_wrongly_signed_tokens_are_refused(
    house: House, provider: IdentityProvider
) -> None:
    provider.header = {"alg": "none"}
    assert "none" in refused(house, provider)
    provider.header = {}
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})  # claims to be the published one
    assert "signature" in refused(house, provider)
    provider.key = RSAKey.generate_key(2048, {"kid": "never published"})
    assert "does not publish" in refused(house, provider)


def test_new_keys_of_the_provider_are_found(
    house: House, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptops_server.access.sign_in.oidc.provider._REFRESH_EVERY_SECONDS", 0.0)
    enter(house, provider)
    provider.rotate(ECKey.generate_key("P-256", {"kid": "two"}))
    enter(house, provider)
    enter(house, provider)
    assert provider.asked.count("/keys") == 2


def test_made_up_keys_do_not_make_us_ask_the_provider_again_and_again(
    house: House, provider: IdentityProvider
) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "never published"})
    for _ in range(3):
        refused(house, provider)
    assert provider.asked.count("/keys") == 1


def test_an_answer_to_another_sign_in_is_refused(house: House, provider: IdentityProvider) -> None:
    location, trip = start(house)
    _, other_trip = start(house)
    query = provider.authorise(location)
    assert "state" in back(house, query, other_trip).json()["detail"]
    assert "no sign-in" in back(house, query, "").json()["detail"]
    assert "no sign-in" in back(house, query, trip[:-4] + "AAAA").json()["detail"]
    code = query.partition("&")[0]
    assert "state" in back(house, code, trip).json()["detail"]


def test_a_code_works_once(house: House, provider: IdentityProvider) -> None:
    location, trip = start(house)
    query = provider.authorise(location)
    assert back(house, query, trip).status_code == 302
    assert "code" in back(house, query, trip).json()["detail"]


def test_the_providers_refusal_is_told_and_cannot_write_our_page(
    house: House, provider: IdentityProvider
) -> None:
    location, trip = start(house)
    state = provider.authorise(location).partition("state=")[2]
    said = back(house, f"error=access_denied&state={state}", trip)
    assert "access_denied" in said.json()["detail"]
    evil = f"/auth/oidc/callback?error=%3Cscript%3E&state={state}"
    page = house.call("GET", evil, headers={"Cookie": trip, "Accept": "text/html"})
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/prompts?page=2", "/prompts?page=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/%0d%0aSet-Cookie:x=1", "/%0d%0aSet-Cookie:x=1"),
        ("javascript:alert(1)", "/"),
        ("/\r\nSet-Cookie: x=1", "/"),
    ],
)
def test_a_sign_in_leads_back_to_our_own_pages_only(asked: str, led: str) -> None:
    assert own_path(asked) == led


@given(st.text(max_size=40))
def test_no_text_leads_to_another_site(text: str) -> None:
    from urllib.parse import urljoin, urlsplit

    assert urlsplit(urljoin("https://ours.example/x", own_path(text))).netloc == "ours.example"


def test_deactivated_people_are_refused(house: House, provider: IdentityProvider) -> None:
    browser = enter(house, provider)
    with house.db.write() as tx:
        users.set_active(tx, SYSTEM, "ana", False)
    assert browser.call("GET", "/me").status_code == 401
    assert "deactivated" in refused(house, provider)


def test_proving_oneself_again_is_for_the_same_person_and_notes_the_time(
    house: House, provider: IdentityProvider
) -> None:
    provider.claims["auth_time"] = int(time.time()) - 3600
    browser = enter(house, provider)
    location, trip = start(house, "?again=true", browser.cookie)
    assert "prompt=login" in location
    assert "max_age=0" in location
    both = f"{browser.cookie}; {trip}"
    provider.claims |= {"sub": "user-2", "preferred_username": "ben"}
    assert back(house, provider.authorise(location), both).json()["rule"] == "sso.same-person"
    provider.claims |= {"sub": "user-1", "auth_time": int(time.time())}
    assert back(house, provider.authorise(location), both).status_code == 302
    enrol = browser.call("POST", "/me/totp", json={})
    assert enrol.status_code == 200


def test_without_a_fresh_proof_no_app_is_enrolled(house: House, provider: IdentityProvider) -> None:
    provider.claims["auth_time"] = int(time.time()) - 3600
    browser = enter(house, provider)
    assert browser.call("POST", "/me/totp", json={}).json()["rule"] == "sign-in.proof"


def test_signing_out_ends_our_session_and_names_the_providers_place(
    house: House, provider: IdentityProvider
) -> None:
    browser = enter(house, provider)
    forged = house.call("POST", "/auth/oidc/sign-out", headers={"Cookie": browser.cookie})
    assert forged.status_code == 403
    answer = browser.call("POST", "/auth/oidc/sign-out")
    assert answer.json()["url"].startswith(f"{provider.issuer}/end?client_id={CLIENT}")
    assert browser.call("GET", "/me").status_code == 401


def test_the_provider_can_end_sessions(any_database: Database, provider: IdentityProvider) -> None:
    house = house_with(any_database, provider)
    provider.claims["sid"] = "s1"
    one = enter(house, provider)
    provider.claims["sid"] = "s2"
    two = enter(house, provider)
    plain = provider.id_token(None)
    sent = house.call("POST", "/auth/oidc/back-channel", data={"logout_token": plain})
    assert sent.status_code == 403
    token = provider.id_token(None, events={LOGOUT_EVENT: {}}, sid="s1")
    assert (
        house.call("POST", "/auth/oidc/back-channel", data={"logout_token": token}).status_code
        == 200
    )
    assert one.call("GET", "/me").status_code == 401
    assert two.call("GET", "/me").status_code == 200


def test_a_terminal_signs_in_through_a_browser(
    any_database: Database, provider: IdentityProvider
) -> None:
    house = house_with(any_database, provider)
    asked = house.call("POST", "/session/terminal").json()
    assert asked["url"] == "http://test/auth/oidc/terminal"
    assert asked["code"] not in asked["url"]
    ask = {"secret": asked["secret"], "name": "laptop"}
    assert house.call("POST", "/session/terminal/token", json=ask).json()["token"] is None
    page = house.call("GET", "/auth/oidc/terminal")
    assert page.headers["location"] == "/auth/oidc/start?return_to=/auth/oidc/terminal"
    browser = enter(house, provider, "?return_to=/auth/oidc/terminal")
    shown = house.call("GET", "/auth/oidc/terminal", headers={"Cookie": browser.cookie})
    assert browser.session["csrf"] in shown.text
    form = {"code": asked["code"].lower(), "csrf": browser.session["csrf"]}
    cookie = {"Cookie": browser.cookie}
    forged = {**form, "csrf": "0" * 64}
    assert house.call("POST", "/auth/oidc/terminal", data=forged, headers=cookie).status_code == 403
    wrong = {**form, "code": "BBBB-BBBB"}
    assert house.call("POST", "/auth/oidc/terminal", data=wrong, headers=cookie).status_code == 404
    assert house.call("POST", "/auth/oidc/terminal", data=form, headers=cookie).status_code == 200
    made = house.call("POST", "/session/terminal/token", json=ask).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert house.call("GET", "/me", headers=bearer).json()["name"] == "ana"
    assert house.call("POST", "/session/terminal/token", json=ask).status_code == 401


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": 7},
    ],
)
def test_a_discovery_document_that_points_elsewhere_is_refused(
    house: House, provider: IdentityProvider, document: dict[str, Any]
) -> None:
    provider.document = document
    answer = house.call("GET", "/auth/oidc/start")
    assert answer.status_code == 503
    assert "identity provider" in answer.json()["detail"]


@pytest.mark.parametrize(
    "issuer", ["http://idp.example.com", "ftp://idp.example.com", "https://idp.example.com/?x=1"]
)
def test_the_issuer_is_https_unless_on_this_machine(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        OidcSettings(issuer=issuer)


def test_groups_never_make_administrators() -> None:
    with pytest.raises(ValueError, match="admin"):
        OidcSettings(groups={"it": ["*:admin"]})


def test_a_section_without_client_is_refused_at_the_start(database: Database) -> None:
    house = House(database)
    with pytest.raises(OidcUnusable, match="client_id"):
        flow_of(
            database, b"x" * 32, OidcSettings(issuer="https://idp.example.com"), house.rules,
            house.site, house.authenticator.forget,
        )  # fmt: skip


@pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt", "application/secevent+jwt"])
def test_a_signed_token_of_another_kind_signs_nobody_in(kind: str) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k"})
    claims = {"iss": "https://i.example", "aud": "us", "sub": "a", "nonce": "n"}
    token = jwt.encode(
        {"alg": "ES256", "kid": "k", "typ": kind}, {**claims, "iat": 1000, "exp": 2000}, key
    )
    expected = Expected("https://i.example", "us", "n", 1001)
    with pytest.raises(SignInRefused, match="another kind"):
        claims_of(token, KeySet([key]), expected)
    plain = jwt.encode({"alg": "ES256", "kid": "k"}, {**claims, "iat": 1000, "exp": 2000}, key)
    assert claims_of(plain, KeySet([key]), expected)["sub"] == "a"
