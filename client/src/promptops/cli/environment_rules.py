"""Rules of an environment as they are typed, turned into what the server takes.

Owns the short forms: windows, freezes, soak times. What a rule means is the server's knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from promptops.cli.failures import BadInput
from promptops.cli.times import minutes, moment

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(\S+)\s+(\d\d:\d\d)-(\d\d:\d\d)\s+(\S+)")
_SHARE = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)%")
_FREEZE = re.compile(r"(\S*)\.\.(\S*)\s+(.+)", re.DOTALL)


def window(text: str) -> dict[str, Any]:
    """`mon-thu 09:00-17:00 Asia/Singapore`. Raises BadInput."""
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise BadInput(
            f"{text!r} is no window",
            remedy="write days, hours and time zone: 'mon-thu 09:00-17:00 Asia/Singapore'",
        )
    return {"days": _days(found[1]), "from": found[2], "to": found[3], "zone": found[4]}


def freeze(text: str) -> dict[str, Any]:
    """`FROM..UNTIL REASON`, where either time may be left out. Raises BadInput."""
    found = _FREEZE.fullmatch(text.strip())
    if found is None:
        raise BadInput(
            f"{text!r} is no freeze",
            remedy="write FROM..UNTIL and a reason: '..2027-01-05T00:00+08:00 Year-end'",
        )
    return {
        **({"from": moment(found[1])} if found[1] else {}),
        **({"until": moment(found[2])} if found[2] else {}),
        "reason": found[3],
    }


def soak(text: str) -> dict[str, Any]:
    """`staging=60m`. Raises BadInput."""
    environment, sign, span = text.partition("=")
    if not sign or not environment:
        raise BadInput(f"{text!r} is no soak time", remedy="write ENVIRONMENT=SPAN: staging=60m")
    return {"environment": environment, "minutes": minutes(span)}


def ticket(text: str) -> dict[str, Any]:
    """A pattern of tickets, or `any`."""
    return {} if text == "any" else {"pattern": text}


def works_on(text: str) -> dict[str, Any]:
    """`gpt,claude`, with `60%` and `suite=claims/triage.smoke` behind it or not. Raises BadInput."""
    targets, *more = text.split()
    found: dict[str, Any] = {"targets": [name for name in targets.split(",") if name]}
    for part in more:
        share = _SHARE.fullmatch(part)
        if share is not None and 0 < float(share[1]) < 100:
            found["at_least"] = round(float(share[1]) / 100, 6)
        elif part.startswith("suite=") and part != "suite=":
            found["suite"] = part.removeprefix("suite=")
        else:
            raise BadInput(
                f"{part!r} is neither a lower bound nor a suite",
                remedy="write 'gpt,claude 60% suite=claims/triage.smoke'",
            )
    return found


def on_or_off(text: str) -> bool:
    """`on` or `off`. Raises BadInput."""
    if text not in ("on", "off"):
        raise BadInput(f"{text!r} is neither on nor off")
    return text == "on"


def with_period(rules: Mapping[str, Any], given: Sequence[str]) -> dict[str, Any]:
    """The freeze an environment has, with more periods: adding one must not lift another.

    One that is there already is not added again, so that a request whose answer got lost can be repeated.
    """
    periods = list((rules.get("freeze") or {}).get("periods") or ())
    known = {_meant(period) for period in periods}
    for period in map(freeze, given):
        if _meant(period) not in known:
            known.add(_meant(period))
            periods.append(period)
    return {"periods": periods}


def _meant(period: Mapping[str, Any]) -> tuple[datetime | None, datetime | None, str]:
    """A period however its times are written."""

    def instant(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None

    return instant(period.get("from")), instant(period.get("until")), str(period.get("reason"))


def _days(text: str) -> list[str]:
    """`mon-thu`, `sat,sun`, `mon-wed,fri`, `fri-mon`. Raises BadInput."""
    found: list[str] = []
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise BadInput(
                f"{part!r} is no day", remedy=f"days are {', '.join(_DAYS)}: mon-thu,sat"
            )
        at, end = _DAYS.index(first), _DAYS.index(last if dash else first)
        span = (end - at) % 7 + 1
        found += [_DAYS[(at + n) % 7] for n in range(span)]
    return list(dict.fromkeys(found))
