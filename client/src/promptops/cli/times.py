"""Times and spans as they are typed: `2026-12-01T09:00+08:00`, `+2h30m`, `60m`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from promptops.cli.failures import BadInput

AtOption = Annotated[
    str,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Do it then, not now: 2026-12-01T09:00+08:00, or +2h30m from now.",
    ),
]
OnlyIfHeadOption = Annotated[
    bool,
    typer.Option(
        "--only-if-head", help="With --at: not if somebody has released there in between."
    ),
]

_SPAN = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?")


def moment(text: str) -> str:
    """A time as the server takes it: with an offset, or a span from now. Raises BadInput."""
    if text.startswith("+"):
        then = datetime.now(UTC) + timedelta(minutes=minutes(text[1:]))
        return then.isoformat(timespec="seconds")
    try:
        if datetime.fromisoformat(text).tzinfo is not None:
            return text
    except ValueError:
        raise BadInput(
            f"{text!r} is no time", remedy="write 2026-12-01T09:00+08:00, or +2h30m from now"
        ) from None
    raise BadInput(
        f"{text!r} does not say in which time zone",
        remedy=f"write the offset behind it: {text}+08:00, or {text}Z for UTC",
    )


def minutes(text: str) -> int:
    """A span like `60m`, `2h30m` or `1d` in minutes. Raises BadInput."""
    found = _SPAN.fullmatch(text)
    if found is None or not text:
        raise BadInput(f"{text!r} is no span of time", remedy="write 90m, 2h30m or 1d")
    days, hours, rest = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + rest
