"""A person's browser for the figures: going from page to page, coming to rest, turning the wheel."""

from __future__ import annotations

import time
from typing import Any

from benchmarks import stage
from benchmarks.stopwatch import Stopwatch, Times

HOME = f"/p/{stage.PROJECT}"
IDLE = "document.querySelector('#content [aria-busy=true]') === null && document.querySelector('#content h1') !== null"


class Desk:
    """One page of one person. `times` is how often each thing is done."""

    def __init__(self, page: Any, times: int) -> None:
        self.page = page
        self.times = times
        self.watch = Stopwatch(page)

    def go(self, address: str, ready: str = IDLE) -> None:
        """Open a page and let it come to rest."""
        self.page.goto(address)
        self.page.wait_for_function(f"() => Boolean({ready})")
        self.rest()

    def rest(self, seconds: float = 0.4) -> None:
        """Until nothing is asked for any more and the browser has time."""
        time.sleep(seconds)
        self.page.evaluate(
            "() => new Promise((done) => requestIdleCallback(done, { timeout: 3000 }))"
        )

    def place(self, name: str, address: str, ready: str) -> list[float]:
        """From another place by its link in the rail."""
        self.go(f"{HOME}/compliance")
        taken = Times()
        for turn in range(self.times + 1):
            link = self.page.get_by_role("navigation", name="Places").get_by_role(
                "link", name=name, exact=True
            )
            times = taken if turn else Times()  # the first turn loads the page's own code
            self.watch.click(link, f"{IDLE} && location.pathname === '{address}' && {ready}", times)
            self.rest()
            self.page.get_by_role("navigation", name="Places").get_by_role(
                "link", name="Compliance", exact=True
            ).click()
            self.page.wait_for_function(f"() => {IDLE}")
            self.page.evaluate("() => window.__stale?.()")
            self.rest()
        return taken.shown

    def scroll(self, over: Any) -> list[float]:
        """Frames of a wheel turned on and on: from the turn to the next paint, and no frame longer than that."""
        box = over.bounding_box()
        self.page.mouse.move(box["x"] + 200, max(box["y"], 0) + 200)
        taken = Times()
        for _ in range(self.times * 3):
            self.watch.once(lambda: self.page.mouse.wheel(0, 1200), into=taken)
        return [max(pair) for pair in zip(taken.paint, taken.long, strict=True)]
