"""Strict reading of JSON from outside, and the one compact form that is hashed.

Owns how a member is fetched, typed and refused by name. Leaves what the members mean to `header`,
`trust`, `disk` and the transports. No I/O.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from promptops.errors import InvalidHeader

LARGEST = 10**18  # fits every language's 64-bit integer


def compact_json(value: object) -> str:
    """JSON without spaces, with non-ASCII characters as they are: the only form that is hashed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def load_json(text: str | bytes, where: str) -> Any:
    """Decode JSON from outside; raises `InvalidHeader` for anything that two readers could read
    differently.
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        decoded.encode()
        return _decoder.decode(decoded)
    except (ValueError, RecursionError) as error:
        raise InvalidHeader(where, f"is not JSON: {error}") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {show(twice)} is given twice")
    return members


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_decoder = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constants)
"""Kept: `json.loads` with hooks makes one for every text, which takes longer than reading a header."""


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """The value as a JSON object; raises `InvalidHeader`."""
    if not isinstance(value, dict):
        raise InvalidHeader(where, "must be a JSON object")
    return value


def member(members: Mapping[str, Any], name: str, where: str) -> Any:
    """A member that must be there; raises `InvalidHeader`."""
    try:
        return members[name]
    except KeyError:
        raise InvalidHeader(f"{where}.{name}", "is missing") from None


def text(members: Mapping[str, Any], name: str, where: str) -> str:
    """A member that is text; raises `InvalidHeader`."""
    value = member(members, name, where)
    if not isinstance(value, str):
        refuse(f"{where}.{name}", "must be text", value)
    encodable(value, f"{where}.{name}")
    return value


def nonempty(members: Mapping[str, Any], name: str, where: str) -> str:
    """A member that is text with something in it; raises `InvalidHeader`."""
    value = text(members, name, where)
    if not value:
        raise InvalidHeader(f"{where}.{name}", "must not be empty")
    return value


def matching(
    members: Mapping[str, Any], name: str, where: str, pattern: re.Pattern[str], wanted: str
) -> str:
    """A member that is text of one form; `wanted` says the form in the refusal."""
    value = text(members, name, where)
    if not pattern.fullmatch(value):
        refuse(f"{where}.{name}", f"must be {wanted}", value)
    return value


def integer(members: Mapping[str, Any], name: str, where: str, *, least: int) -> int:
    """A member that is an integer from `least` (never a boolean); raises `InvalidHeader`."""
    value = member(members, name, where)
    if type(value) is not int or not least <= value <= LARGEST:
        refuse(f"{where}.{name}", f"must be an integer from {least}", value)
    return value


def sequence(members: Mapping[str, Any], name: str, where: str) -> list[Any]:
    """A member that is a list; raises `InvalidHeader`."""
    value = member(members, name, where)
    if not isinstance(value, list):
        refuse(f"{where}.{name}", "must be a list", value)
    return value


def encodable(value: str, where: str) -> None:
    """Refuse text that has no UTF-8 form."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidHeader(where, "holds half a surrogate pair, which is not text") from None


def unbase64(text: str, where: str) -> bytes:
    """The bytes of standard base64; raises `InvalidHeader`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        refuse(where, "must be base64", text)


def show(value: object) -> str:
    """A value from outside, shortened and without control characters, for a sentence."""
    shown = ascii(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def refuse(where: str, wanted: str, value: object) -> NoReturn:
    """Raise `InvalidHeader`: what was wanted and what was found."""
    raise InvalidHeader(where, f"{wanted}, not {show(value)}")
