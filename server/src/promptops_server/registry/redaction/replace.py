"""Taking texts out of bytes, text, JSON, commits and tags. Pure.

Texts are found byte for byte, as UTF-8; in JSON also in the escaped forms that JSON has. The longest text is taken
first where several begin at one place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_ROUNDS = 8
_SIGNED = re.compile(rb"^-----BEGIN (?:PGP|SSH) SIGN.*", re.DOTALL | re.MULTILINE)
_DROPPED = (b"gpgsig", b"gpgsig-sha256", b"mergetag")
"""Headers that hold for the old content only: signatures, and copies of other objects."""
_IDENTS = (b"author ", b"committer ", b"tagger ")


class NeverEnds(ValueError):
    """The marker together with what surrounds it makes the text anew."""


class Replacer:
    """Replaces `texts` by `marker`."""

    def __init__(self, texts: Sequence[str], marker: str) -> None:
        ordered = sorted(set(texts), key=lambda text: (-len(text), text))
        self.marker = marker
        self._marker = marker.encode()
        self._bytes = re.compile(b"|".join(re.escape(text.encode()) for text in ordered))
        self._text = re.compile("|".join(re.escape(text) for text in ordered))
        forms = {
            form
            for text in ordered
            for ascii_only in (True, False)
            for form in (json.dumps(text, ensure_ascii=ascii_only)[1:-1],)
        }
        self._loose = re.compile(b"|".join(map(_loose, ordered)))
        self._json = re.compile("|".join(sorted(map(re.escape, forms), key=lambda f: (-len(f), f))))

    def count(self, data: bytes) -> int:
        """How often the texts stand there."""
        return sum(1 for _ in self._bytes.finditer(data))

    def in_bytes(self, data: bytes) -> bool:
        """Whether one of the texts stands there."""
        return self._bytes.search(data) is not None

    def in_text(self, text: str | None) -> bool:
        """The same of text."""
        return text is not None and self._text.search(text) is not None

    def in_json(self, text: str | None) -> bool:
        """The same of JSON, escaped or not."""
        return text is not None and self._json.search(text) is not None

    def may_hide_in(self, data: bytes) -> bool:
        """Whether YAML or JSON may hold a text in any form: no file without this has to be read."""
        return b"\\" in data or self._loose.search(data) is not None

    def in_value(self, value: Any) -> bool:
        """Whether a text stands in a value as JSON has it, keys included."""
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, Mapping):
            return any(self.in_value(k) or self.in_value(v) for k, v in value.items())
        return isinstance(value, list | tuple) and any(map(self.in_value, value))

    def bytes(self, data: bytes) -> bytes:
        """`data` without the texts. Raises NeverEnds."""
        for _ in range(_ROUNDS):
            if self._bytes.search(data) is None:
                return data
            data = self._bytes.sub(lambda _: self._marker, data)
        raise NeverEnds

    def text(self, text: str) -> str:
        """`text` without them. Raises NeverEnds."""
        for _ in range(_ROUNDS):
            if self._text.search(text) is None:
                return text
            text = self._text.sub(lambda _: self.marker, text)
        raise NeverEnds

    def json(self, text: str) -> str:
        """A JSON text whose values and keys do not hold them. Raises NeverEnds."""
        if not self.in_json(text):
            return text
        return json.dumps(self._value(json.loads(text)), ensure_ascii=False)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return value


def _loose(text: str) -> bytes:
    """A pattern of the text as YAML may have it without a backslash: folded at its spaces, apostrophes doubled."""
    found = filter(None, re.split(r"[ \t\r\n]+", text))
    words = (re.escape(word.encode()).replace(b"'", b"''?") for word in found)
    return rb"\s+".join(words)


def in_commit(content: bytes, replacer: Replacer) -> bool:
    """Whether a commit or tag holds a text in its message or a person's name."""
    head, _, body = content.partition(b"\n\n")
    return replacer.in_bytes(body) or replacer.in_bytes(head)


def rewritten_commit(content: bytes, ids: Mapping[str, str], replacer: Replacer) -> bytes:
    """A commit over rewritten objects, with its message and names redacted and its signatures gone.

    Raises:
        NeverEnds: see `Replacer`.
    """
    head, _, body = content.partition(b"\n\n")
    return b"\n".join(_head(head, ids, replacer)) + b"\n\n" + replacer.bytes(body)


def rewritten_tag(content: bytes, ids: Mapping[str, str], replacer: Replacer) -> bytes:
    """The same of an annotated tag; its signature stands at the end of its message."""
    head, _, body = content.partition(b"\n\n")
    body = _SIGNED.sub(b"", body)
    return b"\n".join(_head(head, ids, replacer)) + b"\n\n" + replacer.bytes(body)


def told_apart(content: bytes, number: int) -> bytes:
    """The same commit with one more line: two commits that differed by the text alone must stay two."""
    return content.rstrip(b"\n") + b"\n\nRedacted-Twin: %d\n" % number


def _head(head: bytes, ids: Mapping[str, str], replacer: Replacer) -> list[bytes]:
    lines: list[bytes] = []
    dropping = False
    for line in head.split(b"\n"):
        if line.startswith(b" "):
            if not dropping:
                lines.append(replacer.bytes(line))
            continue
        key, _, value = line.partition(b" ")
        dropping = key in _DROPPED
        if dropping:
            continue
        if key in (b"tree", b"parent", b"object"):
            old = value.decode("ascii")
            lines.append(key + b" " + ids.get(old, old).encode())
        elif line.startswith(_IDENTS):
            name, seconds, zone = value.rsplit(b" ", 2)
            lines.append(b" ".join((key, replacer.bytes(name), seconds, zone)))
        elif key in (b"type", b"tag", b"encoding"):
            lines.append(line)
        else:
            lines.append(key + b" " + replacer.bytes(value))
    return lines
