"""What a token may do to its holder's account: it ends itself, and narrows; it does not renew or widen itself."""

from __future__ import annotations

import httpx2
import pytest

from promptops_server.access import grants, tokens, users
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import from_text, now_us
from promptops_server.infra.database import Database
from support.people import Browser, House

HOUR = 3_600_000_000


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def token(house: House, name: str, **scope: object) -> tuple[str, str]:
    """Id and secret of a token of that user."""
    with house.db.write() as tx:
        holder = users.get_user(tx.conn, name)
        made, secret = tokens.mint(tx, SYSTEM, holder, name="test", **scope)  # type: ignore[arg-type]
    return made.id, secret


def call(house: House, secret: str, method: str, path: str, **body: object) -> httpx2.Response:
    more = {"json": body} if body else {}
    return house.call(method, path, headers={"Authorization": f"Bearer {secret}"}, **more)


@pytest.fixture
def ana(house: House) -> Browser:
    """A browser session of an administrator, who also may write in bank."""
    house.user("ana", admin=True)
    with house.db.write() as tx:
        grants.add_grant(tx, SYSTEM, "ana", "bank", "author")
    return house.sign_in("ana")


@pytest.mark.parametrize(
    "scope",
    [
        {"role": "delivery", "project": "bank", "environment": "production"},
        {"role": "author"},
        {"project": "bank"},
    ],
    ids=["delivery", "role", "project"],
)
def test_a_narrowed_token_leaves_the_account_alone(
    house: House, ana: Browser, scope: dict[str, str]
) -> None:
    other, _ = token(house, "ana")
    house.user("maya")
    hers, _ = token(house, "maya")
    own, secret = token(house, "ana", **scope)
    for method, path in (
        ("GET", "/tokens"),
        ("DELETE", f"/tokens/{other}"),
        ("DELETE", f"/tokens/{hers}"),
        ("GET", "/me/sessions"),
        ("DELETE", "/me/sessions"),
        ("DELETE", f"/me/sessions/{ana.session['id']}"),
    ):
        answer = call(house, secret, method, path)
        assert (answer.status_code, answer.json()["rule"]) == (403, "scope.account"), path
    assert ana.call("GET", "/me").status_code == 200
    assert call(house, secret, "DELETE", f"/tokens/{own}").status_code == 204
    assert call(house, secret, "GET", "/me").status_code == 401


def test_an_administrators_whole_token_revokes_anybodys(house: House, ana: Browser) -> None:
    house.user("maya")
    hers, _ = token(house, "maya")
    _, secret = token(house, "ana", role="admin")
    assert call(house, secret, "DELETE", f"/tokens/{hers}").status_code == 204


def test_a_token_does_not_outlive_the_one_that_made_it(house: House) -> None:
    house.user("maya")
    end = now_us() + HOUR
    _, secret = token(house, "maya", expires_at=end)
    made = call(house, secret, "POST", "/tokens", name="again")
    assert made.status_code == 201
    assert from_text(made.json()["expires_at"]) == end
    later = call(house, secret, "POST", "/tokens", name="later", expires_at="2999-01-01T00:00:00Z")
    assert later.status_code == 422
    assert "outlive" in later.json()["detail"]
    sooner = "2026-01-01T00:00:00Z"
    assert call(house, secret, "POST", "/tokens", name="x", expires_at=sooner).status_code == 422


def test_a_token_made_with_an_operators_token_stays_an_operators(
    house: House, ana: Browser
) -> None:
    _, secret = token(house, "ana", role="author", auth_method="operator")
    made = call(house, secret, "POST", "/tokens", name="mine", role="author").json()
    assert made["auth_method"] == "operator"
    assert call(house, made["token"], "GET", "/me").json()["auth_method"] == "operator"
    assert ana.call("POST", "/tokens", json={"name": "x"}).json()["auth_method"] == "token"
