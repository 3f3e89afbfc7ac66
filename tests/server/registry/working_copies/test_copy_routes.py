"""Working copies over HTTP: statuses, entity tags, who may, links, bad input."""

from __future__ import annotations

from typing import Any

import pytest
from bank import ADMIN, OTHER, Bank
from desk import Desk, http, text_of
from sqlalchemy import update

from promptops_server.access.tables import user
from promptops_server.infra.clock import now_us, to_text
from promptops_server.registry.working_copies.tables import working_copy

COPIES = "/projects/bank/working-copies"


def test_the_whole_way_of_an_edit(bank: Bank) -> None:
    bank.put("claims/triage", text_of("one", "two", "three"))
    with http(bank.db) as api, http(bank.db, "cleo") as cleo:
        url = f"{COPIES}/claims/triage"
        made = api.put(url, json={"text": text_of("mine", "two", "three")})
        assert made.status_code == 201
        assert made.json()["parent"] == 1
        assert "text" not in made.json()
        again = api.put(
            url,
            json={"text": "messages: [", "message": "Louder"},
            headers={"if-match": made.headers["etag"]},
        )
        assert (again.status_code, again.json()["valid"]) == (200, False)
        assert again.json()["problems"][0]["line"] == 1
        bare = api.put(
            url,
            json={"text": text_of("MINE", "two", "three")},
            headers={"if-match": '"w2"'},
        )
        assert bare.status_code == 200
        cleo.put(
            "/projects/bank/prompts/claims/triage",
            content=text_of("one", "two", "THREE"),
            headers={"if-match": '"v1"', "content-type": "application/yaml"},
        )
        read = api.get(url, params={"diff": "true"})
        assert read.headers["etag"] == bare.headers["etag"]
        body = read.json()
        assert (body["behind"], body["newest"]["version"], body["newest"]["author"]) == (
            1,
            2,
            "cleo",
        )
        assert "+    content: MINE" in body["diff"]
        assert api.get(url).json()["diff"] is None
        assert len(api.get(COPIES, params={"path": "claims/triage"}).json()["items"]) == 1
        assert api.get(COPIES, params={"path": "claims/other"}).json() == {
            "items": [],
            "next": None,
        }
        (item,) = api.get(COPIES).json()["items"]
        assert (item["path"], item["behind"], item["removed_at"] > item["updated_at"]) == (
            "claims/triage",
            1,
            True,
        )
        refused = api.post(f"{url}/commit", json={})
        assert (refused.status_code, refused.json()["type"]) == (
            409,
            "urn:promptops:problem:stale-version",
        )
        rebased = api.post(f"{url}/rebase")
        assert rebased.json()["text"] == text_of("MINE", "two", "THREE")
        assert (rebased.json()["conflicts"], rebased.json()["undo"]) == ([], "rebase")
        assert api.post(f"{url}/undo").json()["parent"] == 1
        assert api.post(f"{url}/undo").json()["parent"] == 2
        key = {"idempotency-key": "k"}
        for _ in range(2):
            done = api.post(f"{url}/commit", headers=key)
            assert (done.status_code, done.json()["version"]) == (201, 3)
            assert done.json()["message"] == "Louder"
            assert done.headers["location"].endswith("/versions/claims/triage@3")
        other = api.post(f"{url}/commit", json={"message": "x"}, headers=key)
        assert other.json()["type"].endswith("idempotency-key-reused")
        assert api.get(url).status_code == 404
        assert api.get(COPIES).json() == {"items": [], "next": None}


def test_a_stale_save_answers_with_the_text_that_is_there(small_bank: Bank) -> None:
    with http(small_bank.db) as api:
        api.put(f"{COPIES}/a", json={"text": "1"})
        tag = api.put(
            f"{COPIES}/a", json={"text": "2"}, headers={"if-match": '"w1"'}
        ).headers["etag"]  # fmt: skip
        late = api.put(f"{COPIES}/a", json={"text": "3"}, headers={"if-match": '"w1"'})
        assert late.status_code == 409
        assert late.json()["current"]["text"] == "2"
        assert late.json()["current"]["etag"] == tag
        assert tag in late.json()["remedy"]
        unseen = api.put(f"{COPIES}/a", json={"text": "3"})
        assert (unseen.status_code, unseen.json()["current"]["revision"]) == (428, 2)
        api.delete(f"{COPIES}/a")
        late = api.put(f"{COPIES}/a", json={"text": "3"}, headers={"if-match": tag})
        assert (late.status_code, late.json()["type"][-15:]) == (409, "no-working-copy")
        api.put(f"{COPIES}/a", json={"text": "new"})
        api.put(f"{COPIES}/a", json={"text": "newer"}, headers={"if-match": '"w1"'})
        old_tag = api.put(f"{COPIES}/a", json={"text": "3"}, headers={"if-match": tag})
        assert old_tag.status_code == 409  # revision 2 as well, but of another copy


@pytest.mark.parametrize(
    ("method", "url", "body", "headers", "status"),
    [
        ("PUT", "a", {}, {}, 422),
        ("PUT", "a", {"text": 3}, {}, 422),
        ("PUT", "a", {"text": "x", "more": 1}, {}, 422),
        ("PUT", "a", {"text": "x", "parent": -1}, {}, 422),
        ("PUT", "a", {"text": "x", "parent": 10**12}, {}, 422),
        ("PUT", "a", {"text": "x", "message": "\x1b"}, {}, 422),
        ("PUT", "a", {"text": "x", "message": "m" * 501}, {}, 400),
        ("PUT", "a", {"text": "x"}, {"if-match": '"v7"'}, 400),
        ("PUT", "a", {"text": "x"}, {"if-match": "w7"}, 400),
        ("PUT", "a@7", {"text": "x"}, {}, 400),
        ("PUT", "a//b", {"text": "x"}, {}, 400),
        ("PUT", "a", {"text": "\0"}, {}, 400),
        ("PUT", "a", {"text": "x" * (1024 * 1024 + 1)}, {}, 413),
        ("GET", "a", None, {}, 404),
        ("GET", "a b", None, {}, 400),
        ("DELETE", "a", None, {}, 404),
        ("POST", "a/commit", {}, {}, 404),
        ("POST", "a/commit", {"message": " "}, {}, 400),
        ("POST", "a/rebase", {"prefer": "mine"}, {}, 422),
        ("POST", "a/rebase", {}, {}, 404),
        ("POST", "a/undo", None, {}, 404),
        ("POST", "a/share", {"expires_at": "soon"}, {}, 400),
        ("POST", "a/share", {"expires_at": "2020-01-01T00:00:00Z"}, {}, 400),
        ("POST", "a/share", {"expires_at": "9999-12-31T23:59:59-23:59"}, {}, 400),
        ("POST", "a/share", {}, {}, 404),
        ("POST", "a/nonsense", {}, {}, 405),
    ],
)
def test_bad_input_is_refused(
    small_bank: Bank, method: str, url: str, body: Any, headers: dict[str, str], status: int
) -> None:
    with http(small_bank.db) as api:
        answer = api.request(method, f"{COPIES}/{url}", json=body, headers=headers)
        assert answer.status_code == status, answer.text


def test_half_a_character_is_refused(small_bank: Bank) -> None:
    with http(small_bank.db) as api:
        answer = api.put(
            f"{COPIES}/a",
            content=rb'{"text": "\ud800"}',
            headers={"content-type": "application/json"},
        )
        assert answer.status_code in (400, 422)


def test_who_may(small_bank: Bank) -> None:
    small_bank.put("a", text_of("one"))
    Desk(small_bank).save("a", text_of("mine"))
    requests = [
        ("GET", COPIES, None),
        ("GET", f"{COPIES}/a", None),
        ("PUT", f"{COPIES}/a", {"text": "x"}),
        ("DELETE", f"{COPIES}/a", None),
        ("DELETE", f"{COPIES}/a?owner=ben", None),
        *[("POST", f"{COPIES}/a/{word}", {}) for word in ("commit", "rebase", "undo", "share")],
    ]
    for name, status in (("vera", 403), ("sam", 404), ("nobody", 401)):
        with http(small_bank.db, name) as api:
            for method, url, body in requests:
                assert api.request(method, url, json=body).status_code == status, (name, url)
    with http(small_bank.db, "ada") as api:  # an administrator sees and gets their own alone
        assert api.get(f"{COPIES}/a").status_code == 404
        assert api.get(COPIES).json()["items"] == []
        assert api.delete(f"{COPIES}/a", params={"owner": "ben"}).status_code == 204


def test_a_prompt_may_be_called_like_a_word_of_the_api(small_bank: Bank) -> None:
    with http(small_bank.db) as api:
        for path in ("share", "claims/commit", "rebase/undo"):
            assert api.put(f"{COPIES}/{path}", json={"text": text_of(path)}).status_code == 201
            assert api.get(f"{COPIES}/{path}").json()["path"] == path
            assert api.post(f"{COPIES}/{path}/share").status_code == 200
            assert api.post(f"{COPIES}/{path}/commit").status_code == 201


# Links.


def shared(bank: Bank, path: str = "a", **body: str) -> str:
    with http(bank.db) as api:
        answer = api.post(f"{COPIES}/{path}/share", json=body)
        assert answer.status_code == 200, answer.text
        link: str = answer.json()["id"]
        return link


def test_a_link_shows_the_copy_to_everybody_who_may_read_the_project(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    desk = Desk(bank)
    desk.save("a", text_of("mine"))
    link = shared(bank)
    assert len(link) >= 32
    desk.save("a", text_of("typed since"), seen=1)
    url = f"/shared-working-copies/{link}"
    for name, status in (("vera", 200), ("ada", 200), ("ben", 200), ("sam", 404), ("nobody", 401)):
        with http(bank.db, name) as api:
            seen = api.get(url)
            assert seen.status_code == status, name
    with http(bank.db, "vera") as api:
        body = api.get(url).json()
        assert (body["owner"], body["parent"], body["valid"]) == ("ben", 1, True)
        assert body["text"] == text_of("typed since")
        assert "+    content: typed since" in body["diff"]
        assert api.get("/shared-working-copies/nonsense").status_code == 404
        assert api.post(f"{url}/take").status_code == 403
        assert api.delete(url).status_code == 404
    with http(bank.db) as api:
        assert api.get(f"{COPIES}/a").json()["share"]["id"] == link
        assert shared(bank) == link  # once more: the same
        assert api.delete(url).status_code == 204
        assert api.delete(url).status_code == 404
        assert api.get(url).status_code == 404
        assert shared(bank) != link
    assert bank.events("working_copy.share") == ["bank/a"] * 2
    assert bank.events("working_copy.unshare") == ["bank/a"]


def test_a_link_ends_with_its_time_its_copy_and_its_owner(bank: Bank) -> None:
    desk = Desk(bank)
    for path in ("a", "b", "c"):
        desk.save(path, text_of(path))
    soon = to_text(now_us() + 3_600_000_000)
    links = {path: shared(bank, path, expires_at=soon) for path in ("a", "b", "c")}
    with http(bank.db, "vera") as api:

        def status(path: str) -> int:
            return api.get(f"/shared-working-copies/{links[path]}").status_code

        assert [status(path) for path in links] == [200, 200, 200]
        with bank.db.write() as tx:
            late = update(working_copy).where(working_copy.c.path == "a")
            tx.conn.execute(late.values(share_expires_at=tx.now - 1))
        desk.commit("b")
        assert [status(path) for path in links] == [404, 404, 200]
        assert shared(bank, "a") != links["a"]  # an expired link does not come back to life
        with bank.db.write() as tx:
            tx.conn.execute(update(user).where(user.c.name == "ben").values(active=False))
        assert status("c") == 404


def test_taking_a_shared_text_over(bank: Bank) -> None:
    bank.put("a", text_of("one"))
    Desk(bank).save("a", text_of("mine"), message="Bens")
    url = f"/shared-working-copies/{shared(bank)}/take"
    hers = Desk(bank, OTHER)
    with http(bank.db, "cleo") as api:
        done = api.post(url)
        assert (done.status_code, done.json()["owner"], done.json()["text"]) == (
            201,
            "cleo",
            text_of("mine"),
        )
        assert (done.json()["share"], done.json()["parent"]) == (None, 1)
        assert api.post(url).status_code == 200
        hers.save("a", text_of("hers"), seen=1)
        refused = api.post(url)
        assert refused.status_code == 409
        assert refused.json()["current"]["text"] == text_of("hers")
        taken = api.post(url, headers={"if-match": refused.json()["current"]["etag"]})
        assert (taken.json()["text"], taken.json()["undo"]) == (text_of("mine"), "take")
        assert api.post(f"{COPIES}/a/undo").json()["text"] == text_of("hers")
    with http(bank.db, "sam") as api:
        assert api.post(url).status_code == 404
    assert Desk(bank).copy("a").text == text_of("mine")
    assert Desk(bank, ADMIN).exists("a") is False
