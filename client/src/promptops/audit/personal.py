"""Personal data beside an event: the event holds salted hashes, the values lie beside it and can be erased.

A value at a place (``actor.name``) is hashed with a salt of its own person and event, so that who has the event alone
cannot try names until one fits, and erasing the salt with the value leaves nothing to find. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

ERASED = "(erased)"
"""What is shown in the place of a value that was erased."""

_PREFIX = b'{"personal":'


def value_hash(salt: str, place: str, value: str) -> str:
    """Hex SHA-256 over the salt (hex text), the place and the value, with zero bytes between."""
    return hashlib.sha256(f"{salt}\0{place}\0{value}".encode()).hexdigest()


def personal_line(seq: int, rows: Iterable[tuple[str, str]]) -> bytes:
    """The line of an export before an entry's own: salt and values (JSON text) of each person."""
    inner = ",".join(f'["{salt}",{data}]' for salt, data in rows)
    return f'{{"personal":[{seq},{inner}]}}\n'.encode()


def read_personal(line: bytes) -> tuple[int, dict[str, tuple[str, str]]] | None:
    """An entry's number, and by place salt and value; None when the line is another kind.

    Raises:
        ValueError: it is of this kind and cannot be read.
    """
    if not line.startswith(_PREFIX):
        return None
    seq, *rows = json.loads(line)["personal"]
    if type(seq) is not int:
        raise ValueError("no number")
    found: dict[str, tuple[str, str]] = {}
    try:
        for salt, values in rows:
            for place, value in values.items():
                found[place] = (salt, value)
    except (TypeError, AttributeError):
        raise ValueError("not salts and values") from None
    return seq, found


def reveal(body: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Put the values into their places of a decoded event; a place whose value is gone says so. Changes `body`."""
    for place in body.get("personal") or ():
        *above, last = place.split(".")
        at: Any = body
        for part in above:
            at = at.get(part) if isinstance(at, dict) else None
        if isinstance(at, dict):
            at[last] = values.get(place, ERASED)
    return body
