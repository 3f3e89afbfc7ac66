"""The command line against a real server, as its users walk through it."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.cli import Cli, prompt_text
from support.server import BIN, RunningServer

PROJECT = "retail-bank"
TRIAGE = f"{PROJECT}/claims/triage"


def test_the_whole_way(
    cli: Cli, server: RunningServer, token: str, tmp_path: Path, config_file: Path
) -> None:
    signed = cli("--url", server.url, "login", "--token-stdin", stdin=f"{token}\n")
    assert signed.code == 0, signed.err
    assert token in config_file.read_text()
    assert token not in signed.out + signed.err
    me = cli("whoami")
    assert me.code == 0
    assert "maya" in me.out

    assert cli("project", "create", PROJECT, "--title", "Retail bank").code == 0
    assert PROJECT in cli("project", "list").out
    assert "staging, production" in cli("project", "show", PROJECT).out

    (tmp_path / "letters.csv").write_text(
        "title,body,kind,price\nApology,Dear {{ name }},letter,1\nApology,Again,letter,2\n"
    )
    imported = cli(
        *("import", str(tmp_path / "letters.csv"), "--project", PROJECT, "--module", "letters"),
        *("--name-column", "title", "--text-column", "body", "--tag-column", "kind"),
    )
    assert imported.code == 0, imported.err
    assert imported.out == f"{PROJECT}: 2 created, 1 left behind.\n"  # the column `price`
    assert "letters/apology-2" in imported.err

    file = tmp_path / "triage.prompt.yml"
    file.write_text(prompt_text("1"))
    put = cli("prompt", "put", str(file), TRIAGE, "--message", "First")
    assert put.out == f"{TRIAGE} is version 1 now.\n"
    listed = cli("prompt", "list", PROJECT).out.splitlines()
    assert [line.split("\t")[:2] for line in listed] == [
        ["claims/triage", "@1"],
        ["letters/apology", "@1"],
        ["letters/apology-2", "@1"],
    ]

    shown = tmp_path / "mine.prompt.yml"
    kept = cli("prompt", "show", TRIAGE, "-o", str(shown))
    assert "--parent 1" in kept.err
    assert shown.read_text() == prompt_text("1")
    file.write_text(prompt_text("2, by another"))
    assert cli("prompt", "put", str(file), TRIAGE).code == 0
    shown.write_text(prompt_text("2, mine"))
    conflict = cli("prompt", "put", str(shown), TRIAGE, "--parent", "1")
    assert conflict.code == 1
    assert "-    content: You sort claims, edition 2, by another." in conflict.err
    assert "+    content: You sort claims, edition 2, mine." in conflict.err
    assert f"promptops prompt put {shown} {TRIAGE} --parent 2" in conflict.err
    assert cli("prompt", "put", str(shown), TRIAGE, "--parent", "2").code == 0

    published = cli("publish", f"{TRIAGE}@1", "--to", "staging", "--reason", "First", "--json")
    assert published.code == 0, published.err
    assert (published.json["number"], published.json["delivery"]) == (1, "applied")
    assert cli("publish", PROJECT, "--to", "staging", "--reason", "All of it").code == 0
    live = cli("env", "show", f"{PROJECT}@staging")
    assert [line.split("\t")[:3] for line in live.out.splitlines()] == [
        ["claims/triage", "@3", "live"],
        ["letters/apology", "@1", "live"],
        ["letters/apology-2", "@1", "live"],
    ]
    earlier = cli("env", "show", f"{PROJECT}@staging", "--at", "r1", "--json").json
    assert [(i["path"], i["version"]) for i in earlier["items"]] == [("claims/triage", 1)]

    got = cli("get", f"{TRIAGE}@staging", "--json")
    assert got.code == 0, got.err
    assert (got.json["version"], got.json["release"]) == (3, 2)
    rendered = cli("get", f"{TRIAGE}@staging", "-i", "claim=A tree", "-i", "urgent=true")
    assert "A tree (true)" in rendered.out

    back = cli("rollback", TRIAGE, "--in", "staging", "--reason", "Wrong tone")
    assert back.code == 0, back.err
    assert "claims/triage @3 → @1: goes back" in back.out
    assert cli("get", f"{TRIAGE}@staging", "--json").json["version"] == 1
    whole = cli("rollback", PROJECT, "--in", "staging", "--to", "r1", "--reason", "All back")
    assert whole.code == 0, whole.err

    stopped = cli("suspend", TRIAGE, "--in", "staging", "--reason", "Complaint 4711")
    assert stopped.code == 0, stopped.err
    refused = cli("get", f"{TRIAGE}@staging", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert refused.problem["reason"] == "Complaint 4711"
    releases = cli("releases", PROJECT, "--in", "staging", "--json").json["items"]
    assert [r["kind"] for r in releases] == [
        *("suspend", "rollback", "rollback", "publish", "publish")
    ]
    log = cli("audit", "log", "--project", PROJECT, "--action", "release.*").out
    assert len(log.splitlines()) == 5
    assert "Complaint 4711" in log

    assert cli("logout").code == 0
    assert token not in config_file.read_text()
    assert cli("whoami").code == 2


def test_a_password_is_exchanged_for_a_token_of_this_machine(
    signed_in: Cli,
    cli: Cli,
    server: RunningServer,
    config_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = signed_in("user", "create", "anna", "--password-stdin", stdin="correct horse battery\n")
    assert made.code == 0, made.err
    assert signed_in("user", "grant", "anna", "author").code == 0
    assert "author on *" in signed_in("user", "list").out
    monkeypatch.delenv("PROMPTOPS_TOKEN")
    wrong = cli("login", "--user", "anna", "--password-stdin", stdin="wrong\n")
    assert wrong.code == 2
    assert not config_file.exists()
    done = cli("login", "--user", "anna", "--password-stdin", stdin="correct horse battery\n")
    assert done.code == 0, done.err
    assert "correct horse" not in config_file.read_text()
    mine = cli("token", "list", "--json").json["items"]
    assert [t["name"].startswith("promptops on ") for t in mine] == [True]
    assert cli("whoami", "--json").json["name"] == "anna"
    # logging out revokes it, not only forgets it
    kept = config_file.read_text()
    assert cli("logout", "--json").json["revoked"] is True
    config_file.write_text(kept)
    assert cli("whoami").code == 2


def test_a_wrong_token_is_bad_input_that_says_where_it_came_from(
    signed_in: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTOPS_TOKEN", "nonsense")
    for words in (["whoami"], ["project", "list"], ["get", "x/y@staging"]):
        done = signed_in(*words, "--json")
        assert done.code == 2, (words, done.err)
        assert done.problem["token_from"] == "PROMPTOPS_TOKEN"


def test_tokens_are_made_narrow_and_revoked(signed_in: Cli, project: str) -> None:
    made = signed_in("token", "create", "ci", "--role", "author", "-p", project)
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert secret
    assert secret not in made.err
    listed = signed_in("token", "list", "--json").json["items"]
    one = next(t for t in listed if t["name"] == "ci" and t["project"] == project)
    assert secret not in str(listed)
    assert signed_in("token", "revoke", one["id"]).code == 0
    assert "revoked" in signed_in("token", "list").out
    assert signed_in("token", "revoke", "nothing").code == 2


@pytest.mark.usefixtures("open_production")
def test_publishing_a_module_leaves_invalid_prompts_out_and_promotes_what_is_live(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    folder = tmp_path / "prompts" / "claims"
    folder.mkdir(parents=True)
    (folder / "good.prompt.yml").write_text("messages:\n  - role: user\n    content: hi\n")
    (folder / "broken.prompt.yml").write_text("messages: 3\n")
    refused = signed_in("import", str(folder.parent), "-p", project)
    assert refused.code == 1
    assert "1 of 2 prompts were refused" in refused.err
    assert "claims/broken.prompt.yml:1:" in refused.err
    allowed = signed_in("import", str(folder.parent), "-p", project, "--allow-invalid", "--json")
    assert allowed.code == 0, allowed.err
    assert allowed.json["counts"] == {"created": 1, "unchanged": 1}
    put(f"{project}/cards/limit", prompt_text("1"))

    module = signed_in("publish", f"{project}/claims", "--to", "staging", "-r", "Claims", "--json")
    assert module.code == 0, module.err
    assert [p["path"] for p in module.json["prompts"]] == ["claims/good"]
    left = signed_in(
        "publish", f"{project}/claims/", "--to", "staging", "-r", "Claims", "--dry-run"
    )
    assert "claims/broken" in left.err
    again = signed_in("publish", f"{project}/claims/good", "--to", "staging", "-r", "Claims")
    assert again.code == 1
    assert signed_in("publish", f"{project}/none", "--to", "staging", "-r", "why").code == 2
    assert signed_in("publish", f"{project}/cards", "--to", "nowhere", "-r", "why").code == 2

    promoted = signed_in("publish", f"{project}@staging", "--to", "production", "-r", "Promote")
    assert promoted.code == 0, promoted.err
    assert "claims/good nothing → @1: goes live" in promoted.out
    gone = signed_in("unpublish", f"{project}/claims/good", "--in", "production", "-r", "Not yet")
    assert gone.code == 0, gone.err
    assert signed_in("get", f"{project}/claims/good@production").code == 1


def test_a_dry_run_changes_nothing_and_tells_what_is_missing(
    signed_in: Cli, project: str, put: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(f"{project}/a", prompt_text("1"))
    shown = signed_in("publish", f"{project}/a", "--to", "staging", "--dry-run")
    assert shown.code == 0, shown.err
    assert "a\tnothing → @1\tgoes live" in shown.out
    assert "+description: Sorts claims" in shown.out
    assert signed_in("releases", project, "--in", "staging", "--json").json["items"] == []

    author = signed_in("token", "create", "author", "--role", "author", "-p", project).out.strip()
    monkeypatch.setenv("PROMPTOPS_TOKEN", author)
    dry = signed_in("publish", f"{project}/a", "--to", "production", "--dry-run", "--json")
    assert dry.code == 1
    assert dry.problem["unmet"]
    denied = signed_in("publish", f"{project}/a", "--to", "production", "-r", "why", "--json")
    assert (denied.code, denied.problem["status"]) == (1, 403)


def test_an_application_reads_with_a_token_for_its_environment_only(
    signed_in: Cli,
    server: RunningServer,
    project: str,
    put: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(f"{project}/a", prompt_text("1"))
    assert signed_in("publish", f"{project}/a", "--to", "staging", "-r", "why").code == 0
    made = signed_in("token", "create", "app", "-p", project, "-e", "staging")
    monkeypatch.setenv("PROMPTOPS_TOKEN", made.out.strip())
    got = signed_in("get", f"{project}/a@staging", "--json")
    assert got.code == 0, got.err
    assert got.json["inputs"]["claim"]["type"] == "string"
    assert signed_in("get", f"{project}/b@staging").code == 1
    assert signed_in("get", f"{project}/a@production").code in (1, 2)
    assert signed_in("get", f"{project}/a@production", "--json").problem["status"] in (403, 404)
    assert signed_in("publish", f"{project}/a@1", "--to", "staging", "-r", "why").code in (1, 2)


def test_a_publish_whose_answer_got_lost_is_made_once(
    signed_in: Cli,
    server: RunningServer,
    project: str,
    put: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(f"{project}/a", prompt_text("1"))
    with losing_the_first_answer(server.port) as port:
        monkeypatch.setenv("PROMPTOPS_URL", f"http://127.0.0.1:{port}")
        done = signed_in("publish", f"{project}/a@1", "--to", "staging", "-r", "why", "--json")
    assert done.code == 0, done.err
    assert done.json["number"] == 1
    monkeypatch.setenv("PROMPTOPS_URL", server.url)
    listed = signed_in("releases", project, "--in", "staging", "--json").json["items"]
    assert [r["number"] for r in listed] == [1]


@contextlib.contextmanager
def losing_the_first_answer(port: int) -> Iterator[int]:
    """A connection to a server that breaks once, after the request and before its answer."""

    def relay(lose: bool) -> None:
        near, _ = entrance.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            request = b""
            while b"\r\n\r\n" not in request:
                request += near.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            while len(body) < length:
                piece = near.recv(65536)
                request, body = request + piece, body + piece
            far.sendall(request)
            answer = far.recv(65536)  # it is done on the server's side
            if lose:
                return
            near.sendall(answer)
            while near not in select.select([near, far], [], [])[0]:  # until the client closes
                near.sendall(far.recv(65536))

    def serve() -> None:
        relay(lose=True)
        relay(lose=False)

    with socket.create_server(("127.0.0.1", 0)) as entrance:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield entrance.getsockname()[1]
    thread.join(10)


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("answer", "code", "releases"), [("y\n", 0, 1), ("n\n", 1, 0)])
def test_at_a_terminal_it_shows_the_change_and_asks(
    answer: str,
    code: int,
    releases: int,
    signed_in: Cli,
    project: str,
    put: Callable[..., int],
) -> None:
    put(f"{project}/a", prompt_text("1"))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(BIN / "promptops"), "publish", f"{project}/a", "--to", "staging", "-r", "why"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(20) == code
    assert f"Publish this to {project}@staging?".encode() in shown
    assert b"\x1b[32m+description: Sorts claims" in shown
    listed = signed_in("releases", project, "--in", "staging", "--json").json["items"]
    assert len(listed) == releases


def test_a_reader_that_takes_one_line_hears_nothing_more(signed_in: Cli, project: str) -> None:
    script = f'"{BIN / "promptops"}" audit log --limit 500; echo "code $?" >&2'
    done = subprocess.run(
        ["/bin/sh", "-c", f"({script}) | true"], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_person_without_a_password_gets_one_later(
    signed_in: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = signed_in("user", "create", "clara")
    assert made.code == 0
    assert "promptops user password clara" in made.err
    asked = signed_in("user", "password", "clara")
    assert asked.code == 2
    assert "--password-stdin" in asked.err
    short = signed_in("user", "password", "clara", "--password-stdin", stdin="short\n")
    assert short.code == 2
    assert "12" in short.err
    for secret in ("correct horse battery", "another horse battery"):
        done = signed_in("user", "password", "clara", "--password-stdin", stdin=f"{secret}\n")
        assert (done.code, done.out) == (0, "The password of clara is set.\n"), done.err
    monkeypatch.delenv("PROMPTOPS_TOKEN")
    old = signed_in("login", "--user", "clara", "--password-stdin", stdin="correct horse battery\n")
    assert old.code == 2
    new = signed_in("login", "--user", "clara", "--password-stdin", stdin="another horse battery\n")
    assert new.code == 0


def test_an_environment_is_said_in_one_word_or_two(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    put(f"{project}/a", prompt_text("1"))
    assert signed_in("publish", f"{project}/a", "--to", "staging", "-r", "why").code == 0
    for command in ("env show", "releases"):
        one = signed_in(*command.split(), f"{project}@staging")
        two = signed_in(*command.split(), project, "staging")
        assert one.code == two.code == 0
        assert "a" in one.out
        assert (one.out, one.err) == (two.out, two.err)
    assert signed_in("releases", project, "--in", "staging").out == one.out
    for wrong in (
        ("env", "show", project),
        ("env", "show", f"{project}@staging", "staging"),
        ("releases", project),
        ("releases", project, "staging", "--in", "staging"),
    ):
        assert signed_in(*wrong).code == 2, wrong
    assert signed_in("env", "create", project, "canary").code == 0
    assert "canary" in signed_in("env", "list", project).out


def test_a_dry_run_of_an_import_refuses_what_the_import_refuses(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    good = "messages:\n  - role: user\n    content: hi\n"
    put(f"{project}/Claims/Triage", good)
    put(f"{project}/same", good)
    put(f"{project}/other", good)
    files = {
        "claims/new": good,
        "Claims/triage": good,
        "bad/yaml": "messages: [\n",
        "bad/role": good.replace("user", "boss"),
        "same": good,
        "other": good.replace("hi", "ho"),
        "fine": good,
    }
    folder = tmp_path / "folder"
    for name, text in files.items():
        file = folder / f"{name}.prompt.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for options in (["--on-conflict", "refuse"], ["--on-conflict", "skip", "--allow-invalid"], []):
        words = ("import", str(folder), "-p", project, "--json", *options)
        dry = signed_in(*words, "--dry-run")
        real = signed_in(*words)
        refused = {i["path"]: i["reason"] for i in dry.json["items"] if "reason" in i}
        assert set(refused) == {
            i["path"] for i in real.json["items"] if i["result"] == "refused"
        }, options
        assert dry.code == real.code == (1 if refused else 0)
        told = {e["file"] for e in dry.problem["errors"]}
        if "--allow-invalid" not in options:
            assert {"bad/yaml.prompt.yml", "bad/role.prompt.yml"} <= told
