"""`prompt render` where the server fills the template: asked for, or because Jinja2 is missing here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cli import Cli

JINJA2 = """\
template: jinja2
model: openai/gpt-4o
inputs:
  items: {type: array}
messages:
  - role: user
    content: "{% for i in items %}<{{ i }}>{% endfor %}"
"""


def test_both_ways_print_the_same(signed_in: Cli, project: str, put: Callable[..., int]) -> None:
    put(f"{project}/a", JINJA2)
    asked = ("prompt", "render", f"{project}/a", "-i", "items=[1, 2]", "--for", "openai", "--json")
    here, there = signed_in(*asked), signed_in(*asked, "--on-server")
    assert here.code == there.code == 0, here.err + there.err
    assert here.json["call"]["messages"] == [{"role": "user", "content": "<1><2>"}]
    # Only the server knows the commit.
    assert {**here.json, "commit": None} == {**there.json, "commit": None}


def test_a_client_without_jinja2_lets_the_server_render(
    signed_in: Cli, project: str, put: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(f"{project}/a", JINJA2)
    found = importlib.util.find_spec

    def without(name: str, *more: Any) -> Any:
        return None if name == "jinja2" else found(name, *more)

    monkeypatch.setattr("promptops.cli.commands.prompt.render.find_spec", without)
    done = signed_in("prompt", "render", f"{project}/a", "-i", "items=[3]")
    assert done.code == 0, done.err
    assert "<3>" in done.out


def test_a_file_with_fragments_is_rendered_in_its_project(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    put(f"{project}/tone", "messages: [{role: user, content: Be kind.}]\n")
    file = tmp_path / "draft.prompt.yml"
    file.write_text("messages:\n  - role: user\n    content: '{{> tone@1 }} {{ a }}'\n")
    here = signed_in("prompt", "render", str(file), "-i", "a=x")
    assert here.code == 2
    assert "--on-server --project" in here.err
    asked = ("prompt", "render", str(file), "--on-server")
    assert signed_in(*asked, "-i", "a=x").code == 2
    done = signed_in(*asked, "--project", project, "-i", "a=Now.")
    assert done.code == 0, done.err
    assert "Be kind. Now." in done.out
    missing = signed_in(*asked, "--project", project, "--json")
    assert missing.code == 2
    assert "'a'" in missing.problem["detail"]
    bomb = tmp_path / "bomb.prompt.yml"
    bomb.write_text("template: jinja2\nmessages: [{role: user, content: \"{{ 'a' * 10**9 }}\"}]\n")
    done = signed_in("prompt", "render", str(bomb), "--on-server", "-p", project)
    assert done.code == 2
    assert "limits.render_memory_mb" in done.err


def test_a_family_without_a_model_is_told_in_words_of_the_command(
    signed_in: Cli, project: str, put: Callable[..., int], tmp_path: Path
) -> None:
    text = "model: openai/gpt-4o\nmessages: [{role: user, content: Hi}]\n"
    file = tmp_path / "draft.prompt.yml"
    file.write_text(text)
    asked = ("--model", "claude", "--for", "anthropic", "--json")
    here = signed_in("prompt", "render", str(file), *asked)
    assert here.code == 2
    put(f"{project}/a", text)
    there = signed_in("prompt", "render", f"{project}/a", "--model", "claude")
    for said in (here.err, there.out + there.err):
        assert "is not of the family claude" in said
        assert "--model" in said
        assert "model=" not in said
