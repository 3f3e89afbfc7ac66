"""upload-pack over stateless HTTP: what `git clone`, `fetch` and `pull` ask for.

Parses the request, negotiates with multi_ack_detailed, and answers with a pack. `walk` decides what is missing,
`pack` writes it. Each request carries everything the client has said so far, so nothing is remembered between two.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from dulwich.errors import GitProtocolError, HangupException
from dulwich.protocol import Protocol, pkt_line

from promptops_server.infra.database import Database
from promptops_server.infra.problems import BadRequest, NotFound, ProblemError, TooLarge
from promptops_server.registry.git import store, walk
from promptops_server.registry.git.ancestry import reachable_among
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.objects import BLOB, COMMIT, TREE, check_oid
from promptops_server.registry.git.pack import PackSpool
from promptops_server.registry.git.view import ObjectView

_SIDE_BAND_64K, _SIDE_BAND = 65515, 995


@dataclass(slots=True)
class FetchRequest:
    """What a client said in one request."""

    wants: list[str] = field(default_factory=list)
    capabilities: frozenset[str] = frozenset()
    shallow: list[str] = field(default_factory=list)
    depth: int = 0
    """0 when the client did not ask for one."""
    haves: list[str] = field(default_factory=list)
    done: bool = False
    negotiates: bool = False
    """Something followed the list of wants."""


@dataclass(slots=True)
class FetchResponse:
    """The lines before the pack, then the pack."""

    head: bytes
    pack: PackSpool | None = None
    band: int = 0
    """Bytes in one side-band packet; 0 sends the pack bare."""

    def chunks(self) -> Iterator[bytes]:
        """The response body."""
        yield self.head
        if self.pack is None:
            return
        for chunk in self.pack.chunks():
            if not self.band:
                yield chunk
                continue
            packets = (chunk[i : i + self.band] for i in range(0, len(chunk), self.band))
            yield b"".join(pkt_line(b"\x01" + packet) for packet in packets)
        if self.band:
            yield pkt_line(None)

    def close(self) -> None:
        """Free what the response holds."""
        if self.pack is not None:
            self.pack.close()


def parse_request(body: BinaryIO, limits: Limits) -> FetchRequest:
    """Read the whole request.

    Raises:
        BadRequest: it is not what a Git client sends.
        TooLarge: more wants and haves than the limit.
    """
    request = FetchRequest()
    lines = 0
    try:
        for is_first, line in _lines(Protocol(body.read, _no_output)):
            lines += 1
            if lines > limits.wants:
                raise TooLarge(f"More than {limits.wants:,} wants and haves in one fetch.")
            if line is None:
                continue
            _read_line(request, line, is_first)
            if request.done:
                break
    except (GitProtocolError, UnicodeDecodeError, ValueError) as error:
        raise BadRequest(f"This is no Git fetch request: {error}") from error
    return request


def _lines(protocol: Protocol) -> Iterator[tuple[bool, bytes | None]]:
    first = True
    while True:
        try:
            line = protocol.read_pkt_line()
        except HangupException:
            return
        yield first, line
        first = False


def _read_line(request: FetchRequest, raw: bytes, is_first: bool) -> None:
    line = raw.decode("utf-8").rstrip("\n")
    word, _, rest = line.partition(" ")
    match word:
        case "want":
            oid, _, capabilities = rest.partition(" ")
            request.wants.append(check_oid(oid))
            if is_first:
                request.capabilities = frozenset(capabilities.split())
        case "shallow":
            request.shallow.append(check_oid(rest))
        case "deepen":
            request.depth = int(rest)
            if request.depth < 1:
                raise ValueError(f"a depth of {rest}")
        case "have":
            request.haves.append(check_oid(rest))
            request.negotiates = True
        case "done":
            request.done = request.negotiates = True
        case _:
            raise ValueError(f"{word[:40]!r} is not supported")


def upload_pack(db: Database, project_id: str, body: BinaryIO, limits: Limits) -> FetchResponse:
    """Answer one fetch request. The response holds a temporary file: close it.

    Raises:
        BadRequest: the request is not understood.
        NotFound: a wanted object is not reachable from any ref.
        TooLarge: over a limit.
    """
    request = parse_request(body, limits)
    if not request.wants:
        return FetchResponse(b"")
    with db.read() as conn:
        view = ObjectView(conn, project_id)
        peeled = walk.peel(view, request.wants)
        _require_reachable(view, request.wants, peeled)
        return _respond(view, request, peeled)


def _respond(
    view: ObjectView, request: FetchRequest, peeled: dict[str, tuple[list[str], str, int]]
) -> FetchResponse:
    tips = [target for _, target, kind in peeled.values() if kind == COMMIT]
    out = io.BytesIO()
    protocol = Protocol(_no_input, out.write)
    ends = walk.Boundary()
    if request.depth:
        relative = "deepen-relative" in request.capabilities and bool(request.shallow)
        ends = walk.boundary(view, tips, request.shallow, request.depth, relative=relative)
        for oid in sorted(ends.shallow - set(request.shallow)):
            protocol.write_pkt_line(f"shallow {oid}".encode())
        for oid in sorted(ends.unshallow):
            protocol.write_pkt_line(f"unshallow {oid}".encode())
        protocol.write_pkt_line(None)
        if not request.negotiates:  # the client only wants to know where its history will end
            return FetchResponse(out.getvalue())
    common = _common(view, request.haves)
    if not _negotiate(protocol, view, request, tips, common):
        return FetchResponse(out.getvalue())
    pack = PackSpool()
    try:
        _fill(view, request, peeled, tips, common, ends, pack)
    except BaseException:
        pack.close()
        raise
    band = 0
    if "side-band-64k" in request.capabilities:
        band = _SIDE_BAND_64K
    elif "side-band" in request.capabilities:
        band = _SIDE_BAND
    return FetchResponse(out.getvalue(), pack, band)


def _common(view: ObjectView, haves: list[str]) -> list[str]:
    """The client's commits that are known here, in the order it named them."""
    known = store.commit_rows(view.conn, view.project_id, set(haves))
    return [oid for oid in dict.fromkeys(haves) if oid in known]


def _negotiate(
    protocol: Protocol, view: ObjectView, request: FetchRequest, tips: list[str], common: list[str]
) -> bool:
    """Write the acknowledgements; True when the pack follows."""
    detailed = "multi_ack_detailed" in request.capabilities
    last = common[-1] if common else ""
    if detailed:
        for oid in common:
            protocol.write_pkt_line(f"ACK {oid} common\n".encode())
    elif common:
        protocol.write_pkt_line(f"ACK {common[0]}\n".encode())
    if request.done:
        if detailed and common:
            protocol.write_pkt_line(f"ACK {last}\n".encode())
        elif not common:
            protocol.write_pkt_line(b"NAK\n")
        return True
    ready = detailed and bool(common) and walk.enough_in_common(view, tips, common)
    if ready:
        protocol.write_pkt_line(f"ACK {last} ready\n".encode())
    if detailed or not common:
        protocol.write_pkt_line(b"NAK\n")
    if ready and "no-done" in request.capabilities:
        protocol.write_pkt_line(f"ACK {last}\n".encode())
        return True
    return False


def _fill(
    view: ObjectView,
    request: FetchRequest,
    peeled: dict[str, tuple[list[str], str, int]],
    tips: list[str],
    common: list[str],
    ends: walk.Boundary,
    pack: PackSpool,
) -> None:
    lacking = walk.missing(view, tips, common, request.shallow, ends)
    commits = [row.oid for row in lacking.commits]
    tags = {tag for chain, _, _ in peeled.values() for tag in chain}
    if "include-tag" in request.capabilities:
        tags |= _tags_of(view, {*commits, *tips})
    walk.send_objects(view, pack.add, [*commits, *sorted(tags)])
    roots = {row.tree for row in lacking.commits}
    roots |= {target for _, target, kind in peeled.values() if kind == TREE}
    files = {target for _, target, kind in peeled.values() if kind == BLOB}
    walk.send_trees(view, pack.add, roots, lacking.had_trees, files)


def _tags_of(view: ObjectView, commits: set[str]) -> set[str]:
    """Annotated tags that point to one of these commits."""
    refs = store.refs(view.conn, view.project_id)
    named = walk.peel(view, (oid for name, oid in refs.items() if name.startswith("refs/tags/")))
    return {tag for chain, target, _ in named.values() if target in commits for tag in chain}


def _require_reachable(
    view: ObjectView, wants: list[str], peeled: dict[str, tuple[list[str], str, int]]
) -> None:
    """A want is a ref's object, or a commit reachable from one: a ref may move between two requests of a fetch."""
    refs = set(store.refs(view.conn, view.project_id).values())
    others = {oid for oid in wants if oid not in refs}
    if not others:
        return
    commits = {oid for oid in others if oid in peeled and peeled[oid][2] == COMMIT}
    if commits == others:
        starts = [t for _, t, kind in walk.peel(view, refs).values() if kind == COMMIT]
        others -= reachable_among(view, starts, commits)
    if others:
        raise NotFound(f"not our ref {min(others)}")


def error_packet(problem: ProblemError) -> bytes:
    """A refusal as the client shows it: ``fatal: remote error: …``."""
    text = " ".join(f"{problem.detail} {problem.remedy}".split())
    return pkt_line(b"ERR " + text.encode("utf-8", "replace")[:900] + b"\n")


def _no_output(data: bytes) -> int:
    raise RuntimeError("this side of the conversation is only read")


def _no_input(size: int) -> bytes:
    raise RuntimeError("this side of the conversation is only written")
