"""Commits the server makes are commits Git knows."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops_server.infra.problems import Conflict, Invalid, NotFound
from promptops_server.registry.git import read, write
from promptops_server.registry.git.objects import BLOB, Entry, Tree, object_id, prepare_tree
from support.repositories import ANNA, Repository, make_repository
from support.stock_git import Git


def listing(git: Git, folder: Path, commit: str) -> dict[str, str]:
    lines = git("ls-tree", "-r", "-z", commit, cwd=folder).strip("\0").split("\0")
    return {line.split("\t")[1]: line.split()[2] for line in lines if line}


def test_exported_repository_is_clean_and_holds_what_was_committed(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    first = repository.commit({"claims/triage.prompt.yml": "a", "README.md": "hello"}, "First")
    second = repository.commit(
        {"claims/motor/deep/x.prompt.yml": "b", "README.md": None}, "Second\n\nWith a body"
    )
    third = repository.commit({"claims/triage.prompt.yml": "c", "claims.d": "d", "claims0": "e"})
    folder = repository.export(git, tmp_path / "bare")
    fsck = git.run("fsck", "--strict", "--no-dangling", cwd=folder)
    assert (fsck.code, fsck.err) == (0, "")
    assert git("rev-list", "main", cwd=folder).split() == [third, second, first]
    assert git("log", "-1", "--format=%an|%ae|%B", second, cwd=folder) == (
        "Anna Weber|u1@installation|Second\n\nWith a body"
    )
    with repository.db.read() as conn:
        for commit in (first, second, third):
            assert read.files(conn, repository.id, commit) == listing(git, folder, commit)
            info = read.commit_info(conn, repository.id, commit)
            assert info.tree == git("rev-parse", f"{commit}^{{tree}}", cwd=folder)
        assert read.commit_info(conn, repository.id, third).parents == (second,)
        assert info.author == "Anna Weber <u1@installation>"


def test_reading_one_file_a_folder_and_an_abbreviated_commit(repository: Repository) -> None:
    head = repository.commit({"a/b/one.prompt.yml": "1", "a/two.prompt.yml": "2", "three": "3"})
    with repository.db.read() as conn:
        oid = read.file_at(conn, repository.id, head, "a/b/one.prompt.yml")
        assert oid == object_id(BLOB, b"1")
        assert read.blob(conn, repository.id, oid) == b"1"
        assert read.file_at(conn, repository.id, head, "a/b") is None
        assert read.file_at(conn, repository.id, head, "three/x") is None
        assert set(read.files(conn, repository.id, head, "a/b/")) == {"a/b/one.prompt.yml"}
        assert read.files(conn, repository.id, head, "nowhere") == {}
        assert read.resolve_commit(conn, repository.id, head[:7].upper()) == head
        for wrong in ("0" * 8 if not head.startswith("0" * 8) else "1" * 8, "abc", "%%%%", "main"):
            with pytest.raises(NotFound):
                read.resolve_commit(conn, repository.id, wrong)
        with pytest.raises(NotFound):
            read.blob(conn, repository.id, "1" * 40)
        with pytest.raises(NotFound):
            read.files(conn, repository.id, "1" * 40)
        with pytest.raises(NotFound):
            read.blobs(conn, repository.id, [oid, "1" * 40])


def test_projects_do_not_see_each_others_objects(repository: Repository) -> None:
    head = repository.commit({"x": "secret"})
    other = make_repository(repository.db, "other")
    with repository.db.read() as conn, pytest.raises(NotFound):
        read.blob(conn, other.id, object_id(BLOB, b"secret"))
    with repository.db.read() as conn, pytest.raises(NotFound):
        read.files(conn, other.id, head)


def test_changes_between_commits_skip_what_is_equal(repository: Repository) -> None:
    first = repository.commit({"a/x": "1", "a/y": "2", "b/z": "3", "c": "4"})
    second = repository.commit({"a/x": "1!", "b/z": None, "d/e": "5"})
    with repository.db.read() as conn:
        changed = read.changed_files(conn, repository.id, first, second)
        assert [(c.path, c.old_blob is None, c.new_blob is None) for c in changed] == [
            ("a/x", False, False),
            ("b/z", False, True),
            ("d/e", True, False),
        ]
        every = read.changed_files(conn, repository.id, None, second)
        assert {c.path: c.new_blob for c in every} == read.files(conn, repository.id, second)
        assert read.changed_files(conn, repository.id, second, second) == []


def test_file_replaced_by_folder_is_two_changes(repository: Repository) -> None:
    first = repository.commit({"a": "file", "b/c": "in folder"})
    second = repository.commit({"a": None, "a/inner": "x", "b/c": None, "b": "now a file"})
    with repository.db.read() as conn:
        changed = read.changed_files(conn, repository.id, first, second)
    assert [(c.path, bool(c.old_blob), bool(c.new_blob)) for c in changed] == [
        ("a", True, False),
        ("a/inner", False, True),
        ("b", False, True),
        ("b/c", True, False),
    ]


def test_commit_on_a_moved_head_is_refused_and_leaves_nothing(repository: Repository) -> None:
    first = repository.commit({"a": "1"})
    second = repository.commit({"a": "2"})
    before = repository.count_objects()
    with pytest.raises(write.RefMoved) as refusal, repository.db.write() as tx:
        write.commit_blobs(
            tx,
            repository.id,
            ref="refs/heads/main",
            parent=first,
            changes={"a": write.prepare_blob(b"3")},
            author=ANNA,
            message="late",
        )
    assert refusal.value.members["current"] == second
    assert isinstance(refusal.value, Conflict)
    assert repository.count_objects() == before
    with pytest.raises(write.RefMoved), repository.db.write() as tx:
        write.commit_blobs(
            tx,
            repository.id,
            ref="refs/heads/main",
            parent=None,
            changes={},
            author=ANNA,
            message="",
        )
    assert repository.count_objects() == before


def test_stored_blobs_are_named_by_id_and_missing_ones_refused(repository: Repository) -> None:
    repository.commit({"a": "1"})
    with repository.db.write() as tx:
        made = write.commit_blobs(
            tx,
            repository.id,
            ref="refs/heads/env/staging",
            parent=None,
            changes={"live/a": object_id(BLOB, b"1")},
            author=ANNA,
            message="release",
        )
    with repository.db.read() as conn:
        assert read.files(conn, repository.id, made.oid) == {"live/a": object_id(BLOB, b"1")}
    for wrong in ("2" * 40, made.oid):
        with pytest.raises(NotFound), repository.db.write() as tx:
            write.commit_blobs(
                tx,
                repository.id,
                ref="refs/heads/env/staging",
                parent=made.oid,
                changes={"live/b": wrong},
                author=ANNA,
                message="release",
            )


def test_branch_from_which_everything_is_removed_has_the_empty_tree(
    repository: Repository, git: Git, tmp_path: Path
) -> None:
    repository.commit({"a/b/c": "1"})
    head = repository.commit({"a/b/c": None})
    folder = repository.export(git, tmp_path / "bare")
    assert git("ls-tree", "-r", head, cwd=folder) == ""
    assert git.run("fsck", "--strict", cwd=folder).code == 0


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a/", "a//b", "../a", "a/./b", ".git/config", "a/.GIT/b", "a/git~1", "x" * 256],
)
def test_impossible_paths_are_refused(repository: Repository, path: str) -> None:
    with pytest.raises(Invalid):
        repository.commit({path: "x"})


def test_files_and_folders_cannot_take_each_others_names(repository: Repository) -> None:
    repository.commit({"a/b": "1", "c": "2"})
    with pytest.raises(Invalid, match="folder"):
        repository.commit({"a": "x"})
    with pytest.raises(Invalid, match="is a file"):
        repository.commit({"c/d": "x"})
    with pytest.raises(Invalid):
        repository.commit({"n": "x", "n/m": "y"})
    with pytest.raises(NotFound):
        repository.commit({"nothing": None})
    with pytest.raises(NotFound):
        repository.commit({"a": None})


def test_first_parent_steps_follow_the_chain_or_are_one(repository: Repository) -> None:
    chain = [repository.commit({"a": str(i)}) for i in range(40)]
    with repository.db.read() as conn:
        steps = read.first_parent_steps(conn, repository.id, chain[3], chain[-1])
        assert steps == list(pairwise(chain[3:]))
        # The empty line is the beginning of every chain.
        first = read.first_parent_steps(conn, repository.id, None, chain[5])
        assert first == [(None, chain[0]), *pairwise(chain[:6])]
        assert read.first_parent_steps(conn, repository.id, chain[5], chain[5]) == []
        assert read.first_parent_steps(conn, repository.id, chain[5], chain[3]) == [
            (chain[5], chain[3])
        ]
        assert read.is_ancestor(conn, repository.id, chain[0], chain[-1])
        assert read.is_ancestor(conn, repository.id, chain[7], chain[7])
        assert not read.is_ancestor(conn, repository.id, chain[9], chain[8])
        assert not read.is_ancestor(conn, repository.id, "1" * 40, chain[8])


def test_ten_thousand_files_in_one_commit_take_seconds_at_most(
    repository: Repository,
) -> None:
    rng = random.Random(7)
    changes = {
        f"module{i % 100}/part{i % 7}/p{i}.prompt.yml": write.prepare_blob(
            b"name: p%d\n" % i + rng.randbytes(200).hex().encode()
        )
        for i in range(10_000)
    }
    start = time.perf_counter()
    with repository.db.write() as tx:
        head = write.commit_blobs(
            tx,
            repository.id,
            ref="refs/heads/main",
            parent=None,
            changes=changes,
            author=ANNA,
            message="import",
        )
    took = time.perf_counter() - start
    with repository.db.read() as conn:
        listed = read.files(conn, repository.id, head.oid)
    assert listed == {path: blob.oid for path, blob in changes.items()}
    print(f"10,000 files: {took:.2f} s")
    assert took < 10


names = st.binary(min_size=1, max_size=4).filter(lambda b: not set(b) & {0, 47})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    before=st.dictionaries(names, st.sampled_from([0o100644, 0o40000, 0o120000, 0o160000])),
    after=st.dictionaries(names, st.sampled_from([None, 0o100644, 0o40000, 0o100755])),
)
def test_edited_trees_are_in_gits_order_whatever_the_names(
    before: dict[bytes, int], after: dict[bytes, int | None]
) -> None:
    from dulwich.objects import Tree as TheirTree

    oid = "ab" * 20
    tree = Tree({}).replace({name: Entry(mode, oid) for name, mode in before.items()})
    tree = tree.replace({n: None if m is None else Entry(m, oid) for n, m in after.items()})
    theirs = TheirTree()
    merged = {**before, **after}
    for name, mode in merged.items():
        if mode is not None:
            theirs.add(name, mode, oid.encode())  # type: ignore[arg-type]
    assert prepare_tree(tree).oid == theirs.id.decode()
    assert Tree.parse(tree.serialise()).raw == tree.raw
