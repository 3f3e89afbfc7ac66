"""Reading a receipt as a follower sent it: strict about what it knows, silent about members of newer clients. Pure."""

from __future__ import annotations

import math
import re
from typing import Any

from promptops.delivery import strict
from promptops.delivery.header import Position
from promptops.errors import InvalidHeader
from promptops_server.delivery.receipts.model import (
    APPLIED_KEPT,
    NOTHING_HELD,
    Applied,
    Receipt,
    Refused,
    Via,
)
from promptops_server.infra.plain_text import control_in
from promptops_server.infra.problems import Invalid

MOST_BYTES = 8 * 1024
"""Of a report; one with `APPLIED_KEPT` releases is half as long."""
LONGEST_MS = 400 * 86_400_000.0
"""A longer time than this is none."""

_ID = re.compile(r"[0-9a-f]{32}")
_POSITION = re.compile(r"[1-9][0-9]{0,9}-[0-9]{1,10}")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LARGEST = 2**31 - 1


def read_receipt(content: bytes | str, via: Via) -> Receipt:
    """The receipt in a report.

    Raises:
        Invalid: it is too long, no JSON, or a member is missing or wrong; the refusal names it.
    """
    try:
        if len(content) > MOST_BYTES:
            raise InvalidHeader("receipt", f"is longer than {MOST_BYTES} bytes")
        return _receipt(strict.mapping(strict.load_json(content, "receipt"), "receipt"), via)
    except InvalidHeader as error:
        raise Invalid(str(error), remedy="See receipts in the delivery protocol.") from None


def _receipt(given: Any, via: Via) -> Receipt:
    listed = strict.sequence(given, "applied", "receipt")
    if len(listed) > APPLIED_KEPT:
        raise InvalidHeader("receipt.applied", f"has more than {APPLIED_KEPT} releases")
    return Receipt(
        follower=strict.matching(given, "follower", "receipt", _ID, "32 hex digits"),
        host=_line(given, "host", 255),
        process=_number(given, "process"),
        sdk=_line(given, "sdk", 50),
        via=via,
        position=_held(given),
        held_ms=_duration(given, "held_ms", "receipt"),
        applied=tuple(
            _applied(strict.mapping(one, f"receipt.applied[{n}]"), f"receipt.applied[{n}]")
            for n, one in enumerate(listed)
        ),
        leaving=given.get("leaving") is True,
        refused=_refused(given.get("refused")),
    )


def _applied(given: Any, where: str) -> Applied:
    return Applied(
        _position(given, where),
        took_ms=_duration(given, "took_ms", where),
        ago_ms=_duration(given, "ago_ms", where),
    )


def _held(given: Any) -> Position:
    """The release in use; null for a process that has none yet, which only tells what it refuses."""
    if given.get("release", "") is None and given.get("refused") is not None:
        return NOTHING_HELD
    return _position(given, "receipt")


def _refused(given: Any) -> Refused | None:
    if given is None:
        return None
    where = "receipt.refused"
    told = strict.mapping(given, where)
    return Refused(
        strict.matching(told, "code", where, _CODE, "a code, such as unknown-key"),
        None if told.get("release") is None else str(_position(told, where)),
        _duration(told, "for_ms", where),
    )


def _position(given: Any, where: str) -> Position:
    text = strict.matching(given, "release", where, _POSITION, "epoch-release, such as 1-42")
    position = Position.parse(text)
    if position.epoch > _LARGEST or position.release > _LARGEST:
        strict.refuse(f"{where}.release", "must be a release", text)
    return position


def _line(given: Any, name: str, longest: int) -> str:
    text = strict.nonempty(given, name, "receipt")
    if len(text) > longest or control_in(text, lines=False) is not None:
        strict.refuse(f"receipt.{name}", f"must be one line of at most {longest} characters", text)
    return text


def _number(given: Any, name: str) -> int:
    value = strict.integer(given, name, "receipt", least=0)
    if value > _LARGEST:
        strict.refuse(f"receipt.{name}", f"must be at most {_LARGEST}", value)
    return value


def _duration(given: Any, name: str, where: str) -> float:
    value = strict.member(given, name, where)
    if type(value) not in (int, float) or not math.isfinite(value) or not 0 <= value <= LONGEST_MS:
        strict.refuse(f"{where}.{name}", "must be milliseconds from 0", value)
    return float(value)
