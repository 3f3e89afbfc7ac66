"""Writing, comparing, rendering and importing prompts on the command line, against a real server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Cli, prompt_text


def test_a_broken_file_is_refused_with_the_users_own_file_name(
    signed_in: Cli, project: str, tmp_path: Path
) -> None:
    file = tmp_path / "broken.prompt.yml"
    file.write_text("messages:\n  - role: boss\n    content: hi\n")
    done = signed_in("prompt", "put", str(file), f"{project}/a")
    assert done.code == 2
    assert f"{file}:2:" in done.err
    assert "messages[0].role" in done.err
    assert signed_in("prompt", "put", "-", f"{project}/a", stdin="a: [\n").code == 2
    assert signed_in("prompt", "list", project, "--json").json["items"] == []


def test_versions_are_shown_compared_rendered_and_archived(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    address = f"{project}/claims/triage"
    assert put(address, prompt_text("1"), "-m", "First") == 1
    assert put(address, prompt_text("2"), "-m", "Second") == 2
    assert put(address, prompt_text("2")) == 2  # the same text makes no version
    taken = signed_in("prompt", "put", "-", address, "--parent", "0", stdin=prompt_text("new"))
    assert taken.code == 1
    assert "--parent 2" in taken.err
    assert put(f"{project}/letter", "messages:\n  - role: user\n    content: hi\n") == 1

    assert signed_in("prompt", "show", f"{address}@1").out == prompt_text("1")
    assert signed_in("prompt", "show", address, "--json").json["version"] == 2
    assert signed_in("prompt", "show", f"{address}@9").code == 2
    log = signed_in("prompt", "log", address, "--json").json["items"]
    assert [(v["version"], v["message"]) for v in log] == [(2, "Second"), (1, "First")]

    for words in (
        ["prompt", "diff", address],
        ["prompt", "diff", f"{address}@2"],
        ["prompt", "diff", f"{address}@1", f"{address}@2"],
        ["prompt", "diff", f"{address}@1", address],
        ["prompt", "diff", address, "--from", "1", "--to", "2"],
    ):
        shown = signed_in(*words)
        assert shown.code == 0, shown.err
        assert "+    content: You sort claims, edition 2.\n" in shown.out, words
    assert signed_in("prompt", "diff", f"{address}@1", f"{project}/letter").out.startswith("---")
    assert signed_in("prompt", "diff", f"{address}@1", f"{address}@1").out == ""

    given = ("-i", "claim=A tree", "-i", "urgent=true")
    rendered = signed_in("prompt", "render", f"{address}@1", *given, "--json").json
    assert rendered["messages"][0]["content"] == "You sort claims, edition 1."
    assert rendered["messages"][1]["content"] == "A tree (true)"
    claude = signed_in("prompt", "render", address, *given, "--model", "claude", "--json").json
    assert (claude["variant"], len(claude["messages"])) == ("claude", 1)
    missing = signed_in("prompt", "render", address)
    assert missing.code == 2
    assert "'claim'" in missing.err
    assert signed_in("prompt", "render", address, "-i", "clam=x").code == 2

    archived = signed_in("prompt", "archive", address, "-m", "Replaced")
    assert archived.code == 0, archived.err
    assert [p["path"] for p in signed_in("prompt", "list", project, "--json").json["items"]] == [
        "letter"
    ]
    assert "claims/triage" in signed_in("prompt", "list", project, "--archived").out
    assert put(address, prompt_text("3")) == 3


def test_prompts_of_two_projects_are_compared(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    other = f"{project[:90]}-2"
    assert signed_in("project", "create", other).code == 0
    put(f"{project}/a", prompt_text("1"))
    put(f"{other}/a", prompt_text("2"))
    shown = signed_in("prompt", "diff", f"{project}/a", f"{other}/a", "--json").json
    assert (shown["from"], shown["to"]) == (f"{project}/a@1", f"{other}/a@1")
    assert "+    content: You sort claims, edition 2." in shown["text"]


def test_a_fragment_is_rendered_in_place_by_number_and_by_digest(
    signed_in: Cli, project: str, put: Callable[..., int]
) -> None:
    put(f"{project}/shared/closing", "messages:\n  - role: user\n    content: Yours, {{ bank }}\n")
    put(
        f"{project}/shared/closing",
        "messages:\n  - role: user\n    content: Bye\n",
        "--parent",
        "1",
    )
    first = signed_in("prompt", "log", f"{project}/shared/closing", "--json").json["items"][1]
    for pin in ("1", first["behaviour"]):
        content = (
            f"messages:\n  - role: user\n    content: 'Hello. {{{{> shared/closing@{pin} }}}}'\n"
        )
        put(f"{project}/letter", content)
        done = signed_in("prompt", "render", f"{project}/letter", "-i", "bank=us", "--json")
        assert done.code == 0, done.err
        assert done.json["messages"][0]["content"] == "Hello. Yours, us"


def test_a_folder_is_imported_again_as_the_option_says(
    signed_in: Cli, project: str, tmp_path: Path
) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.prompt.yml").write_text(prompt_text("1"))
    plan = signed_in("import", str(folder), "-p", project, "--dry-run", "--json").json
    assert [(i["path"], i["exists"]) for i in plan["items"]] == [("a", None), ("b", None)]
    assert signed_in("import", str(folder), "-p", project).out == f"{project}: 2 created.\n"
    (folder / "a.prompt.yml").write_text(prompt_text("2"))
    for option, code, counts in (
        ("skip", 0, {"unchanged": 1, "skipped": 1}),
        ("refuse", 1, {"unchanged": 1, "refused": 1}),
        ("version", 0, {"updated": 1, "unchanged": 1}),
    ):
        done = signed_in("import", str(folder), "-p", project, "--on-conflict", option, "--json")
        assert (done.code, done.json["counts"]) == (code, counts)
    planned = signed_in("import", str(folder), "-p", project, "--dry-run", "--json").json
    assert [i["exists"] for i in planned["items"]] == [2, 1]


def test_an_editor_of_the_users_choice_makes_the_next_version(
    signed_in: Cli,
    project: str,
    put: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    address = f"{project}/a"
    put(address, prompt_text("1"))

    def editor(script: str) -> None:
        file = tmp_path / "editor.py"
        file.write_text(f"import pathlib, sys\nfile = pathlib.Path(sys.argv[1])\n{script}\n")
        monkeypatch.setenv("EDITOR", f"{sys.executable} {file}")

    editor("file.write_text(file.read_text().replace('edition 1', 'edition 2'))")
    done = signed_in("prompt", "edit", address, "-m", "Better")
    assert done.out == f"{address} is version 2 now.\n"
    assert signed_in("prompt", "show", address).out == prompt_text("2")

    editor("pass")
    same = signed_in("prompt", "edit", address, "--json")
    assert same.json == {"changed": False, "version": 2}

    editor("file.write_text('messages: 3')")
    broken = signed_in("prompt", "edit", address)
    assert broken.code == 2
    assert f"Your text is your working copy of {address}." in broken.err
    assert signed_in("working-copy", "show", address).out == "messages: 3"

    editor("file.write_text('lost?'); sys.exit(3)")
    failed = signed_in("prompt", "edit", address)
    assert failed.code == 2
    kept = Path(failed.err.partition("Your text is in ")[2].splitlines()[0].rstrip("."))
    assert kept.read_text() == "lost?"
    monkeypatch.setenv("EDITOR", "/nowhere/editor")
    assert signed_in("prompt", "edit", address).code == 2

    editor("file.write_text(file.read_text().replace('Write the prompt here', 'Sum up'))")
    new = signed_in("prompt", "edit", f"{project}/new")
    assert new.out == f"{project}/new is version 1 now.\n"
    assert "Sum up. {{ name }}" in signed_in("prompt", "show", f"{project}/new").out
