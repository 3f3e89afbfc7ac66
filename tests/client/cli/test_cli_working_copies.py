"""Working copies from the command line, against a real server: the whole way, links, conflicts, the editor."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from promptops.cli.commands.prompt import edit as edit_command
from promptops.cli.commands.working_copy.share import _end
from promptops.cli.failures import BadInput
from support.cli import Cli, prompt_text
from support.server import RunningServer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.prompt.yml"


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make $EDITOR a script over `file`."""

    def script(*lines: str) -> None:
        program = tmp_path / "editor.py"
        head = [
            "import pathlib, sys",
            "file = pathlib.Path(sys.argv[1])",
            "text = file.read_text()",
        ]
        program.write_text("\n".join([*head, *lines]) + "\n")
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", f"{sys.executable} {program}")

    return script


def test_an_edit_is_saved_merged_and_committed(
    signed_in: Cli, project: str, put: Callable[..., int], file: Path
) -> None:
    cli, address = signed_in, f"{project}/claims/triage"
    put(address, prompt_text("1"))
    file.write_text("messages: [")
    saved = cli("working-copy", "save", address, str(file), "-m", "Shorter")
    assert saved.out == f"{address}: working copy at revision 1, made from version 1.\n"
    assert f"warning: {file}:1:" in saved.err
    assert cli("working-copy", "commit", address).code == 2

    file.write_text(prompt_text("1").replace("You sort claims", "You sort all claims"))
    late = cli("working-copy", "save", address, str(file), "--revision", "7", "--json")
    assert (late.code, late.problem["current"]["text"]) == (1, "messages: [")
    assert cli("working-copy", "save", address, str(file), "--revision", "1").code == 0
    piped = cli("working-copy", "save", address, "-", stdin=file.read_text())
    assert "revision 2" in piped.out  # the same text
    assert "-    content: You sort claims, edition 1.\n" in cli("working-copy", "diff", address).out

    put(address, prompt_text("1").replace("For Claude", "To Claude"), "--parent", "1")
    refused = cli("working-copy", "commit", address)
    assert refused.code == 1
    assert f"promptops working-copy rebase {address}" in refused.err
    (item,) = cli("working-copy", "list", project, "--json").json["items"]
    assert (item["address"], item["behind"]) == (address, 1)
    assert cli("working-copy", "list", project).out.split("\t")[:3] == [address, "@1", "1"]

    merged = cli("working-copy", "rebase", address)
    assert (merged.code, merged.err) == (0, "")
    assert "made from version 2" in merged.out
    text = cli("working-copy", "show", address).out
    assert "all claims" in text
    assert "To Claude" in text
    assert "revision 4, made from version 1" in cli("working-copy", "undo", address).out
    assert "nothing to merge" not in cli("working-copy", "rebase", address).out
    assert "nothing to merge" in cli("working-copy", "rebase", address).out
    done = cli("working-copy", "commit", address)
    assert done.out == f"{address} is version 3 now.\n"
    assert cli("prompt", "show", address).out == text
    assert cli("prompt", "log", address, "--json").json["items"][0]["message"] == "Shorter"
    assert "You have no working copy." in cli("working-copy", "list", project).err


def test_conflicts_are_named_by_line_and_settled_by_side(
    signed_in: Cli, project: str, put: Callable[..., int], file: Path
) -> None:
    cli, address = signed_in, f"{project}/a"
    put(address, prompt_text("1"))
    file.write_text(prompt_text("mine"))
    cli("working-copy", "save", address, str(file))
    put(address, prompt_text("theirs"), "--parent", "1")
    marked = cli("working-copy", "rebase", address)
    assert marked.code == 1
    assert f"  {address}:8 conflict up to line 14\n" in marked.err
    assert ">>>>>>> v2 by maya" in cli("working-copy", "show", address).out
    refused = cli("working-copy", "commit", address)
    assert refused.code == 2
    assert "--prefer yours" in refused.err
    taken = cli("working-copy", "rebase", address, "--prefer", "yours", "--json")
    assert (taken.code, taken.json["text"]) == (0, prompt_text("mine"))
    assert cli("working-copy", "commit", address, "-m", "Mine").code == 0


def test_a_link_is_opened_and_taken_by_another(
    signed_in: Cli,
    project: str,
    server: RunningServer,
    put: Callable[..., int],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cli, address = signed_in, f"{project}/a"
    put(address, prompt_text("1"))
    file.write_text(prompt_text("mine"))
    assert cli("working-copy", "unshare", address).code == 2  # there is no copy
    cli("working-copy", "save", address, str(file))
    assert cli("working-copy", "unshare", address).code == 1
    made = cli("working-copy", "share", address, "--expires", "7d")
    link = made.out.strip()
    assert "Works until 2" in made.err

    owner = server.token("maya", "admin")
    monkeypatch.setenv("PROMPTOPS_TOKEN", server.token("olga", "author", project))
    opened = cli("working-copy", "open", link)
    assert opened.out == prompt_text("mine")
    assert f"maya's working copy of {address}, made from version 1" in opened.err
    assert "+    content: You sort claims, edition mine." in cli(
        "working-copy", "open", f"http://x/y/{link}", "--diff"
    ).out  # fmt: skip
    assert cli("working-copy", "take", link).code == 0
    file.write_text(prompt_text("olga"))
    cli("working-copy", "save", address, str(file))
    assert cli("working-copy", "take", link).code == 1
    assert cli("working-copy", "take", link, "--yes").code == 0
    assert cli("working-copy", "undo", address, "--json").json["text"] == prompt_text("olga")
    shown = cli("working-copy", "show", address, "-o", str(file))
    assert "--revision 4" in shown.err
    assert file.read_text() == prompt_text("olga")
    assert cli("working-copy", "discard", address, "--yes").code == 0
    assert cli("working-copy", "show", address).code == 2
    assert cli("working-copy", "discard", address, "--owner", "maya").code == 1

    monkeypatch.setenv("PROMPTOPS_TOKEN", owner)
    assert cli("working-copy", "unshare", address).code == 0
    assert cli("working-copy", "open", link).code == 2


def test_the_editor_keeps_what_was_typed_and_goes_on_with_it(
    signed_in: Cli, project: str, put: Callable[..., int], editor: Callable[..., None]
) -> None:
    cli, address = signed_in, f"{project}/a"
    put(address, prompt_text("1"))
    editor("file.write_text(text.replace('edition 1', 'edition kept'))")
    kept = cli("prompt", "edit", address, "--keep", "--json")
    assert (kept.code, kept.json["parent"], kept.json["revision"]) == (0, 1, 1)
    put(address, prompt_text("theirs"), "--parent", "1")
    editor("file.write_text(text.replace('edition kept', 'edition mine'))")
    refused = cli("prompt", "edit", address)
    assert refused.code == 1
    assert "This goes on with your working copy, made from version 1." in refused.err
    assert f"promptops working-copy rebase {address}" in refused.err
    assert "edition mine" in cli("working-copy", "show", address).out


def test_a_person_is_asked_merges_in_the_editor_and_commits(
    signed_in: Cli,
    project: str,
    put: Callable[..., int],
    editor: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cli, address = signed_in, f"{project}/a"
    put(address, prompt_text("1"))
    editor(
        "lines = text.splitlines(True)",
        "if '<<<<<<<' in text:",
        "    start = next(i for i, l in enumerate(lines) if l.startswith('<<<<<<<'))",
        "    end = next(i for i, l in enumerate(lines) if l.startswith('>>>>>>>'))",
        "    lines[start : end + 1] = ['    content: You sort claims, edition both.\\n']",
        "    file.write_text(''.join(lines))",
        "elif 'edition 1' in text:",
        "    file.write_text(text.replace('edition 1', 'edition mine'))",
    )
    asked: list[str] = []

    def yes(question: str, **_: object) -> bool:
        asked.append(question)
        if len(asked) == 1:  # somebody is faster
            put(address, prompt_text("theirs"), "--parent", "1")
        return True

    monkeypatch.setattr(edit_command, "somebody_is_there", lambda: True)
    monkeypatch.setattr("typer.confirm", yes)
    done = cli("prompt", "edit", address)
    assert done.code == 0, done.err
    assert done.out.endswith(f"{address} is version 3 now.\n")
    assert [question.split()[0] for question in asked] == ["Make", "Merge", "Make"]
    assert cli("prompt", "show", address).out == prompt_text("both")


def test_a_link_ends_after_a_span_or_at_a_time() -> None:
    assert _end(None) is None
    assert _end("2027-01-31T18:00:00Z") == "2027-01-31T18:00:00Z"
    day, two_weeks = _end("1d"), _end("2w")
    assert day is not None
    assert two_weeks is not None
    assert day < two_weeks
    for text in ("", "7", "0d", "7y", "soon"):
        with pytest.raises(BadInput):
            _end(text)
