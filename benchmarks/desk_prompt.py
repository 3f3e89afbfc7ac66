"""What people do with one prompt: open it, write, look at its tabs and history, compare. Seconds of every repetition."""

from __future__ import annotations

from benchmarks import bank
from benchmarks.desk import HOME, IDLE, Desk
from benchmarks.stopwatch import Times


class Prompts(Desk):
    """Each method measures one thing."""

    def prompt(self, listed_by: str, *paths: str) -> list[float]:
        """From the list of prompts to one of them and back, the page's code being there."""
        taken = Times()
        listed = f"[...document.querySelectorAll('[role=row] a')].some((one) => one.innerText === '{paths[0]}')"
        self.go(f"{HOME}/prompts?{listed_by}", listed)
        for turn in range(self.times + 1):
            path = paths[turn % len(paths)]
            link = self.page.get_by_role("row").get_by_role("link", name=path, exact=True)
            shown = (
                "document.querySelector('.cm-content[contenteditable=true]')?.innerText.length > 10"
            )
            self.watch.click(link, shown, taken if turn else Times())
            self.rest(0.8)
            self.page.go_back()
            self.page.wait_for_function(f"() => {listed}")
            self.rest()
        return taken.shown

    def typing(self) -> list[float]:
        """Letters in the long prompt, and while it is checked, saved and filled."""
        self.go(
            f"{HOME}/prompt/{bank.LONG}",
            "document.querySelector('.cm-content[contenteditable=true]')?.innerText.length > 10",
        )
        self.page.get_by_role("textbox", name="Message 2, user").click()
        taken = self.watch.keys("Once more with care, ")
        for _ in range(6):  # while it is checked, saved and filled
            self.watch.keys("and so ", into=taken, pause=0.15)
        return taken.paint

    def tabs(self) -> list[float]:
        """From tab to tab of the long prompt."""
        self.go(f"{HOME}/prompt/{bank.LONG}", "document.querySelector('.cm-content')")
        taken = Times()
        for turn in range(self.times // 2 + 1):
            for name, ready in (
                ("History", "document.querySelector('#content ol li')"),
                ("Tests", "true"),
                ("Record", "true"),
                ("Activity", "true"),
                ("Prompt", "document.querySelector('.cm-content')"),
            ):
                tab = self.page.get_by_role("navigation", name="Sections").get_by_role(
                    "link", name=name
                )
                at = (
                    "location.search === ''"
                    if name == "Prompt"
                    else f"location.search.includes('{name.lower()}')"
                )
                self.watch.click(tab, f"{IDLE} && {at} && {ready}", taken if turn else Times())
                self.rest()
        return taken.shown

    def history(self) -> list[float]:
        """To the history, from the prompt."""
        taken = Times()
        self.go(f"{HOME}/prompt/{bank.MANY_VERSIONS}", "document.querySelector('.cm-content')")
        for turn in range(self.times + 1):
            tabs = self.page.get_by_role("navigation", name="Sections")
            self.watch.click(
                tabs.get_by_role("link", name="History"),
                f"{IDLE} && document.querySelectorAll('#content ol li').length > 10",
                taken if turn else Times(),
            )
            self.rest()
            tabs.get_by_role("link", name="Prompt").click()
            self.page.wait_for_function("() => document.querySelector('.cm-content')")
            self.rest()
        return taken.shown

    def history_scroll(self) -> list[float]:
        """The wheel over it."""
        self.go(
            f"{HOME}/prompt/{bank.MANY_VERSIONS}?tab=history",
            "document.querySelectorAll('#content ol li').length > 10",
        )
        return self.scroll(self.page.locator("#content ol").first)

    def compare(self) -> list[float]:
        """Two versions chosen and compared."""
        taken = Times()
        rows = "document.querySelectorAll('#content ol li').length > 10"
        self.go(f"{HOME}/prompt/{bank.MANY_VERSIONS}?tab=history&show=versions", rows)
        for turn in range(self.times + 1):
            boxes = self.page.locator("#content ol input[type=checkbox]")
            for at in (turn, turn + 6):
                boxes.nth(at).check()
            button = self.page.get_by_role("button", name="Compare")
            shown = "document.querySelector('#content h2')?.innerText.length > 0 && location.pathname.includes('/diff/')"
            self.watch.click(button, f"{IDLE} && {shown}", taken if turn else Times())
            self.rest()
            self.page.go_back()
            self.page.get_by_role("button", name="Choose none").click()
            self.rest()
        return taken.shown

    def blame(self) -> list[float]:
        """From the history to who wrote each line, which the server reads anew each time."""
        taken = Times()
        for turn in range(self.times // 2 + 1):
            self.go(
                f"{HOME}/prompt/{bank.MANY_VERSIONS}?tab=history",
                "document.querySelectorAll('#content ol li').length > 10",
            )
            self.watch.click(
                self.page.get_by_text("Who wrote each line", exact=True),
                "document.querySelectorAll('#content [role=table] [role=row]').length > 10",
                taken if turn else Times(),
            )
        return taken.shown
