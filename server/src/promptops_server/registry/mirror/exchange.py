"""The wire form of a push from here: the refs a host advertises, the commands sent, the report read. No I/O of its own.

The reading side is bounded: a host that sends without end, or drop by drop, ends with an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dulwich.client import ReportStatusParser
from dulwich.errors import GitProtocolError, HangupException, SendPackError
from dulwich.protocol import PktLineParser, Protocol, pkt_line

from promptops_server.registry.git.objects import ZERO_OID, check_oid
from promptops_server.registry.mirror.errors import PushFailed
from promptops_server.registry.mirror.plan import Update

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes read from a host in one push; its list of refs is most of it."""

_WANTED = ("report-status", "side-band-64k", "quiet", "delete-refs", "object-format=sha1")
_AGENT = "agent=promptops"
_MAX_SAID = 600
# What hosts write when a ref moved between their list and the push: the next attempt sees where it went.
_RACED = ("fetch first", "stale info", "failed to lock", "cannot lock ref", "incorrect old value",
          "failed to update ref", "non-fast-forward", "remote ref is at")  # fmt: skip


class Bounded:
    """A `read(size)` with an end: `MAX_ANSWER` bytes, and a moment (monotonic seconds)."""

    def __init__(self, read: Callable[[int], bytes], deadline: float) -> None:
        self._read = read
        self._deadline = deadline
        self._left = MAX_ANSWER

    def __call__(self, size: int) -> bytes:
        if time.monotonic() > self._deadline:
            raise took_too_long()
        data = self._read(size)
        self._left -= len(data)
        if self._left < 0:
            raise PushFailed("protocol", "The host answered with more than 64 MB.", transient=True)
        return data


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a host says first."""

    refs: Mapping[str, str]
    capabilities: frozenset[str]


@dataclass(slots=True)
class Report:
    """What became of each command: `refused` by ref with the host's reason; what its hooks `said`."""

    refused: dict[str, str] = field(default_factory=dict)
    raced: set[str] = field(default_factory=set)
    said: str = ""


def read_advertisement(read: Callable[[int], bytes]) -> Advertisement:
    """Read the list of refs for a push.

    Raises:
        PushFailed: it is no such list, or the repository is of a kind that cannot be pushed to.
    """
    refs: dict[str, str] = {}
    capabilities: frozenset[str] = frozenset()
    try:
        for number, raw in enumerate(Protocol(read, _no_output).read_pkt_seq()):
            line = raw.rstrip(b"\n")
            if line.startswith(b"ERR "):
                raise host_said(line[4:])
            if line.startswith((b"version ", b"shallow ")):
                continue
            head, separator, tail = line.partition(b"\0")
            if separator and not capabilities:
                capabilities = frozenset(tail.decode("utf-8", "replace").split())
            elif number == 0 and not separator:
                raise ValueError("no capabilities")
            oid, _, name = head.decode("utf-8").partition(" ")
            if name != "capabilities^{}" and "object-format=sha256" not in capabilities:
                refs[name] = check_oid(oid)
    except HangupException:
        raise PushFailed(
            "protocol", "The host hung up before it listed its refs.", transient=True
        ) from None
    except (GitProtocolError, ValueError, UnicodeDecodeError) as error:
        raise PushFailed(
            "protocol", f"The host's list of refs cannot be read ({_short(error)}).", transient=True
        ) from None
    if "object-format=sha256" in capabilities:
        raise PushFailed(
            "unsupported",
            "The repository there uses SHA-256 object ids; ours are SHA-1, so that ids are the same everywhere.",
            "Make an empty repository of the usual kind (object format sha1) there.",
        )
    if "report-status" not in capabilities:
        raise PushFailed(
            "unsupported", "The host does not report what became of a push.", "Use another host."
        )
    return Advertisement(refs, capabilities)


def agreed(offered: frozenset[str]) -> frozenset[str]:
    """The capabilities this side uses."""
    return frozenset(c for c in _WANTED if c in offered)


def commands(updates: Iterable[Update], capabilities: frozenset[str]) -> bytes:
    """The head of a push: one line for each ref, the capabilities behind the first."""
    out: list[bytes] = []
    for update in updates:
        line = f"{update.old or ZERO_OID} {update.new or ZERO_OID} {update.name}".encode()
        if not out:
            line += b"\0" + " ".join((*sorted(capabilities), _AGENT)).encode()
        out.append(pkt_line(line))
    return b"".join((*out, pkt_line(None)))


def read_report(
    read: Callable[[int], bytes], sent: Iterable[Update], capabilities: frozenset[str]
) -> Report:
    """Read what became of a push. A ref the host says nothing about counts as refused.

    Raises:
        PushFailed: nothing was kept, or there is no report.
    """
    parser = ReportStatusParser()
    said = bytearray()
    protocol = Protocol(read, _no_output)
    try:
        if "side-band-64k" in capabilities:
            lines = PktLineParser(parser.handle_packet)
            for band, data in _bands(protocol):
                if band == 1:
                    lines.parse(data)
                elif band == 3:
                    raise host_said(data)
                elif len(said) < 4 * _MAX_SAID:
                    said += data
        else:
            for packet in protocol.read_pkt_seq():
                parser.handle_packet(packet)
        told = dict(parser.check())
    except SendPackError as error:
        text = _clean(error.args[0] if error.args else b"")
        raise PushFailed(
            "busy",
            f"The host could not take the objects: {text or 'no reason given'}.{_told(said)}",
            "Look at the host: its disk or quota may be full. The server tries again.",
            transient=True,
        ) from None
    except HangupException:
        raise PushFailed(
            "protocol", f"The host hung up before it reported.{_told(said)}", transient=True
        ) from None
    except (GitProtocolError, ValueError, UnicodeDecodeError) as error:
        raise PushFailed(
            "protocol", f"The host's report cannot be read ({_short(error)}).", transient=True
        ) from None
    report = Report(said=_clean(bytes(said)))
    for update in sent:
        reason = told.get(update.name.encode(), "the host said nothing about it")
        if reason is None:
            continue
        reason = _clean(reason.encode())
        if any(word in reason.lower() for word in _RACED):
            report.raced.add(update.name)
        else:
            report.refused[update.name] = reason
    return report


def host_said(text: bytes) -> PushFailed:
    """A refusal in the host's own words."""
    words = _clean(text)
    lower = words.lower()
    if "not found" in lower or "does not exist" in lower or "no such" in lower:
        return no_repository(words)
    if "denied" in lower or "not allowed" in lower or "permission" in lower:
        return no_permission(words)
    return PushFailed("protocol", f"The host said: {words}", transient=True)


def no_repository(words: str = "") -> PushFailed:
    """Nothing there, or nothing that may be seen."""
    return PushFailed(
        "not-found",
        "The host has no repository at this address, or these credentials may not see it."
        + (f" It said: {words}" if words else ""),
        "Make an empty repository there, or correct the address; then push again.",
    )


def no_permission(words: str = "") -> PushFailed:
    """Signed in, perhaps, but not allowed."""
    return PushFailed(
        "credentials",
        "The host does not let these credentials push." + (f" It said: {words}" if words else ""),
        "Check user, token and its rights there, and set the mirror's credentials again.",
    )


def took_too_long() -> PushFailed:
    """Over the operator's limit."""
    return PushFailed(
        "time",
        "The push took longer than the server allows.",
        "Try again when the host is less busy, or ask the operator about mirror.push_seconds.",
        transient=True,
    )


def _bands(protocol: Protocol) -> Iterator[tuple[int, bytes]]:
    for packet in protocol.read_pkt_seq():
        yield packet[0], packet[1:]


def _told(said: bytes | bytearray) -> str:
    words = _clean(bytes(said))
    return f" It said: {words}" if words else ""


def _clean(text: bytes) -> str:
    """A host's words: untrusted, so one line without control characters, and not long."""
    words = "".join(
        c if c.isprintable() else " " for c in text[: 4 * _MAX_SAID].decode("utf-8", "replace")
    )
    return " ".join(words.split())[:_MAX_SAID].rstrip(".")


def _short(error: Exception) -> str:
    return _clean(str(error).encode("utf-8", "replace"))[:120] or type(error).__name__


def _no_output(data: bytes) -> int:
    raise RuntimeError("this side of the conversation is only read")
