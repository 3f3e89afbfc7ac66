"""Pushes no Git client would send: hand-made packs over plain HTTP."""

from __future__ import annotations

import base64
import hashlib
import http.client
import zlib
from collections.abc import Iterable

from promptops_server.registry.git.objects import BLOB, COMMIT, TREE, ZERO_OID, object_id
from promptops_server.registry.git.pack import entry_header

CAPABILITIES = "report-status side-band-64k atomic delete-refs ofs-delta"


def pkt(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return b"%04x" % (len(data) + 4) + data


def entry(kind: int, content: bytes, base: bytes = b"") -> bytes:
    """One pack entry; `base` is the object id before a reference delta."""
    return entry_header(kind, len(content)) + base + zlib.compress(content)


def pack(entries: Iterable[bytes]) -> bytes:
    """A pack with a right count and checksum."""
    parts = list(entries)
    data = b"PACK" + (2).to_bytes(4, "big") + len(parts).to_bytes(4, "big") + b"".join(parts)
    return data + hashlib.sha1(data).digest()


def commands(
    updates: Iterable[tuple[str | None, str | None, str]], capabilities: str = CAPABILITIES
) -> bytes:
    """The command list of a push."""
    lines = [f"{old or ZERO_OID} {new or ZERO_OID} {name}" for old, new, name in updates]
    lines[0] += f"\0 {capabilities}"
    return b"".join(map(pkt, lines)) + b"0000"


def headers(token: str = "writer-token") -> dict[str, str]:
    credentials = base64.b64encode(f"git:{token}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def post(
    port: int,
    body: bytes,
    service: str = "git-receive-pack",
    extra: dict[str, str] | None = None,
    project: str = "retail-bank",
) -> tuple[int, str]:
    """Status and body of a request, packets as text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            "POST", f"/git/{project}.git/{service}", body, {**headers(), **(extra or {})}
        )
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def commit_of(tree: str, *parents: str, message: str = "made by hand") -> bytes:
    """A commit's content."""
    head = f"tree {tree}\n" + "".join(f"parent {oid}\n" for oid in parents)
    who = "X <x@example.org> 1700000000 +0000"
    return f"{head}author {who}\ncommitter {who}\n\n{message}\n".encode()


def one_commit(
    tree_content: bytes | None = None, parents: tuple[str, ...] = ()
) -> tuple[list[bytes], str]:
    """Entries of a file, a tree (this one, if given) and a commit; and the commit's id."""
    blob = b"content"
    content = tree_content
    if content is None:
        content = b"100644 a\0" + bytes.fromhex(object_id(BLOB, blob))
    commit = commit_of(object_id(TREE, content), *parents)
    entries = [entry(BLOB, blob), entry(TREE, content), entry(COMMIT, commit)]
    return entries, object_id(COMMIT, commit)
