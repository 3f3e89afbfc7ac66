"""Git's object formats as values: trees, commits, identities, compressed blobs.

Owns bytes and object ids; leaves storing to `store` and the rules of what may be pushed to `fsck`.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from promptops_server.infra.problems import Invalid

COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
TYPE_NAMES: Mapping[int, bytes] = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
TYPE_NUMBERS: Mapping[bytes, int] = {name: number for number, name in TYPE_NAMES.items()}

MODE_FILE, MODE_EXECUTABLE, MODE_SYMLINK = 0o100644, 0o100755, 0o120000
MODE_TREE, MODE_GITLINK = 0o40000, 0o160000

ZERO_OID = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# Object ids hardly compress, so a higher level costs time on every commit and saves nothing.
_TREE_LEVEL = 1
_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_OID = re.compile(r"[0-9a-f]{40}")


class Entry(NamedTuple):
    """One line of a tree."""

    mode: int
    oid: str

    @property
    def is_tree(self) -> bool:
        return self.mode == MODE_TREE

    @property
    def is_blob(self) -> bool:
        """A file of any kind, a symbolic link included; not a folder, not a submodule."""
        return self.mode not in (MODE_TREE, MODE_GITLINK)


class Tree:
    """A parsed tree, immutable. Entries stay raw bytes, so that an unchanged tree serialises to what it was read from."""

    __slots__ = ("raw",)

    def __init__(self, raw: dict[bytes, bytes]) -> None:
        self.raw = raw
        """Name to the whole entry (``mode SP name NUL id``), in Git's order."""

    @classmethod
    def parse(cls, data: bytes) -> Tree:
        """Raises ValueError when `data` is no tree."""
        raw: dict[bytes, bytes] = {}
        position = 0
        for match in _ENTRY.finditer(data):
            if match.start() != position:
                break
            position = match.end()
            raw[match[2]] = match[0]
        if position != len(data):
            raise ValueError(f"not a tree: no entry starts at byte {position}")
        return cls(raw)

    def __len__(self) -> int:
        return len(self.raw)

    def get(self, name: bytes) -> Entry | None:
        """The entry of this name."""
        raw = self.raw.get(name)
        return None if raw is None else _entry(raw)

    def entries(self) -> Iterable[tuple[bytes, Entry]]:
        """Every entry in Git's order."""
        return ((name, _entry(raw)) for name, raw in self.raw.items())

    def difference(self, other: Tree) -> Iterable[tuple[bytes, Entry]]:
        """Entries here that `other` does not have, in the same words, under the same name."""
        return ((name, _entry(raw)) for name, raw in self.raw.items() if other.raw.get(name) != raw)

    def replace(self, changes: Mapping[bytes, Entry | None]) -> Tree:
        """A tree with these entries set, or removed where ``None``."""
        raw = dict(self.raw)
        ordered = True
        for name, entry in changes.items():
            before = raw.get(name)
            if entry is None:
                raw.pop(name, None)
                continue
            raw[name] = b"%o %b\0%b" % (entry.mode, name, bytes.fromhex(entry.oid))
            # Same name and same kind keep their place; anything else may sort elsewhere.
            ordered = ordered and before is not None and _entry(before).is_tree == entry.is_tree
        if not ordered:
            raw = dict(sorted(raw.items(), key=_sort_key))
        return Tree(raw)

    def serialise(self) -> bytes:
        """The object's content."""
        return b"".join(self.raw.values())


def _entry(raw: bytes) -> Entry:
    return Entry(int(raw[: raw.index(b" ")], 8), raw[-20:].hex())


def _sort_key(item: tuple[bytes, bytes]) -> bytes:
    name, raw = item
    return name + b"/" if raw.startswith(b"40000 ") else name


# Both patterns walk over every entry and capture one kind of id: the walk over a history stays inside `re`.
_SUBTREES = re.compile(rb"40000 [^\0]+\0(.{20})|1[0-7]+ [^\0]+\0.{20}", re.DOTALL)
_LEAVES = re.compile(rb"1[02][0-7]+ [^\0]+\0(.{20})|(?:40|16)[0-7]+ [^\0]+\0.{20}", re.DOTALL)


def subtree_ids(data: bytes) -> list[bytes]:
    """Binary ids of a tree's folders, with an empty value for every other entry."""
    return _SUBTREES.findall(data)


def blob_ids(data: bytes) -> list[bytes]:
    """Binary ids of a tree's files and links, with an empty value for every other entry."""
    return _LEAVES.findall(data)


NO_ENTRIES = Tree({})


def object_id(kind: int, content: bytes) -> str:
    """The SHA-1 object id."""
    # SHA-1 is what Git's ids are; nothing here trusts an id as proof of content.
    digest = hashlib.sha1(b"%b %d\0" % (TYPE_NAMES[kind], len(content)), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class PreparedBlob:
    """An object hashed and compressed, ready to be stored; made before the lock."""

    oid: str
    type: int
    size: int
    """Bytes before compression."""
    z: bytes = field(repr=False)


def compress(kind: int, content: bytes) -> bytes:
    """As an object is stored."""
    return zlib.compress(content, _TREE_LEVEL if kind == TREE else -1)


def prepare(kind: int, content: bytes) -> PreparedBlob:
    """Any object, hashed and compressed."""
    return PreparedBlob(object_id(kind, content), kind, len(content), compress(kind, content))


def prepare_blob(content: bytes) -> PreparedBlob:
    """A file's content, hashed and compressed. Call it before taking the project lock."""
    return prepare(BLOB, content)


def prepare_tree(tree: Tree) -> PreparedBlob:
    """A tree, hashed and compressed."""
    return prepare(TREE, tree.serialise())


@dataclass(frozen=True, slots=True)
class Ident:
    """Who stands in a commit the server makes.

    `email` is the pseudonymous ``subject@installation``: a commit outlives a person's right to be forgotten.
    """

    name: str
    email: str

    def line(self, seconds: int) -> str:
        """As Git writes it, in UTC. `seconds` since 1970."""
        return f"{_ident_part(self.name) or 'unknown'} <{_ident_part(self.email)}> {seconds} +0000"


def _ident_part(text: str) -> str:
    kept = "".join(c for c in text if c.isprintable() and c not in "<>")
    return kept.strip(" .,:;\"'\\")


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A commit as people read it."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: str
    """``Name <email>``, as the commit says."""
    message: str
    commit_time: int
    """Seconds since 1970, as the commit says: a claim, never trusted as time."""


def build_commit(
    tree: str, parents: Iterable[str], author: Ident, message: str, seconds: int
) -> bytes:
    """The content of a commit made here; the author is the committer too."""
    line = author.line(seconds)
    head = [f"tree {tree}", *(f"parent {oid}" for oid in parents)]
    head += [f"author {line}", f"committer {line}"]
    body = message.replace("\0", "").strip() + "\n"
    return ("\n".join(head) + "\n\n" + body).encode("utf-8", "replace")


def parse_commit(oid: str, content: bytes) -> CommitInfo:
    """Read a commit that `fsck` has accepted.

    Raises:
        ValueError: it has no tree or no committer.
    """
    head, _, body = content.partition(b"\n\n")
    tree, author, committer, encoding = "", b"", b"", "utf-8"
    parents: list[str] = []
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree" and not tree:
            tree = value.decode("ascii")
        elif key == b"parent":
            parents.append(value.decode("ascii"))
        elif key == b"author" and not author:
            author = value
        elif key == b"committer" and not committer:
            committer = value
        elif key == b"encoding":
            encoding = value.decode("ascii", "replace")
    if not tree or not committer:
        raise ValueError(f"commit {oid} has no tree or no committer")
    return CommitInfo(
        oid=oid,
        tree=tree,
        parents=tuple(parents),
        author=_decode(author.rsplit(b" ", 2)[0], encoding),
        message=_decode(body, encoding),
        commit_time=int(committer.rsplit(b" ", 2)[1]),
    )


def _decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding, "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    return text.replace("\0", "\ufffd")  # PostgreSQL text holds no NUL


def tag_target(content: bytes) -> tuple[str, int]:
    """Object id and type an annotated tag points to.

    Raises:
        ValueError: the first two lines are not those of a tag.
    """
    lines = content.split(b"\n", 2)
    if len(lines) < 2 or not lines[0].startswith(b"object ") or not lines[1].startswith(b"type "):
        raise ValueError("a tag starts with an object line and a type line")
    oid = lines[0][7:].decode("ascii", "replace")
    kind = TYPE_NUMBERS.get(lines[1][5:])
    if not _OID.fullmatch(oid) or kind is None:
        raise ValueError("a tag's object line holds an object id, its type line a type")
    return oid, kind


def check_oid(text: str) -> str:
    """`text` itself when it is a whole object id.

    Raises:
        Invalid: it is not 40 lower-case hexadecimal digits.
    """
    if not _OID.fullmatch(text):
        raise Invalid(
            f"{text[:60]!r} is no object id.", remedy="Give 40 lower-case hexadecimal digits."
        )
    return text


def encode_path(path: str) -> bytes:
    """A path as Git keeps it."""
    return path.encode("utf-8", "surrogateescape")


def decode_path(path: bytes) -> str:
    """A path as text; bytes that are no UTF-8 survive the way there and back, and are no valid name of a prompt."""
    return path.decode("utf-8", "surrogateescape")
