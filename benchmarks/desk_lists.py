"""What people do with lists: the tree, filters, the palette, the log, the matrix, a long suite. Seconds of every repetition."""

from __future__ import annotations

from benchmarks import bank
from benchmarks.desk import HOME, Desk
from benchmarks.stopwatch import Times


class Lists(Desk):
    """Each method measures one thing."""

    def module(self) -> list[float]:
        """A module opened and closed."""
        self.go(f"{HOME}/prompts", "document.querySelectorAll('[role=treeitem]').length > 10")
        taken = Times()
        for turn in range(self.times):
            line = (
                self.page.get_by_role("treeitem")
                .filter(has_text=f"area-{turn:02}")
                .first.get_by_role("button")
            )
            self.watch.click(
                line,
                f"document.querySelector('[role=tree]').innerText.includes('team-{turn:03}')",
                taken,
            )
            self.rest(0.2)
            self.watch.click(
                line,
                f"!document.querySelector('[role=tree]').innerText.includes('team-{turn:03}')",
                taken,
            )
        return taken.shown

    def tree_scroll(self) -> list[float]:
        """The wheel over two hundred prompts."""
        self.go(
            f"{HOME}/prompts?module=area-01/team-001",
            "document.querySelectorAll('[role=treeitem]').length > 10",
        )
        return self.scroll(self.page.get_by_role("tree"))

    def filter_keys(self) -> list[float]:
        """Letters of a filter."""
        self.go(f"{HOME}/prompts", "document.querySelectorAll('[role=treeitem]').length > 10")
        self.page.get_by_label("Find prompts").first.click()
        taken = self.watch.keys("prompt-0042")
        for _ in range(5):
            self.watch.keys(["Backspace"], into=taken, pause=0.25)
        return taken.paint

    def filter_found(self) -> list[float]:
        """From the last letter until the list is another."""
        taken = Times()
        self.go(f"{HOME}/prompts", "document.querySelectorAll('[role=treeitem]').length > 10")
        field = self.page.get_by_label("Find prompts").first
        for turn in range(self.times):
            field.fill(f"prompt-00{turn}")
            self.rest(0.6)
            self.page.keyboard.press("End")
            self.watch.keys(
                "7",
                f"document.querySelector('[role=grid]')?.innerText.includes('prompt-00{turn}7')",
                taken,
            )
        return taken.shown

    def choosing(self) -> list[float]:
        """Prompts chosen by keys in a long list."""
        self.go(
            f"{HOME}/prompts?tag=letters", "document.querySelectorAll('[role=row]').length > 10"
        )
        for _ in range(4):
            self.page.mouse.wheel(0, 20_000)
            self.rest(0.3)
        self.page.mouse.wheel(0, -200_000)
        self.rest()
        self.page.locator("[role=row][data-at='1']").focus()
        taken = Times()
        for _ in range(self.times * 3):
            self.watch.keys(["x"], into=taken)
            self.watch.keys(["j"], into=taken)
        return taken.paint

    def palette(self) -> list[float]:
        """Ctrl-K."""
        self.go(HOME)
        taken = Times()
        for turn in range(self.times + 1):
            times = taken if turn else Times()
            self.watch.keys(["Control+k"], "document.querySelector('[role=dialog] input')", times)
            self.rest(0.3)
            self.page.keyboard.press("Escape")
            self.rest(0.3)
        return taken.shown

    def palette_keys(self) -> list[float]:
        """Letters in the palette."""
        self.go(HOME)
        self.page.keyboard.press("Control+k")
        self.rest()
        taken = self.watch.keys("triage river prompt")
        for _ in range(8):
            self.watch.keys(["Backspace"], into=taken, pause=0.2)
        return taken.paint

    def palette_found(self) -> list[float]:
        """From the last letter until it is found."""
        self.go(HOME)
        taken = Times()
        for turn in range(self.times):
            self.page.keyboard.press("Control+k")
            self.rest(0.3)
            self.page.keyboard.insert_text(f"prompt-00{turn}")
            self.watch.keys(
                "3",
                f"document.querySelector('[role=dialog]').innerText.includes('/prompt-00{turn}3')",
                taken,
            )
            self.page.keyboard.press("Escape")
            self.rest(0.3)
        return taken.shown

    def search_keys(self) -> list[float]:
        """Letters on the search page."""
        self.go("/search", "document.querySelector('#content input')")
        self.page.locator("#content input").first.click()
        return self.watch.keys("prompt-0042", pause=0.2).paint

    def audit_scroll(self) -> list[float]:
        """The wheel over the log."""
        self.go(f"{HOME}/audit", "document.querySelectorAll('#content ol li').length > 10")
        return self.scroll(self.page.locator("#content ol").first)

    def audit_keys(self) -> list[float]:
        """Letters of a filter of the log."""
        self.go(f"{HOME}/audit", "document.querySelectorAll('#content ol li').length > 10")
        self.page.get_by_label("Person or machine").click()
        taken = self.watch.keys("name77")
        self.rest(0.6)
        self.watch.keys(["Backspace"] * 6, into=taken, pause=0.1)
        return taken.paint

    def matrix_keys(self) -> list[float]:
        """The arrows in the matrix."""
        self.go(f"{HOME}/matrix", "document.querySelectorAll('[role=gridcell]').length > 10")
        self.page.get_by_role("grid").focus()
        return self.watch.keys((["ArrowDown"] * 3 + ["ArrowRight"]) * self.times).paint

    def suite(self) -> list[float]:
        """From the list of suites to the long one."""
        taken = Times()
        for turn in range(self.times // 2 + 1):
            self.go(f"{HOME}/suites")
            link = self.page.get_by_role("link", name=bank.SUITE)
            self.watch.click(
                link,
                "document.querySelectorAll('#content tbody tr').length > 10",
                taken if turn else Times(),
            )
            self.rest(0.2)
        return taken.shown

    def suite_keys(self) -> list[float]:
        """Letters in its file."""
        self.go(
            f"{HOME}/suites/{bank.SUITE}?tab=edit",
            "document.querySelector('.cm-content')?.innerText.length > 10",
        )
        self.page.locator(".cm-content").click()
        taken = self.watch.keys("# more ")
        for _ in range(4):
            self.watch.keys("and so ", into=taken, pause=0.15)
        return taken.paint
