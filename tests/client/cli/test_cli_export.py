"""Prompts out to other tools' formats and in again, through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Cli

TRIAGE = """\
name: Triage
inputs:
  claim: {type: string, trust: untrusted}
owners: [maya]
messages:
  - role: system
    content: You sort claims.
  - role: user
    content: "Sort: {{ claim }}"
"""


@pytest.fixture
def filled(project: str, put: Callable[..., int]) -> str:
    put(f"{project}/claims/triage", TRIAGE)
    put(f"{project}/house", "messages: [{role: user, content: Be kind.}]\n")
    put(f"{project}/claims/polite", 'messages: [{role: user, content: "{{> house@1 }} Go."}]\n')
    return project


def test_losses_are_named_and_strict_makes_them_count(
    signed_in: Cli, filled: str, tmp_path: Path
) -> None:
    file = tmp_path / "triage.prompt.yml"
    words = ("export", f"{filled}/claims/triage", "--format", "github", "-o", str(file))
    done = signed_in(*words)
    assert done.code == 0
    assert "claims/triage: inputs: GitHub has no place for it" in done.err
    assert "claims/triage: owners: GitHub has no place for it" in done.err
    assert "inputs" not in file.read_text()
    there = signed_in(*words)
    assert (there.code, "exists already" in there.err) == (1, True)
    assert signed_in(*words, "--force", "--strict").code == 1
    told = signed_in(*words, "--force", "--json").json
    assert {loss["key"] for loss in told["losses"]} == {"inputs", "owners"}


def test_a_whole_project_goes_out_and_comes_in_again(
    signed_in: Cli, filled: str, tmp_path: Path
) -> None:
    done = signed_in("export", filled, "--format", "dotprompt", "-o", str(tmp_path / "out"))
    assert done.code == 0, done.err
    files = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.prompt")}
    assert files == {"claims/triage.prompt", "claims/polite.prompt", "house.prompt"}
    assert "Be kind. Go." in (tmp_path / "out" / "claims" / "polite.prompt").read_text()
    back = signed_in(
        *("import", str(tmp_path / "out"), "-p", filled, "--module", "again"),
        *("--format", "dotprompt", "--json"),
    )
    assert back.json["counts"] == {"created": 3}
    shown = signed_in("prompt", "show", f"{filled}/again/claims/triage").out
    assert "Sort: {{ claim }}" in shown


def test_a_module_in_one_file_is_known_by_its_content(
    signed_in: Cli, filled: str, tmp_path: Path
) -> None:
    place = tmp_path / "prompts.json"
    done = signed_in("export", f"{filled}/claims", "--format", "langfuse", "-o", str(place))
    assert done.code == 0, done.err
    assert [item["name"] for item in json.loads(place.read_text())] == [
        *("claims/polite", "claims/triage")
    ]
    back = signed_in("import", str(place), "-p", filled, "--module", "copy", "--json")
    assert back.json["counts"] == {"created": 2}


def test_what_is_live_is_exported_by_its_environment(
    signed_in: Cli, filled: str, put: Callable[..., int], tmp_path: Path
) -> None:
    signed_in("publish", f"{filled}/house", "--to", "staging", "-r", "why", "--yes")
    put(f"{filled}/house", "messages: [{role: user, content: Newer.}]\n", "--parent", "1")
    done = signed_in("export", f"{filled}@staging", "--format", "directory", "-o", str(tmp_path))
    assert done.code == 0, done.err
    assert "Be kind." in (tmp_path / "house.prompt.yml").read_text()
    assert not (tmp_path / "claims").exists()


def test_an_unknown_format_or_address_is_said(signed_in: Cli, filled: str, tmp_path: Path) -> None:
    wrong = signed_in("export", filled, "--format", "docx", "-o", str(tmp_path))
    assert (wrong.code, "dotprompt" in wrong.err) == (2, True)
    missing = signed_in("export", f"{filled}/nowhere", "--format", "csv", "-o", str(tmp_path))
    assert missing.code == 2
