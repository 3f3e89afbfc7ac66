"""The wire form of a push: the commands a client sends, the report it gets back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dulwich.errors import GitProtocolError, HangupException
from dulwich.protocol import Protocol

from promptops_server.infra.problems import BadRequest, ProblemError, TooLarge
from promptops_server.registry.git.limits import Limits
from promptops_server.registry.git.objects import ZERO_OID, check_oid
from promptops_server.registry.git.ports import RefUpdate
from promptops_server.registry.git.spool import Spool, SpoolReader

_MAX_REASON, _MAX_LINES = 160, 60


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What a client wants to move, and where its pack starts in the body."""

    updates: tuple[RefUpdate, ...]
    capabilities: frozenset[str]
    pack_start: int

    @property
    def atomic(self) -> bool:
        """All refs or none."""
        return "atomic" in self.capabilities

    @property
    def has_pack(self) -> bool:
        """Git sends no pack when it only deletes."""
        return any(update.new is not None for update in self.updates)


def parse_push(body: Spool, limits: Limits) -> PushRequest | None:
    """Read the commands; ``None`` for the empty request by which a client tries its credentials.

    Raises:
        BadRequest: it is not what a Git client sends.
        TooLarge: more refs than the limit.
    """
    reader = SpoolReader(body)
    protocol = Protocol(reader.read, lambda data: None)
    updates: dict[str, RefUpdate] = {}
    capabilities: frozenset[str] = frozenset()
    first = True
    try:
        while True:
            line = protocol.read_pkt_line()
            if line is None:
                break
            if first:
                line, _, words = line.partition(b"\0")
                capabilities = frozenset(words.decode("utf-8").split())
                first = False
            text = line.decode("utf-8").rstrip("\n")
            if text.startswith("shallow "):
                first = not updates
                continue
            update = _command(text)
            if update.name in updates:
                raise ValueError(f"{update.name} is named twice")
            updates[update.name] = update
            if len(updates) > limits.refs:
                raise TooLarge(f"More than {limits.refs:,} refs in one push.")
    except HangupException as error:
        raise BadRequest("The push ends before its commands do.") from error
    except (GitProtocolError, ValueError) as error:
        raise BadRequest(f"This is no Git push: {error}") from error
    if "object-format=sha256" in capabilities:
        raise BadRequest("This repository has SHA-1 object ids; yours has SHA-256.")
    if not updates:
        return None
    return PushRequest(tuple(updates.values()), capabilities, reader.position)


def _command(text: str) -> RefUpdate:
    parts = text.split(" ", 2)
    if len(parts) != 3:
        raise ValueError(f"{text[:60]!r} is no command")
    old, new, name = check_oid(parts[0]), check_oid(parts[1]), parts[2]
    return RefUpdate(name, None if old == ZERO_OID else old, None if new == ZERO_OID else new)


@dataclass(slots=True)
class PushReport:
    """What happened to each ref, and what the pusher reads above it."""

    unpack: str = "ok"
    refused: dict[str, str] = field(default_factory=dict)
    """Ref name to reason; what is not here was moved."""
    messages: list[str] = field(default_factory=list)

    def refuse(self, name: str, reason: str, explanation: Iterable[str] = ()) -> None:
        """Note a refusal with the longer text for the pusher's terminal."""
        self.refused[name] = one_line(reason)
        lines = [line for line in explanation if line]
        if lines:
            self.messages.append(f"{short(name)} was refused: {lines[0]}")
            self.messages.extend(lines[1:])

    def encode(self, request: PushRequest) -> bytes:
        """The response body for this client."""
        report = io.BytesIO()
        inner = Protocol(_no_input, report.write)
        if "report-status" in request.capabilities:
            inner.write_pkt_line(f"unpack {one_line(self.unpack)}\n".encode())
            for update in request.updates:
                reason = self.refused.get(update.name)
                line = f"ok {update.name}" if reason is None else f"ng {update.name} {reason}"
                inner.write_pkt_line(line.encode("utf-8", "replace") + b"\n")
            inner.write_pkt_line(None)
        if "side-band-64k" not in request.capabilities:
            return report.getvalue()
        out = io.BytesIO()
        outer = Protocol(_no_input, out.write)
        for text in self.messages[:_MAX_LINES]:
            outer.write_sideband(2, one_line(text, 1000).encode("utf-8", "replace") + b"\n")
        if len(self.messages) > _MAX_LINES:
            outer.write_sideband(2, b"... and %d more\n" % (len(self.messages) - _MAX_LINES))
        outer.write_sideband(1, report.getvalue())
        outer.write_pkt_line(None)
        return out.getvalue()


def explain(problem: ProblemError) -> list[str]:
    """A problem as lines for a terminal: the sentence, each place (file, line, column), what to do."""
    lines = [problem.detail]
    errors = problem.members.get("errors")
    if isinstance(errors, list):
        lines.extend(
            _place(error)
            for error in errors
            if isinstance(error, Mapping)
            and f"{error.get('address')} {error.get('message')}" not in problem.detail
        )
    unmet = problem.members.get("unmet")
    if isinstance(unmet, list):
        lines.extend(
            "  " + " ".join(str(item[k]) for k in ("rule", "detail", "remedy") if item.get(k))
            for item in unmet
            if isinstance(item, Mapping)
        )
    if problem.remedy:
        lines.append(problem.remedy)
    return lines


def _place(error: Mapping[str, Any]) -> str:
    where = ":".join(str(error[k]) for k in ("file", "line", "column") if error.get(k) is not None)
    key = f" {error['key']}" if error.get("key") else ""
    fix = f" ({error['fix']})" if error.get("fix") else ""
    return f"  {where}{key}: {error.get('message', '')}{fix}"


def one_line(text: str, limit: int = _MAX_REASON) -> str:
    """Without line ends and control characters, which could forge other lines of the terminal."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def short(name: str) -> str:
    """A ref's name as people say it."""
    return name.removeprefix("refs/heads/").removeprefix("refs/")


def _no_input(size: int) -> bytes:
    raise RuntimeError("this side of the conversation is only written")
