"""The console in a real browser: what a first visit loads, how long until it can be used, and from page to page.

The floor of a first visit is the browser's own time for a page of the same server that has nothing to load.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import stage  # noqa: F401 - makes tests/support importable
from benchmarks.row import Row, millis

PAGES = [
    ("Prompts", "/p/retail-bank/prompts"),
    ("Reviews", "/p/retail-bank/reviews"),
    ("Releases", "/p/retail-bank/releases"),
    ("Matrix", "/p/retail-bank/matrix"),
    ("Home", "/p/retail-bank"),
]


def run(quick: bool) -> list[Row]:
    """Medians of several visits, each with an empty cache."""
    from playwright.sync_api import sync_playwright

    from promptops_server.app.welcome import DEMO_PASSWORD
    from support import browser
    from support.server import RunningServer

    visits = 3 if quick else 9
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = RunningServer(Path(folder) / "data", args=("--demo",), as_installed=True).start(90)
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=browser.FLAGS)
        try:
            people = browser.Console(chromium, server)
            signed_in = people.page("admin", DEMO_PASSWORD).context.storage_state()
            first, floor, loaded = [], [], 0
            for _ in range(visits):
                floor.append(_until(people.context(), "/readyz", "pre, body"))
                visitor = people.context(storage_state=signed_in)
                sizes: list[int] = []
                visitor.on(
                    "response", lambda answer, sizes=sizes: sizes.append(_script_bytes(answer))
                )
                first.append(_until(visitor, "/p/retail-bank", "h1"))
                loaded = max(loaded, sum(sizes))
            page = people.page()
            page.context.add_cookies(signed_in["cookies"])
            page.goto("/p/retail-bank")
            moves: list[float] = []
            for turn in range(3 if quick else 6):
                for name, address in PAGES:
                    took = _move(page, name, address)
                    if turn:  # the first turn loads each page's own code
                        moves.append(took)
            people.close()
        finally:
            chromium.close()
            server.stop()
    usable, bare, between = map(statistics.median, (first, floor, moves))
    return [
        Row("console: JavaScript of a first visit, compressed", f"{loaded / 1000:.0f} kB", "–", None,
            "≤ 300 kB", loaded <= 300_000),
        Row("console: first visit until the page shows", millis(usable), f"bare page {millis(bare)}",
            usable / bare, "≤ 1.5 s", usable <= 1.5),
        Row("console: from page to page, p50", millis(between), "–", None, "≤ 150 ms", between <= 0.150),
    ]  # fmt: skip


def _until(context: Any, address: str, shown: str) -> float:
    """Seconds from asking for an address until something on it is visible."""
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(shown).first.wait_for(state="visible")
    took = time.perf_counter() - begin
    page.close()
    return took


def _script_bytes(response: Any) -> int:
    if response.request.resource_type != "script":
        return 0
    return int(response.headers.get("content-length", "0"))


def _move(page: Any, name: str, address: str) -> float:
    """Seconds from a click in the rail until the page's heading is another and nothing is awaited."""
    begin = time.perf_counter()
    page.get_by_role("navigation", name="Places").get_by_role("link", name=name, exact=True).click()
    page.wait_for_url(lambda url: url.split("?")[0].endswith(address))
    page.locator("h1").first.wait_for(state="visible")
    return time.perf_counter() - begin
