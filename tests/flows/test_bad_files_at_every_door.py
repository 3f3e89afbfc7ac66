"""Bad prompt files at every door (API, import, preview, Git, command line): refused with the place, nothing kept."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.server import BIN, RunningServer, untroubled
from support.stock_git import Git

HEAD = b"messages:\n  - role: user\n    content: hi\n"
PROJECT = "/api/v1/projects/bank"
BOMB = b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (i, i) for i in range(60))

# What is wrong: the file, the finding's code, its line.
FILES: dict[str, tuple[bytes, str, int]] = {
    "bomb": (BOMB, "anchor", 1),
    "anchor": (HEAD + b"tags: &t [a]\n", "anchor", 4),
    "alias": (HEAD + b"tags: *t\n", "alias", 4),
    "merge": (HEAD + b"record:\n  <<: *t\n", "alias", 5),
    "deep": (HEAD + b"x: " + b"[" * 40 + b"]" * 40 + b"\n", "too-deep", 4),
    "deeper": (HEAD + b"x: " + b"{a: " * 100_000, "too-deep", 4),
    "twice": (HEAD + b"name: a\nname: b\n", "duplicate-key", 5),
    "key": (HEAD + b"? [a]\n: b\n", "key-not-text", 4),
    "binary": (HEAD + b"x: !!binary aGk=\n", "tag", 4),
    "python": (HEAD + b"x: !!python/object/apply:os.system [id]\n", "tag", 4),
    "timestamp": (HEAD + b"x: !!timestamp 2026-01-01\n", "tag", 4),
    "huge": (HEAD + b"x: " + b"9" * 5000 + b"\n", "number-out-of-range", 4),
    "infinite": (HEAD + b"x: 1e999\n", "number-out-of-range", 4),
    "two": (HEAD + b"---\nname: b\n", "several-documents", 4),
    "nul": (HEAD + b"name: a\0b\n", "control-character", 4),
    "escape": (HEAD + b'name: "a\\0b"\n', "control-character", 4),
    "surrogate": (HEAD + b'name: "\\ud800"\n', "yaml-syntax", 4),
    "latin": (HEAD + b"name: caf\xe9\n", "not-utf8", 4),
    "utf16": (("\ufeff" + HEAD.decode()).encode("utf-16-le"), "not-utf8", 1),
    "type": (b"messages: 3\n", "wrong-type", 1),
    "list": (b"- a\n", "wrong-type", 1),
    "values": (HEAD + b"x: [" + b"1," * 60_000 + b"]\n", "too-many-values", 4),
    "jinja": (
        b"template: jinja2\nmessages:\n  - role: user\n    content: '{% if %}'\n",
        "jinja2-syntax",
        4,
    ),
    "empty": (b"# nothing\n", "empty-file", 1),
}
LARGE = HEAD + b"# " + b"x" * 5_000_000 + b"\n"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[RunningServer]:
    """A server with project `bank` and one prompt, so that a push is not the first."""
    folder = tmp_path_factory.mktemp("bad-files")
    with untroubled(request, folder, f"bad_files_{worker_id}") as running:
        running.env["TEST_TOKEN"] = running.token("root", "admin")
        with client_of(running) as api:
            assert api.post("/api/v1/projects", json={"name": "bank"}).is_success
            assert put(api, "good", HEAD).status_code == 201
        yield running


@pytest.fixture
def api(server: RunningServer) -> Iterator[httpx2.Client]:
    """An administrator; afterwards there is still the one prompt, at its first version."""
    with client_of(server) as client:
        yield client
        there = client.get(f"{PROJECT}/prompts", params={"archived": "any"}).json()["items"]
        assert [(item["path"], item["version"]) for item in there] == [("good", 1)]


def client_of(server: RunningServer) -> httpx2.Client:
    token = server.env["TEST_TOKEN"]
    return httpx2.Client(
        base_url=server.url, headers={"authorization": f"Bearer {token}"}, timeout=30
    )


def put(api: httpx2.Client, path: str, content: bytes) -> httpx2.Response:
    headers = {"content-type": "application/yaml"}
    return api.put(f"{PROJECT}/prompts/{path}", content=content, headers=headers)


def as_text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("name", FILES)
def test_over_http_the_place_is_told(api: httpx2.Client, name: str) -> None:
    content, code, line = FILES[name]
    answers = [put(api, "bad", content)]
    text = as_text(content)
    if text is not None:
        body: dict[str, Any] = {"content": text, "message": "M"}
        answers.append(api.put(f"{PROJECT}/prompts/bad", json=body))
        answers.append(api.post(f"{PROJECT}/render", json={"content": text}))
    for answer in answers:
        document = answer.json()
        assert answer.status_code == 422, document
        first = next(e for e in document["errors"] if e["severity"] == "error")
        assert (first["code"], first["line"]) == (code, line)
        assert first["message"] and first["column"] >= 1
    if text is not None:
        body = {
            "prompts": [
                {"path": "bad", "content": text},
                {"path": "good", "content": HEAD.decode()},
            ]
        }
        done = api.post(f"{PROJECT}/imports", json=body).json()
        assert (done["refused"], done["unchanged"]) == (1, 1)
        assert done["items"][0]["problems"][0]["code"] == code
        assert f"line {line}" in done["items"][0]["reason"]


def test_a_large_file_names_its_limit_everywhere(api: httpx2.Client) -> None:
    text = LARGE.decode()
    over_the_body = [
        put(api, "bad", LARGE),
        api.put(f"{PROJECT}/prompts/bad", json={"content": text}),
        api.post(f"{PROJECT}/render", json={"content": text}),
    ]
    for answer in over_the_body:
        assert answer.status_code == 413
        assert "limits.json_bytes" in json.dumps(answer.json())
    text = text[:2_000_000]
    for answer in (
        put(api, "bad", text.encode()),
        api.post(f"{PROJECT}/render", json={"content": text}),
    ):
        assert (answer.status_code, "1,048,576 bytes" in answer.json()["detail"]) == (413, True)
    body = {"prompts": [{"path": "bad", "content": LARGE.decode()}]}
    done = api.post(f"{PROJECT}/imports", json=body).json()
    assert "1,048,576 bytes" in done["items"][0]["reason"]


@pytest.mark.parametrize(
    "path",
    [
        *("%2e%2e/x", "a/%2e%2e/x", ".git/config", "a/.git", "a/.GIT/x", "%2e", "a%2f%2f", "a/%2e"),
        *(
            "CON/%00",
            "a\\b",
            "-rf",
            "a b",
            "ä",
            "x" * 101,
            "/".join("abcdefghijk"),
            "git~1",
            "a%0a",
        ),
        *("Good", "GOOD", "a.prompt.yml"),
    ],
)
def test_a_name_that_cannot_be_is_refused(api: httpx2.Client, path: str) -> None:
    answer = put(api, path, HEAD)
    assert answer.status_code in (400, 404, 409, 422), answer.text
    assert answer.json()["detail"]


def test_an_import_refuses_such_names_one_by_one(api: httpx2.Client) -> None:
    paths = [
        *(
            "../x",
            "a/../x",
            ".git/config",
            "a/.git",
            ".GIT/x",
            "/etc/x",
            "a//x",
            "a\\b",
            "Good",
            "a\0",
        ),
        *("a/.", "", "~/x", "C:/x", "git~1/x", "x" * 101, "a\nb", "\ud7ff", "good"),
    ]
    body = {"prompts": [{"path": path, "content": HEAD.decode() + "# new\n"} for path in paths]}
    done = api.post(f"{PROJECT}/imports", json={**body, "on_conflict": "refuse"}).json()
    assert done["refused"] == len(paths)
    assert all(item["reason"] for item in done["items"])


def test_half_a_character_in_json_is_refused(api: httpx2.Client) -> None:
    for body in (
        b'{"content": "messages:\\n  - role: user\\n    content: \\ud800\\n"}',
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"messages": [{"role": "user", "content": "x"}], "\\udfff": 1}',
    ):
        headers = {"content-type": "application/json"}
        answer = api.put(f"{PROJECT}/prompts/bad", content=body, headers=headers)
        assert answer.status_code in (400, 422), answer.text
    body = (
        b'{"prompts": [{"path": "bad", "content": "messages: [{role: user, content: \\ud800}]"}]}'
    )
    answer = api.post(
        f"{PROJECT}/imports", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422 or answer.json()["refused"] == 1


def test_a_push_names_each_file_and_its_line(
    server: RunningServer, api: httpx2.Client, tmp_path: Path
) -> None:
    git = Git(tmp_path / "home")
    tree = tmp_path / "tree"
    address = server.url.replace("http://", f"http://git:{server.env['TEST_TOKEN']}@")
    git("clone", "-q", f"{address}/git/bank.git", str(tree))
    for name, (content, _, _) in FILES.items():
        (tree / f"{name}.prompt.yml").write_bytes(content)
    git("add", "-A", cwd=tree)
    git("commit", "-q", "-m", "All that is wrong", cwd=tree)
    done = git.run("push", "origin", "main", cwd=tree)
    assert done.code != 0
    told = done.err.replace("remote: ", "")
    named = [name for name, (_, _, line) in FILES.items() if f"{name}.prompt.yml:{line}" in told]
    assert len(named) >= 10, told
    # The list is cut with a word about the rest; each file alone is named with its line.
    files = {name: FILES[name] for name in FILES if name not in named}
    for name, (content, _, line) in {**files, "large": (LARGE, "", 1)}.items():
        git("reset", "-q", "--hard", "origin/main", cwd=tree)
        (tree / f"{name}.prompt.yml").write_bytes(content)
        git("add", "-A", cwd=tree)
        git("commit", "-q", "-m", name, cwd=tree)
        done = git.run("push", "origin", "main", cwd=tree)
        assert done.code != 0
        assert f"{name}.prompt.yml:{line}" in done.err, done.err


def promptops(server: RunningServer, *arguments: str) -> tuple[int, Any, str]:
    done = subprocess.run(
        [str(BIN / "promptops"), *arguments],
        env={
            **os.environ,
            "PROMPTOPS_URL": server.url,
            "PROMPTOPS_TOKEN": server.env["TEST_TOKEN"],
        },
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or b"null"), done.stderr.decode()


def test_the_command_line_names_each_file(
    server: RunningServer, api: httpx2.Client, tmp_path: Path
) -> None:
    for name, (content, _, _) in FILES.items():
        (tmp_path / f"{name}.prompt.yml").write_bytes(content)
    (tmp_path / "large.prompt.yml").write_bytes(LARGE)
    code, linted, _ = promptops(server, "lint", str(tmp_path), "--json")
    found = {
        (Path(f["file"]).name.partition(".")[0], f["rule"].removeprefix("parse/"), f["line"])
        for f in linted["findings"]
    }
    assert code == 1
    for name, (_, wanted, line) in FILES.items():
        assert (name, wanted, line) in found, name
    assert ("large", "file-too-large", 1) in found
    code, done, told = promptops(server, "import", str(tmp_path), "-p", "bank", "--json")
    assert code == 1, told
    refused = {item["path"] for item in done["items"] if item["result"] == "refused"}
    left = {loss["where"].partition(".")[0] for loss in done["losses"]}
    assert refused | left == {*FILES, "large"}
    assert left == {"latin", "utf16", "large"}


def test_line_ends_and_a_byte_order_mark_are_kept(server: RunningServer) -> None:
    content = b"\xef\xbb\xbf" + HEAD.replace(b"\n", b"\r\n").replace(b"hi", b'"a\r\n\r\n      b"')
    with client_of(server) as api:
        made = api.post("/api/v1/projects", json={"name": "kept"})
        assert made.is_success
        headers = {"content-type": "application/yaml"}
        address = "/api/v1/projects/kept/prompts/windows"
        assert api.put(address, content=content, headers=headers).status_code == 201
        assert api.get(address, headers={"accept": "application/yaml"}).content == content
        got = api.post("/api/v1/projects/kept/render/windows", json={}).json()
        assert got["messages"] == [{"role": "user", "content": "a\nb"}]
