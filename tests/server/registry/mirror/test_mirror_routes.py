"""The mirror over HTTP: who may do what, what is refused, and that nothing secret comes out anywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from bank import STRANGER, VIEWER
from mirrored import Mirrored, prompt_text
from starlette.testclient import TestClient

from promptops_server.audit.tables import audit_event
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.tables import outbox
from promptops_server.registry.mirror.credentials import SEALED_FOR
from promptops_server.registry.mirror.hosts import HostRules
from promptops_server.registry.mirror.tables import mirror, mirror_ref

PATH = "/projects/bank/mirror"
URL = "https://git.example.com/bank/prompts.git"
PASSWORD = "pa55word-nobody-may-see"
GIVEN = {"kind": "password", "user": "robot", "password": PASSWORD}


@pytest.fixture
def open_bank(bank: Mirrored) -> Mirrored:
    """A bank whose operator allows every public host; names resolve without a network."""
    bank.with_limits(hosts=HostRules(), lookup=lambda host, port: ["140.82.112.3"])
    return bank


def test_an_administrator_sets_sees_changes_and_removes_it(open_bank: Mirrored) -> None:
    api = open_bank.client()
    assert api.get(PATH).json()["type"] == "urn:promptops:problem:no-mirror"
    assert api.get(f"{PATH}s").json() == {"items": [], "next": None}
    made = api.put(PATH, json={"url": URL, "credentials": GIVEN})
    assert made.status_code == 201
    assert made.json()["state"] == "pending"
    assert made.json()["credentials"] == {
        "kind": "password",
        "user": "robot",
        "public_key": "",
        "fingerprint": "",
        "host_keys": [],
    }
    assert api.get(f"{PATH}s").json()["items"] == [made.json()]
    tag = made.headers["etag"]
    paused = api.put(PATH, json={"url": URL, "enabled": False}, headers={"If-Match": tag})
    assert paused.status_code == 200
    assert paused.json()["state"] == "paused"
    assert paused.json()["credentials"]["user"] == "robot", "kept"
    stale = api.put(PATH, json={"url": URL}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["current"]) == (409, "m2")
    assert api.post(f"{PATH}/push").json()["type"].endswith("mirror-paused")
    assert api.delete(PATH).status_code == 204
    assert api.delete(PATH).status_code == 404
    assert open_bank.rows_of(mirror) == []
    assert open_bank.events("mirror.set") == ["bank", "bank"]
    assert open_bank.events("mirror.remove") == ["bank"]


def test_whoever_reads_the_project_sees_the_state_and_changes_nothing(open_bank: Mirrored) -> None:
    open_bank.client().put(PATH, json={"url": URL, "credentials": GIVEN})
    viewer = open_bank.client(VIEWER.name)
    assert viewer.get(PATH).json()["state"] == "pending"
    assert viewer.get(f"{PATH}/refs").json() == {"items": [], "next": None}
    for answer in _changes(viewer):
        assert answer.status_code == 403, answer.request.url
        assert "manage mirrors" in answer.json()["detail"]
    stranger = open_bank.client(STRANGER.name)
    for answer in (stranger.get(PATH), stranger.get(f"{PATH}/refs"), *_changes(stranger)):
        assert answer.status_code == 404, answer.request.url
    author = open_bank.client("ben")
    assert author.put(PATH, json={"url": URL}).status_code == 403


def _changes(api: TestClient) -> list[Any]:
    return [
        api.put(PATH, json={"url": URL}),
        api.delete(PATH),
        api.post(f"{PATH}/push"),
        api.post(f"{PATH}/overwrite", json={"refs": {"refs/heads/main": "0" * 40}}),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"url": "https://robot:pw-in-url@git.example.com/x.git"}, "must not hold a user"),
        ({"url": "https://pw-in-url@git.example.com/x.git"}, "must not hold a user"),
        ({"url": "ssh://git:pw-in-url@git.example.com/x.git"}, "must not hold a user"),
        ({"url": "https://git.example.com/x.git?token=pw-in-url"}, "no ? and no #"),
        ({"url": "file:///srv/git/x.git"}, "is no way to a mirror"),
        ({"url": "/srv/git/x.git"}, "is no address"),
        ({"url": "https://git.example.com"}, "names no repository"),
        ({"url": "https://git.example.com:port/x"}, "host:port"),
        ({"url": "git@git.example.com:-oProxyCommand=x"}, "starts with a dash"),
        ({"url": "git@git.example.com:bank.git"}, "needs a private key"),
        (
            {"url": URL, "credentials": {"kind": "password", "user": "a:b", "password": "x"}},
            "colon",
        ),
        (
            {"url": URL, "credentials": {"kind": "password", "user": "a", "password": "x\n"}},
            "control",
        ),
        ({"url": URL, "credentials": {"kind": "magic"}}, "credentials"),
        ({"url": URL, "nonsense": 1}, "nonsense"),
        ({"url": ""}, "url"),
        ({}, "url"),
        (
            {"url": URL, "credentials": {"kind": "ssh_key", "private_key": "x", "known_host": "y"}},
            "SSH mirror only",
        ),
        (
            {
                "url": "git@git.example.com:x",
                "credentials": {"kind": "ssh_key", "private_key": "pw-in-url", "known_host": ""},
            },
            "no SSH private key",
        ),
    ],
)
def test_bad_input_is_refused_in_words_without_repeating_secrets(
    small_open_bank: Mirrored, body: dict[str, Any], said: str
) -> None:
    answer = small_open_bank.client().put(PATH, json=body)
    assert answer.status_code == 422
    assert said in answer.text
    assert "pw-in-url" not in answer.text
    assert small_open_bank.rows_of(mirror) == []


@pytest.fixture
def small_open_bank(small_bank: Mirrored) -> Mirrored:
    """The same on SQLite alone."""
    small_bank.with_limits(
        hosts=HostRules(), plain_http=False, lookup=lambda host, port: ["140.82.112.3"]
    )
    return small_bank


def test_plain_http_needs_the_operator(small_open_bank: Mirrored) -> None:
    answer = small_open_bank.client().put(PATH, json={"url": "http://git.example.com/x.git"})
    assert answer.status_code == 422
    assert "mirror.allow_plain_http" in answer.json()["remedy"]


def test_private_hosts_need_the_operator(small_open_bank: Mirrored) -> None:
    small_open_bank.with_limits(lookup=lambda host, port: ["10.1.2.3"])
    answer = small_open_bank.client().put(PATH, json={"url": URL})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:promptops:problem:mirror-host-refused"
    assert "mirror.allowed_hosts" in answer.json()["remedy"]


def test_a_name_that_leads_inside_later_is_not_connected_to(small_bank: Mirrored) -> None:
    """The name is judged again at every attempt, and the connection goes to what was judged."""
    small_bank.put("claims/triage", prompt_text("one"))
    url = f"http://rebind.example.com:{small_bank.host.port}/bank.git"
    small_bank.with_limits(hosts=HostRules(), lookup=lambda host, port: ["140.82.112.3"])
    small_bank.set(url=url)
    small_bank.with_limits(lookup=lambda host, port: ["127.0.0.1"])
    failed = small_bank.settle()
    assert failed.state == "failed"
    assert failed.problem is not None and failed.problem.code == "host-refused"
    assert small_bank.host.seen == []


def test_credentials_do_not_go_to_another_host(small_open_bank: Mirrored) -> None:
    api = small_open_bank.client()
    api.put(PATH, json={"url": URL, "credentials": GIVEN})
    for other in ("https://evil.example.com/bank/prompts.git", "https://git.example.com:8443/x"):
        answer = api.put(PATH, json={"url": other})
        assert answer.status_code == 422
        assert answer.json()["type"] == "urn:promptops:problem:bad-mirror-credentials"
    assert api.put(PATH, json={"url": "https://git.example.com/other.git"}).status_code == 200
    dropped = api.put(
        PATH, json={"url": "https://evil.example.com/x", "credentials": {"kind": "none"}}
    )
    assert dropped.json()["credentials"]["kind"] == "none"


def test_overwriting_needs_the_ids_that_were_shown(small_bank: Mirrored) -> None:
    bank, main = small_bank, "refs/heads/main"
    api = bank.client()
    bank.put("claims/triage", prompt_text("one"))
    bank.set()
    bank.settle()
    refused = api.post(f"{PATH}/overwrite", json={"refs": {main: "0" * 40}})
    assert refused.status_code == 409
    assert "has not diverged" in refused.json()["detail"]
    git, path = bank.host.git, bank.host.repository()
    theirs = git("commit-tree", "-m", "theirs", "HEAD^{tree}", cwd=path)
    git("update-ref", main, theirs, cwd=path)
    bank.put("claims/triage", prompt_text("two"), parent=1)
    bank.settle()
    shown = api.get(PATH).json()
    assert shown["state"] == "diverged"
    assert shown["held"] == [
        {"ref": main, "why": "diverged", "here": bank.refs[main], "there": theirs, "reason": ""}
    ]
    wrong = api.post(f"{PATH}/overwrite", json={"refs": {main: "0" * 40}})
    assert (wrong.status_code, wrong.json()["current"]) == (409, {main: theirs})
    for bad in ({}, {"refs": {}}, {"refs": {main: "main"}}, {"refs": [main]}):
        assert api.post(f"{PATH}/overwrite", json=bad).status_code == 422
    assert bank.events("mirror.overwrite") == []
    done = api.post(f"{PATH}/overwrite", json={"refs": {main: theirs}})
    assert (done.status_code, done.json()["state"]) == (202, "pending")
    bank.settle()
    assert bank.host.refs() == bank.refs
    assert bank.events("mirror.overwrite") == ["bank"]


def test_pushed_refs_are_listed_page_by_page(bank: Mirrored) -> None:
    bank.put("claims/triage", prompt_text("one"))
    tip = bank.refs["refs/heads/main"]
    for number in range(5):
        bank.move(f"refs/tags/v{number}", None, tip)
    bank.set()
    bank.settle()
    api = bank.client(VIEWER.name)
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get(
            f"{PATH}/refs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
        )
        assert len(page.json()["items"]) <= 2
        seen += [item["ref"] for item in page.json()["items"]]
        cursor = page.json()["next"]
        if not cursor:
            break
    assert seen == ["refs/heads/main", *(f"refs/tags/v{n}" for n in range(5))]
    shown = api.get(PATH).json()
    assert (shown["refs"], shown["main"], shown["state"]) == (6, tip, "ok")
    bank.move("refs/tags/v9", None, tip)
    assert api.get(PATH).json()["state"] == "pending"
    assert api.get(f"{PATH}/refs", params={"cursor": "nonsense"}).status_code == 400


def test_the_password_is_nowhere_in_the_clear(
    bank: Mirrored, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even when the host echoes it."""
    bank.put("claims/triage", prompt_text("one"))
    bank.host.password = PASSWORD
    hook = bank.host.repository() / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\necho 'no entry with {PASSWORD}' >&2\nexit 1\n")
    hook.chmod(0o755)
    api = bank.client()
    answers = [
        api.put(PATH, json={"url": bank.host.url(), "credentials": {**GIVEN, "user": "mirror"}}),
    ]
    assert bank.settle().state == "failed"
    answers += [api.get(PATH), api.get(f"{PATH}/refs"), api.post(f"{PATH}/push")]
    bank.settle()
    answers += [api.put(PATH, json={"url": URL}), api.delete(PATH)]
    said = "".join(answer.text for answer in answers)
    assert "no entry with ********" in said
    stored = json.dumps(
        [bank.rows_of(t) for t in (mirror, mirror_ref, audit_event, outbox)], default=repr
    )
    printed = capsys.readouterr()
    for text in (said, stored, caplog.text, printed.out, printed.err):
        assert PASSWORD not in text
    sent = [headers for _, _, headers in bank.host.seen]
    assert all(PASSWORD not in path for _, path, _ in bank.host.seen)
    assert any("Authorization" in headers for headers in sent), "it does go where it belongs"


def test_another_installation_secret_is_told(small_bank: Mirrored) -> None:
    small_bank.put("claims/triage", prompt_text("one"))
    small_bank.set()
    small_bank.deps = replace(
        small_bank.deps, sealer=Sealer(b"another secret, long enough too", SEALED_FOR)
    )
    failed = small_bank.settle()
    assert failed.problem is not None and failed.problem.code == "sealed"
    assert small_bank.host.seen == []
