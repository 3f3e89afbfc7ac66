"""A whole project out to every format and in again through the command line: what is missing was in the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptops.format import parse
from promptops.format.convert import converters
from support.cli import Cli

PROMPTS = {
    "claims/triage": """\
name: Triage
description: Sorts claims
model: openai/gpt-4o
modelParameters: {temperature: 0.5, maxTokens: 90}
inputs:
  claim: {type: string, trust: untrusted}
messages:
  - role: system
    content: You sort claims.
  - role: user
    content: "Sort: {{ claim }}"
tags: [claims]
owners: [maya]
""",
    "letters/thanks": "name: thanks\nmessages:\n  - role: user\n    content: Thank {{ name }}.\n",
    "letters/photo": """\
messages:
  - role: user
    content:
      - {type: text, text: What is this?}
      - {type: image_url, image_url: {url: "{{ photo }}"}}
""",
    "chat": "messages:\n  - placeholder: history\n  - role: user\n    content: Go on.\n",
}


@pytest.fixture
def filled(project: str, put: Callable[..., int]) -> str:
    for path, text in PROMPTS.items():
        put(f"{project}/{path}", text)
    return project


@pytest.mark.parametrize("name", sorted(converters()))
def test_what_does_not_come_back_is_in_the_report(
    signed_in: Cli, filled: str, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out"
    exported = signed_in("export", filled, "--format", name, "-o", str(out), "--json")
    assert exported.code == 0, exported.err
    losses: list[dict[str, Any]] = exported.json["losses"]
    assert all(loss["where"] in PROMPTS and loss["reason"] for loss in losses)
    told = signed_in("export", filled, "--format", name, "-o", str(out), "--force")
    assert told.err.count("not carried: ") == len(losses)

    tagged = name == "csv" and "tags" in (out / "prompts.csv").read_text()
    options = ["--tag-column", "tags"] if tagged else []
    asked = ("import", str(out), "-p", filled, "--format", name, "--module", "again", *options)
    planned = signed_in(*asked, "--dry-run", "--json")
    assert planned.code == 0, planned.err
    done = signed_in(*asked, "--json")
    assert done.code == 0, done.err
    assert [i["path"] for i in done.json["items"]] == [i["path"] for i in planned.json["items"]]
    assert done.json["losses"] == planned.json["losses"] == []

    renamed = {loss["where"] for loss in losses if not loss["key"]}
    back = {item["path"].removeprefix("again/") for item in done.json["items"]}
    assert set(PROMPTS) - renamed <= back
    for path in sorted(set(PROMPTS) & back):
        lost = {
            loss["key"].partition("[")[0].partition(".")[0]
            for loss in losses
            if loss["where"] == path
        }
        text = signed_in("prompt", "show", f"{filled}/again/{path}").out
        before, after = parse(PROMPTS[path]).file, parse(text).file
        assert before is not None and after is not None
        kept = {key: value for key, value in before.data.items() if key not in lost}
        if "messages" in kept:
            kept["messages"] = [m.to_json() for m in before.messages]
        got = {**after.data, "messages": [m.to_json() for m in after.messages]}
        for key, value in kept.items():
            if key != "inputs":  # what an input says is compared key by key in the round-trip tests
                assert json.dumps(got.get(key)) == json.dumps(value), (path, key)
