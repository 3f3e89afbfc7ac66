"""Random small histories: a redaction keeps their shape, touches nothing before the text, and leaves none of it."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.registry.git import store
from promptops_server.registry.git.objects import (
    BLOB,
    COMMIT,
    TAG,
    TREE,
    Ident,
    Tree,
    build_commit,
    parse_commit,
    prepare,
)
from promptops_server.registry.git.store import CommitRow
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.redaction.model import check_texts
from promptops_server.registry.redaction.replace import Replacer, rewritten_commit
from promptops_server.registry.redaction.rewrite import Rewrite, plan_rewrite
from promptops_server.registry.redaction.rewrite_store import put_in_place
from promptops_server.registry.tables import project

SECRET = "Xaverina Q"
REPLACER = check_texts([SECRET, "xq@example.org"], "(redacted)")
TEXTS = ("plain\n", "other\n", f"to {SECRET}\n", f"to {SECRET} twice {SECRET}\n", "to (redacted)\n")
PATHS = ("a.txt", "m/b.txt", "m/n/c.txt", "m/n/d.txt")
MESSAGES = ("Change", f"For {SECRET}", "Change again")
MAY = Ident("May", "may@example.org")
XAVERINA = Ident(SECRET, "xq@example.org")

Commit = tuple[dict[str, str], list[int], str, Ident]
"""Files set (path to text), parents as steps back, message, author."""


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """Up to eight commits, each with up to two parents among the three before it; several roots are possible."""
    made: list[Commit] = []
    for number in range(draw(st.integers(1, 8))):
        files = draw(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(TEXTS), max_size=3))
        back = st.integers(1, min(3, number)) if number else st.nothing()
        parents = draw(st.lists(back, max_size=2, unique=True)) if number else []
        message = draw(st.sampled_from(MESSAGES))
        made.append((files, sorted(parents), message, draw(st.sampled_from((MAY, XAVERINA)))))
    return made


def write_history(db: Database, history: list[Commit]) -> tuple[str, list[str]]:
    """A project with this history, a branch at every commit and a tag at the last; its id and the commits'."""
    objects = {}
    rows: list[CommitRow] = []
    contents: list[dict[str, str]] = []

    def folder(files: dict[str, str]) -> str:
        entries: list[tuple[bytes, bytes]] = []
        below: dict[str, dict[str, str]] = {}
        for path, text in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                below.setdefault(head, {})[rest] = text
            else:
                blob = prepare(BLOB, text.encode())
                objects[blob.oid] = blob
                entries.append(
                    (head.encode(), b"100644 %b\0" % head.encode() + bytes.fromhex(blob.oid))
                )
        for name, inner in below.items():
            entries.append(
                (name.encode() + b"/", b"40000 %b\0" % name.encode() + bytes.fromhex(folder(inner)))
            )
        tree = prepare(TREE, b"".join(raw for _, raw in sorted(entries)))
        objects[tree.oid] = tree
        return tree.oid

    oids: list[str] = []
    for number, (files, back, message, author) in enumerate(history):
        parents = [number - steps for steps in back]
        now: dict[str, str] = {}
        for parent in parents:
            now |= contents[parent]
        now |= files
        contents.append(now)
        tree = folder(now)
        text = build_commit(
            tree, [oids[p] for p in parents], author, message, 1_700_000_000 + number
        )
        commit = prepare(COMMIT, text)
        objects[commit.oid] = commit
        oids.append(commit.oid)
        high = max((rows[p].generation for p in parents), default=0)
        rows.append(
            CommitRow(
                commit.oid, tree, tuple(oids[p] for p in parents), high + 1, 1_700_000_000 + number
            )
        )
    tagger = XAVERINA.line(1_700_000_000)
    tag = prepare(
        TAG, f"object {oids[-1]}\ntype commit\ntag v1\ntagger {tagger}\n\nBy {SECRET}\n".encode()
    )
    objects[tag.oid] = tag
    project_id = new_id()
    with db.write() as tx:
        tx.conn.execute(
            insert(project).values(
                id=project_id, name=project_id, name_fold=project_id, title="", description="",
                created_at=tx.now, created_by="x",
            )
        )  # fmt: skip
        store.insert_objects(tx.conn, project_id, objects.values())
        store.insert_commits(tx.conn, project_id, rows)
        for number, oid in enumerate(oids):
            store.move_ref(tx.conn, project_id, f"refs/heads/c{number}", None, oid, tx.now)
        store.move_ref(tx.conn, project_id, "refs/tags/v1", None, tag.oid, tx.now)
    return project_id, oids


def redact(db: Database, project_id: str) -> Rewrite:
    with db.write() as tx:
        rewrite = plan_rewrite(tx.conn, project_id, REPLACER)
        put_in_place(tx, project_id, new_id(), rewrite)
    return rewrite


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """One database for all histories: each is a project of its own."""
    path = tmp_path_factory.mktemp("rewrite") / "a.sqlite"
    shutil.copyfile(sqlite_template, path)
    return Database(f"sqlite:///{path}")


@given(histories())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_redacted_history_has_the_same_shape(shared: Database, history: list[Commit]) -> None:
    project_id, oids = write_history(shared, history)
    with shared.read() as conn:
        view = ObjectView(conn, project_id)
        before = {oid: view.commit_info(oid) for oid in oids}
        files = {oid: view.entries(oid) for oid in oids}
    rewrite = redact(shared, project_id)
    with shared.read() as conn:
        view = ObjectView(conn, project_id)
        refs = store.refs(conn, project_id)
        after = [refs[f"refs/heads/c{number}"] for number in range(len(oids))]
        now = dict(zip(oids, after, strict=True))
        assert len(set(after)) == len(oids)  # no two became one
        for number, oid in enumerate(oids):
            made = view.commit_info(now[oid])
            assert made.parents == tuple(now[parent] for parent in before[oid].parents)
            row = view.commit_row(now[oid])
            assert (row.tree, row.parents) == (made.tree, made.parents)
            there = view.entries(now[oid])
            assert there.keys() == files[oid].keys()
            for path, entry in files[oid].items():
                assert there[path].mode == entry.mode
                assert there[path].oid == rewrite.ids.get(entry.oid, entry.oid)
            holds = _holds(history, number)
            assert (now[oid] == oid) == (not holds)
        kinds = store.object_types(conn, project_id, rewrite.ids)
        assert not kinds  # nothing old is left
        everything = [now[oid] for oid in oids]
        for found in store.load_objects(conn, project_id, _all(conn, project_id)):
            content = zlib.decompress(found.z)
            assert SECRET.encode() not in content and b"xq@example.org" not in content
            if found.type == TREE:
                Tree.parse(content)
            if found.type == COMMIT:
                assert parse_commit(found.oid, content).oid in everything
        assert redact_again_changes_nothing(shared, project_id)


def redact_again_changes_nothing(db: Database, project_id: str) -> bool:
    with db.read() as conn:
        return not plan_rewrite(conn, project_id, REPLACER).ids


def _holds(history: list[Commit], number: int) -> bool:
    """Whether a commit or one before it holds a text."""
    files, back, message, author = history[number]
    return (
        author is XAVERINA
        or SECRET in message
        or any(SECRET in text for text in files.values())
        or any(_holds(history, number - steps) for steps in back)
    )


def _all(conn: object, project_id: str) -> list[str]:
    from sqlalchemy import select

    from promptops_server.registry.tables import git_object

    query = select(git_object.c.oid).where(git_object.c.project_id == project_id)
    return list(conn.execute(query).scalars())  # type: ignore[attr-defined]


@given(st.text(alphabet="ab<\n", max_size=40))
def test_no_text_survives_its_replacement(content: str) -> None:
    replacer = Replacer(["aba", "bb\na"], "-")
    out = replacer.bytes(content.encode())
    assert not replacer.in_bytes(out) and out.decode() == replacer.text(content)
    assert (out == content.encode()) == (not replacer.in_text(content))


def test_signatures_of_rewritten_commits_go_and_other_headers_stay() -> None:
    tree, parent = "a" * 40, "b" * 40
    content = (
        f"tree {tree}\nparent {parent}\nauthor {SECRET} <xq@example.org> 1 +0000\n"
        "committer May <m@x> 1 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n"
        " -----END PGP SIGNATURE-----\nencoding UTF-8\n\nFor Xaverina Q\n"
    )
    out = rewritten_commit(content.encode(), {parent: "c" * 40}, REPLACER).decode()
    assert out == (
        f"tree {tree}\nparent {'c' * 40}\nauthor (redacted) <(redacted)> 1 +0000\n"
        "committer May <m@x> 1 +0000\nencoding UTF-8\n\nFor (redacted)\n"
    )


def test_json_is_redacted_in_all_its_spellings() -> None:
    replacer = Replacer(["Zoë\nÅ"], "-")
    for text in ('{"a": ["x Zoë\\nÅ y"]}', '{"a": ["x Zo\\u00eb\\n\\u00c5 y"]}'):
        assert replacer.in_json(text)
        assert replacer.json(text) == '{"a": ["x - y"]}'
    assert replacer.json('{"b":1}') == '{"b":1}'
