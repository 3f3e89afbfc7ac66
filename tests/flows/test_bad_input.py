"""Bad input over HTTP, on both databases: a clear 4xx that says what to do, nothing stored, and the server goes on."""

from __future__ import annotations

import base64
import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.server import RunningServer, untroubled

PROMPT = b"messages:\n  - role: user\n    content: Sort {{ claim }}\n"
YAML = {"content-type": "application/yaml"}
JSON = {"content-type": "application/json"}
PROJECT = "/api/v1/projects/bank"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def bank(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[RunningServer]:
    """A server with project `bank`, one prompt of two versions, the first of them live in staging."""
    folder = tmp_path_factory.mktemp("bad-input")
    with untroubled(request, folder, f"bad_input_{worker_id}") as server:
        with client_of(server) as api:
            assert api.post("/api/v1/projects", json={"name": "bank"}).status_code == 201
            path = f"{PROJECT}/prompts/claims/triage"
            assert api.put(path, content=PROMPT, headers=YAML).is_success
            pick = {"prompts": [{"path": "claims/triage"}], "reason": "First"}
            assert api.post(f"{PROJECT}/environments/staging/releases", json=pick).is_success
            changed = {**YAML, "if-match": '"v1"'}
            assert api.put(path, content=PROMPT + b"# two\n", headers=changed).is_success
        yield server


@pytest.fixture
def api(bank: RunningServer) -> Iterator[httpx2.Client]:
    """An administrator's client; the server must still be ready after the test."""
    with client_of(bank) as client:
        yield client
        assert client.get("/readyz").status_code == 200


def client_of(server: RunningServer) -> httpx2.Client:
    token = server.env.get("TEST_TOKEN") or server.token("root", "admin")
    server.env["TEST_TOKEN"] = token
    return httpx2.Client(
        base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=30
    )


def refused(response: httpx2.Response, *statuses: int) -> dict[str, Any]:
    """The problem document of a refusal that says what was wrong and what to do."""
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == response.status_code
    assert document["detail"] and document["request_id"]
    assert document.get("remedy") or document.get("errors"), document
    return document


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/projects/a%00b",
        PROJECT + "/prompts/a%00b",
        PROJECT + "/prompts?tag=a%00b",
        PROJECT + "/prompts?q=%00",
        "/api/v1/audit/events?project=a%00",
        "/api/v1/audit/events?object=%00",
        "/api/v1/grants?project=%00",
        "/delivery/v1/a%00b/staging",
        "/delivery/v1/bank/a%00",
        "/delivery/v1/bank/staging/artifacts/%00",
    ],
)
def test_nul_in_an_address_is_refused(api: httpx2.Client, address: str) -> None:
    assert refused(api.get(address), 400)["type"].endswith(":bad-address")


def test_nul_in_a_git_address_and_in_a_user_name_is_refused(
    bank: RunningServer, api: httpx2.Client
) -> None:
    refused(api.get("/git/a%00.git/info/refs?service=git-upload-pack"), 400)
    answer = httpx2.get(f"{bank.url}/api/v1/me", auth=("a\0b", "a long pass phrase"))
    refused(answer, 401)


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


LISTS = [
    "/api/v1/users",
    "/api/v1/tokens",
    "/api/v1/projects",
    "/api/v1/audit/events",
    PROJECT + "/prompts",
    PROJECT + "/prompts?q=sort",
    PROJECT + "/modules",
    PROJECT + "/versions/claims/triage",
    PROJECT + "/environments/staging",
    PROJECT + "/environments/staging/releases",
]


@pytest.mark.parametrize("address", LISTS)
def test_a_cursor_that_the_list_did_not_give_out_is_refused(
    api: httpx2.Client, address: str
) -> None:
    forged = ["[]", "[true]", '["\\u0000"]', '["\\ud800"]', f"[{10**30}]", f"[{-(10**30)},0]"]
    forged += ["[1.5]", "{}", "3", "[" * 3000, '["a","b","c"]']
    for text in forged:
        answer = api.get(address, params={**params_of(address), "cursor": cursor(text)})
        assert refused(answer, 400)["type"].endswith(":bad-cursor")
    for text in ("é", "a" * 10_000, "!"):
        refused(api.get(address, params={**params_of(address), "cursor": text}), 400)
    for limit in ("-1", "0", "501", "1e3", "9" * 30, "", "true"):
        refused(api.get(address, params={**params_of(address), "limit": limit}), 422)


def params_of(address: str) -> dict[str, str]:
    return dict(p.split("=") for p in address.partition("?")[2].split("&") if p)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "a\x1b[2Jb", "two\nlines", "a\x9b"], ids=ascii)
def test_control_characters_in_names_are_refused_and_nothing_is_stored(
    api: httpx2.Client, text: str
) -> None:
    def post(address: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = api.post(address, content=json.dumps(body).encode(), headers=JSON)
        return refused(answer, 400, 422)

    post("/api/v1/projects", {"name": "other", "title": text})
    post("/api/v1/users", {"name": "eve", "display_name": text})
    post("/api/v1/users", {"name": "eve", "email": text})
    post("/api/v1/users", {"name": "eve", "password": "long enough " + text})
    post("/api/v1/tokens", {"name": text})
    post("/api/v1/tokens", {"name": "x", "project": text, "environment": "staging"})
    post("/api/v1/grants", {"user": text, "project": "bank", "role": "author"})
    assert api.get("/api/v1/projects/other").status_code == 404
    assert "eve" not in [u["name"] for u in api.get("/api/v1/users").json()["items"]]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "a\x1b[2Jb", "a\x9b"], ids=ascii)
def test_a_message_or_reason_is_plain_text(api: httpx2.Client, text: str) -> None:
    sent = json.dumps({"content": PROMPT.decode(), "message": text}).encode()
    refused(api.put(f"{PROJECT}/prompts/claims/other", content=sent, headers=JSON), 400)
    assert api.get(f"{PROJECT}/prompts/claims/other").status_code == 404
    body = json.dumps({"prompts": [{"path": "claims/triage"}], "reason": text + "long enough"})
    answer = api.post(
        f"{PROJECT}/environments/staging/releases", content=body.encode(), headers=JSON
    )
    refused(answer, 422)
    assert api.get(f"{PROJECT}/environments/staging").json()["release"] == 1


def test_a_grant_names_a_project_of_possible_length(api: httpx2.Client) -> None:
    body = {"user": "root", "project": "a" * 5000, "role": "author"}
    refused(api.post("/api/v1/grants", json=body), 422)


def test_the_last_administrator_cannot_lock_everybody_out(api: httpx2.Client) -> None:
    document = refused(api.patch("/api/v1/users/root", json={"active": False}), 409)
    assert document["type"].endswith(":self-deactivation")
    assert api.get("/api/v1/me").status_code == 200


def test_a_method_that_is_not_offered_names_those_that_are(api: httpx2.Client) -> None:
    document = refused(api.patch("/api/v1/projects"), 405)
    assert "GET" in document["remedy"] and "POST" in document["remedy"]
    refused(api.delete("/delivery/v1/bank/staging"), 405)


def test_a_body_that_is_no_json_says_so(api: httpx2.Client) -> None:
    for body in (b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 50_000, b"9" * 6000, b"null"):
        refused(api.post("/api/v1/projects", content=body, headers=JSON), 400, 422)
        answer = api.put(f"{PROJECT}/prompts/claims/bad", content=body, headers=JSON)
        refused(answer, 400, 422)


def test_a_token_is_not_made_for_a_deactivated_user(
    bank: RunningServer, api: httpx2.Client, tmp_path: Path
) -> None:
    assert api.post("/api/v1/users", json={"name": "gone"}).status_code in (201, 409)
    assert api.patch("/api/v1/users/gone", json={"active": False}).status_code == 200
    with pytest.raises(Exception, match="is deactivated"):
        bank.token("gone", "admin")


@pytest.mark.parametrize("sent", [b"Basic \xff\xfe==", b"Basic =", b"Bearer \xff", b"Basic /w=="])
def test_credentials_that_are_no_text_are_refused(bank: RunningServer, sent: bytes) -> None:
    refused(httpx2.get(f"{bank.url}/api/v1/me", headers={b"authorization": sent}), 401)


def at_once(calls: list[Callable[[], httpx2.Response]]) -> Counter[int]:
    """How many of the calls, made at the same moment, had which status."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(future.result().status_code for future in [pool.submit(c) for c in calls])


def test_of_many_who_make_the_same_thing_at_once_one_wins_and_the_others_are_told(
    bank: RunningServer,
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(client_of(bank)) for _ in range(8)]

        def all_of(address: str, body: dict[str, Any], key: str = "") -> Counter[int]:
            headers = {"idempotency-key": key} if key else {}
            return at_once([partial(c.post, address, json=body, headers=headers) for c in clients])

        for n in range(3):
            assert all_of("/api/v1/projects", {"name": f"race-{n}"}) == {201: 1, 409: 7}
            assert all_of("/api/v1/projects", {"name": f"same-{n}"}, key=f"same-{n}") == {201: 8}
            assert all_of("/api/v1/users", {"name": f"racer-{n}"}) == {201: 1, 409: 7}
            body = {"user": f"racer-{n}", "project": "bank", "role": "author"}
            assert all_of("/api/v1/grants", body) == {201: 8}
            body = {"name": f"canary-{n}"}
            assert all_of(f"{PROJECT}/environments", body) == {201: 1, 409: 7}
        grants = clients[0].get("/api/v1/grants", params={"project": "bank"}).json()["items"]
        assert [g["user"] for g in grants].count("racer-0") == 1


def test_endless_headers_are_cut_off_and_ordinary_ones_are_not(
    bank: RunningServer, api: httpx2.Client
) -> None:
    with socket.create_connection(("127.0.0.1", bank.port), timeout=10) as connection:
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nX-Long: ")
        with suppress(ConnectionError):
            for _ in range(200):
                connection.sendall(b"a" * 65_536)
        answer = b""
        with suppress(ConnectionError):  # it may have been closed before the refusal was read
            answer = connection.recv(4096)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert api.get("/readyz", headers={"x-long": "a" * 50_000}).status_code == 200
    for _ in range(3):  # a long body does not count, nor do the requests before on a connection
        long = b"x" * 1_500_000
        refused(api.put(f"{PROJECT}/prompts/a/b", content=long, headers=YAML), 413)


def test_a_request_cut_off_in_its_body_stores_nothing(
    bank: RunningServer, api: httpx2.Client
) -> None:
    head = (
        f"PUT {PROJECT}/prompts/cut/off HTTP/1.1\r\nHost: x\r\nContent-Type: application/yaml\r\n"
        f"Authorization: Bearer {bank.env['TEST_TOKEN']}\r\n"
    ).encode()
    size = b"%x\r\n" % len(PROMPT)
    for rest in (
        b"Content-Length: 500\r\n\r\n" + PROMPT,
        b"Transfer-Encoding: chunked\r\n\r\n" + size + PROMPT + b"\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + size + PROMPT[:10],
    ):
        with socket.create_connection(("127.0.0.1", bank.port), timeout=10) as connection:
            connection.sendall(head + rest)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(4096) == b""
    assert api.get(f"{PROJECT}/prompts/cut/off").status_code == 404
