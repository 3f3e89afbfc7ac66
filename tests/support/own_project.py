"""A project of its own with people in roles, for tests with browsers: everybody signs in with a password only they know."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2

from support.server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.browser import Console


def password(who: str) -> str:
    """The password of a person."""
    return f"own words of {who}, not a name"


@dataclass
class OwnProject:
    """A project on a running server. `admin` is an operator's token; people are added by name and role."""

    server: RunningServer
    name: str
    admin: str
    sessions: dict[str, httpx2.Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.server.api(self.admin) as api:
            done(api.post("/projects", json={"name": self.name, "title": self.name.title()}))

    @property
    def base(self) -> str:
        """Where it is in the API."""
        return f"/projects/{self.name}"

    def add(self, who: str, role: str) -> None:
        """A person with this role, who then chose a password of their own."""
        first = f"the first one of {who}, given"
        account = {"name": who, "email": f"{who}@bank.example", "password": first}
        grant = {"user": who, "project": self.name, "role": role}
        with self.server.api(self.admin) as api:
            done(api.post("/users", json=account))
            done(api.post("/grants", json=grant))
        with closing(self._signed_in(who, first)) as own:
            change = {"old_password": first, "password": password(who)}
            done(own.patch(f"/users/{who}", json=change))

    def _signed_in(self, who: str, secret: str) -> httpx2.Client:
        made = httpx2.Client(base_url=f"{self.server.url}/api/v1", timeout=60)
        session = done(made.post("/session", json={"name": who, "password": secret}))
        made.headers["X-CSRF-Token"] = session["csrf"]
        return made

    def api(self, who: str) -> httpx2.Client:
        """The API as this person, signed in once."""
        if who not in self.sessions:
            self.sessions[who] = self._signed_in(who, password(who))
        return self.sessions[who]

    def put(self, who: str, path: str, text: str, message: str = "Write") -> int:
        """The next version of a prompt, by this person; returns its number."""
        api, address = self.api(who), f"{self.base}/prompts/{path}"
        found = api.get(address)
        match = {"If-Match": found.headers["ETag"]} if found.is_success else {}
        headers = {"Content-Type": "application/yaml", **match}
        made = done(api.put(address, content=text, params={"message": message}, headers=headers))
        return int(made["version"])

    def text(self, path: str) -> str:
        """The file of a prompt in its newest version."""
        with self.server.api(self.admin) as api:
            return api.get(
                f"{self.base}/prompts/{path}", headers={"Accept": "application/yaml"}
            ).text

    def live(self, environment: str = "production") -> dict[str, int]:
        """Which version of which prompt is live."""
        with self.server.api(self.admin) as api:
            items = done(api.get(f"{self.base}/environments/{environment}"))["items"]
        return {item["path"]: item["version"] for item in items}

    def close(self) -> None:
        """End the sessions."""
        for session in self.sessions.values():
            session.close()


def open_as(console: Console, who: str, address: str) -> Page:
    """A page of the console, opened by this person, who is signed in already."""
    page = console.signed_in(who, password(who))
    page.goto(address)
    return page


def done(answer: httpx2.Response) -> Any:
    """What a request that must succeed answered."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json() if answer.content else None
