"""The console at a bank's size, in a real browser: 100,000 prompts, 1,000 versions, a prompt of 200 kB, 200,000 events.

Every figure is the 95th percentile of several inputs, each timed from the input to the frame that shows its outcome
(`benchmarks.stopwatch`). The floor is a key on the same page with a script that answers nothing: what the browser itself takes.
`CONSOLE_BENCH_DATA=FOLDER` keeps the filled workspace there, and uses it again.
"""

from __future__ import annotations

import http.client
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import bank, stage
from benchmarks.desk import HOME
from benchmarks.desk_lists import Lists
from benchmarks.desk_prompt import Prompts
from benchmarks.row import Row, millis, quantile
from support import browser
from support.own_project import password
from support.server import RunningServer

INTERACTION, PAGE, SEARCH = 0.100, 0.150, 0.010


def run(quick: bool) -> list[Row]:
    """Fill, open, measure."""
    from playwright.sync_api import sync_playwright

    with _filled(quick) as (server, who), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=browser.FLAGS)
        people = browser.Console(chromium, server)
        try:
            page = people.context().new_page()
            desk = Day(page, 4 if quick else 8)
            browser.sign_in(page, who, password(who))
            rows = list(desk.rows(os.environ.get("CONSOLE_BENCH_ONLY", "")))
            rows += list(_quick_search(server, page, 20 if quick else 100))
        finally:
            people.close()
            chromium.close()
    return rows


@contextmanager
def _filled(quick: bool) -> Iterator[tuple[RunningServer, str]]:
    kept = os.environ.get("CONSOLE_BENCH_DATA")
    with tempfile.TemporaryDirectory(prefix="promptops-bench-") as folder:
        data = Path(kept or folder) / "data"
        there = data.is_dir()
        server = RunningServer(data, as_installed=True).start(90)
        try:
            if not there:
                with stage.project(server) as api:
                    bank.fill(server, api, bank.QUICK if quick else bank.Size())
            yield server, bank.WHO
        finally:
            server.stop()


class Day(Lists, Prompts):
    """All of it, with what each may take."""

    def rows(self, only: str) -> Iterator[Row]:
        """What is measured, one after the other; `only` a part of their names."""
        self.page.goto("/readyz")
        floor = quantile(self.watch.keys("a" * 20).paint, 0.95)
        for what, target, work in self.todo():
            if only not in what:
                continue
            took = work()
            slow = quantile(took, 0.95)
            yield Row(f"console at size: {what}, p50 / p95", f"{millis(quantile(took, 0.5))} / {millis(slow)}",
                      f"empty page {millis(floor)}", slow / floor,
                      f"≤ {target * 1000:.0f} ms", slow <= target)  # fmt: skip

    def todo(self) -> list[tuple[str, float, Callable[[], list[float]]]]:
        """What is measured, with the seconds it may take."""
        return [
            ("project home opens", PAGE, lambda: self.place("Home", HOME, "document.querySelector('#live-where')")),
            ("prompts page opens", PAGE, lambda: self.place("Prompts", f"{HOME}/prompts", "document.querySelectorAll('[role=treeitem]').length > 10")),
            ("a module opens", INTERACTION, self.module),
            ("tree, scrolling", INTERACTION, self.tree_scroll),
            ("prompts, typing a filter", INTERACTION, self.filter_keys),
            ("prompts, until found", PAGE + 0.200, self.filter_found),
            ("prompts, choosing one", INTERACTION, self.choosing),
            ("palette opens", INTERACTION, self.palette),
            ("palette, typing", INTERACTION, self.palette_keys),
            ("palette, until found", PAGE + 0.120, self.palette_found),
            ("search page, typing", INTERACTION, self.search_keys),
            ("prompt page opens", PAGE, lambda: self.prompt("module=area-07/team-007&tag=letters", *map(bank.path, range(7, 4507, 500)))),
            ("prompt of 200 kB opens", PAGE, lambda: self.prompt("q=long", bank.LONG)),
            ("prompt of 200 kB, typing", INTERACTION, self.typing),
            ("prompt of 200 kB, changing tabs", PAGE, self.tabs),
            ("history of 1,000 versions opens", PAGE, self.history),
            ("history of 1,000 versions, scrolling", INTERACTION, self.history_scroll),
            ("two versions compared", PAGE, self.compare),
            ("who wrote each line, of 1,000 versions", PAGE, self.blame),
            ("audit log opens", PAGE, lambda: self.place("Audit log", f"{HOME}/audit", "document.querySelectorAll('#content ol li').length > 10")),
            ("audit log, scrolling", INTERACTION, self.audit_scroll),
            ("audit log, typing a filter", INTERACTION, self.audit_keys),
            ("matrix opens", PAGE, lambda: self.place("Matrix", f"{HOME}/matrix", "document.querySelectorAll('[role=gridcell]').length > 10")),
            ("matrix, moving the cursor", INTERACTION, self.matrix_keys),
            ("releases, 500 in one environment, open", PAGE, lambda: self.place("Releases", f"{HOME}/releases", "document.querySelectorAll('#content ol li').length > 10")),
            ("suite of 1,000 cases opens", PAGE, self.suite),
            ("suite of 1,000 cases, typing", INTERACTION, self.suite_keys),
        ]  # fmt: skip


def _quick_search(server: RunningServer, page: Any, rounds: int) -> Iterator[Row]:
    """The palette's question over one kept connection, beside a page of the server that asks nothing."""
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    connection = http.client.HTTPConnection("127.0.0.1", server.port)

    def median(address: str) -> float:
        took = []
        for _ in range(rounds):
            begin = time.perf_counter()
            connection.request("GET", address, headers={"Cookie": cookies})
            answer = connection.getresponse()
            answer.read()
            took.append(time.perf_counter() - begin)
            assert answer.status == 200, answer.status
        return statistics.median(took)

    bare = median("/readyz")
    for what, q in (
        ("a name", "prompt-004217"),
        ("the word of all", "triage"),
        ("two words", "triage river"),
    ):
        ours = median(f"/api/v1/search?q={q.replace(' ', '%20')}")
        yield Row(f"console at size: quick search on the server, {what}", millis(ours), f"/readyz {millis(bare)}",
                  ours / bare, "≤ 10 ms", ours <= SEARCH)  # fmt: skip
