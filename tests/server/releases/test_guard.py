"""Releasing with the stock `git` client: one commit pushed to `env/NAME`."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from release_world import AUTHOR, World, actor_with, prompt_file

from promptops_server.access.policy import authorise
from promptops_server.infra.actor import Actor
from promptops_server.registry.git.smart_http import GitDeps, router
from promptops_server.registry.git_access import GitAccess
from promptops_server.registry.pushed import PushedToMain
from promptops_server.releases import environments
from promptops_server.releases.guard import EnvironmentGuard, reason_of
from promptops_server.releases.history import one_release
from promptops_server.releases.model import Release
from support.git_remote import WorkTree
from support.stock_git import Git, Result

PIA = actor_with("author", "publisher", name="pia")
ACTORS = {"ada": AUTHOR, "pia": PIA}


@dataclass
class Remote:
    """The Git remote of a world, with a clone of it."""

    world: World
    tree: WorkTree

    def push(self, branch: str, *options: str) -> Result:
        """Push the work tree's HEAD to `env/branch`."""
        result: Result = self.tree.run("push", *options, "origin", f"HEAD:refs/heads/env/{branch}")
        return result

    def on(self, branch: str) -> WorkTree:
        """The work tree on the newest commit of `env/branch`."""
        self.tree("fetch", "-q", "origin")
        self.tree("checkout", "-q", "--detach", f"origin/env/{branch}")
        return self.tree

    def release(self, number: int, branch: str = "staging") -> Release:
        with self.world.db.read() as conn:
            found = environments.get(conn, self.world.project.id, branch)
            return one_release(conn, found, number)


@pytest.fixture
def remote(sqlite_world: World, tmp_path: Path) -> Iterator[Remote]:
    """A running remote, and a clone of the project made as `ada`."""
    with serve(sqlite_world, tmp_path) as running:
        yield running


@pytest.fixture
def any_remote(world: World, tmp_path: Path) -> Iterator[Remote]:
    """The same on either database."""
    with serve(world, tmp_path) as running:
        yield running


@contextmanager
def serve(world: World, tmp_path: Path) -> Iterator[Remote]:
    """A real server in a thread, and a clone, until the end of the block."""
    world.put("a", "one")
    world.put("m/b", "one")
    world.put("a", "two")

    def authenticate(user: str, password: str, *, ip: str | None, request_id: str | None) -> Actor:
        return ACTORS[password]

    app = FastAPI()
    app.include_router(
        router(
            GitDeps(
                db=world.db,
                authenticate=authenticate,
                access=GitAccess(world.db, authorise),
                guard=EnvironmentGuard(world.deps),
                versions=PushedToMain(authorise),
            )
        )
    )
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    git = Git(tmp_path / "home")
    folder = tmp_path / "clone"
    url = f"http://git:ada@127.0.0.1:{sock.getsockname()[1]}/git/{world.project.name}.git"
    git("clone", "-q", url, str(folder))
    try:
        yield Remote(world, WorkTree(git, folder))
    finally:
        server.should_exit = True
        thread.join(10)
        sock.close()


def test_one_commit_is_a_release_with_the_message_as_reason(any_remote: Remote) -> None:
    tree = any_remote.on("staging")
    commit = tree.write(
        {
            "a.prompt.yml": prompt_file("one"),
            "m/b.prompt.yml": prompt_file("one"),
        },
        "First words\n\nThe longer story.\n\nTicket: OPS-3\nSigned-off-by: Ada <ada@example.org>",
    )
    result = any_remote.push("staging")
    assert result.code == 0, result.err
    release = any_remote.release(1)
    assert (release.commit, release.kind, release.actor) == (commit, "publish", "ada")
    assert (release.reason, release.ticket) == ("First words\n\nThe longer story.", "OPS-3")
    assert any_remote.world.live() == {"a": "1", "m/b": "1"}
    assert len(any_remote.world.projection.calls) == 1
    any_remote.world.check()


def test_changes_and_removals_of_one_commit_are_one_release(any_remote: Remote) -> None:
    world = any_remote.world
    world.publish("a@1", "m/b")
    tree = any_remote.on("staging")
    tree.write({"a.prompt.yml": prompt_file("two"), "m/b.prompt.yml": None}, "Swap them")
    assert any_remote.push("staging").code == 0
    assert [(c.path, c.state, c.version, c.previous) for c in any_remote.release(2).prompts] == [
        ("a", "live", 2, 1),
        ("m/b", "removed", 1, 1),
    ]
    tree = any_remote.on("staging")
    tree.write({"a.prompt.yml": None}, "Take it out")
    assert any_remote.push("staging").code == 0
    assert any_remote.release(3).kind == "unpublish"
    assert world.live() == {}
    world.check()
    world.publish("a")
    world.check()


def test_what_is_no_version_is_refused_file_by_file(remote: Remote) -> None:
    tree = remote.on("staging")
    tree.write(
        {
            "a.prompt.yml": prompt_file("never put"),
            "m/b.prompt.yaml": prompt_file("one"),
            "README.md": "hello",
            "bad name.prompt.yml": prompt_file("one"),
        },
        "Sneak it in",
    )
    result = remote.push("staging")
    assert result.code != 0
    assert "README.md" in result.err
    assert "only prompts are released" in result.err
    assert "bad name" in result.err
    tree.git("reset", "-q", "--hard", "HEAD~1", cwd=tree.folder)
    tree.write(
        {"a.prompt.yml": prompt_file("never put"), "m/b.prompt.yml": prompt_file("two")},
        "Sneak it in",
    )
    result = remote.push("staging")
    assert "a.prompt.yml" in result.err
    assert "m/b.prompt.yml" in result.err
    assert "not the content of any version" in result.err
    assert remote.world.live() == {}
    remote.world.check()


def test_links_and_submodules_and_second_files_are_refused(remote: Remote) -> None:
    remote.world.publish("a")
    tree = remote.on("staging")
    tree.write({"a.prompt.yaml": prompt_file("one")}, "A twin")
    assert "one file per prompt" in remote.push("staging").err
    tree = remote.on("staging")
    (tree.folder / "m").mkdir(exist_ok=True)
    (tree.folder / "m" / "b.prompt.yml").symlink_to("../a.prompt.yml")
    tree("add", "-A")
    tree("commit", "-q", "-m", "A link")
    assert remote.push("staging").code != 0
    tree = remote.on("staging")
    head = tree("rev-parse", "HEAD")
    tree("update-index", "--add", "--cacheinfo", f"160000,{head},m/sub")
    tree("commit", "-q", "-m", "A submodule")
    assert "neither a file nor a folder" in remote.push("staging").err
    assert remote.world.live() == {"a": "2"}
    remote.world.check()


def test_the_file_may_change_its_ending(remote: Remote) -> None:
    remote.world.publish("a")
    tree = remote.on("staging")
    tree.write({"a.prompt.yml": None, "a.prompt.yaml": prompt_file("two")}, "Rename it")
    assert remote.push("staging").code == 0
    remote.world.check()
    remote.world.publish("a@1")
    remote.world.check()


def test_two_commits_forced_pushes_and_empty_commits_are_refused(remote: Remote) -> None:
    tree = remote.on("staging")
    tree.write({"a.prompt.yml": prompt_file("one")}, "First step")
    tree.write({"a.prompt.yml": prompt_file("two")}, "Second step")
    result = remote.push("staging")
    assert "2 commits" in result.err
    remote.world.publish("a@1")
    remote.world.publish("a@2")
    tree = remote.on("staging")
    tree("reset", "-q", "--hard", "HEAD~1")
    assert "not a child of the head" in remote.push("staging", "--force").err
    tree = remote.on("staging")
    tree("commit", "-q", "--allow-empty", "-m", "Nothing at all")
    assert "changes nothing" in remote.push("staging").err
    tree.write({"m/b.prompt.yml": prompt_file("one")}, "x")
    tree("reset", "-q", "--soft", "origin/env/staging")
    tree("commit", "-q", "-m", "x")
    assert "message" in remote.push("staging").err
    assert remote.world.environment().head == 2
    remote.world.check()


def test_the_gate_applies_to_pushes_as_to_everything(remote: Remote) -> None:
    tree = remote.on("production")
    tree.write({"a.prompt.yml": prompt_file("two")}, "Go live")
    result = remote.push("production")
    assert result.code != 0
    assert "publisher" in result.err
    assert remote.world.live("production") == {}
    url = tree("remote", "get-url", "origin").replace("git:ada@", "git:pia@")
    tree("remote", "set-url", "origin", url)
    assert remote.push("production").code == 0
    assert remote.world.live("production") == {"a": "2"}
    remote.world.check("production")


def test_suspended_content_takes_the_publisher_here_too(remote: Remote) -> None:
    remote.world.publish("a")
    remote.world.suspend("a")
    tree = remote.on("staging")
    tree.write({"a.prompt.yml": prompt_file("two")}, "Bring it back")
    assert "gate.suspended" in remote.push("staging").err
    tree.write({"a.prompt.yml": prompt_file("one")}, "x")
    tree("reset", "-q", "--soft", "origin/env/staging")
    tree("commit", "-q", "-m", "Bring the older one back")
    assert remote.push("staging").code == 0
    assert remote.world.live() == {"a": "1"}
    remote.world.check()


def test_there_is_no_environment_that_a_push_makes_or_deletes(remote: Remote) -> None:
    tree = remote.on("staging")
    tree.write({"a.prompt.yml": prompt_file("two")}, "Go live")
    assert remote.push("qa-1").code != 0
    assert tree.run("push", "origin", ":refs/heads/env/staging").code != 0
    assert remote.world.environment().head == 0


def test_an_archived_prompt_is_not_published_by_push(remote: Remote) -> None:
    remote.world.archive("a")
    tree = remote.on("staging")
    tree.write({"a.prompt.yml": prompt_file("two")}, "Go live")
    assert "archived" in remote.push("staging").err


@pytest.mark.parametrize(
    ("message", "reason", "ticket"),
    [
        ("One line\n", "One line", None),
        ("One\n\nTwo", "One\n\nTwo", None),
        ("One\n\nTwo: not a trailer but\nprose", "One\n\nTwo: not a trailer but\nprose", None),
        ("One\n\nRelease: r9\nKind: publish\n", "One", None),
        ("One\n\nTicket: OPS-1", "One", "OPS-1"),
        ("Ticket: OPS-1", "Ticket: OPS-1", None),
    ],
)
def test_the_reason_is_the_message_without_trailers(
    message: str, reason: str, ticket: str | None
) -> None:
    assert reason_of(message) == (reason, ticket)


def test_a_push_is_refused_by_the_rules_of_the_environment_in_words(any_remote: Remote) -> None:
    world = any_remote.world
    world.publish("m/b", to="production", actor=PIA)
    world.configure(
        freeze={"periods": [{"until": "2999-01-05T00:00:00+08:00", "reason": "Year-end"}]},
        ticket_required={"pattern": r"OPS-\d+"},
    )
    tree = any_remote.on("production")
    tree("remote", "set-url", "origin", tree("remote", "get-url", "origin").replace("ada@", "pia@"))
    tree.write({"a.prompt.yml": prompt_file("two")}, "Publish it by push")
    refused = any_remote.push("production")
    assert refused.code != 0
    assert (
        "rule.freeze production is frozen until 2999-01-05T00:00:00+08:00 (Year-end)" in refused.err
    )
    assert "rule.ticket_required" in refused.err
    assert world.live("production") == {"m/b": "1"}
    tree("reset", "-q", "--hard", "origin/env/production")
    tree.write({"m/b.prompt.yml": None}, "Taking out is no publish")
    taken = any_remote.push("production")
    assert taken.code == 0, taken.err
    assert world.live("production") == {}
