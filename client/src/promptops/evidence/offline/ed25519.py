"""Ed25519 signatures checked in plain Python: RFC 8032, section 5.1.7. Only checking: nothing here is secret.

Stricter than the text where it leaves a choice: a point or number that is not written in its one shortest form is
refused, so that no second spelling of a signature passes.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]
"""Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z."""

_NEUTRAL: _Point = (0, 1, 1, 0)


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) is one of `message` under the key `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key = _point_of(public)
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= _L:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(hashed, "little") % _L
    minus_key = (_P - key[0], key[1], key[2], _P - key[3])
    return _bytes_of(_add(_times(s, _BASE), _times(k, minus_key))) == signature[:32]


def _add(a: _Point, b: _Point) -> _Point:
    one = (a[1] - a[0]) * (b[1] - b[0]) % _P
    two = (a[1] + a[0]) * (b[1] + b[0]) % _P
    three = 2 * a[3] * b[3] * _D % _P
    four = 2 * a[2] * b[2] % _P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: _Point) -> _Point:
    out = _NEUTRAL
    while number:
        if number & 1:
            out = _add(out, point)
        point = _add(point, point)
        number >>= 1
    return out


def _x_of(y: int, odd: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if odd else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        return None
    return x if x & 1 == odd else _P - x


def _point_of(text: bytes) -> _Point | None:
    number = int.from_bytes(text, "little")
    y = number & ((1 << 255) - 1)
    if y >= _P:
        return None
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % _P)


def _bytes_of(point: _Point) -> bytes:
    inverse = pow(point[2], _P - 2, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base() -> _Point:
    y = 4 * pow(5, _P - 2, _P) % _P
    x = _x_of(y, 0)
    assert x is not None
    return (x, y, 1, x * y % _P)


_BASE = _base()
