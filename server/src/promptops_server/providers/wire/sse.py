"""Server-sent events out of bytes, however the connection cuts them. Pure; the WHATWG's rules for parsing a stream.

Left out, since nobody here reconnects: `id` and `retry`. An event without its closing blank line is no event.
"""

from __future__ import annotations

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data, and its name where the server gave one."""

    data: str
    name: str = ""


class Decoder:
    """Takes bytes as they come and gives the events that are whole."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []  # of a line that is not whole yet
        self._data: list[str] = []
        self._name = ""
        self._after_cr = False
        self._began = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes completed."""
        if self._after_cr and chunk:
            # A CR ends its line at once; the LF of a CRLF may come with the next bytes.
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\n" not in chunk and b"\r" not in chunk:
            if chunk:
                self._parts.append(chunk)
            return []
        self._parts.append(chunk)
        text = b"".join(self._parts)
        self._parts = []
        if text.endswith(b"\r"):
            self._after_cr = True
        lines = text.splitlines()  # of bytes: at LF, CR and CRLF alone
        if not text.endswith((b"\r", b"\n")):
            self._parts.append(lines.pop())
        events: list[Event] = []
        for line in lines:
            self._line(line, events)
        return events

    def _line(self, line: bytes, events: list[Event]) -> None:
        if not self._began:
            self._began = True
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                events.append(Event("\n".join(self._data), self._name))
                self._data = []
            self._name = ""
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        elif field == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")
