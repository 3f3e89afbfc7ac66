"""The stock `git` client works against the remote: clone, fetch, push, tags, shallow."""

from __future__ import annotations

import base64
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from promptops_server.audit.tables import audit_event
from promptops_server.infra.database import Database
from promptops_server.registry.git import read
from promptops_server.registry.tables import git_commit
from support.git_remote import Remote, WorkTree, serve
from support.repositories import Repository, make_repository
from support.stock_git import Git

NAME = "retail-bank"


@pytest.fixture
def remote(repository: Repository) -> Iterator[Remote]:
    with serve(repository.db) as running:
        yield running


@pytest.fixture
def clone(git: Git, remote: Remote, tmp_path: Path) -> Callable[..., WorkTree]:
    def make(name: str, *options: str) -> WorkTree:
        git("clone", "-q", *options, remote.url(NAME), str(tmp_path / name))
        return WorkTree(git, tmp_path / name)

    return make


def assert_same(repository: Repository, tree: WorkTree, branch: str = "main") -> None:
    fsck = tree.run("fsck", "--strict", "--no-dangling")
    assert fsck.code == 0, fsck.err
    assert tree("rev-parse", branch) == repository.refs()[f"refs/heads/{branch}"]


def test_clone_of_an_empty_project_then_first_push_then_clone_back(
    repository: Repository, remote: Remote, clone: Callable[..., WorkTree], tmp_path: Path
) -> None:
    tree = clone("first")
    assert tree("symbolic-ref", "HEAD") == "refs/heads/main"
    head = tree.write({"claims/triage.prompt.yml": "name: triage\n", "README.md": "hi\n"})
    tree("push", "-q", "origin", "main")
    assert repository.refs() == {"refs/heads/main": head}
    again = clone("again")
    assert_same(repository, again)
    assert (again.folder / "claims/triage.prompt.yml").read_text() == "name: triage\n"
    assert remote.answers.applied == [(None, head)]
    with repository.db.read() as conn:
        event = conn.execute(select(audit_event)).one()
        assert event.action == "git.push"
        assert head in event.body
        assert read.commit_info(conn, repository.id, head).author == "Ben Ito <ben@example.org>"


def test_push_and_pull_between_two_clones_and_the_server(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    repository.commit({f"m{i % 9}/p{i}.prompt.yml": f"name: p{i}\n" for i in range(200)})
    one, two = clone("one"), clone("two")
    for i in range(5):
        one.write({f"m1/p{i}.prompt.yml": f"changed {i}\n"})
    one("push", "-q")
    two("pull", "-q")
    assert_same(repository, two)
    made = repository.commit({"m2/new.prompt.yml": "from the server\n"})
    two("pull", "-q")
    assert two("rev-parse", "HEAD") == made
    assert_same(repository, two)
    assert "Already up to date" in two("pull")
    with repository.db.read() as conn:
        rows = conn.execute(select(git_commit).order_by(git_commit.c.generation)).all()
    assert [row.generation for row in rows] == list(range(1, 8))


def test_fetch_brings_only_what_is_new(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    repository.commit({f"m{i}/p.prompt.yml": f"name: p{i}\n" for i in range(100)})
    tree = clone("tree")
    repository.commit({"m5/p.prompt.yml": "changed\n"})
    before = tree("count-objects", "-v")
    tree("-c", "fetch.unpackLimit=1000", "fetch", "-q")
    after = tree("count-objects", "-v")
    loose = [int(text.split()[1]) for text in (before, after)]
    assert loose[1] - loose[0] == 4  # commit, root, folder, file


def test_what_a_kept_push_means_is_told_in_the_terminal_and_of_a_refused_one_it_is_not(
    remote: Remote, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    remote.answers.tells.append("1 file of this push is no valid prompt")
    tree.write({"a": "1"})
    assert "remote: 1 file of this push" in tree.run("push", "origin", "main").err
    tree.write({"a.prompt.yml": "BROKEN"})
    refused = tree.run("push", "origin", "main")
    assert refused.code != 0
    assert "1 file of this push" not in refused.err


def test_first_push_of_another_branch_explains_what_main_is_for(
    clone: Callable[..., WorkTree],
) -> None:
    tree = clone("tree")
    tree.write({"a": "1"})
    pushed = tree.run("push", "origin", "main:master")
    assert pushed.code == 0
    assert "git push origin master:main" in pushed.err


def test_large_push_is_sent_in_chunks_and_arrives(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    noise = random.Random(3).randbytes(3_000_000)
    tree.write({"big.bin": noise, "small.txt": "x"})
    tree("push", "-q", "origin", "main")
    again = clone("again")
    assert (again.folder / "big.bin").read_bytes() == noise
    assert_same(repository, again)


def test_deltas_of_a_pack_and_of_a_thin_pack_are_resolved(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    rng = random.Random(5)
    lines = [rng.randbytes(30).hex() for _ in range(800)]
    for i in range(12):
        lines[i * 50] = f"edit {i}"
        tree.write({"long.txt": "\n".join(lines), f"f{i}": str(i)})
    tree("push", "-q", "origin", "main")
    lines[7] = "thin"
    tree.write({"long.txt": "\n".join(lines)})
    stats = tree.run("push", "--progress", "origin", "main")
    assert stats.code == 0, stats.err
    # The long file went as a delta against what only the server's side of the push has.
    assert re.search(r"Total 3 \(delta [1-9]", stats.err)
    again = clone("again")
    assert (again.folder / "long.txt").read_text() == "\n".join(lines)
    assert_same(repository, again)


def test_annotated_tags_are_pushed_peeled_and_cloned(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    head = tree.write({"a": "1"})
    tree("tag", "-a", "v1", "-m", "First")
    tree("tag", "-a", "of-tag", "-m", "Tag of a tag", "v1")
    tree("tag", "light")
    tree("push", "-q", "origin", "main", "--tags")
    listed = tree("ls-remote", "origin")
    assert f"{head}\trefs/tags/v1^{{}}" in listed
    again = clone("again")
    assert again("tag").split() == ["light", "of-tag", "v1"]
    assert again("cat-file", "-t", "v1") == "tag"
    assert again("rev-parse", "of-tag^{commit}") == head
    assert_same(repository, again)
    single = clone("single", "--single-branch", "--depth", "1")
    assert single("tag").split() == ["light", "of-tag", "v1"]


def test_branch_is_created_forced_and_deleted(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    tree.write({"a": "1"})
    tree("push", "-q", "origin", "main", "main:refs/heads/work")
    tree("commit", "-q", "--amend", "-m", "Rewritten")
    refused = tree.run("push", "origin", "main:work")
    assert refused.code != 0
    tree("push", "-q", "--force", "origin", "main:work")
    assert repository.refs()["refs/heads/work"] == tree("rev-parse", "HEAD")
    tree("push", "-q", "origin", "--delete", "work")
    assert set(repository.refs()) == {"refs/heads/main"}


def test_shallow_clone_is_deepened_and_completed(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    for i in range(30):
        tree.write({f"m{i % 3}/f{i % 5}": str(i)})
        if i % 10 == 5:
            tree("checkout", "-q", "-b", f"side{i}", "HEAD~2")
            tree.write({f"side/{i}": "s"})
            tree("checkout", "-q", "main")
            tree("merge", "-q", "--no-edit", f"side{i}")
    tree("push", "-q", "origin", "main")
    total = int(tree("rev-list", "--count", "main"))

    def count(clone: WorkTree) -> int:
        return int(clone("rev-list", "--count", "HEAD"))

    shallow = clone("shallow", "--depth", "1")
    assert count(shallow) == 1
    assert shallow.run("fsck", "--strict").code == 0
    shallow("fetch", "-q", "--depth", "10")
    assert count(shallow) == int(clone("reference", "--depth", "10")("rev-list", "--count", "HEAD"))
    before = count(shallow)
    shallow("fetch", "-q", "--deepen", "4")
    assert before < count(shallow) < total
    assert shallow.run("fsck", "--strict").code == 0
    tree.write({"later": "1"})
    tree("push", "-q", "origin", "main")
    shallow("pull", "-q")
    shallow.write({"from-shallow": "1"})
    shallow("push", "-q", "origin", "main")
    shallow("fetch", "-q", "--unshallow")
    assert count(shallow) == total + 2
    assert not (shallow.folder / ".git/shallow").exists()
    assert_same(repository, shallow)


def test_fetch_by_commit_id_and_of_unknown_ids(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    old = repository.commit({"a": "1"})
    repository.commit({"a": "2"})
    repository.commit({"b": "hidden"}, ref="refs/heads/other")
    tree = clone("tree")
    tree("fetch", "-q", "origin", old)
    assert tree("rev-parse", "FETCH_HEAD") == old
    refused = tree.run("fetch", "origin", "1" * 40)
    assert refused.code != 0
    assert "not our ref" in refused.err


def test_histories_without_a_common_ancestor_and_merges_are_fetched(
    repository: Repository, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    tree.write({"a": "1"})
    tree("push", "-q", "origin", "main")
    other = clone("other")
    tree("checkout", "-q", "--orphan", "pages")
    tree.write({"b": "1"})
    tree("checkout", "-q", "main")
    tree("merge", "-q", "--no-edit", "--allow-unrelated-histories", "pages")
    tree("push", "-q", "origin", "main", "pages")
    other("pull", "-q")
    assert_same(repository, other)
    other("fetch", "-q", "origin", "pages")


def test_client_far_ahead_negotiates_in_several_rounds(
    repository: Repository, git: Git, clone: Callable[..., WorkTree]
) -> None:
    tree = clone("tree")
    for i in range(40):
        tree.write({"a": str(i)})
    tree("push", "-q", "origin", "main")
    other = clone("other")
    base = "from refs/heads/main^0\n"
    local = [  # more haves than one round of negotiation carries
        f"commit refs/heads/main\ncommitter L <l@example.org> {1_800_000_000 + i} +0000\n"
        f"data 1\nx\n{'' if i else base}"
        for i in range(300)
    ]
    git("fast-import", "--quiet", cwd=other.folder, stdin="\n".join(local).encode())
    tree.write({"b": "1"})
    tree("push", "-q", "origin", "main")
    other("fetch", "-q")
    assert other("rev-parse", "origin/main") == tree("rev-parse", "main")
    assert other.run("fsck", "--strict").code == 0


def test_credentials_are_asked_for_and_names_of_users_do_not_matter(
    repository: Repository, remote: Remote, git: Git
) -> None:
    bare = f"http://127.0.0.1:{remote.port}/git/{NAME}.git"
    refused = git.run("ls-remote", bare)
    assert refused.code != 0
    assert "could not read Username" in refused.err  # so the challenge made Git ask
    wrong = git.run("ls-remote", remote.url(NAME, "nonsense"))
    assert wrong.code != 0
    assert "Authentication failed" in wrong.err
    for user, password in (("ben", "nonsense"), ("", "")):
        sent = httpx2.get(f"{bare}/info/refs?service=git-upload-pack", auth=(user, password))
        assert sent.status_code == 401
        assert "as password, a token" in sent.text
        assert "Bearer" not in sent.text
    header = "http.extraHeader=Authorization: Bearer writer-token"
    assert git.run("-c", header, "ls-remote", bare).code == 0
    basic = base64.b64encode(b":reader-token").decode()
    assert (
        git.run("-c", f"http.extraHeader=Authorization: Basic {basic}", "ls-remote", bare).code == 0
    )
    unknown = git.run("ls-remote", remote.url("no-such-project"))
    assert unknown.code != 0
    assert "no project" in unknown.err


def test_reader_may_clone_but_not_push_and_the_denial_is_recorded(
    repository: Repository, remote: Remote, git: Git, tmp_path: Path
) -> None:
    repository.commit({"a": "1"})
    git("clone", "-q", remote.url(NAME, "reader-token"), str(tmp_path / "tree"))
    tree = WorkTree(git, tmp_path / "tree")
    tree.write({"b": "1"})
    refused = tree.run("push", "origin", "main")
    assert refused.code != 0
    assert "A viewer may not push" in refused.err
    assert remote.answers.denials == [("reader", NAME, "git.receive-pack")]


def test_racing_pushes_have_one_winner_and_the_other_is_told(
    repository: Repository, remote: Remote, clone: Callable[..., WorkTree]
) -> None:
    repository.commit({"a": "1"})
    trees = [clone(f"t{i}") for i in range(3)]
    for i, tree in enumerate(trees):
        tree.write({f"from{i}": "x"})
    # Everybody is past the check before the lock when the first one writes.
    together = threading.Barrier(3, timeout=20)

    def wait_for_all() -> None:
        together.wait()

    remote.answers.before_check = wait_for_all
    results: dict[int, tuple[int, str]] = {}

    def push(i: int) -> None:
        done = trees[i].run("push", "origin", "main")
        results[i] = (done.code, done.err)

    threads = [threading.Thread(target=push, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [i for i, (code, _) in results.items() if code == 0]
    assert len(winners) == 1, results
    assert repository.refs()["refs/heads/main"] == trees[winners[0]]("rev-parse", "HEAD")
    for i, (code, text) in results.items():
        if code:
            assert "fetch first" in text
            assert "git pull --rebase" in text
            with repository.db.read() as conn, pytest.raises(LookupError):
                lost = trees[i]("rev-parse", "HEAD")
                if lost not in {r.oid for r in conn.execute(select(git_commit))}:
                    raise LookupError
    remote.answers.before_check = None


def test_only_reachable_objects_of_the_right_project_are_served(
    database: Database, git: Git, tmp_path: Path
) -> None:
    one = make_repository(database, NAME)
    two = make_repository(database, "other")
    hidden = one.commit({"secret": "1"})
    two.commit({"open": "1"})
    with serve(database) as running:
        refused = git.run("fetch-pack", running.url("other"), hidden, cwd=None)
        assert refused.code != 0
        git("clone", "-q", running.url("other"), str(tmp_path / "other"))
        tree = WorkTree(git, tmp_path / "other")
        assert tree.run("fetch", "origin", hidden).code != 0
