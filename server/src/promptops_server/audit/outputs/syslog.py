"""Syslog: RFC 5424 messages over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425).

Over a connection a batch counts as sent when the receiver has taken all of it and has not broken off. UDP says nothing
of loss; who needs every event uses TLS.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from promptops_server import __version__
from promptops_server.audit.cef import cef_line
from promptops_server.audit.outputs.batch import Batch, NotSent

_FACILITY = 13  # "log audit"
_WARNING, _INFO, _NOTICE = 4, 6, 5
_SECONDS = 10.0
_CLOSE_SECONDS = 2.0
UDP_BYTES = 60_000
"""Longest datagram; a longer event is sent without `before` and `after`."""

_NOT_A_NAME = re.compile(r"[^!-~]")


@dataclass(frozen=True, slots=True)
class Syslog:
    """A receiver at ``udp://``, ``tcp://`` or ``tls://host:port``."""

    address: str
    form: Literal["json", "cef"] = "json"
    ca_file: Path | None = None
    name: str = "syslog"

    def send(self, batch: Batch) -> None:
        """Send a batch. Raises NotSent."""
        parts = urlsplit(self.address)
        messages = [self._event(entry) for entry in batch.entries]
        messages += [_checkpoint(signed) for signed in batch.checkpoints]
        host, port = (
            parts.hostname or "",
            parts.port or {"udp": 514, "tcp": 601}.get(parts.scheme, 6514),
        )
        try:
            if parts.scheme == "udp":
                self._datagrams(host, port, messages, batch)
            else:
                self._stream(host, port, messages, secure=parts.scheme == "tls")
        except OSError as error:
            raise NotSent(f"{self.address}: {error.strerror or error}") from None

    def _event(self, entry: Mapping[str, Any]) -> bytes:
        severity = _INFO if entry["outcome"] == "ok" else _WARNING
        text = (
            "\ufeff" + cef_line(entry, __version__)
            if self.form == "cef"
            else json.dumps(entry, separators=(",", ":"))
        )
        return message(severity, entry["recorded_at"], "audit", text)

    def _datagrams(self, host: str, port: int, messages: list[bytes], batch: Batch) -> None:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as out:
            out.settimeout(_SECONDS)
            for at, text in enumerate(messages):
                if len(text) > UDP_BYTES and at < len(batch.entries):
                    short = {**batch.entries[at], "before": None, "after": None, "cut": True}
                    text = self._event(short)
                out.sendto(text[:UDP_BYTES], address)

    def _stream(self, host: str, port: int, messages: list[bytes], *, secure: bool) -> None:
        with socket.create_connection((host, port), timeout=_SECONDS) as plain:
            out: socket.socket = plain
            if secure:
                context = ssl.create_default_context(cafile=self.ca_file)
                out = context.wrap_socket(plain, server_hostname=host)
            for text in messages:
                out.sendall(b"%d %b" % (len(text), text))
            if secure:
                out = out.unwrap() if isinstance(out, ssl.SSLSocket) else out
            out.shutdown(socket.SHUT_WR)
            out.settimeout(_CLOSE_SECONDS)
            try:
                while out.recv(4096):
                    pass
            except TimeoutError:
                return  # it keeps the connection open, which is no refusal


def message(severity: int, timestamp: str, message_id: str, text: str) -> bytes:
    """One RFC 5424 message. `text` has no line ends that are not escaped."""
    host = _NOT_A_NAME.sub("-", socket.gethostname())[:255] or "-"
    head = f"<{_FACILITY * 8 + severity}>1 {timestamp} {host} promptops - {message_id} - "
    return (head + text).encode("utf-8", "replace")


def _checkpoint(signed: Mapping[str, str]) -> bytes:
    time = json.loads(signed["text"])["time"]
    return message(_NOTICE, time, "checkpoint", json.dumps(dict(signed), separators=(",", ":")))
