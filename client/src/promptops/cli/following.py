"""`audit log --follow`: events as they are written, over server-sent events, going on where it broke off."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promptops.cli.failures import ServerProblem, Unreachable
from promptops.cli.session import Session, api

_SILENCE_SECONDS = 30.0
_LONGEST_WAIT_SECONDS = 30.0


def follow(server: Session, params: Mapping[str, Any], after: int) -> Iterator[dict[str, Any]]:
    """Events behind `after`, without end. A server that is away is asked again; it must have answered once.

    Raises ServerProblem, Unreachable.
    """
    wait, reached, answered = 1.0, after, False
    while True:
        try:
            lines = server.lines(
                api("audit", "events", "stream"),
                params={**params, "after": reached},
                headers={"Accept": "text/event-stream"},
                silence=_SILENCE_SECONDS,
            )
            for event in events(lines):
                answered, wait = True, 1.0
                if event is not None:
                    reached = int(event["seq"])
                    yield event
        except Unreachable:
            if not answered:
                raise
        except ServerProblem as problem:
            if not answered or problem.status < 500:
                raise
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)


def events(lines: Iterable[str]) -> Iterator[dict[str, Any] | None]:
    """The events of a stream's lines; None for what only shows that the server is there."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield json.loads("\n".join(data))
            data = []
        elif not line or line.startswith(":"):
            yield None
