"""The catalogue of models, and prompts rendered for a model, on the command line against a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.cli import Cli

PROMPT = """\
model: openai/gpt-4o
modelParameters: {temperature: 0.2, maxTokens: 200}
inputs:
  claim: {type: string}
messages:
  - role: system
    content: Sort the claim.
  - role: user
    content: "{{ claim }}"
variants:
  claude:
    model: claude-opus-4-7
"""


def test_the_catalogue_lists_sizes_prices_and_retirement(signed_in: Cli) -> None:
    done = signed_in("models", "catalogue", "gpt-4o mini 2024-07-18", "--provider", "openai")
    assert done.code == 0, done.err
    line = next(
        line for line in done.out.splitlines() if line.startswith("gpt-4o-mini-2024-07-18\t")
    )
    assert line.split("\t")[1:7] == ["openai", "gpt", "128,000", "$0.15", "$0.6", "2027-01-14"]
    found = signed_in("models", "catalogue", "--family", "claude", "--limit", "3", "--json").json
    assert len(found["items"]) == 3
    assert {item["family"] for item in found["items"]} == {"claude"}
    opus = signed_in("models", "catalogue", "claude-opus-4-7", "--provider", "anthropic", "--json")
    item = opus.json["items"][0]
    assert item["refused"] == ["temperature", "top_k", "top_p"]
    assert item["digest"].startswith("sha256:")
    assert all(c["source"] and c["date"] for c in item["contracts"])
    nothing = signed_in("models", "catalogue", "no-such-model")
    assert (nothing.code, nothing.out) == (0, "")
    assert "No model fits." in nothing.err
    wrong = signed_in("models", "catalogue", "--family", "gtp")
    assert wrong.code == 2
    assert "gtp" in wrong.err


def test_the_whole_catalogue_is_pages_that_meet(signed_in: Cli) -> None:
    found = signed_in("models", "catalogue", "--limit", "1100", "--json").json["items"]
    assert len(found) == 1100
    keys = [(item["id"], item["provider"]) for item in found]
    assert len(set(keys)) > 1000


def test_a_prompt_is_shown_as_a_model_would_get_it(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    address = f"{project}/triage"
    put(address, PROMPT)
    given = ("prompt", "render", address, "-i", "claim=A tree")
    done = signed_in(*given, "--model", "claude")
    assert done.code == 0, done.err
    assert '"model": "claude-opus-4-7"' in done.out
    assert "temperature (0.2) is left out" in done.out
    assert "an estimate: the tokenizer is not published" in done.out
    assert "Costs at most: $0.0" in done.out
    exact = signed_in(*given, "--model", "gpt-4o")
    assert "(o200k_base)" in exact.out
    assert "changed for this model" not in exact.out
    as_json = signed_in(*given, "--model", "gpt-4o", "--json").json
    assert as_json["tokens"]["exact"] is True
    assert as_json["request"]["messages"] == as_json["messages"]
    missing = signed_in(*given, "--target", "nowhere")
    assert missing.code == 2
    assert "no model target 'nowhere'" in missing.err
    both = signed_in(*given, "--target", "nowhere", "--model", "gpt")
    assert both.code == 2
    file = tmp_path / "triage.prompt.yml"
    file.write_text(PROMPT)
    here = signed_in("prompt", "render", str(file), "-i", "claim=x", "--model", "claude", "--json")
    assert "request" not in here.json
    there = signed_in(
        *("prompt", "render", str(file), "-i", "claim=x", "--model", "claude", "--json"),
        *("--on-server", "--project", project),
    )
    assert there.json["request"]["model"] == "claude-opus-4-7"
