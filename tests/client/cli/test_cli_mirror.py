"""A project with a mirror, as an administrator runs it: every way of changing it arrives there, through crashes too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Cli, prompt_text
from support.git_http import GitHost
from support.server import RunningServer

ENV = {
    "PROMPTOPS_MIRROR_ALLOWED_HOSTS": "127.0.0.1",
    "PROMPTOPS_MIRROR_ALLOW_PLAIN_HTTP": "true",
    "PROMPTOPS_MIRROR_RETRY_FIRST_SECONDS": "0.2",
    "PROMPTOPS_MIRROR_RETRY_LONGEST_SECONDS": "0.5",
    "PROMPTOPS_JOBS_POLL_SECONDS": "0.1",
    "PROMPTOPS_LOG_FORMAT": "json",
}


def test_whatever_changes_a_project_reaches_its_mirror(
    start_server: Callable[..., RunningServer],
    git_host: GitHost,
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = start_server(env=dict(ENV))
    token = server.token("maya", "admin")
    monkeypatch.setenv("PROMPTOPS_URL", server.url)
    monkeypatch.setenv("PROMPTOPS_TOKEN", token)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert cli("project", "create", "bank").code == 0
    password = git_host.password

    # Set, with the password from stdin; nothing of it is shown.
    set_ = cli(
        *("mirror", "set", "bank", git_host.url(), "--user", "mirror", "--password-stdin"),
        *("--wait", "20"),
        stdin=password + "\n",
    )
    assert set_.code == 0, set_.err
    assert "state: " in set_.out and "ok" in set_.out
    assert set(git_host.refs()) == {"refs/heads/env/staging", "refs/heads/env/production"}

    # An edit by the API, one by the command line, a push with stock Git, a release.
    with server.api(token) as api:
        api.put(
            "/projects/bank/prompts/claims/triage",
            content=prompt_text("by api"),
            headers={"Content-Type": "application/yaml"},
        ).raise_for_status()
    file = tmp_path / "letter.prompt.yml"
    file.write_text(prompt_text("by hand"))
    assert cli("prompt", "put", str(file), "bank/claims/letter").code == 0
    clone = tmp_path / "clone"
    git = git_host.git
    git("clone", "-q", server.url.replace("//", f"//git:{token}@") + "/git/bank.git", str(clone))
    (clone / "claims" / "pushed.prompt.yml").write_text(prompt_text("pushed"))
    git("add", "-A", cwd=clone)
    git("commit", "-q", "-m", "Pushed", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)
    git("tag", "v1", cwd=clone)
    git("push", "-q", "origin", "v1", cwd=clone)
    assert (
        cli("publish", "bank/claims/triage", "--to", "staging", "--reason", "First release").code
        == 0
    )
    _arrives(git_host, lambda: _refs(server, git, token))
    assert git_host.refs()["refs/heads/main"] == git("rev-parse", "HEAD", cwd=clone)
    assert git_host.fsck() == ""
    page = (Path(__file__).parents[3] / "docs" / "mirror.md").read_text()
    as_shown = cli("mirror", "show", "bank").out
    assert _labels(as_shown) == _labels(page.split("$ promptops mirror show my-bank\n")[1])
    shown = cli("mirror", "show", "bank", "--refs", "--json").json
    assert shown["state"] == "ok"
    assert {item["ref"]: item["oid"] for item in shown["pushed"]} == git_host.refs()

    # The host goes away and comes back.
    git_host.stop()
    assert cli("prompt", "put", str(file), "bank/claims/second").code == 0
    _until(lambda: cli("mirror", "show", "bank", "--json").json["state"] == "retrying")
    told = cli("mirror", "push", "bank", "--wait", "10")
    assert told.code == 1 and "retrying" in told.err
    git_host.start()
    _arrives(git_host, lambda: _refs(server, git, token))

    # Killed between the commit and the push: a server that never looks at its outbox in time.
    server.stop()
    server.env["PROMPTOPS_JOBS_POLL_SECONDS"] = "6"
    server.start()
    assert cli("prompt", "put", str(file), "bank/claims/third").code == 0
    server.kill()
    before = git_host.refs()
    server.env["PROMPTOPS_JOBS_POLL_SECONDS"] = "0.1"
    server.start()
    _arrives(git_host, lambda: _refs(server, git, token))
    assert git_host.refs() != before

    # Killed during the push.
    reached, go_on = threading.Event(), threading.Event()

    def hold(path: str) -> None:
        if path == "/bank.git/git-receive-pack" and not reached.is_set():
            reached.set()
            go_on.wait(20)

    git_host.answer_instead = hold
    assert cli("prompt", "put", str(file), "bank/claims/fourth").code == 0
    assert reached.wait(20)
    server.kill()
    go_on.set()
    server.start()
    _arrives(git_host, lambda: _refs(server, git, token))
    _until(lambda: cli("mirror", "show", "bank", "--json").json["state"] == "ok")
    git_host.answer_instead = None

    # Somebody pushes to the mirror: shown, then overwritten on purpose.
    path = git_host.repository()
    theirs = git("commit-tree", "-p", "main", "-m", "theirs", "main^{tree}", cwd=path)
    git("update-ref", "refs/heads/main", theirs, cwd=path)
    assert cli("prompt", "put", str(file), "bank/claims/fifth").code == 0
    _until(lambda: cli("mirror", "show", "bank", "--json").json["state"] == "diverged")
    diverged = cli("mirror", "show", "bank")
    assert "Somebody else changed the mirror: refs/heads/main" in diverged.out
    refused = cli("mirror", "overwrite", "bank")
    assert refused.code == 1 and theirs[:12] in refused.err
    assert "\n".join(refused.err.splitlines()[-2:]) in page
    assert cli("mirror", "overwrite", "bank", "--ref", "refs/heads/other").code == 2
    assert cli("mirror", "overwrite", "bank", "--yes", "--wait", "20").code == 0
    assert git_host.refs() == _refs(server, git, token)

    # Pause, resume, remove.
    assert "paused" in cli("mirror", "pause", "bank").out
    assert cli("prompt", "put", str(file), "bank/claims/sixth").code == 0
    assert cli("mirror", "push", "bank").code == 1
    assert cli("mirror", "resume", "bank").code == 0
    _arrives(git_host, lambda: _refs(server, git, token))
    wrong = cli(
        *("mirror", "set", "bank", git_host.url(), "--user", "mirror", "--password-stdin"),
        *("--wait", "20"),
        stdin="a-wrong-password",
    )
    assert wrong.code == 1
    assert "does not accept the user and password" in wrong.out
    assert cli("mirror", "remove", "bank").code == 1
    assert cli("mirror", "remove", "bank", "--yes").code == 0
    assert cli("mirror", "show", "bank").code == 2

    # Nothing secret stayed anywhere.
    server.stop()
    for secret in (password, "a-wrong-password"):
        for place in (server.log, *server.data.rglob("*")):
            if place.is_file():
                assert secret.encode() not in place.read_bytes(), place
    assert '"event": "mirror_pushed"' in server.log.read_text()


def test_bad_words_on_the_command_line_are_told_before_the_server_is_asked(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTOPS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("PROMPTOPS_TOKEN", "pot_x")
    url = "git@git.example.com:p.git"
    key = tmp_path / "key"
    key.write_text("x")
    for more in (
        ("--user", "a"),
        ("--password-stdin",),
        ("--ssh-key", str(key)),
        ("--known-host", str(key)),
        ("--ssh-key", str(key), "--known-host", str(tmp_path / "nothing")),
        ("--user", "a", "--password-stdin", "--no-credentials"),
    ):
        assert cli("mirror", "set", "bank", url, *more).code == 2, more


def _labels(text: str) -> list[str]:
    """What stands before the colon, line by line, to the end of the block."""
    return [line.split(":")[0] for line in text.split("```")[0].splitlines()]


def _refs(server: RunningServer, git: Callable[..., str], token: str) -> dict[str, str]:
    url = server.url.replace("//", f"//git:{token}@") + "/git/bank.git"
    lines = [line.split() for line in git("ls-remote", url).splitlines()]
    return {name: oid for oid, name in lines if name != "HEAD" and not name.endswith("^{}")}


def _arrives(host: GitHost, wanted: Callable[[], dict[str, str]]) -> None:
    _until(lambda: host.refs() == wanted())


def _until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
