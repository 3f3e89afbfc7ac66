"""Broken, unsafe and oversized packs, made by hand: refused, nothing kept, the server goes on."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest

from promptops_server.infra.database import Database
from promptops_server.registry.git.objects import BLOB, COMMIT, TAG, TREE, object_id
from support.git_remote import Remote
from support.raw_push import commands, commit_of, entry, one_commit, pack, post
from support.repositories import Repository, make_repository

MAIN = "refs/heads/main"


@pytest.fixture
def repository(database: Database) -> Repository:
    """On one database: nothing here reaches a table."""
    return make_repository(database)


def test_hand_made_push_is_accepted_when_it_is_right(
    repository: Repository, narrow_remote: Remote
) -> None:
    entries, commit = one_commit()
    status, text = post(narrow_remote.port, commands([(None, commit, MAIN)]) + pack(entries))
    assert (status, "unpack ok" in text, f"ok {MAIN}" in text) == (200, True, True)
    assert repository.refs() == {MAIN: commit}


BLOB_ID = bytes.fromhex(object_id(BLOB, b"content"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"100644 .git\0" + BLOB_ID, ".git"),
        (b"40000 .GIT\0" + BLOB_ID, ".git"),
        (b"100644 git~1\0" + BLOB_ID, ".git"),
        ("100644 .g\u200cit\0".encode() + BLOB_ID, ".git"),
        (b"100644 .git \0" + BLOB_ID, ".git"),
        (b"100644 .git::$INDEX_ALLOCATION\0" + BLOB_ID, ".git"),
        (b"100644 a\\.git\0" + BLOB_ID, ".git"),
        (b"100644 ..\0" + BLOB_ID, "'..'"),
        (b"100644 .\0" + BLOB_ID, "'.'"),
        (b"100644 a/b\0" + BLOB_ID, "slash"),
        (b"100644 \0" + BLOB_ID, "empty name"),
        (b"100644 b\0" + BLOB_ID + b"100644 a\0" + BLOB_ID, "out of order"),
        (b"100644 a\0" + BLOB_ID + b"100644 a\0" + BLOB_ID, "twice"),
        (b"100644 a\0" + BLOB_ID + b"40000 a\0" + BLOB_ID, "twice"),
        (b"040000 a\0" + BLOB_ID, "padded"),
        (b"100664 a\0" + BLOB_ID, "mode"),
        (b"100644 a\0" + b"\0" * 20, "no object"),
        (b"120000 .gitmodules\0" + BLOB_ID, "symbolic link"),
        (b"100644 a\0" + BLOB_ID + b"rest", "cannot be read"),
        (b"40000 a\0" + BLOB_ID, "neither in the push nor on the server"),
        (b"100644 a\0" + b"\1" * 20, "neither in the push nor on the server"),
    ],
)
def test_bad_trees_are_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None], content: bytes, reason: str
) -> None:
    nothing_kept()
    entries, commit = one_commit(content)
    _, text = post(narrow_remote.port, commands([(None, commit, MAIN)]) + pack(entries))
    assert "unpack ok" not in text
    assert f"ng {MAIN}" in text
    assert reason in text


@pytest.mark.parametrize(
    "commit",
    [
        b"tree TREE\n",
        b"tree TREE\nauthor X <x> 1 +0000\n\nno committer\n",
        b"tree TREE\nauthor X <x> 1 +0000\ncommitter X x 1 +0000\n\n",
        b"tree TREE\nauthor X <x> 01 +0000\ncommitter X <x> 1 +0000\n\n",
        b"tree TREE\nauthor X <x> 99999999999999999999 +0000\ncommitter X <x> 1 +0000\n\n",
        b"tree TREE\nparent 12\nauthor X <x> 1 +0000\ncommitter X <x> 1 +0000\n\n",
        b"author X <x> 1 +0000\ntree TREE\ncommitter X <x> 1 +0000\n\n",
        b"tree TREE\nauthor X <x> 1 +0000\ncommitter X <x> 1 +0000\ntree TREE\n\nm\n",
        b"tree TREE\nauthor X <x> 1 +0000\ncommitter X <x> 1 +0000\n\nn\0ul\n",
        b"tree TREE\nparent " + b"1" * 40 + b"\nauthor X <x> 1 +0000\ncommitter X <x> 1 +0000\n\n",
        b"",
    ],
)
def test_bad_commits_are_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None], commit: bytes
) -> None:
    nothing_kept()
    entries, _ = one_commit()
    tree_id = object_id(TREE, b"100644 a\0" + BLOB_ID).encode()
    content = commit.replace(b"TREE", tree_id)
    entries[2] = entry(COMMIT, content)
    body = commands([(None, object_id(COMMIT, content), MAIN)]) + pack(entries)
    _, text = post(narrow_remote.port, body)
    assert "unpack ok" not in text
    assert f"ng {MAIN}" in text


def damaged(name: str) -> tuple[bytes, str]:
    """A body that is wrong in one way."""
    entries, commit = one_commit()
    good = pack(entries)
    head = commands([(None, commit, MAIN)])
    lie = bytearray(entry(BLOB, b"content"))
    lie[0] = (BLOB << 4) | 3
    ref_delta = entry(7, b"\x07\x07\x90\x07", b"\2" * 20)
    self_offset = b"\x60" + b"\x05" + zlib.compress(b"")
    bodies = {
        "flipped bit": (head + good[:-25] + bytes([good[-25] ^ 1]) + good[-24:], "checksum"),
        "truncated": (head + good[:-30], "checksum"),
        "no pack": (head, "no pack"),
        "half a header": (head + b"PACK\0\0", "no pack"),
        "not a pack": (head + b"KCAP" + good[4:], "no pack"),
        "wrong version": (head + good[:4] + b"\0\0\0\7" + good[8:], "version"),
        "smaller than said": (head + pack([bytes(lie), *entries[1:]]), "than its header says"),
        "rubbish in zlib": (head + pack([entry(BLOB, b"x")[:1] + b"rubbish"]), "inflated"),
        "unknown type": (head + pack([entry(5, b"x")]), "unknown type"),
        "bytes left over": (head + pack([b"".join(entries)]), "after its last object"),
        "thin base unknown": (head + pack([ref_delta, *entries]), "neither in the pack nor on"),
        "offset to nowhere": (head + pack([*entries, self_offset]), "not before it"),
        "other id": (commands([(None, "1" * 40, MAIN)]) + good, "not in the push"),
    }
    return bodies[name]


@pytest.mark.parametrize(
    "name",
    [
        "flipped bit",
        "truncated",
        "no pack",
        "half a header",
        "not a pack",
        "wrong version",
        "smaller than said",
        "rubbish in zlib",
        "unknown type",
        "bytes left over",
        "thin base unknown",
        "offset to nowhere",
        "other id",
    ],
)
def test_broken_packs_are_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None], name: str
) -> None:
    nothing_kept()
    body, reason = damaged(name)
    status, text = post(narrow_remote.port, body)
    assert status == 200
    assert f"ng {MAIN}" in text
    assert reason in text, text


def test_more_than_the_limits_is_refused_before_it_is_unpacked(
    narrow_remote: Remote, nothing_kept: Callable[[], None]
) -> None:
    nothing_kept()
    entries, commit = one_commit()
    head = commands([(None, commit, MAIN)])
    bomb = entry(BLOB, b"\0" * 10_000_000)  # 10 kB on the wire
    assert "limit is 200,000" in post(narrow_remote.port, head + pack([*entries, bomb]))[1]
    many = [entry(BLOB, b"%d" % i) for i in range(2_001)]
    assert "2,000 are allowed" in post(narrow_remote.port, head + pack([*entries, *many]))[1]
    large = [entry(BLOB, b"%d" % i + b"\0" * 190_000) for i in range(12)]
    assert "when unpacked" in post(narrow_remote.port, head + pack([*entries, *large]))[1]
    noise = b"".join(object_id(BLOB, b"%d" % i).encode() for i in range(10_000))
    status, text = post(narrow_remote.port, head + pack([*entries]) + noise[:310_000])
    assert (status, "over 300,000 bytes" in text) == (200, True), text
    status, text = post(narrow_remote.port, head + noise * 3)
    assert (status, "over 300,000 bytes" in text) == (413, True)
    zipped = gzip.compress(head + b"\0" * 50_000_000)
    assert len(zipped) < 300_000
    _, text = post(narrow_remote.port, zipped, extra={"Content-Encoding": "gzip"})
    assert "over 300,000 bytes" in text


def test_deep_folders_and_long_delta_chains_are_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None]
) -> None:
    nothing_kept()
    entries, _ = one_commit()
    content = b"100644 a\0" + BLOB_ID
    for _ in range(9):
        content = b"40000 d\0" + bytes.fromhex(object_id(TREE, content))
        entries.append(entry(TREE, content))
    commit = commit_of(object_id(TREE, content))
    body = commands([(None, object_id(COMMIT, commit), MAIN)])
    _, text = post(narrow_remote.port, body + pack([*entries, entry(COMMIT, commit)]))
    assert "nest deeper than 8" in text

    entries, oid = one_commit()
    current = b"content"
    for i in range(51):
        # copy the whole base, then append one byte
        size = len(current)
        delta = bytes([size, size + 1, 0x90, size, 1, 65 + i % 20])
        entries.append(entry(7, delta, bytes.fromhex(object_id(BLOB, current))))
        current += bytes([65 + i % 20])
    _, text = post(narrow_remote.port, commands([(None, oid, MAIN)]) + pack(entries))
    assert "more than 50 deltas" in text


def test_endless_chain_of_tags_is_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None]
) -> None:
    nothing_kept()
    entries, target = one_commit()
    kind = "commit"
    for i in range(20):
        content = (f"object {target}\ntype {kind}\ntag t{i}\ntagger X <x> 1 +0000\n\nt\n").encode()
        entries.append(entry(TAG, content))
        target, kind = object_id(TAG, content), "tag"
    body = commands([(None, target, "refs/tags/t")]) + pack(entries)
    assert "a tag of too many tags" in post(narrow_remote.port, body)[1]


@pytest.mark.parametrize(
    "content",
    [
        b"object COMMIT\ntype tree\ntag t\n\nwrong type\n",
        b"object COMMIT\ntype commit\n\nno name\n",
        b"object COMMIT\ntype commit\ntag a..b\n\nbad name\n",
        b"object COMMIT\ntype commit\ntag t\ntagger nobody\n\nbad tagger\n",
        b"object 12\ntype commit\ntag t\n\nbad id\n",
        b"object COMMIT\ntype stuff\ntag t\n\nbad type\n",
    ],
)
def test_bad_tags_are_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None], content: bytes
) -> None:
    nothing_kept()
    entries, commit = one_commit()
    tag = content.replace(b"COMMIT", commit.encode())
    body = commands([(None, object_id(TAG, tag), "refs/tags/t")])
    _, text = post(narrow_remote.port, body + pack([*entries, entry(TAG, tag)]))
    assert "unpack ok" not in text
    assert "ng refs/tags/t" in text


def test_gzip_body_is_understood_and_a_damaged_one_refused(
    repository: Repository, narrow_remote: Remote
) -> None:
    entries, commit = one_commit()
    body = gzip.compress(commands([(None, commit, MAIN)]) + pack(entries))
    extra = {"Content-Encoding": "gzip"}
    status, text = post(narrow_remote.port, body[:-20], extra=extra)
    assert (status, "cut off" in text) == (400, True)
    status, text = post(narrow_remote.port, b"no gzip", extra=extra)
    assert (status, "damaged" in text) == (400, True)
    assert post(narrow_remote.port, b"x", extra={"Content-Encoding": "br"})[0] == 400
    assert repository.refs() == {}
    assert "unpack ok" in post(narrow_remote.port, body, extra=extra)[1]


@pytest.mark.parametrize(
    "body",
    [
        b"rubbish",
        b"0003",
        b"0010half",
        b"0000PACK",
        b"fffe" + b"x" * 10,
        b"000dno command0000",
        commands([(None, "z" * 40, MAIN)]),
        commands([(None, "1" * 40, MAIN), (None, "1" * 40, MAIN)]),
        commands([(None, "1" * 40, MAIN)], "report-status object-format=sha256"),
    ],
)
def test_requests_that_are_no_push_get_a_clear_answer(
    narrow_remote: Remote, nothing_kept: Callable[[], None], body: bytes
) -> None:
    nothing_kept()
    status, text = post(narrow_remote.port, body)
    if body.startswith(b"0000"):
        assert (status, text) == (200, "")
    else:
        assert status in (400, 422)
        assert text.strip()


@pytest.mark.parametrize(
    "name",
    ["refs/heads/a..b", "refs/heads/a.lock", "refs/heads/-x", "refs/heads/a\x7fb", "refs/heads/"],
)
def test_impossible_ref_names_are_refused(
    narrow_remote: Remote, nothing_kept: Callable[[], None], name: str
) -> None:
    nothing_kept()
    entries, commit = one_commit()
    _, text = post(narrow_remote.port, commands([(None, commit, name)]) + pack(entries))
    assert "ng " in text


def test_unpushable_fetch_requests_get_a_clear_answer(
    repository: Repository, narrow_remote: Remote
) -> None:
    head = repository.commit({"a": "1"})
    for body, part in (
        (b"rubbish", "no Git fetch request"),
        (commands([(head, head, MAIN)]), "no Git fetch request"),
        (b"0032want " + b"1" * 40 + b"\n0000", "not our ref"),
        (b"0032want " + head.encode() + b"\n000cdeepen 0" + b"0000", "depth"),
    ):
        status, text = post(narrow_remote.port, body, "git-upload-pack")
        assert (status, part in text) == (200, True), text
        assert "ERR " in text
    assert post(narrow_remote.port, b"0000", "git-upload-pack") == (200, "")
