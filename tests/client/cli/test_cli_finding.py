"""`prompt list` with filters, `view` and `activity`, against a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from promptops.cli import finding
from promptops.cli.failures import BadInput
from support.cli import Cli, prompt_text
from support.server import BIN, RunningServer

TAGGED = prompt_text("1") + "tags: [letters]\nowners: [anna]\nmodel: openai/gpt-4o\n"


def test_lists_are_narrowed_saved_and_shown_again(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    empty = signed_in("prompt", "list", project)
    assert (empty.code, empty.out) == (0, "")
    assert f"promptops prompt edit {project}/my-first-prompt" in empty.err
    put(f"{project}/claims/triage", TAGGED)
    put(f"{project}/kyc", prompt_text("1"))
    live = signed_in("publish", f"{project}/claims/triage", "--to", "staging", "--reason", "First")
    assert live.code == 0, live.err
    put(f"{project}/claims/triage", TAGGED.replace("edition 1", "edition 2"), "--parent", "1")

    def paths(*options: str) -> list[str]:
        done = signed_in("prompt", "list", project, *options, "--json")
        assert done.code == 0, done.err
        return [p["path"] for p in done.json["items"]]

    both = ["claims/triage", "kyc"]
    assert paths("--tag", "LETTERS", "--owner", "anna", "--model", "gpt") == both[:1]
    assert paths("--model", "claude") == both  # by a variant
    assert paths("--environment", "staging", "--state", "behind") == both[:1]
    assert paths("--state", "published") == []
    assert paths("--changed-since", "1h", "--sort", "changed") == both
    assert paths("-q", "sort claims") == ["kyc", "claims/triage"]
    assert paths("--invalid") == []
    nothing = signed_in("prompt", "list", project, "--tag", "none")
    assert f"see all: promptops prompt list {project}" in nothing.err
    wrong = signed_in("prompt", "list", project, "--environment", "prod")
    assert wrong.code == 2
    assert "staging, production" in wrong.err

    none = signed_in("view", "list", project)
    assert "promptops view save" in none.err
    saved = signed_in(
        *("view", "save", f"{project}/claims", "stale", "--state", "behind", "--shared"),
        *("--columns", "path,states,owners"),
    )
    assert saved.code == 0, saved.err
    assert "everybody who may read the project: module claims; state behind" in saved.out
    shown = signed_in("prompt", "list", project, "--view", "stale")
    assert shown.out == "claims/triage\tdraft, behind\tanna\n"
    assert signed_in("view", "save", project, "stale", "--tag", "none", "--shared").code == 0
    again = signed_in("prompt", "list", project, "--view", "stale")
    assert f"promptops view show {project} stale" in again.err
    assert signed_in("view", "list", project).out.split("\t")[:3] == ["stale", "everybody", "maya"]
    assert "none" in signed_in("view", "show", project, "stale").out
    assert signed_in("view", "remove", project, "stale").code == 0
    assert signed_in("view", "show", project, "stale").code == 2


def test_columns_that_are_none_are_bad_input(signed_in: Cli, project: str) -> None:
    with pytest.raises(BadInput, match="colour"):
        finding.columns_of("path, colour")
    assert signed_in("view", "save", project, "x", "--columns", "colour").code == 2


def test_the_activity_of_a_project_is_followed(
    signed_in: Cli, server: RunningServer, token: str, project: str, put: Callable[..., int]
) -> None:
    put(f"{project}/kyc", prompt_text("1"))
    shown = signed_in("activity", project).out.splitlines()
    assert shown[0].split("\t")[1:3] == ["maya", "created kyc @1"]
    assert len(signed_in("activity", project, "--prompt", f"{project}/kyc").out.splitlines()) == 1
    assert "All there is" in signed_in("activity", project, "--kind", "rollback").err
    assert signed_in("activity", project, "--prompt", "kyc@1").code == 2
    follower = subprocess.Popen(
        [str(BIN / "promptops"), "activity", project, "--follow", "--json", "-n", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PROMPTOPS_URL": server.url, "PROMPTOPS_TOKEN": token},
    )
    try:
        assert follower.stdout is not None
        assert json.loads(follower.stdout.readline())["summary"] == "created kyc @1"
        put(f"{project}/kyc", prompt_text("2"), "--parent", "1")
        assert json.loads(follower.stdout.readline())["summary"] == "edited kyc @2"
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) != 1
    finally:
        follower.kill()
        follower.wait()
