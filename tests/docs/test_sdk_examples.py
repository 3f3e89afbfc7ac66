"""Every Python block of `docs/sdk.md` runs against a real server and prints what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from docs_page import blocks

from promptops import PromptOps
from support.no_approval import without_approval
from support.server import RunningServer

PAGE = "sdk.md"
SECTIONS: dict[str, str] = {}
for _block in blocks(PAGE):
    if _block.info == "python":
        SECTIONS[_block.section] = SECTIONS.get(_block.section, "") + _block.text

TRIAGE = """\
model: gpt-4o
modelParameters: {maxTokens: 400}
messages:
  - {role: user, content: "Sort this: {{ claim }}"}
variants:
  claude:
    model: claude-sonnet-4-5
    messages:
      - {role: user, content: "<claim>{{ claim }}</claim>"}
"""
SUMMARY = 'messages:\n  - {role: user, content: "Summarise: {{ text }}"}\n'


@dataclass
class Workspace:
    """A project of its own for one section, named in the environment variables the SDK reads."""

    server: RunningServer
    admin: str
    token: str
    project: str
    key: str
    versions: dict[str, int] = field(default_factory=dict)

    def put(self, path: str, text: str) -> None:
        """Write the next version."""
        before = self.versions.get(path)
        headers = {"If-Match": f'"v{before}"'} if before else {}
        with self.server.api(self.admin) as api:
            answer = api.put(
                f"/projects/{self.project}/prompts/{path}",
                content=text,
                headers={"Content-Type": "application/yaml", **headers},
            )
        assert answer.status_code == 201, answer.text
        self.versions[path] = answer.json()["version"]

    def change(self, how: str, **body: Any) -> None:
        """Publish, suspend, …: one release."""
        url = f"/projects/{self.project}/environments/production/{how}"
        with self.server.api(self.admin) as api:
            answer = api.post(url, json={"reason": "Complaint 4711", **body})
        assert answer.status_code == 201, answer.text


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> str:
    return server.token("maya", "admin")


@pytest.fixture
def workspace(
    server: RunningServer, admin: str, request: pytest.FixtureRequest, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Workspace:  # fmt: skip
    project = re.sub(r"[^a-z]+", "-", request.node.name.lower()).strip("-")[-40:].strip("-")
    with server.api(admin) as api:
        assert api.post("/projects", json={"name": project}).status_code == 201
        without_approval(api, project)
        made = api.post(
            "/tokens", json={"name": "app", "project": project, "environment": "production"}
        )
    token = made.json()["token"]
    keys = httpx2.get(f"{server.url}/delivery/v1/keys").json()["keys"]
    for name, value in {
        "URL": server.url, "TOKEN": token, "PROJECT": project, "ENVIRONMENT": "production",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"PROMPTOPS_{name}", value)
    monkeypatch.delenv("PROMPTOPS_REDIS_URL", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    space = Workspace(server, admin, token, project, keys[0]["public"])
    space.put("claims/triage", TRIAGE)
    space.put("letters/summary", SUMMARY)
    space.change("releases", prompts=[{"path": "claims/triage"}, {"path": "letters/summary"}])
    return space


def runnable(source: str, space: Workspace) -> str:
    """The page's block with this test's address, token and names in place of the page's."""
    for said, meant in {
        "http://127.0.0.1:8470": space.server.url,
        "redis://cache:6379/0": f"unix://{space.server.data / 'redis' / 'redis.sock'}",
        "pot_…": space.token,
        "MXRoZ…=": space.key,
        'project="retail-bank"': f'project="{space.project}"',
    }.items():
        source = source.replace(said, meant)
    return source


def promised(source: str, space: Workspace) -> list[str]:
    """What stands behind `print(…)  #`, in order."""
    found = re.findall(r"^ *print\(.*\)  # (.+)$", source, re.MULTILINE)
    return [text.replace("retail-bank", space.project) for text in found]


@pytest.fixture
def run(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., None]]:
    """Run a section; `then` is what happens after its last line."""
    clients: list[Any] = []

    def call(section: str, then: Callable[[PromptOps], None] = lambda ops: None) -> None:
        source = SECTIONS[section]
        names: dict[str, Any] = {"PromptOps": PromptOps}
        if re.search(r"\bops\.", source) and not re.search(r"\bops = |as ops:", source):
            names["ops"] = PromptOps()
            clients.append(names["ops"])
        capsys.readouterr()
        exec(compile(runnable(source, workspace), f"{PAGE}: {section}", "exec"), names)
        clients.append(names.get("ops"))
        then(names.get("ops"))
        assert capsys.readouterr().out.splitlines() == promised(source, workspace)

    yield call
    for client in clients:
        if client is not None:
            client.close()


AS_IT_STANDS = [
    "Start", "Render", "Call a model", "Several prompts in one request", "Without connection", "Health",
    "Following Redis", "asyncio", "Tests of your application",
]  # fmt: skip
WITH_EVENTS = ["Be told of releases", "Stopped prompts", "Forks"]


def test_every_section_of_the_page_is_run() -> None:
    assert sorted(SECTIONS) == sorted(AS_IT_STANDS + WITH_EVENTS)


@pytest.mark.parametrize("section", AS_IT_STANDS)
def test_the_section_prints_what_it_says(section: str, run: Callable[..., None]) -> None:
    run(section)


def test_a_release_calls_the_callback(run: Callable[..., None], workspace: Workspace) -> None:
    def publish(ops: PromptOps) -> None:
        told = threading.Event()
        ops.on_release(lambda release: told.set())  # called after the page's own
        workspace.put("letters/summary", SUMMARY.replace("Summarise", "Sum up"))
        workspace.change("releases", prompts=[{"path": "letters/summary"}])
        assert told.wait(10)

    run("Be told of releases", publish)


def test_a_stopped_prompt_is_told_apart(run: Callable[..., None], workspace: Workspace) -> None:
    workspace.change("suspend", prompts=["letters/summary"])
    run("Stopped prompts")


def test_a_client_works_in_the_child_of_a_fork(workspace: Workspace, tmp_path: Path) -> None:
    source = SECTIONS["Forks"]
    program = tmp_path / "forks.py"
    program.write_text(runnable(source, workspace))
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == promised(source, workspace)
