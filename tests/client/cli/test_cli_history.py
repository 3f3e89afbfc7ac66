"""History across moves, differences in words, blame and comparison on the command line, against a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import Cli, prompt_text
from support.server import RunningServer
from support.stock_git import Git

Put = Callable[..., int]


@pytest.fixture
def moved(project: str, put: Put, server: RunningServer, token: str, tmp_path: Path) -> str:
    """`claims/triage`@1, @2, moved by a push to `motor/triage`@1, changed there to @2; `letter`@1."""
    put(f"{project}/claims/triage", prompt_text("one"), "--message", "First")
    put(f"{project}/claims/triage", prompt_text("two"), "--parent", "1", "--message", "Second")
    put(f"{project}/letter", "messages: [{role: user, content: Dear}]\n")
    git = Git(tmp_path / "home")
    url = server.url.replace("http://", f"http://maya:{token}@")
    git("clone", "-q", f"{url}/git/{project}.git", str(tmp_path / "clone"))
    clone = tmp_path / "clone"
    (clone / "motor").mkdir()
    git("mv", "claims/triage.prompt.yml", "motor/triage.prompt.yml", cwd=clone)
    git("commit", "-q", "-m", "Move", cwd=clone)
    git("push", "-q", "origin", "main", cwd=clone)
    changed = prompt_text("two").replace("{type: string}", "{type: string, pii: name}")
    put(f"{project}/motor/triage", changed.replace("You sort", "Sort"), "--parent", "1")
    return project


def columns(text: str, *wanted: int) -> list[tuple[str, ...]]:
    return [tuple(line.split("\t")[i] for i in wanted) for line in text.splitlines()]


def test_the_log_goes_on_across_moves(signed_in: Cli, moved: str) -> None:
    short = signed_in("prompt", "log", f"{moved}/motor/triage")
    assert columns(short.out, 0) == [("@2",), ("@1",)]
    whole = signed_in("prompt", "log", f"{moved}/motor/triage", "--follow")
    assert columns(whole.out, 0, 2, 5)[1:] == [
        ("motor/triage@1", "Ben Ito (by maya)", "Move"),
        ("claims/triage@2", "maya", "Second"),
        ("claims/triage@1", "maya", "First"),
    ]
    some = signed_in("prompt", "log", f"{moved}/motor/triage", "--follow", "-n", "3", "--json").json
    assert [i["moved_from"] for i in some["items"]] == [None, "claims/triage@2", None]
    old = signed_in("prompt", "log", f"{moved}/claims/triage")
    assert f"{moved}/claims/triage moved to {moved}/motor/triage@1" in old.err


def test_blame_tells_the_version_of_each_line(signed_in: Cli, moved: str) -> None:
    done = signed_in("prompt", "blame", f"{moved}/motor/triage")
    lines = done.out.splitlines()
    assert lines[0].split()[:2] == ["claims/triage@1", "maya"]
    assert lines[0].endswith("  1) # kept")
    assert [line.split()[0] for line in lines[3:4] + lines[7:8]] == ["@2", "@2"]
    as_json = signed_in("prompt", "blame", f"{moved}/motor/triage@1", "--json").json
    said = {line["address"] for line in as_json["lines"]}
    assert said == {f"{moved}/claims/triage@1", f"{moved}/claims/triage@2"}
    assert signed_in("prompt", "blame", f"{moved}/nothing").code == 2


def test_differences_are_shown_in_words_or_by_section(signed_in: Cli, moved: str) -> None:
    words = signed_in("prompt", "diff", f"{moved}/motor/triage", "--words")
    assert words.out.splitlines() == [
        "Changed: instructions, inputs, record (behaviour changed, record changed).",
        "",
        "messages[0] (system) changed",
        "[-You sort-]{+Sort+} claims, edition two.",
        "",
        "inputs.claim.pii added",
        "{+name+}",
    ]
    listed = signed_in("prompt", "diff", f"{moved}/motor/triage", "--by-section")
    assert [line.split("\t") for line in listed.out.splitlines()[1:]] == [
        ["messages", "messages[0].content", "changed", "You sort claims, edition two.", "Sort claims, edition two."],
        ["inputs", "inputs.claim.pii", "added", "", "name"],
    ]  # fmt: skip
    as_json = signed_in("prompt", "diff", f"{moved}/motor/triage", "--json").json
    assert [s["section"] for s in as_json["sections"]] == ["messages", "inputs"]
    same = signed_in("prompt", "diff", f"{moved}/letter@1", f"{moved}/letter@1", "--words")
    assert same.out == "There is no difference.\n"
    assert signed_in("prompt", "diff", f"{moved}/letter", "--words", "--by-section").code == 2


def test_prompts_of_two_projects_are_compared_alike(signed_in: Cli, moved: str, put: Put) -> None:
    other = f"{moved}-2"
    assert signed_in("project", "create", other).code == 0
    put(f"{other}/letter", "messages: [{role: user, content: Dear all}]\n")
    done = signed_in("prompt", "diff", f"{moved}/letter", f"{other}/letter", "--words")
    assert done.out.splitlines()[-1] == "Dear{+ all+}"
    pair = (f"{moved}/letter", f"{other}/letter")
    assert signed_in("prompt", "diff", *pair, "--json").json["classes"] == ["instructions"]
    assert signed_in("prompt", "diff", *pair, "--resolved").code == 2


def test_resolved_compares_what_a_model_receives(signed_in: Cli, project: str, put: Put) -> None:
    for number, text in enumerate(("Be kind.", "Be very kind."), 1):
        parent = ("--parent", "1") if number > 1 else ()
        put(f"{project}/house", f"messages: [{{role: user, content: {text}}}]\n", *parent)
        body = f"messages:\n  - role: user\n    content: 'Sort. {{{{> house@{number} }}}}'\n"
        put(f"{project}/triage", body, *parent)
    plain = signed_in("prompt", "diff", f"{project}/triage", "--words").out
    assert "Sort. [-{{> house@1 }}-]{+{{> house@2 }}+}" in plain
    resolved = signed_in("prompt", "diff", f"{project}/triage", "--words", "--resolved").out
    assert "Sort. Be {+very +}kind." in resolved
    text = signed_in("prompt", "diff", f"{project}/triage", "--resolved").out
    assert [line for line in text.splitlines() if line[:2] in ("- ", "+ ")] == [
        "-    content: Sort. Be kind.", "+    content: Sort. Be very kind.",
    ]  # fmt: skip


def test_environments_are_compared(signed_in: Cli, moved: str) -> None:
    reason = ("--reason", "Test")
    assert signed_in("publish", f"{moved}/motor/triage@1", "--to", "staging", *reason).code == 0
    done = signed_in("compare", moved, "staging", "main")
    assert [line.split("\t") for line in done.out.splitlines()] == [
        ["letter", "-", "@1", "only in main", "messages"],
        ["motor/triage", "@1", "@2", "instructions, inputs, record", "messages, inputs"],
    ]
    assert "2 of 2 prompts differ." in done.err
    one = signed_in("compare", moved, "staging", "main", "--module", "motor", "--json").json
    assert (one["from"]["name"], [i["path"] for i in one["items"]]) == (
        "staging@r1",
        ["motor/triage"],
    )
    assert signed_in("compare", moved, "staging", "main", "--exit-code").code == 1
    same = signed_in("compare", moved, "staging", "staging@r1", "--exit-code")
    assert (same.code, same.out, same.err) == (0, "", "There is no difference.\n")
    assert signed_in("compare", moved, "nowhere", "main").code == 2
    listed = signed_in("compare", moved, "staging", "staging", "--same")
    assert columns(listed.out, 0, 3) == [("motor/triage", "same")]
