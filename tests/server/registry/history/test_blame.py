"""Which version last changed each line; checked against `git blame`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from bank import Bank, LiveTable, client, prompt_text
from pusher import Pusher

from promptops_server.registry.history.blame import blame_prompt
from promptops_server.registry.versions import get_version
from support.git_remote import serve
from support.stock_git import Git


@pytest.fixture
def pusher(bank: Bank) -> Pusher:
    """Not the first push, which is one step however many commits it has."""
    bank.put("readme", prompt_text("hello"))
    return Pusher(bank)


def prompt_of(lines: list[str]) -> str:
    body = "".join(f"      {line}\n" for line in lines)
    return f"messages:\n  - role: user\n    content: |\n{body}"


def edited(lines: list[str], pick: random.Random, edition: int) -> list[str]:
    """The lines after an ordinary edit: a few changed, some new ones, some gone."""
    result = list(lines)
    for number in range(pick.randint(1, 3)):
        at = pick.randrange(len(result))
        kind = pick.choice(["change", "insert", "delete", "block"])
        if kind == "delete" and len(result) > 8:
            del result[at : at + pick.randint(1, 3)]
        elif kind == "block":
            result[at:at] = [f"Rule {edition}.{number}.{step} of the block" for step in range(4)]
        elif kind == "insert":
            result.insert(at, f"Also mind rule {edition}.{number}")
        else:
            result[at] = f"Rule {edition}.{number} was rewritten"
    return result


def test_lines_are_attributed_as_git_blame_does(pusher: Pusher, tmp_path: Path) -> None:
    pick = random.Random(20)
    lines = [f"Rule {number} says something of its own" for number in range(40)]
    path = "claims/triage"
    pusher.add({f"{path}.prompt.yml": prompt_of(lines)}, "First")
    for edition in range(60):
        if edition in (20, 41):
            gone, path = path, f"claims/motor-{edition}"
            pusher.add({f"{gone}.prompt.yml": None, f"{path}.prompt.yml": prompt_of(lines)})
        lines = edited(lines, pick, edition)
        pusher.add({f"{path}.prompt.yml": prompt_of(lines)}, f"Edit {edition}")
    pusher.push()
    git = Git(tmp_path / "home")
    with serve(pusher.bank.db) as remote:
        git("clone", "-q", remote.url("bank"), str(tmp_path / "clone"))
    said = git(
        "blame", "--line-porcelain", f"{path}.prompt.yml", cwd=tmp_path / "clone"
    ).splitlines()
    heads = [line.split() for line in said if len(line.split(" ")[0]) == 40]
    expected = [(head[0], int(head[1])) for head in heads]
    with pusher.bank.db.read() as conn:
        version = get_version(conn, pusher.bank.project, path)
        found = blame_prompt(conn, pusher.bank.project, version)
    assert found.complete
    ours = [(line.version.commit, line.original_line) for line in found.lines if line.version]
    assert ours == expected
    assert len({commit for commit, _ in ours}) > 20
    assert len({line.version.path for line in found.lines if line.version}) == 3


def test_the_answer_names_each_version_once(pusher: Pusher) -> None:
    pusher.add({"a.prompt.yml": prompt_text("one", name="A")}, "First")
    pusher.add({"a.prompt.yml": prompt_text("two", name="A")}, "Second")
    pusher.add({"a.prompt.yml": prompt_text("two", name="B")}, "Third")
    pusher.push()
    with client(pusher.bank.db, LiveTable(staging={"a": 2})) as http:
        newest = http.get("/projects/bank/blame/a").json()
        live = http.get("/projects/bank/blame/a@staging").json()
        missing = http.get("/projects/bank/blame/a@9")
        bad = http.get("/projects/bank/blame/a@@")
    assert [line["address"] for line in newest["lines"]] == [
        *("bank/a@3", "bank/a@1", "bank/a@1", "bank/a@2")
    ]
    assert newest["lines"][0] == {
        "line": 1, "text": "name: B", "address": "bank/a@3", "original_line": 1,
    }  # fmt: skip
    second = newest["versions"]["bank/a@2"]
    assert (second["message"], second["author"], second["version"]) == ("Second", "ben", 2)
    assert second["author_text"] == "May Lin <may@example.org>"
    assert (newest["complete"], newest["walked_to"]) == (True, "bank/a@1")
    assert set(live["versions"]) == {"bank/a@1", "bank/a@2"}
    assert (missing.status_code, bad.status_code) == (404, 400)


def test_the_walk_ends_as_soon_as_every_line_is_explained(pusher: Pusher) -> None:
    for number in range(5):
        pusher.add({"a.prompt.yml": f"messages: [{{role: user, content: '{number}'}}]"})
    pusher.push()
    with pusher.bank.db.read() as conn:
        found = blame_prompt(conn, pusher.bank.project, get_version(conn, pusher.bank.project, "a"))
    assert [line.version.number for line in found.lines if line.version] == [5]
    assert found.walked_to.number == 4


def test_a_history_too_long_says_how_far_it_was_walked(pusher: Pusher) -> None:
    lines = [f"Rule {number}" for number in range(6)]
    sizes: list[int] = []
    for number in range(6):
        lines[number] = f"Rule {number} changed"
        sizes.append(len(prompt_of(lines)))
        pusher.add({"a.prompt.yml": prompt_of(lines)})
    pusher.push()
    with pusher.bank.db.read() as conn:
        newest = get_version(conn, pusher.bank.project, "a")
        for given in ({"max_versions": 3}, {"max_bytes": sum(sizes[2:5])}):
            found = blame_prompt(conn, pusher.bank.project, newest, **given)
            told = [line.version.number if line.version else None for line in found.lines[3:]]
            assert told == [None, None, None, 4, 5, 6]
            assert (found.complete, found.walked_to.number) == (False, 3)


def test_a_line_end_at_the_end_of_the_file_is_part_of_the_line(pusher: Pusher) -> None:
    text = prompt_text("one")
    for content in (text.rstrip("\n"), text, "# new\n" + text, "# new\n" + text.rstrip("\n")):
        pusher.add({"a.prompt.yml": content})
    pusher.push()
    told = {}
    with pusher.bank.db.read() as conn:
        for number in range(1, 5):
            version = get_version(conn, pusher.bank.project, "a", number)
            found = blame_prompt(conn, pusher.bank.project, version)
            told[number] = [line.version.number for line in found.lines if line.version]
    assert told == {1: [1, 1, 1], 2: [1, 1, 2], 3: [3, 1, 1, 2], 4: [3, 1, 1, 4]}
