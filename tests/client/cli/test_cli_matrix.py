"""The matrix, its publish rule and the playground from the command line: a real server, two endpoints that differ."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptops.cli import environment_rules
from promptops.cli.failures import BadInput
from support.cli import Cli, Done
from support.openai_server import OpenAIServer, last_text, slow_stream

CLAIMS = ("hail", "theft", "a tree", "a deer", "a flood", "a fire")
PROMPT = """\
name: Triage
messages:
  - role: user
    content: "{text}: {{{{ claim }}}}"
testData:
{cases}
evaluators:
  - name: says motor
    string: {{contains: motor}}
"""


def ok(cli: Cli, *arguments: str) -> Done:
    """The command, which must end well."""
    done = cli(*arguments)
    assert done.code == 0, done.err
    return done


def prompt(text: str) -> str:
    cases = "\n".join(f"  - claim: {claim}" for claim in CLAIMS)
    return PROMPT.format(text=text, cases=cases)


@pytest.fixture
def endpoints() -> Iterator[tuple[OpenAIServer, OpenAIServer, set[str]]]:
    """One that always knows, one that fails on some claims, and on which."""
    missed = set(random.sample(CLAIMS, k=random.randint(1, 5)))

    def sometimes(body: Any) -> str:
        return "home" if any(last_text(body).endswith(claim) for claim in missed) else "motor"

    with (
        OpenAIServer(answer=lambda _: "It is motor.") as good,
        OpenAIServer(answer=sometimes) as odd,
    ):
        yield good, odd, missed


def test_from_a_run_to_the_matrix_to_a_publish(
    signed_in: Cli,
    project: str,
    tmp_path: Path,
    endpoints: tuple[OpenAIServer, OpenAIServer, set[str]],
) -> None:
    good, odd, missed = endpoints
    names = {"good": f"{project}-good", "odd": f"{project}-odd", "none": f"{project}-none"}
    for name, url in (("good", good.url), ("odd", odd.url)):
        ok(
            signed_in,
            *("models", "add", names[name], "--provider", "vllm", "--model", f"{name}-1"),
            *("--base-url", url, "--project", project),
        )
    ok(
        signed_in,
        *("models", "add", names["none"], "--provider", "openai", "--model", "gpt-4o"),
        *("--env", "NOBODY_SET_THIS_API_KEY", "--project", project),
    )
    file = tmp_path / "triage.prompt.yml"
    file.write_text(prompt("Sort"))
    address = f"{project}/claims/triage"
    ok(signed_in, "prompt", "put", str(file), address)
    every = ",".join(names.values())
    tested = signed_in("test", address, "--models", every)
    assert tested.code == 1, tested.err  # not every check passed

    matrix = json.loads(ok(signed_in, "matrix", address, "--models", every, "--json").out)
    cells = {cell["target"]: cell for cell in matrix["items"][0]["cells"]}
    assert (cells[names["good"]]["verdict"], cells[names["good"]]["passed"]) == ("works", 6)
    assert cells[names["odd"]]["passed"] == 6 - len(missed)
    assert cells[names["odd"]]["verdict"] == "needs_tuning"
    assert cells[names["none"]]["verdict"] == "untested"
    assert cells[names["none"]]["words"] == "no credentials"
    row = ok(signed_in, "matrix", project, "--models", names["good"]).out.splitlines()[0]
    assert row == "claims/triage\tworks 6/6 ≥61%"
    less = signed_in("matrix", project, "--models", every, "--fail-unless", "works")
    assert less.code == 1
    assert f"claims/triage on {names['odd']}: needs tuning" in less.err

    staging = f"{project}@staging"
    ok(signed_in, "env", "set", staging, "--works-on", f"{names['good']},{names['odd']}")
    publish = ("publish", address, "--to", "staging", "--reason", "for a test")
    refused = signed_in(*publish)
    assert refused.code == 1
    assert f"claims/triage@1 on {names['odd']}: needs tuning" in refused.err
    ok(signed_in, "env", "set", staging, "--works-on", f"{names['good']} 80%")
    assert "80 % takes 16 cases that all pass" in signed_in(*publish).err
    ok(signed_in, "env", "set", staging, "--works-on", names["good"])
    ok(signed_in, *publish)

    file.write_text(prompt("Sort again"))
    ok(signed_in, "prompt", "put", str(file), address)
    shown = ok(signed_in, "matrix", address, "--models", names["good"]).out
    assert "out of date: the content has changed: version 1 was tested, not version 2" in shown
    live = ok(signed_in, "matrix", project, "--models", names["good"], "--at", "staging").out
    assert live.startswith("claims/triage\tworks 6/6")
    assert signed_in(*publish).code == 1

    played = signed_in(
        *("play", address, "--models", f"{names['good']},{names['none']}", "-i", "claim=a bear"),
        *("--save-case", "bear", "--expect-contains", "motor"),
    )
    assert played.code == 1
    assert "It is motor." in played.out
    assert "no answer: no credentials" in played.out
    assert "Case bear is in claims/triage.suite.yml" in played.err
    ok(signed_in, "test", address, "--models", names["good"])
    again = json.loads(ok(signed_in, "matrix", address, "--models", names["good"], "--json").out)
    (cell,) = again["items"][0]["cells"]
    assert (cell["verdict"], cell["cases"]) == ("works", 7)
    assert cell["suites"] == ["claims/triage", "testData"]


def test_a_try_streams_and_says_what_it_was(
    signed_in: Cli,
    project: str,
    tmp_path: Path,
    endpoints: tuple[OpenAIServer, OpenAIServer, set[str]],
) -> None:
    good, _, _ = endpoints
    name = f"{project}-stream"
    ok(
        signed_in,
        *("models", "add", name, "--provider", "vllm", "--model", "m", "--base-url", good.url),
    )
    ok(signed_in, "prompt", "put", str(_file(tmp_path)), f"{project}/claims/triage")
    good.script([slow_stream(0.05)])
    done = ok(
        signed_in,
        *("play", str(_file(tmp_path)), "--as", f"{project}/claims/triage", "--models", name),
        *("-i", "claim=hail", "--json"),
    )
    (answer,) = json.loads(done.out)["answers"]
    assert answer["text"] == "It is motor."
    assert answer["tokens"]["count"] > 0
    assert answer["usage"]["output"] > 0
    wrong = signed_in("play", str(_file(tmp_path)), "--models", name, "-i", "claim=x")
    assert wrong.code == 2
    assert "--as PROJECT/MODULE/PROMPT" in wrong.err


def _file(folder: Path) -> Path:
    file = folder / "triage.prompt.yml"
    file.write_text(prompt("Sort"))
    return file


def test_the_rule_is_typed_as_targets_bound_and_suite() -> None:
    assert environment_rules.works_on("gpt,claude 60% suite=claims/triage.smoke") == {
        "targets": ["gpt", "claude"],
        "at_least": 0.6,
        "suite": "claims/triage.smoke",
    }
    for wrong in ("gpt 0%", "gpt 100%", "gpt at-least", "gpt suite="):
        with pytest.raises(BadInput):
            environment_rules.works_on(wrong)
