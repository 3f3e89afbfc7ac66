"""A server with a project, a prompt with cases, and model targets at a local endpoint: what tests of runs stand on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from support.openai_server import OpenAIServer
from support.server import RunningServer

PROJECT = "bank"
PATH = "geo/capital"


def prompt_text(cases: int, says: str = "What is the capital of {{ country }}?") -> str:
    """A prompt whose cases a `knowing` model answers."""
    lines = "".join(f"  - {{country: Land{n}, expected: City{n}}}\n" for n in range(cases))
    return (
        f"name: Capital\nmessages:\n  - role: user\n    content: '{says}'\n"
        f"testData:\n{lines}"
        "evaluators:\n  - name: names it\n    string: {contains: '{{expected}}'}\n"
    )


def knowing(body: Mapping[str, Any]) -> str:
    """Answers every question of `prompt_text` rightly."""
    asked = str(body["messages"][-1]["content"])
    return "It is City" + asked.rpartition("Land")[2].rstrip("?")


@dataclass
class Ground:
    """One project on one server, as its administrator."""

    server: RunningServer
    api: httpx2.Client

    @classmethod
    def on(cls, server: RunningServer) -> Ground:
        """Make the project."""
        api = server.api(server.token("root", "admin"))
        assert api.post("/projects", json={"name": PROJECT}).is_success
        return cls(server, api)

    def put(self, text: str, path: str = PATH, version: int | None = None) -> int:
        """Write a version; returns its number."""
        headers = {"Content-Type": "application/yaml"}
        if version is not None:
            headers["If-Match"] = f'"v{version}"'
        answer = self.api.put(f"/projects/{PROJECT}/prompts/{path}", content=text, headers=headers)
        assert answer.is_success, answer.text
        return int(answer.json()["version"])

    def target(self, name: str, endpoint: OpenAIServer | str, **more: Any) -> dict[str, Any]:
        """Configure a target at a local endpoint."""
        url = endpoint if isinstance(endpoint, str) else endpoint.url
        body = {
            "name": name,
            "provider": "openai_compatible",
            "model": "local-model",
            "base_url": url,
            **more,
        }
        answer = self.api.post("/models", json=body)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def priced_target(self, name: str, endpoint: OpenAIServer, **more: Any) -> dict[str, Any]:
        """A target whose price is known."""
        given = {"kind": "sealed", "secret": "sk-test"}
        return self.target(
            name, endpoint, provider="openai", model="gpt-4o-mini", credential=given, **more
        )

    def start(self, *targets: str, path: str = PATH, **more: Any) -> dict[str, Any]:
        """Start a run."""
        body = {"path": path, "targets": list(targets), **more}
        answer = self.api.post(f"/projects/{PROJECT}/runs", json=body)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    def refused(self, *targets: str, path: str = PATH, **more: Any) -> dict[str, Any]:
        """The problem a start is refused with."""
        body = {"path": path, "targets": list(targets), **more}
        answer = self.api.post(f"/projects/{PROJECT}/runs", json=body)
        assert 400 <= answer.status_code < 500, answer.text
        return dict(answer.json())

    def run(self, number: int, **params: Any) -> dict[str, Any]:
        """A run as it is."""
        answer = self.api.get(f"/projects/{PROJECT}/runs/{number}", params=params)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def ended(self, number: int, seconds: float = 40) -> dict[str, Any]:
        """A run at its end."""
        found = self.run(number)
        deadline = time.monotonic() + seconds
        while found["state"] in ("waiting", "running"):
            assert time.monotonic() < deadline, f"the run goes on: {found}"
            found = self.run(number, wait=2, seen=found["revision"])
        return found

    def tested(self, *targets: str, **more: Any) -> dict[str, Any]:
        """Start a run and wait for its end."""
        return self.ended(self.start(*targets, **more)["number"])

    def results(self, number: int, **params: Any) -> list[dict[str, Any]]:
        """The results of a run."""
        answer = self.api.get(
            f"/projects/{PROJECT}/runs/{number}/results", params={"limit": 500, **params}
        )
        assert answer.is_success, answer.text
        return list(answer.json()["items"])

    def post(self, number: int, verb: str, **body: Any) -> httpx2.Response:
        """`cancel` or `resume` a run."""
        return self.api.post(f"/projects/{PROJECT}/runs/{number}/{verb}", json=body or None)


def until_asked(endpoint: OpenAIServer, calls: int, seconds: float = 20) -> None:
    """Wait until the endpoint was asked so often."""
    deadline = time.monotonic() + seconds
    while len(endpoint.requests) < calls:
        assert time.monotonic() < deadline, f"asked {len(endpoint.requests)} times"
        time.sleep(0.01)
