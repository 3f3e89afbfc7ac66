"""Pages of 50 prompts over HTTP, listed, filtered and searched: a project of 100,000 beside one of 1,000.

One client with one kept connection; each figure is the median of its requests, from sending to the parsed answer. What
it is read against is the same page of the same server with 1,000 prompts: the ratio says how flat it is.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from benchmarks.row import Row, millis
from benchmarks.stage import PROJECT, import_many, postgres, project, publish_many, put, server

_MODELS = ("openai/gpt-4o", "anthropic/claude-sonnet-4", "qwen/qwen3-32b", "meta/llama-3.3-70b")
_PAGES: Mapping[str, Mapping[str, str]] = {
    "list": {},
    "list, newest change first": {"sort": "changed"},
    "tag of half": {"tag": "letters"},
    "tag of ten": {"tag": "rare"},
    "tag of ten, newest change first": {"tag": "rare", "sort": "changed"},
    "owner": {"owner": "team-3@bank.example"},
    "model family": {"model": "gpt"},
    "environment": {"environment": "staging"},
    "state of many": {"state": "published"},
    "state of five": {"state": "behind"},
    "valid": {"valid": "true"},
    "invalid": {"valid": "false"},
    "changed in the last minutes": {"changed_since": "SINCE"},
    "module and tag": {"module": "area-01/team-001", "tag": "letters"},
    "tag and owner": {"tag": "letters", "owner": "team-3@bank.example"},
    "environment and state": {"environment": "staging", "state": "draft"},
    "tag and owner that share nothing": {"tag": "calls", "owner": "team-3@bank.example"},
    "search, word of all": {"q": "fox"},
    "search, word of twenty": {"q": "zanzibar"},
    "search, name of all": {"q": "triage"},
    "search and tag of ten": {"q": "fox", "tag": "rare"},
    "search and owner": {"q": "fox", "owner": "team-3@bank.example"},
    "search and state of five": {"q": "fox", "state": "behind"},
    "search and module": {"q": "fox", "module": "area-01/team-001"},
}

_QUICK = {
    "a name of all": "triage",
    "a word of all": "fox",
    "an address": "area-07/team",
    "two words": "triage fox",
}
"""What is typed into the palette: it looks through everything somebody may read."""


def run(quick: bool) -> list[Row]:
    """Each page on SQLite, and on PostgreSQL where there is one."""
    many = 10_000 if quick else 100_000
    rows = _rows("SQLite", many, [_times(size, quick, None) for size in (1_000, many)])
    measured = []
    for size in (1_000, many):
        with postgres() as url:
            if url is not None:
                measured.append(_times(size, quick, url))
    return rows + (_rows("PostgreSQL", many, measured) if measured else [])


def _rows(name: str, many: int, measured: Sequence[Mapping[str, float]]) -> list[Row]:
    small, large = measured
    return [
        Row(f"{what}, {many:,} prompts, {name}", millis(large[what]), f"1,000 prompts {millis(small[what])}",
            large[what] / small[what], "≤ 10 ms", large[what] <= 0.010)
        for what in small
    ]  # fmt: skip


def _times(many: int, quick: bool, url: str | None) -> dict[str, float]:
    database = ("--database-url", url, "--migrate") if url else ()
    with server(*database) as running, project(running) as api:
        import_many(api, many, lambda number: _prompt(number, many))
        paths = [_path(number) for number in range(many)]
        publish_many(api, "staging", paths[: many * 6 // 10])
        changed = [put(api, path, _prompt(7, many)[1], 1) for path in paths[100:105]]
        assert changed == [2] * 5
        newest = api.get(f"/projects/{PROJECT}/prompts", params={"sort": "changed", "limit": 5})
        moment = newest.json()["items"][-1]["updated_at"]
        ask = _Asker(running.port, running.token("reader", "viewer", PROJECT))
        rounds = 15 if quick else 40
        found = {}
        for what, params in _PAGES.items():
            given = {k: moment if v == "SINCE" else v for k, v in params.items()}
            found[what] = ask.median(given, rounds)
        found["list, deep page"] = ask.median({"cursor": _deep(ask, many, {})}, rounds)
        found["tag of half, deep page"] = ask.median(
            {"tag": "letters", "cursor": _deep(ask, many // 2, {"tag": "letters"})}, rounds
        )
        for what, q in _QUICK.items():
            found[f"quick search, {what}"] = ask.median({"q": q}, rounds, everywhere=True)
        found["activity"] = ask.median({}, rounds, "activity")
        found["facets"] = ask.median({}, rounds, "facets")
        return found


def _deep(ask: _Asker, many: int, params: Mapping[str, str]) -> str:
    """The cursor after nine tenths of a list."""
    cursor: str | None = None
    for _ in range(max(1, many * 9 // 10 // 500)):
        asked = {**params, "limit": "500", **({"cursor": cursor} if cursor else {})}
        cursor = ask(asked)["next"]
    assert cursor is not None
    return cursor


class _Asker:
    """Asks over one kept connection with the standard library's client, the leanest at hand: it shares our two cores."""

    def __init__(self, port: int, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __call__(
        self, params: Mapping[str, str], what: str = "prompts", *, everywhere: bool = False
    ) -> Any:
        within = "search" if everywhere else f"projects/{PROJECT}/{what}"
        url = f"/api/v1/{within}?{urlencode(params)}"
        self.connection.request("GET", url, headers=self.headers)
        answer = self.connection.getresponse()
        body = json.load(answer)
        assert answer.status == 200, body
        return body

    def median(
        self,
        params: Mapping[str, str],
        rounds: int,
        what: str = "prompts",
        *,
        everywhere: bool = False,
    ) -> float:
        """Seconds for the page, in the middle of so many requests."""
        times = []
        for _ in range(rounds + 3):
            begin = time.perf_counter()
            self(params, what, everywhere=everywhere)
            times.append(time.perf_counter() - begin)
        return statistics.median(times[3:])


def _path(number: int) -> str:
    return f"area-{number % 50:02}/team-{number % 500:03}/prompt-{number:06}"


def _prompt(number: int, many: int) -> tuple[str, str]:
    tags = ["letters" if number % 2 else "calls", f"topic-{number % 40}"]
    if number % (many // 10) == 7:
        tags.append("rare")
    word = "zanzibar" if number % (many // 20) == 3 else "plain"
    filler = f"The quick brown fox jumps over the lazy dog near river {number % 977}. " * 14
    return _path(number), (
        f"name: Triage {number}\nmodel: {_MODELS[number % 4]}\ntags: [{', '.join(tags)}]\n"
        f"owners: [team-{number % 20}@bank.example]\nmessages:\n"
        f"  - role: system\n    content: Sort claims. {word}\n"
        f"  - role: user\n    content: '{{{{ claim }}}} {filler}'\n"
    )
