"""From a fresh installation to a prompt that is published because it works: four model families, none of them pretended.

Two servers speak OpenAI's and Anthropic's protocols and behave as chance decides anew in every run; the fourth model is a
real one, served by the product itself. What the matrix says must follow from what each of them did.
"""

from __future__ import annotations

import io
import json
import random
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from promptops.cli import run as command_line
from support.anthropic_server import AnthropicServer
from support.openai_server import OpenAIServer
from support.server import RunningServer

ADDRESS = "bank/travel/capital"
CAPITALS = {
    "France": "Paris",
    "Japan": "Tokyo",
    "Italy": "Rome",
    "Kenya": "Nairobi",
    "Peru": "Lima",
    "Norway": "Oslo",
}
MODELS = {
    "gpt": "gpt-4o-mini",
    "claude": "claude-sonnet-4-5",
    "qwen": "qwen3-32b",
    "smol": "smollm2-135m-instruct",
}
"""By target; `smol` is the real one."""
KEY = "sk-of-the-flow-test"
PROMPT = """\
name: Capital
modelParameters: {{temperature: 0, max_tokens: 24}}
inputs:
  country: {{type: string}}
messages:
  - role: system
    content: Answer in one word.
  - role: user
    content: What is the capital of {{{{ country }}}}? Answer in one word.
{variants}testData:
{cases}evaluators:
  - name: names the capital
    string: {{contains: "{{{{expected}}}}"}}
"""


@dataclass
class Behaviour:
    """What a model of a test server does: names the capital of some countries, of the others when told a word."""

    knows: frozenset[str]
    word: str = field(default_factory=lambda: f"plainly-{secrets.token_hex(4)}")

    def answer(self, body: dict[str, Any]) -> str:
        said = json.dumps(body)
        country = next(name for name in CAPITALS if name in said)
        if country in self.knows or self.word in said:
            return f"{CAPITALS[country]}."
        return "I would rather not say."


@dataclass
class World:
    """A fresh installation, and what chance gave each model."""

    server: RunningServer
    folder: Path
    token: str
    openai: OpenAIServer
    anthropic: AnthropicServer
    behaviours: dict[str, Behaviour]

    def run(self, *args: str, code: int | None = 0, stdin: str = "") -> tuple[str, str]:
        """A command of the administrator; what it printed on either stream. `code` None: any."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("PROMPTOPS_URL", self.server.url)
            patch.setenv("PROMPTOPS_TOKEN", self.token)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
            done = command_line(list(args))
        shown = f"{args}\n{out.getvalue()}{err.getvalue()}"
        assert code is None or done == code, shown
        assert KEY not in shown
        return out.getvalue(), err.getvalue()

    def told(self, *args: str, code: int | None = 0) -> Any:
        return json.loads(self.run(*args, "--json", code=code)[0])

    def put(self, variants: str = "") -> None:
        cases = "".join(
            f"  - {{country: {country}, expected: {capital}}}\n"
            for country, capital in CAPITALS.items()
        )
        file = self.folder / "capital.prompt.yml"
        file.write_text(PROMPT.format(variants=variants, cases=cases))
        self.run("prompt", "put", str(file), ADDRESS, "-m", "Capitals")

    def test(self, *targets: str) -> dict[str, Any]:
        """A run, and what each target's six calls came to: target → country → passed."""
        print(*self.run("test", ADDRESS, "--models", ",".join(targets), code=None))
        with self.server.api(self.token) as api:
            run = api.get("/projects/bank/runs").json()["items"][0]
            assert run["state"] == "done", run
            results = api.get(
                f"/projects/bank/runs/{run['number']}/results", params={"limit": 100}
            ).json()["items"]
        found: dict[str, Any] = {name: [] for name in targets}
        for result in results:
            found[result["target"]].append(bool(result["passed"]))
        assert {name: len(passed) for name, passed in found.items()} == dict.fromkeys(targets, 6)
        return found

    def verdicts(self) -> dict[str, str]:
        """What the matrix says of the prompt, by target."""
        [row] = self.told("matrix", "bank")["items"]
        assert row["path"] == "travel/capital"
        return {cell["target"]: cell["verdict"] for cell in row["cells"]}


def verdict_of(passed: int) -> str:
    return {6: "works", 0: "fails"}.get(passed, "needs_tuning")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    some = chance.randint(1, 5)
    known = [frozenset(CAPITALS), frozenset(chance.sample(sorted(CAPITALS), some)), frozenset()]
    chance.shuffle(known)
    behaviours = {
        name: Behaviour(knows) for name, knows in zip(("gpt", "claude", "qwen"), known, strict=True)
    }
    by_model = {MODELS[name]: behaviour for name, behaviour in behaviours.items()}

    def answer(body: dict[str, Any]) -> str:
        return by_model[body["model"]].answer(body)

    with ExitStack() as stack:
        openai = stack.enter_context(OpenAIServer(answer, api_key=KEY))
        anthropic = stack.enter_context(AnthropicServer(answer, api_key=KEY))
        server = RunningServer(tmp_path / "data", env={"OPENAI_API_KEY": KEY}).start()
        stack.callback(server.stop)
        yield World(server, tmp_path, server.token("root", "admin"), openai, anthropic, behaviours)
        assert KEY not in server.log.read_text()


def add_targets(world: World) -> None:
    add = ("models", "add")
    for name in ("gpt", "qwen"):
        world.run(
            *add, name, "--provider", "openai", "--model", MODELS[name],
            "--base-url", world.openai.url, "--env", "OPENAI_API_KEY",
        )  # fmt: skip
    world.run(
        *add, "claude", "--provider", "anthropic", "--model", MODELS["claude"],
        "--base-url", world.anthropic.url, "--secret-stdin", stdin=f"{KEY}\n",
    )  # fmt: skip
    world.run(
        *add, "smol", "--provider", "local", "--model", MODELS["smol"], "--concurrency", "1",
        "--option", "context=512",
    )  # fmt: skip
    world.run(
        *add, "keyless", "--provider", "openai", "--model", "gpt-4o", "--env", "NOT_SET_API_KEY"
    )


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_prompt_is_published_where_it_works(world: World) -> None:
    world.run("project", "create", "bank")
    add_targets(world)
    assert world.told("models", "check", "smol")
    world.put()
    assert set(world.verdicts().values()) == {"untested"}

    # Six cases on four targets of four families: verdicts follow from what each model did.
    found = world.test("gpt", "claude", "qwen", "smol")
    for name, behaviour in world.behaviours.items():
        assert sum(found[name]) == len(behaviour.knows), name
    tested = world.verdicts()
    assert tested.pop("keyless") == "untested"
    assert tested == {name: verdict_of(sum(passed)) for name, passed in found.items()}
    assert len(set(tested.values())) == 3
    weak = next(name for name, b in world.behaviours.items() if 0 < len(b.knows) < 6)

    # A release that must work there is refused, with the rule, the cell and what to do.
    world.run("env", "set", "bank@staging", "--works-on", weak)
    publish = ("publish", ADDRESS, "--to", "staging", "--reason", "For staff")
    refused = "".join(world.run(*publish, code=1))
    assert "works_on" in refused
    assert f"{weak}: needs tuning" in refused
    assert f"promptops test {ADDRESS} --models {weak}" in refused

    # A variant for that family alone. The old cells are of another content now.
    world.put(
        f"variants:\n  {weak}:\n    messages:\n      - role: system\n"
        f"        content: Answer in one word, {world.behaviours[weak].word}.\n"
        "      - role: user\n        content: What is the capital of {{ country }}?\n"
    )
    stale = world.verdicts()
    assert stale.pop("keyless") == "untested"
    assert set(stale.values()) == {"out_of_date"}
    world.run(*publish, code=1)

    # Tested again, it works there, nothing changed for the others, and it may go out.
    again = world.test("gpt", "claude", "qwen", "smol")
    assert again == {**found, weak: [True] * 6}
    now = world.verdicts()
    assert now[weak] == "works"
    assert {name: now[name] for name in tested if name != weak} == {
        name: verdict for name, verdict in tested.items() if name != weak
    }
    world.run(*publish)
    live = world.told("env", "show", "bank", "staging")
    assert "travel/capital" in json.dumps(live)
