"""Pushes damaged at random: always a Git report or a 4xx, never a failure of the server, and nothing of them is kept."""

from __future__ import annotations

import hashlib
import itertools
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from promptops_server.infra.database import Database
from promptops_server.registry.git.objects import BLOB, COMMIT, TAG, TREE, object_id
from promptops_server.registry.git.pack import entry_header
from promptops_server.registry.pushed import PushedToMain
from promptops_server.registry.tables import git_object
from support.git_remote import WorkTree, allow_anything, serve
from support.histories import prompt
from support.raw_push import commands, commit_of, pack, post
from support.repositories import Repository, make_repository
from support.stock_git import Git

MAIN, TAGGED = "refs/heads/main", "refs/tags/v1"
OFS_DELTA, REF_DELTA = 6, 7

FUZZ = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Part:
    """An entry of a pack before it is written: the kind, what stands before the compressed bytes, the content."""

    kind: int
    before: bytes
    content: bytes

    def encode(self, size: int | None = None) -> bytes:
        head = entry_header(self.kind, len(self.content) if size is None else size)
        return head + self.before + zlib.compress(self.content)


def tree_of(*entries: tuple[bytes, bytes, str]) -> bytes:
    return b"".join(b"%b %b\0" % (mode, name) + bytes.fromhex(oid) for mode, name, oid in entries)


def parts_of_a_push() -> tuple[list[Part], bytes]:
    """Files, one of them twice as a delta, a folder, a commit and a tag; and the commands that go with them."""
    first = prompt("first " * 20).encode()
    second, third = first + b"# 2\n", first + b"# 33\n"
    folder = tree_of((b"100644", b"a.prompt.yml", object_id(BLOB, first)),
                     (b"100644", b"b.prompt.yml", object_id(BLOB, second)),
                     (b"100644", b"c.prompt.yml", object_id(BLOB, third)))  # fmt: skip
    root = tree_of((b"40000", b"claims", object_id(TREE, folder)))
    commit = commit_of(object_id(TREE, root))
    head = object_id(COMMIT, commit)
    tag = f"object {head}\ntype commit\ntag v1\ntagger X <x@y> 1 +0000\n\nv1\n".encode()
    whole = Part(BLOB, b"", first)
    parts = [
        whole,
        # Its base is the entry before it.
        Part(OFS_DELTA, bytes([len(whole.encode())]), delta(first, b"# 2\n")),
        Part(REF_DELTA, bytes.fromhex(object_id(BLOB, first)), delta(first, b"# 33\n")),
        Part(TREE, b"", folder),
        Part(TREE, b"", root),
        Part(COMMIT, b"", commit),
        Part(TAG, b"", tag),
    ]
    return parts, commands([(None, head, MAIN), (None, object_id(TAG, tag), TAGGED)])


def delta(base: bytes, more: bytes) -> bytes:
    """Copy all of the base (128 to 255 bytes or two bytes of size), then insert."""

    def number(n: int) -> bytes:
        return bytes([n & 0x7F | 0x80, n >> 7])

    copy = bytes([0xB0, len(base) & 0xFF, len(base) >> 8])
    return number(len(base)) + number(len(base) + len(more)) + copy + bytes([len(more)]) + more


PARTS, COMMANDS = parts_of_a_push()
HEAD = object_id(COMMIT, PARTS[5].content)
WHOLE = COMMANDS + pack(part.encode() for part in PARTS)


def resealed(data: bytes) -> bytes:
    """With a right checksum again, so that the damage gets past the first look."""
    return data[:-20] + hashlib.sha1(data[:-20]).digest()


positions = st.integers(0, 1 << 20)
bytes_put = st.one_of(
    st.sampled_from([b"", b"\0", b"\xff", b"0000", b"\x78\x9c"]), st.binary(max_size=6)
)
edits = st.lists(st.tuples(positions, st.integers(0, 6), bytes_put), min_size=1, max_size=4)


def edited(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Each change takes some bytes out and puts others in."""
    for at, length, put in changes:
        start = at % (len(data) + 1)
        data = data[:start] + put + data[start + length :]
    return data


@st.composite
def damaged_bodies(draw: st.DrawFn) -> bytes:
    """Any bytes changed; in half of the cases with the checksum made right."""
    data = edited(WHOLE, draw(edits))
    if draw(st.booleans()):
        data = data[: draw(positions) % (len(data) + 1)]
    return resealed(data) if draw(st.booleans()) else data


@st.composite
def wrong_packs(draw: st.DrawFn) -> bytes:
    """A pack that can be read, with entries that are not what they should be."""
    parts = list(PARTS)
    at = draw(st.integers(0, len(parts) - 1))
    part = parts[at]
    size: int | None = None
    match draw(st.sampled_from(["content", "base", "kind", "size", "order", "twice", "lost"])):
        case "content":
            part = Part(part.kind, part.before, edited(part.content, draw(edits)))
        case "base":
            part = Part(part.kind, draw(st.binary(min_size=1, max_size=20)), part.content)
        case "kind":
            part = Part(draw(st.integers(0, 7)), part.before, part.content)
        case "size":
            size = draw(st.one_of(st.integers(0, 300), st.integers(0, 1 << 60)))
        case "order":
            parts = draw(st.permutations(parts))
        case "twice":
            parts.insert(draw(st.integers(0, len(parts))), part)
        case "lost":
            del parts[at]
            at = len(parts)
    encoded = [p.encode() for p in parts]
    if at < len(encoded):
        encoded[at] = part.encode(size)
    return COMMANDS + pack(encoded)


def asks_for_a_report(body: bytes) -> bool:
    """Whether the damage left the capability in its place, after the NUL of the first command."""
    _, _, capabilities = body[4 : int(body[:4], 16)].partition(b"\0")
    return b"report-status" in capabilities.split()


def judge(repository: Repository, port: int, body: bytes) -> None:
    """Push a body into a project of its own, and hold the answer to the rules."""
    before = repository.rows()
    status, text = post(port, body, project=repository.name)
    assert status == 200 or 400 <= status < 500, (status, text)
    assert "The server failed" not in text, text
    moved = repository.refs()
    if moved and asks_for_a_report(body):
        assert all(f"ok {name}" in text for name in moved), text
    if not moved:
        assert repository.rows() == before, text
        return
    # The damage did no harm (the same object twice, another order): then everything is what its id says.
    with repository.db.read() as conn:
        mine = select(git_object).where(git_object.c.project_id == repository.id)
        for row in conn.execute(mine):
            assert object_id(row.type, zlib.decompress(row.z)) == row.oid
    assert moved.get(MAIN, HEAD) == HEAD


def test_it_is_right_before_it_is_damaged(database: Database, git: Git, tmp_path: Path) -> None:
    make_repository(database, "whole")
    with serve(database, versions=PushedToMain(allow_anything)) as remote:
        status, text = post(remote.port, WHOLE, project="whole")
        assert (status, "unpack ok" in text) == (200, True), text
        git("clone", "-q", remote.url("whole"), str(tmp_path / "back"))
        back = WorkTree(git, tmp_path / "back")
        assert back.run("fsck", "--strict").code == 0
        assert back("ls-files").split() == [f"claims/{n}.prompt.yml" for n in "abc"]


@pytest.mark.parametrize("bodies", [damaged_bodies(), wrong_packs()], ids=["bytes", "entries"])
def test_damage_is_refused_and_leaves_nothing(
    database: Database, bodies: st.SearchStrategy[bytes]
) -> None:
    numbers = itertools.count()
    with serve(database, versions=PushedToMain(allow_anything)) as remote:

        @FUZZ
        @given(bodies)
        def push(body: bytes) -> None:
            judge(make_repository(database, f"bank-{next(numbers)}"), remote.port, body)

        push()
        make_repository(database, "after")
        status, text = post(remote.port, WHOLE, project="after")
        assert (status, f"ok {MAIN}" in text) == (200, True), text
