"""The lines of an export: JSON lines of which an entry's is built so that its exact bytes can be cut out again."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

VERSION = 2
VERSIONS = (1, VERSION)
"""Those that can be read; the first had no personal data beside the entries."""

_ENTRY = b'{"entry_hash":"'
_BODY = b'","body":'
_HASH_AT = len(_ENTRY)
_BODY_AT = _HASH_AT + 64 + len(_BODY)


class EntryLine(NamedTuple):
    """An entry as it was stored: its hash in hex, and the bytes that are hashed."""

    entry_hash: str
    body: bytes


def line(value: Any) -> bytes:
    """A line that is no entry."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def entry_line(entry_hash: str, body: bytes) -> bytes:
    """The line of an entry. `body` is its JSON text, which has no line ends."""
    return _ENTRY + entry_hash.encode() + _BODY + body + b"}\n"


def read_entry(text: bytes) -> EntryLine | None:
    """The entry of a line; None when the line is not one."""
    if not text.startswith(_ENTRY) or text[_BODY_AT - len(_BODY) : _BODY_AT] != _BODY:
        return None
    text = text.rstrip(b"\r\n")
    if not text.endswith(b"}}"):
        return None
    return EntryLine(text[_HASH_AT : _HASH_AT + 64].decode("ascii", "replace"), text[_BODY_AT:-1])
