"""The main job, end to end, as its users do it: import, edit by Git, command line and HTTP, publish, read, roll back.

Once on the embedded engines, once on PostgreSQL with Redis by URL.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.follower import Follower
from support.reviewed_files import reviewed_prompt
from support.server import BIN, RunningServer

REAL_CSV = Path(__file__).resolve().parents[3] / "shared" / "data" / "awesome-chatgpt-prompts.csv"


@pytest.fixture(params=["embedded", "postgresql+redis"])
def running(
    request: pytest.FixtureRequest, start_server: Callable[..., RunningServer]
) -> RunningServer:
    if request.param == "embedded":
        return start_server(as_installed=True)
    return start_server(
        "--database-url", request.getfixturevalue("postgres_url"),
        "--redis-url", request.getfixturevalue("valkey"),
    )  # fmt: skip


@pytest.fixture
def cli(running: RunningServer, tmp_path: Path) -> Callable[..., Any]:
    """The command line as a user runs it; returns parsed JSON."""
    token = running.token("maya", "admin")

    def run(*args: str, code: int = 0, stdin: str | None = None) -> Any:
        done = subprocess.run(
            [str(BIN / "promptops"), *args, "--json"], capture_output=True, text=True, timeout=60, input=stdin,
            env={**os.environ, "HOME": str(tmp_path), "PROMPTOPS_URL": running.url, "PROMPTOPS_TOKEN": token},
        )  # fmt: skip
        assert done.returncode == code, (
            args,
            done.returncode,
            done.stdout[-2000:],
            done.stderr[-2000:],
        )
        return json.loads(done.stdout) if done.stdout.strip() else None

    run.token = token  # type: ignore[attr-defined]
    return run


def write_csv(path: Path) -> int:
    """The real collection when it is there, else one of our own."""
    if REAL_CSV.exists():
        path.write_bytes(REAL_CSV.read_bytes())
        return 961
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["act", "prompt", "for_devs", "type"])
        out.writerow(
            [
                "Linux Terminal",
                "Answer as a terminal would. My first command is {{command}}",
                "TRUE",
                "TEXT",
            ]
        )
        out.writerow(
            [
                "English Translator",
                'Translate and improve, 한국어 and "quotes" too:\n\n  ${text}',
                "FALSE",
                "TEXT",
            ]
        )
        out.writerow(["english translator", "The same name in other letters", "FALSE", "TEXT"])
        out.writerow(["Ethereum Developer", "{{ Your Name }} stays as it is", "TRUE", "TEXT"])
    return 4


def git(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def followers(running: RunningServer) -> Iterator[Callable[..., Follower]]:
    started: list[Follower] = []

    def start(paths: list[str]) -> Follower:
        token = running.token("app", "delivery", "personas", "staging")
        follower = Follower(
            {"url": running.url, "token": token, "project": "personas", "environment": "staging"},
            paths,
        )
        started.append(follower)
        return follower

    yield start
    for follower in started:
        follower.close()


def test_import_edit_publish_read_roll_back_suspend(
    running: RunningServer,
    cli: Callable[..., Any],
    followers: Callable[..., Follower],
    tmp_path: Path,
) -> None:
    # import a collection
    count = write_csv(tmp_path / "personas.csv")
    cli("project", "create", "personas")
    cli("import", str(tmp_path / "personas.csv"), "--project", "personas",
        "--name-column", "act", "--text-column", "prompt", "--tag-column", "type")  # fmt: skip
    paths = [p["path"] for p in cli("prompt", "list", "personas", "--all")["items"]]
    assert len(paths) == count
    assert {"linux-terminal", "ethereum-developer"} <= set(paths)

    # everything goes live at once
    cli(
        "publish",
        "personas",
        "--to",
        "staging",
        "--reason",
        "First release of the collection",
        "--yes",
    )
    by_git, by_cli, by_http = "linux-terminal", "ethereum-developer", sorted(paths)[0]
    follower = followers([by_git, by_cli, by_http])
    assert follower.wait_seen(by_git, 1)["release"] == 1

    # one prompt changes with a stock git client
    remote = f"http://maya:{cli.token}@127.0.0.1:{running.port}/git/personas.git"  # type: ignore[attr-defined]
    assert git("clone", "-q", remote, "work", cwd=tmp_path).returncode == 0
    work = tmp_path / "work"
    file = work / f"{by_git}.prompt.yml"
    file.write_text(file.read_text() + "tags: [edited, by-git]\n" if "tags:" not in file.read_text()
                    else file.read_text().replace("messages:", "description: Edited with git\nmessages:"))  # fmt: skip
    git(
        "-c",
        "user.name=Maya",
        "-c",
        "user.email=maya@example.com",
        "commit",
        "-qam",
        "Describe it",
        cwd=work,
    )
    pushed = git("push", "-q", "origin", "HEAD:main", cwd=work)
    assert pushed.returncode == 0, pushed.stderr
    assert git("fsck", "--strict", cwd=work).returncode == 0

    # another with the command line, a third over HTTP
    shown = tmp_path / "edit.prompt.yml"
    cli("prompt", "show", f"personas/{by_cli}", "-o", str(shown))
    shown.write_text(
        shown.read_text().replace("name:", "description: Edited on the command line\nname:", 1)
    )
    assert (
        cli("prompt", "put", str(shown), f"personas/{by_cli}", "--message", "Describe it")[
            "version"
        ]
        == 2
    )
    with running.api(cli.token) as api:  # type: ignore[attr-defined]
        url = f"/projects/personas/prompts/{by_http}"
        text = api.get(url, headers={"Accept": "application/yaml"})
        answer = api.put(url, content="description: Edited over HTTP\n" + text.text, params={"message": "Describe it"},
                         headers={"Content-Type": "application/yaml", "If-Match": text.headers["etag"]})  # fmt: skip
        assert answer.status_code == 201, answer.text
        assert answer.json()["version"] == 2
        stale = api.put(
            url, content=text.text, headers={"Content-Type": "application/yaml", "If-Match": '"v1"'}
        )
        assert stale.status_code == 409
        assert stale.json()["current"]["version"] == 2

    # each reaches the application
    for number, path in enumerate((by_git, by_cli, by_http), start=2):
        released = cli(
            "publish", f"personas/{path}@2", "--to", "staging", "--reason", "Described", "--yes"
        )
        assert released["number"] == number
        assert released["delivery"] == "applied"
        assert follower.wait_seen(path, 2)["release"] == number

    # back, and stopped
    cli(
        "rollback",
        f"personas/{by_git}",
        "--in",
        "staging",
        "--reason",
        "The old one was better",
        "--yes",
    )
    assert follower.wait_seen(by_git, 1)["release"] == 5
    cli("suspend", f"personas/{by_cli}", "--in", "staging", "--reason", "Complaint 4711", "--yes")
    assert follower.wait_seen(by_cli, "suspended: Complaint 4711")["release"] == 6

    # and the record of it
    releases = cli("releases", "personas", "--in", "staging")["items"]
    assert [r["number"] for r in releases] == [6, 5, 4, 3, 2, 1]
    assert [r["kind"] for r in releases][:2] == ["suspend", "rollback"]
    log = cli("audit", "log", "--project", "personas")["items"]
    assert {"prompt.put", "git.push", "release.publish", "release.rollback", "release.suspend"} <= {
        e["action"] for e in log
    }
    assert [e["seq"] for e in log] == sorted((e["seq"] for e in log), reverse=True)


def test_a_release_pushed_with_git_reaches_the_application(
    running: RunningServer,
    cli: Callable[..., Any],
    followers: Callable[..., Follower],
    tmp_path: Path,
) -> None:
    cli("project", "create", "personas")
    prompt = tmp_path / "p.prompt.yml"
    for n in (1, 2):
        prompt.write_text(f"messages:\n  - role: user\n    content: Edition {n}\n")
        cli("prompt", "put", str(prompt), "personas/claims/triage", "--message", f"Edition {n}")
    cli("publish", "personas/claims/triage@1", "--to", "staging", "--reason", "First", "--yes")
    follower = followers(["claims/triage"])
    follower.wait_seen("claims/triage", 1)

    remote = f"http://maya:{cli.token}@127.0.0.1:{running.port}/git/personas.git"  # type: ignore[attr-defined]
    assert git("clone", "-q", "-b", "env/staging", remote, "work", cwd=tmp_path).returncode == 0
    work = tmp_path / "work"
    assert (
        git("checkout", "-q", "origin/main", "--", "claims/triage.prompt.yml", cwd=work).returncode
        == 0
    )
    identity = ("-c", "user.name=Maya", "-c", "user.email=maya@example.com")
    git(*identity, "commit", "-qm", "Second edition goes live", cwd=work)
    pushed = git("push", "origin", "HEAD:env/staging", cwd=work)
    assert pushed.returncode == 0, pushed.stderr
    assert follower.wait_seen("claims/triage", 2)["release"] == 2
    assert (
        cli("releases", "personas", "--in", "staging")["items"][0]["reason"]
        == "Second edition goes live"
    )

    # content that is no version, and two commits at once, are refused in words
    (work / "claims/triage.prompt.yml").write_text(
        "messages:\n  - role: user\n    content: Smuggled\n"
    )
    git(*identity, "commit", "-qam", "Smuggle", cwd=work)
    refused = git("push", "origin", "HEAD:env/staging", cwd=work)
    assert refused.returncode != 0
    assert "claims/triage" in refused.stderr
    git(*identity, "commit", "-q", "--allow-empty", "-m", "and another", cwd=work)
    refused = git("push", "origin", "HEAD:env/staging", cwd=work)
    assert refused.returncode != 0
    assert "one" in refused.stderr
    assert len(cli("releases", "personas", "--in", "staging")["items"]) == 2


def test_a_publisher_pushes_releases_but_no_versions(
    running: RunningServer, cli: Callable[..., Any], tmp_path: Path
) -> None:
    cli("project", "create", "personas")
    prompt = tmp_path / "p.prompt.yml"
    prompt.write_text(reviewed_prompt())
    cli("prompt", "put", str(prompt), "personas/greeting", "--message", "Greet")
    publisher = running.token("pia", "publisher", "personas")
    remote = f"http://pia:{publisher}@127.0.0.1:{running.port}/git/personas.git"
    assert git("clone", "-q", "-b", "env/production", remote, "work", cwd=tmp_path).returncode == 0
    work = tmp_path / "work"
    identity = ("-c", "user.name=Pia", "-c", "user.email=pia@example.com")
    git("checkout", "-q", "origin/main", "--", ".", cwd=work)
    git(*identity, "commit", "-qm", "Go live with the greeting", cwd=work)
    unseen = git("push", "origin", "HEAD:env/production", cwd=work)
    assert unseen.returncode != 0
    assert "approval.missing" in unseen.stderr

    cli("review", "request", "personas/greeting", "--message", "First greeting")
    cli("user", "create", "abe", "--role", "approver", "--project", "personas", "--password-stdin",
        stdin="correct horse battery\n")  # fmt: skip
    approved = httpx2.post(
        f"{running.url}/api/v1/projects/personas/reviews/1/decisions",
        json={"decision": "approve", "reason": "Reads well"},
        auth=("abe", "correct horse battery"),
    )
    assert approved.status_code == 201, approved.text
    released = git("push", "origin", "HEAD:env/production", cwd=work)
    assert released.returncode == 0, released.stderr
    assert cli("releases", "personas", "--in", "production")["items"][0]["actor"] == "pia"

    git("checkout", "-qb", "mine", "origin/main", cwd=work)
    (work / "greeting.prompt.yml").write_text(reviewed_prompt(says="Is {{ branch }} open?"))
    git(*identity, "commit", "-qam", "Change it myself", cwd=work)
    refused = git("push", "origin", "HEAD:main", cwd=work)
    assert refused.returncode != 0
    assert "author" in refused.stderr
    assert cli("prompt", "show", "personas/greeting")["version"] == 1
