"""The first answer of the remote: refs and what this server can do."""

from __future__ import annotations

from dulwich.protocol import pkt_line
from sqlalchemy import Connection

from promptops_server.registry.git import store
from promptops_server.registry.git.objects import ZERO_OID
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.git.walk import peel

AGENT = b"agent=promptops"
HEAD = "refs/heads/main"

# No `filter`: a client that fetched without blobs could not check out later. No protocol version 2 either; clients
# fall back by themselves.
UPLOAD_CAPABILITIES = (
    b"multi_ack_detailed no-done side-band side-band-64k ofs-delta shallow deepen-relative no-progress include-tag"
    b" allow-tip-sha1-in-want allow-reachable-sha1-in-want symref=HEAD:refs/heads/main object-format=sha1 "
) + AGENT
RECEIVE_CAPABILITIES = (
    b"report-status delete-refs side-band-64k quiet atomic ofs-delta object-format=sha1 "
) + AGENT


def advertisement(conn: Connection, project_id: str, service: str) -> bytes:
    """The body of ``info/refs`` for ``git-upload-pack`` or ``git-receive-pack``."""
    refs = store.refs(conn, project_id)
    lines: list[tuple[str, str]] = []
    if service == "git-upload-pack":
        capabilities = UPLOAD_CAPABILITIES
        if HEAD in refs:
            lines.append((refs[HEAD], "HEAD"))
        tags = {name: oid for name, oid in refs.items() if name.startswith("refs/tags/")}
        peeled = peel(ObjectView(conn, project_id), tags.values())
        for name, oid in refs.items():
            lines.append((oid, name))
            if name in tags and peeled[oid][0]:
                lines.append((peeled[oid][1], name + "^{}"))
    else:
        capabilities = RECEIVE_CAPABILITIES
        lines.extend((oid, name) for name, oid in refs.items())
    if not lines:
        lines.append((ZERO_OID, "capabilities^{}"))
    first_oid, first_name = lines[0]
    out = [
        pkt_line(f"# service={service}\n".encode()),
        pkt_line(None),
        pkt_line(f"{first_oid} {first_name}".encode() + b"\0" + capabilities + b"\n"),
    ]
    out.extend(pkt_line(f"{oid} {name}\n".encode()) for oid, name in lines[1:])
    out.append(pkt_line(None))
    return b"".join(out)
