"""`promptops test` and `promptops runs`: what a person and a build server see of a test run."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from promptops.cli.failures import Unreachable
from promptops.cli.testing import cost_of, followed
from support.cli import Cli
from support.openai_server import OpenAIServer
from support.server import BIN, RunningServer

_numbers = count(1)
PROMPT = """messages:
  - {role: user, content: 'Say {{ word }}'}
testData:
  - {word: yes-please}
  - {word: no-thanks}
evaluators:
  - {name: says yes, string: {contains: 'yes'}}
"""


@pytest.fixture
def endpoint() -> Iterator[OpenAIServer]:
    with OpenAIServer(answer=lambda body: str(body["messages"][-1]["content"])) as made:
        yield made


@pytest.fixture
def target(server: RunningServer, token: str, endpoint: OpenAIServer) -> str:
    name = f"cli-target-{next(_numbers)}"
    with server.api(token) as api:
        body = {"provider": "vllm", "model": "m", "base_url": endpoint.url}
        body["limits"] = {"concurrency": 2}
        assert api.post("/models", json={"name": name, **body}).is_success
    return name


@pytest.fixture
def address(signed_in: Cli, project: str, put: Callable[..., int]) -> str:
    put(f"{project}/a/b", PROMPT)
    return f"{project}/a/b"


def test_a_run_says_which_cases_and_checks_did_not_pass_and_exits_with_1(
    signed_in: Cli, address: str, target: str, tmp_path: Path
) -> None:
    junit, html = tmp_path / "r.xml", tmp_path / "r.html"
    done = signed_in("test", address, "--models", target, "--junit", junit, "--html", html)
    assert done.code == 1
    assert f"{target}\tfailed\t1\t1\t0" in done.out
    assert "says yes" in done.out
    assert "1 of 2 calls did not pass" in done.err
    assert 'failures="1"' in junit.read_text()
    assert "says yes" in html.read_text()


def test_a_run_that_passes_exits_with_0_and_is_found_again(
    signed_in: Cli, project: str, put: Callable[..., int], target: str
) -> None:
    put(f"{project}/a/c", PROMPT.replace("  - {word: no-thanks}\n", ""))
    done = signed_in("test", f"{project}/a/c@1", "--models", target, "--json")
    assert done.code == 0, done.err
    assert done.json["passed"] is True
    number = str(done.json["number"])
    assert signed_in("runs", "list", project, "--path", "a/c", "--json").json[0]["calls"] == 1
    assert "Every call passed" in signed_in("runs", "show", project, number, "--failed").err
    shown = signed_in("runs", "show", project, number, "--result", "0")
    assert "Say yes-please" in shown.out


def test_a_file_is_tested_as_a_prompt_of_a_project_with_a_suite_of_its_own(
    signed_in: Cli, address: str, target: str, tmp_path: Path
) -> None:
    file = tmp_path / "b.prompt.yml"
    file.write_text(PROMPT.replace("Say", "Say yes and"))
    assert signed_in("test", file, "--models", target).code == 2
    done = signed_in("test", file, "--as", address, "--models", target, "--json")
    assert done.code == 0, done.err
    assert done.json["version"] is None
    suite = tmp_path / "hard.suite.yml"
    suite.write_text(
        "cases:\n  - {name: one, inputs: {word: x}}\n"
        "evaluators:\n  - {name: says z, string: {contains: z}}\n"
    )
    done = signed_in("test", address, "--models", target, "--suite", suite)
    assert done.code == 1
    assert "says z" in done.out


def test_a_dry_run_calls_nothing(
    signed_in: Cli, address: str, target: str, endpoint: OpenAIServer
) -> None:
    done = signed_in("test", address, "--models", target, "--repeat", "3", "--dry-run")
    assert done.code == 0, done.err
    assert "6 calls: testData (2 cases)" in done.out
    assert not endpoint.requests


def test_what_cannot_be_used_exits_with_2(signed_in: Cli, address: str, target: str) -> None:
    assert signed_in("test", address).code == 2
    assert signed_in("test", address, "--models", "nobody").code == 2
    assert signed_in("test", address, "--models", target, "--max-cost", "lots").code == 2
    assert signed_in("test", address, "--models", target, "--suite", "nothing").code == 2


def test_ctrl_c_cancels_the_run_and_says_how_to_go_on(
    server: RunningServer, signed_in: Cli, project: str, address: str, target: str,
    endpoint: OpenAIServer,
) -> None:  # fmt: skip
    endpoint.latency = 0.1
    command = [str(BIN / "promptops"), "test", address, "--models", target, "--repeat", "50"]
    process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(endpoint.requests) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"promptops runs resume {project} 1" in err
    with server.api(os.environ["PROMPTOPS_TOKEN"]) as api:
        while True:
            run = api.get(f"/projects/{project}/runs/1").json()
            if run["state"] not in ("waiting", "running"):
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert run["state"] == "cancelled"
    assert run["ended"] == len(endpoint.requests) < 100
    endpoint.latency = 0
    done = signed_in("runs", "resume", project, "1", "--json")
    assert done.code == 1  # half of the cases never say yes
    assert done.json["ended"] == len(endpoint.requests) == 100


def test_an_unknown_price_is_never_shown_as_nothing() -> None:
    assert cost_of({"cost": None, "unpriced": 3}) == "not known"
    assert cost_of({"cost": 20_000, "unpriced": 3}) == "$0.02+"


def test_who_loses_the_server_is_told_that_the_run_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Gone:
        def get(self, *_: object, **__: object) -> object:
            raise Unreachable("no answer")

    run = {"number": 12, "state": "running", "revision": "1", "targets": [], "calls": 1}
    with pytest.raises(Unreachable):
        followed(Gone(), "bank", run, quiet=True)  # type: ignore[arg-type]
    assert "promptops runs show bank 12" in capsys.readouterr().err
