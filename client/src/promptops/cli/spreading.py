"""A release while it spreads: followed over server-sent events, said in a sentence, waited for.

Owns `--wait` and `--timeout`, and the live view. Which release is meant is the command's.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from typing import Annotated, Any

import typer

from promptops.cli.failures import BadInput, Refused, ServerProblem, Unreachable
from promptops.cli.following import events
from promptops.cli.output import Output, coloured, is_terminal, note, visible, when
from promptops.cli.session import PAGE_SIZE, Session, api

WaitOption = Annotated[
    str,
    typer.Option(
        "--wait",
        metavar="all|90%",
        help="Return when so many followers have it; exit 1 when they do not in time.",
    ),
]
TimeoutOption = Annotated[
    int, typer.Option("--timeout", min=1, metavar="SECONDS", help="How long to wait at most.")
]
TIMEOUT = 60
_SILENCE_SECONDS = 30.0
_SHOWN = 10

Show = Callable[[Mapping[str, Any]], None]


def share(text: str) -> float:
    """`all` or `90%` as a number up to 1. Raises BadInput."""
    if text == "all":
        return 1.0
    found = re.fullmatch(r"(\d{1,3})\s*%", text)
    if found is None or not 1 <= int(found[1]) <= 100:
        raise BadInput(f"{text!r} is no share of followers", remedy="write all, or 90%")
    return int(found[1]) / 100


def is_reached(spread: Mapping[str, Any], wanted: float) -> bool:
    """Whether enough followers have the release, of those that give signs."""
    there = spread["applied"] + spread["waiting"]
    return bool(spread["applied"] >= ceil(round(wanted * there, 6)))


def sentence(spread: Mapping[str, Any]) -> str:
    """`118 of 120 have r42, slowest 37 ms, 2 silent for 40 s`."""
    release = f"r{spread['release']}"
    if not spread["total"]:
        return f"nobody follows, so nobody has {release}"
    parts = [f"{spread['applied']} of {spread['total']} have {release}"]
    if spread.get("slowest_ms") is not None:
        parts.append(f"slowest {duration(spread['slowest_ms'])}")
    if spread["waiting"]:
        parts.append(f"{spread['waiting']} do not yet")
    if spread["silent"]:
        since = [
            time.time() - moment
            for each in spread.get("stragglers") or ()
            if each["state"] == "silent" and (moment := _seconds(each["last_seen"])) is not None
        ]
        span = f" for {max(since):.0f} s" if since and max(since) > 0 else ""
        parts.append(f"{spread['silent']} silent{span}")
    return ", ".join(parts)


def duration(ms: float) -> str:
    """Milliseconds as people read them."""
    if ms < 1000:
        return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"
    return f"{ms / 1000:.1f} s"


def wait_for(
    server: Session,
    project: str,
    environment: str,
    number: int,
    *,
    wanted: float,
    timeout: float,
    show: Show = lambda _: None,
) -> tuple[dict[str, Any], bool]:
    """Follow a release until enough have it, or the time is over; how it stands, and whether enough have it.

    A connection that breaks is made again. Raises ServerProblem, Unreachable (where no answer ever came).
    """
    path = api("projects", project, "environments", environment, "releases", str(number), "spread")
    ends = time.monotonic() + timeout
    last: dict[str, Any] = server.get(path)
    show(last)
    while not is_reached(last, wanted) and (left := ends - time.monotonic()) > 0:
        try:
            lines = server.lines(
                path,
                params={},
                headers={"Accept": "text/event-stream"},
                silence=min(_SILENCE_SECONDS, left),
            )
            for event in events(lines):
                if event is not None and "applied" in event:
                    last = event
                    show(last)
                if is_reached(last, wanted) or time.monotonic() >= ends:
                    break
        except Unreachable:
            pass  # also: nothing was said until the time was over
        except ServerProblem as problem:
            if problem.status < 500:
                raise
        if not is_reached(last, wanted):
            time.sleep(max(0.0, min(0.5, ends - time.monotonic())))
    return last, is_reached(last, wanted)


def wait_after(
    server: Session,
    project: str,
    release: Mapping[str, Any],
    wait: str,
    timeout: int,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """After a change: wait for its release as `--wait` says; what to add to the answer.

    The change is made: a server that cannot be reached now leaves `spread` empty.
    """
    wanted = share(wait)
    with shown(quiet=quiet) as show, suppress(ServerProblem, Unreachable):
        spread, reached = wait_for(
            server,
            project,
            str(release["environment"]),
            int(release["number"]),
            wanted=wanted,
            timeout=timeout,
            show=show,
        )
        return {"spread": spread, "reached": reached}
    return {"spread": None, "reached": False}


def refuse_unless(
    reached: bool, spread: Mapping[str, Any] | None, wait: str, timeout: float
) -> None:
    """Raise Refused where the wait was in vain."""
    if spread is None:
        raise Refused(
            "the release is made, but whether the followers have it could not be asked",
            remedy="try `promptops releases watch`",
        )
    if not reached:
        raise Refused(
            f"after {timeout:g} s not {wait} of the followers have the release: {sentence(spread)}",
            remedy="it is live and goes on spreading; `promptops releases watch` shows who lacks it",
            code="not-spread",
        )


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Show]:
    """What shows how a release stands, on stderr: a live view at a terminal, else a line per change."""
    if quiet:
        yield lambda _: None
        return
    if not is_terminal(sys.stderr):
        said: list[str] = []

        def line(spread: Mapping[str, Any]) -> None:
            text = re.sub(r" for \d+ s$", "", sentence(spread))
            if said != [text]:
                said[:] = [text]
                note(text)

        yield line
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=sys.stderr, no_color=not coloured(sys.stderr), highlight=False)
    with Live(console=console, refresh_per_second=10, transient=True) as live:
        yield lambda spread: live.update(_view(spread))


def followers(server: Session, path: str, asked: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """So many followers with the summary over all, page after page. Raises ServerProblem, Unreachable."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        size = min(PAGE_SIZE, limit - len(items))
        page: dict[str, Any] = server.get(path, **asked, limit=size, cursor=cursor)
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor or len(items) >= limit:
            return {"summary": page["summary"], "items": items, "next_cursor": cursor}


def summary(counts: Mapping[str, Any]) -> str:
    """`118 of 120 followers have r42, 1 behind, 1 silent`."""
    if not counts["total"]:
        return "nobody follows"
    parts = [f"{counts['current']} of {counts['total']} followers have r{counts['release']}"]
    parts += [f"{counts[state]} {state}" for state in ("behind", "silent") if counts[state]]
    if counts.get("refusing"):  # a server of an earlier version does not say
        parts.append(f"{counts['refusing']} refuse what they are given")
    if counts["slowest_ms"] is not None:
        parts.append(f"slowest {duration(counts['slowest_ms'])}")
    return ", ".join(parts)


def follower_table(out: Output, found: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Followers as a list."""
    out.table(FOLLOWER_COLUMNS, map(follower_row, found), empty)


FOLLOWER_COLUMNS = ("HOST", "PROCESS", "STATE", "RELEASE", "SINCE", "LAG", "VIA")


def follower_row(each: Mapping[str, Any]) -> tuple[Any, ...]:
    """A follower as a line of a list."""
    return (
        each["host"],
        each["process"],
        f"{each['state']}, refuses ({code})" if (code := each.get("refused")) else each["state"],
        f"r{each['release']}" if each["release"] or not code else "none",
        when(each["since"]),
        "" if each["lag_ms"] is None else duration(each["lag_ms"]),
        each["via"],
    )


def _view(spread: Mapping[str, Any]) -> Any:
    from rich import box
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    done = spread["total"] > 0 and spread["applied"] == spread["total"]
    parts: list[Any] = [
        Text(sentence(spread), style="bold green" if done else "bold"),
        ProgressBar(total=max(1, spread["total"]), completed=spread["applied"], width=60),
    ]
    late = spread.get("stragglers") or ()
    if late:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for name in ("HOST", "PROCESS", "STATE", "RELEASE", "SINCE"):
            table.add_column(name)
        for each in late[:_SHOWN]:
            texts = (each["host"], str(each["process"]), each["state"], f"r{each['release']}")
            table.add_row(*(Text(visible(text)) for text in (*texts, when(each["since"]))))
        parts.append(table)
    return Group(*parts)


def _seconds(text: str) -> float | None:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
