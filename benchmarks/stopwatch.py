"""From a person's input to what they see, measured inside the page by the browser's own clock.

The clock starts at the time stamp of the input event and stops after the frame that shows what was waited for. Where the
browser reports the interaction itself (Event Timing, from 16 ms on), the longer of both counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# `begin` waits for one input and then for `ready`; `end` gives milliseconds to the first paint and until ready.
SCRIPT = """
(() => {
  const watch = { start: 0, paint: 0, shown: 0, events: [], long: 0 };
  let ready = null, settle = null, painted = null;
  const frame = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => then(performance.now());
    port2.postMessage(0);
  });
  const look = () => {
    if (settle === null || watch.start === 0) return;
    let there = false;
    try { there = ready(); } catch { there = false; }
    if (there) {
      const done = settle;
      settle = null;
      frame((now) => { watch.shown = now - watch.start; done(); });
    } else requestAnimationFrame(look);
  };
  const input = (event) => {
    if (watch.start !== 0 || settle === null) return;
    watch.start = event.timeStamp;
    frame((now) => { watch.paint = now - watch.start; painted(); });
    requestAnimationFrame(look);
  };
  for (const kind of ['keydown', 'pointerdown', 'wheel']) addEventListener(kind, input, { capture: true, passive: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.interactionId) watch.events.push(entry);
  }).observe({ type: 'event', durationThreshold: 16 });
  try {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) watch.long = Math.max(watch.long, entry.duration);
    }).observe({ type: 'long-animation-frame' });
  } catch { /* an older browser */ }
  let first = 0, both = null;
  window.__watch = {
    begin(isReady) {
      ready = isReady;
      first = performance.now();
      Object.assign(watch, { start: 0, paint: 0, shown: 0, events: [], long: 0 });
      both = Promise.all([new Promise((done) => { settle = done; }), new Promise((done) => { painted = done; })]);
    },
    async end() {
      const patience = new Promise((_, refuse) => setTimeout(() => refuse(new Error('not shown in time')), 30000));
      await Promise.race([both, patience]);
      await new Promise((done) => setTimeout(done, 60));  // entries come after the frame
      const told = watch.events.filter((entry) => entry.startTime >= first - 1).map((entry) => entry.duration);
      return { paint: Math.max(watch.paint, ...told), shown: Math.max(watch.shown, watch.paint), long: watch.long };
    },
  };
})();
"""


@dataclass
class Times:
    """Seconds of every repetition: to the next paint, and until what was waited for stood there."""

    paint: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    long: list[float] = field(default_factory=list)


class Stopwatch:
    """Measures a page of Playwright. Make it before the page is first opened."""

    def __init__(self, page: Any) -> None:
        self.page = page
        page.add_init_script(SCRIPT)

    def once(
        self, act: Callable[[], object], ready: str = "true", into: Times | None = None
    ) -> Times:
        """One input and its outcome. `ready` is an expression of the page that is true when it stands there."""
        times = into if into is not None else Times()
        self.page.evaluate(f"() => window.__watch.begin(() => Boolean({ready}))")
        act()
        try:
            told = self.page.evaluate("() => window.__watch.end()")
        except Exception as fault:
            raise AssertionError(f"{ready} at {self.page.url}") from fault
        times.paint.append(told["paint"] / 1000)
        times.shown.append(told["shown"] / 1000)
        times.long.append(told["long"] / 1000)
        return times

    def click(self, locator: Any, ready: str = "true", into: Times | None = None) -> Times:
        """A click where the element stands, without the driver's own waiting in the figure."""
        locator.scroll_into_view_if_needed()
        box = locator.bounding_box()
        assert box is not None
        x, y = box["x"] + min(box["width"] / 2, 60), box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        time.sleep(0.05)
        return self.once(lambda: self.page.mouse.click(x, y), ready, into)

    def keys(
        self,
        keys: str | list[str],
        ready: str = "true",
        into: Times | None = None,
        pause: float = 0.03,
    ) -> Times:
        """Each key by itself, with a short rest between."""
        times = into if into is not None else Times()
        for key in keys:
            self.once(lambda key=key: self.page.keyboard.press(key), ready, times)  # type: ignore[misc]
            time.sleep(pause)
        return times
