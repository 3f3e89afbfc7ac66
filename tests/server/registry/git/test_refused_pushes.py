"""What must not move: refused with a reason the pusher can read, and nothing is kept of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from promptops_server.registry.git.objects import BLOB, object_id
from promptops_server.registry.tables import git_object
from support.git_remote import Remote, WorkTree
from support.raw_push import commands, headers, one_commit, pack
from support.repositories import Repository
from support.stock_git import Git

NAME = "retail-bank"
MAIN = "refs/heads/main"


@pytest.fixture
def tree(repository: Repository, git: Git, narrow_remote: Remote, tmp_path: Path) -> WorkTree:
    """A clone with one commit on main."""
    repository.commit({"claims/triage.prompt.yml": "name: triage\n"})
    git("clone", "-q", narrow_remote.url(NAME), str(tmp_path / "tree"))
    return WorkTree(git, tmp_path / "tree")


def test_forced_push_to_main_is_refused_with_its_reason(
    tree: WorkTree, nothing_kept: Callable[[], None]
) -> None:
    nothing_kept()
    (tree.folder / "new.txt").write_text("rewritten")
    tree("add", "-A")
    tree("commit", "-q", "--amend", "-m", "Rewritten")
    refused = tree.run("push", "--force", "origin", "main")
    assert refused.code != 0
    assert "remote: main was refused: Versions on main are never rewritten" in refused.err
    assert "(forced push to main refused)" in refused.err


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (":main", "main cannot be deleted"),
        ("HEAD:refs/heads/env/new", "environments are not created by push"),
        (":refs/heads/env/staging", "cannot be deleted"),
        ("HEAD:refs/heads/env", "reserved"),
        ("HEAD:refs/heads/ENV/production", "reserved"),
        ("HEAD:refs/heads/Main", "differs from main only by case"),
        ("HEAD:refs/heads/main/below", "refs/heads/main exists"),
        ("HEAD:refs/notes/commits", "only branches"),
        ("HEAD^{tree}:refs/heads/tree", "a branch points to a commit"),
    ],
)
def test_refs_with_a_meaning_are_guarded(
    repository: Repository,
    tree: WorkTree,
    nothing_kept: Callable[[], None],
    spec: str,
    reason: str,
) -> None:
    repository.commit({"x": "1"}, ref="refs/heads/env/staging")
    nothing_kept()
    # `git push` itself would stop some of these; `send-pack` sends what it is told.
    url = tree("remote", "get-url", "origin")
    refused = tree.run("push", "--no-verify", url, spec)
    assert refused.code != 0
    assert reason in refused.err or "must point to commit" in refused.err, refused.err


def test_invalid_prompt_file_is_named_with_line_and_remedy(
    tree: WorkTree, nothing_kept: Callable[[], None]
) -> None:
    nothing_kept()
    tree.write({"claims/bad.prompt.yml": "BROKEN"})
    refused = tree.run("push", "origin", "main")
    assert refused.code != 0
    assert "claims/bad.prompt.yml:3:5 messages: expected a list" in refused.err
    assert "write '- role: user'" in refused.err


def test_refused_ref_does_not_undo_the_others_unless_atomic(
    repository: Repository, tree: WorkTree, narrow_remote: Remote
) -> None:
    secret = tree.write({"claims/bad.prompt.yml": "BROKEN"})
    tree("branch", "good", "HEAD~1")
    tree("checkout", "-q", "good")
    good = tree.write({"notes.txt": "fine"})
    before = repository.rows()
    atomic = tree.run("push", "--atomic", "origin", "main", "good")
    assert atomic.code != 0
    assert "atomic push: another ref was refused" in atomic.err or "atomic" in atomic.err
    assert repository.rows() == before
    mixed = tree.run("push", "origin", "main", "good")
    assert mixed.code != 0
    assert repository.refs()["refs/heads/good"] == good
    with repository.db.read() as conn:
        stored = {row.oid for row in conn.execute(select(git_object.c.oid))}
    assert secret not in stored  # what only the refused ref reaches is not kept
    assert object_id(BLOB, b"BROKEN") not in stored
    assert good in stored


def test_environment_takes_what_its_guard_agrees_to(
    repository: Repository, tree: WorkTree, narrow_remote: Remote
) -> None:
    repository.commit({"a": "1"}, ref="refs/heads/env/staging")
    tree("fetch", "-q")
    tree("checkout", "-q", "env/staging")
    tree.write({"a": "2"})
    tree.write({"b": "1"})
    before = repository.rows()
    refused = tree.run("push", "origin", "env/staging")
    assert "exactly one commit on the head" in refused.err
    assert "Squash, then push." in refused.err
    assert repository.rows() == before
    assert narrow_remote.answers.denials == [("writer", NAME, "git.push")]
    tree("reset", "-q", "--soft", "HEAD~2")
    tree("commit", "-q", "-m", "One release")
    tree("push", "-q", "origin", "env/staging")
    assert repository.refs()["refs/heads/env/staging"] == tree("rev-parse", "HEAD")
    assert narrow_remote.answers.guarded[-1] == ("refs/heads/env/staging", 1, ["a", "b"])
    tree.write({"fails-later": "x"})
    tree("branch", "beside")
    before = repository.rows()
    late = tree.run("push", "origin", "env/staging", "beside")
    assert "This release cannot be recorded" in late.err
    # The other branch went through in a second attempt, without the release.
    assert repository.refs()["refs/heads/beside"] == tree("rev-parse", "HEAD")
    assert repository.refs()["refs/heads/env/staging"] == tree("rev-parse", "HEAD~1")
    assert repository.rows()[3] == before[3] + 1


def test_connection_closed_in_the_middle_leaves_nothing(
    narrow_remote: Remote, nothing_kept: Callable[[], None]
) -> None:
    nothing_kept()
    entries, commit = one_commit()
    body = commands([(None, commit, MAIN)]) + pack(entries)
    lines = [f"POST /git/{NAME}.git/git-receive-pack HTTP/1.1", "Host: x"]
    lines += [f"{key}: {value}" for key, value in headers().items()]
    for length, half_closed in ((len(body), False), (len(body), True)):
        with socket.create_connection(("127.0.0.1", narrow_remote.port), timeout=10) as connection:
            head = "\r\n".join([*lines, f"Content-Length: {length}", "", ""])
            connection.sendall(head.encode() + body[: len(body) // 2])
            if half_closed:
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(10)
                connection.recv(1000)
