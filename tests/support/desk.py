"""An administrator's desk: a server of its own, the API as its first administrator, and people in browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Locator, Page

from promptops_server.app import console_files as built
from support.browser import Console
from support.server import RunningServer

PASSWORD = "quiet otter lantern 42"
ADMINISTRATORS = ("ada", "bob")


def first_sign_in(server: RunningServer) -> tuple[str, str]:
    """Name and password that the first start printed."""
    found = re.search(r"Sign in +(\S+) / (\S+)", server.log.read_text())
    assert found is not None
    return found[1], found[2]


class Desk:
    """`api` is the first administrator's; `page` is that of the administrator ada, who has a colleague bob."""

    def __init__(self, browser: Browser, server: RunningServer) -> None:
        self.server = server
        self.people = Console(browser, server)
        # A token, since each request with a password costs a hash of it.
        made = httpx2.post(
            f"{server.url}/api/v1/tokens",
            auth=first_sign_in(server),
            json={"name": "desk"},
            timeout=60,
        )
        self.api = server.api(made.json()["token"])
        for name in ADMINISTRATORS:
            self.person(name, admin=True)
        self.page = self.sign_in("ada")

    def person(self, name: str, *, admin: bool = False, **grant: str) -> None:
        """An account with `PASSWORD`; `grant` is the role it holds."""
        self.post("/users", {"name": name, "admin": admin, "password": PASSWORD})
        if grant:
            self.post("/grants", {"user": name, **grant})

    def sign_in(self, name: str, password: str = PASSWORD) -> Page:
        """A browser of this person, signed in by the session's cookie alone."""
        page = self.people.page()
        answer = page.context.request.post(
            f"{self.server.url}/api/v1/session",
            data={"name": name, "password": password},
            headers={"Origin": self.server.url},
        )
        assert answer.status == 201, answer.text()
        return page

    def get(self, path: str, **query: Any) -> Any:
        """What the API answers."""
        answer = self.api.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """The same for a change."""
        answer = self.api.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def actions(self) -> list[str]:
        """What the audit log says was done, the newest first."""
        return [event["action"] for event in self.get("/audit/events", limit=200)["items"]]


@contextmanager
def a_desk(browser: Browser, folder: Path, **env: str) -> Iterator[Desk]:
    """A desk for the tests of a module; they fail when a page printed an error."""
    assert built.is_built(), "the console is not built: run `make install`"
    server = RunningServer(folder / "data", env=env).start(90)
    desk = Desk(browser, server)
    try:
        yield desk
        assert desk.people.troubles == []
    finally:
        desk.people.close()
        desk.api.close()
        server.stop()


def dialog(page: Page) -> Locator:
    """The one that is open."""
    return page.get_by_role("dialog")


def press(place: Page | Locator, name: str) -> None:
    """Click the button of exactly this name."""
    place.get_by_role("button", name=name, exact=True).click()
