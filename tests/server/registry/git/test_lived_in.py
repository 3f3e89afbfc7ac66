"""A repository with years behind it, pushed with the stock client into a real project and cloned back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from promptops_server.registry.history.log import list_versions
from promptops_server.registry.model import Project
from promptops_server.registry.pushed import PushedToMain
from support.git_remote import Remote, WorkTree, allow_anything, serve
from support.histories import DEEP, INVALID, LivedIn, lived_in, prompt
from support.repositories import Repository
from support.stock_git import Git

NAME = "retail-bank"


@pytest.fixture
def remote(repository: Repository) -> Iterator[Remote]:
    """Answered by the registry itself, so that versions are numbered."""
    with serve(repository.db, versions=PushedToMain(allow_anything)) as running:
        yield running


@pytest.fixture
def origin(git: Git, remote: Remote, tmp_path: Path) -> LivedIn:
    """The lived-in repository, with the project as its remote; nothing is pushed yet."""
    made = lived_in(git, tmp_path / "lived-in")
    made.tree("remote", "add", "origin", remote.url(NAME))
    return made


@pytest.fixture
def clone(git: Git, remote: Remote, tmp_path: Path) -> Callable[..., WorkTree]:
    def make(name: str, *options: str) -> WorkTree:
        git("clone", "-q", *options, remote.url(NAME), str(tmp_path / name))
        return WorkTree(git, tmp_path / name)

    return make


def numbered(repository: Repository) -> Callable[[str], list[tuple[int, str, bool]]]:
    project = Project(repository.id, repository.name, "", "", 0, "")

    def of(path: str) -> list[tuple[int, str, bool]]:
        with repository.db.read() as conn:
            page = list_versions(conn, project, path, limit=500)
        return [(v.number, v.message, v.valid) for v in reversed(page.items)]

    return of


def test_it_comes_back_as_it_was_and_its_versions_are_numbered(
    repository: Repository, origin: LivedIn, clone: Callable[..., WorkTree]
) -> None:
    pushed = origin.tree.run("push", "origin", "main", "next", "env/production", "--tags")
    assert f"remote:   {INVALID}.prompt.yml:1: " in pushed.err
    assert "--invalid" in pushed.err
    assert "environments are not created by push" in pushed.err
    assert set(repository.refs()) == {
        *("refs/heads/main", "refs/heads/next"),
        *("refs/tags/light", "refs/tags/v1", "refs/tags/v1-again"),
    }
    back = clone("back", "--mirror")
    for name in repository.refs():
        assert back("rev-parse", name) == origin.tree("rev-parse", name)
    assert back.run("fsck", "--strict", "--no-dangling").code == 0
    assert int(back("rev-list", "--count", "main")) == origin.commits
    versions = numbered(repository)
    for path, valid in origin.versions.items():
        assert [(n, v) for n, _, v in versions(path)] == list(enumerate(valid, 1)), path
    assert [message for _, message, _ in versions("Retail/x")] == ["Half a file", "Merge"]
    assert [message for _, message, _ in versions("teams/one")] == ["Octopus"]


def test_a_shallow_clone_pushes_a_version_and_is_completed_later(
    repository: Repository, origin: LivedIn, clone: Callable[..., WorkTree]
) -> None:
    origin.tree("push", "-q", "origin", "main")
    shallow = clone("shallow", "--depth", "2")
    shallow.write({f"{DEEP}.prompt.yml": prompt("deep 3")}, "From a shallow clone")
    shallow("push", "-q", "origin", "main")
    assert numbered(repository)(DEEP)[-1] == (3, "From a shallow clone", True)
    shallow("fetch", "-q", "--unshallow")
    assert int(shallow("rev-list", "--count", "main")) == origin.commits + 1
    assert shallow.run("fsck", "--strict", "--no-dangling").code == 0


def test_of_racing_pushes_one_wins_and_the_other_comes_after_a_rebase(
    repository: Repository, origin: LivedIn, clone: Callable[..., WorkTree]
) -> None:
    origin.tree("push", "-q", "origin", "main")
    trees = [clone("one"), clone("two")]
    for number, tree in enumerate(trees):
        tree.write({f"{DEEP}.prompt.yml": prompt(f"deep {number}")}, f"Racer {number}")
        tree.write({f"race/p{number}.prompt.yml": prompt(number)}, f"Beside it {number}")
    codes: dict[int, int] = {}

    def push(number: int) -> None:
        codes[number] = trees[number].run("push", "origin", "main").code

    threads = [threading.Thread(target=push, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(code == 0 for code in codes.values()) == [False, True], codes
    loser = next(number for number, code in codes.items() if code)
    rebased = trees[loser].run(
        "-c", "rebase.backend=merge", "pull", "-q", "--rebase", "-X", "theirs"
    )
    assert rebased.code == 0, rebased.err
    trees[loser]("push", "-q", "origin", "main")
    messages = [message for _, message, _ in numbered(repository)(DEEP)]
    assert messages[-2:] == [f"Racer {1 - loser}", f"Racer {loser}"]
    assert len(numbered(repository)("race/p0")) == len(numbered(repository)("race/p1")) == 1


def test_an_atomic_first_push_with_one_refused_ref_keeps_nothing(
    repository: Repository, origin: LivedIn
) -> None:
    before = repository.rows()
    refused = origin.tree.run("push", "--atomic", "origin", "main", "next:env/new")
    assert refused.code != 0
    assert (repository.rows(), repository.refs()) == (before, {})
    origin.tree("push", "-q", "--atomic", "origin", "main", "next")
    assert set(repository.refs()) == {"refs/heads/main", "refs/heads/next"}


def test_history_that_lies_on_another_branch_already_is_numbered_all_the_same(
    repository: Repository, origin: LivedIn
) -> None:
    """Its objects are read from the database then, not from the push."""
    origin.tree("push", "-q", "origin", "main:refs/heads/work")
    told = origin.tree.run("push", "origin", "main")
    assert f"{INVALID}.prompt.yml:1: " in told.err
    versions = numbered(repository)
    for path, valid in origin.versions.items():
        assert [(n, v) for n, _, v in versions(path)] == list(enumerate(valid, 1)), path
