"""A repository of prompt files as teams have them after some years: everything a first push has to cope with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.git_remote import WorkTree
from support.stock_git import Git

DEEP = "Retail/claims2/Motor/eu-West/v2.1/Triage_7"
MOVED_FROM, MOVED_TO = "Retail/claims2/letter", "Retail/Letters/letter"
INVALID = "ops/broken"


def prompt(says: object) -> str:
    """A small valid prompt file."""
    return f"messages:\n  - role: user\n    content: 'Say {says} of {{{{ claim }}}}'\n"


@dataclass(frozen=True)
class LivedIn:
    """The work tree and what numbering must make of it: path to validity of each version, oldest first."""

    tree: WorkTree
    versions: dict[str, list[bool]]
    other_files: list[str]
    commits: int


def lived_in(git: Git, folder: Path, branch: str = "main") -> LivedIn:
    """Build it: six folders deep, merges (one of three), moves, an invalid past, one invalid file at the tip, annotated
    and nested tags, a second branch, an `env/` branch."""
    git("init", "-q", "-b", branch, str(folder))
    tree = WorkTree(git, folder)
    tree("config", "commit.gpgsign", "false")
    file = "{}.prompt.yml".format
    tree.write(
        {
            "README.md": "# Prompts\n",
            "tools/check.py": "print(1)\n",
            file(MOVED_FROM): prompt("letter 1"),
        }
    )
    tree.write({file(DEEP): "messages: [", file("Retail/x"): prompt("x 1")}, "Half a file")
    tree.write({file(DEEP): prompt("deep 2"), "Retail/logo.bin": bytes(range(256))}, "Mended")
    tree("tag", "-a", "v1", "-m", "First")
    tree("tag", "-a", "v1-again", "-m", "A tag of a tag", "v1")
    tree.write({file(MOVED_FROM): None, file(MOVED_TO): prompt("letter 1")}, "Move")
    # Two commits on a side branch are one step of the line that merges them.
    tree("checkout", "-q", "-b", "side")
    tree.write({file("Retail/x"): prompt("x on the side")})
    tree.write({file("Retail/x"): prompt("x 2")})
    tree("checkout", "-q", branch)
    tree.write({"README.md": "# Our prompts\n"})
    tree("merge", "-q", "--no-ff", "-m", "Merge", "side")
    for name in ("one", "two"):
        tree("checkout", "-q", "-b", name, f"{branch}~1")
        tree.write({file(f"teams/{name}"): prompt(f"{name} 1")})
    tree("checkout", "-q", branch)
    tree("merge", "-q", "-m", "Octopus", "one", "two")
    tree.write({file("teams/two"): None}, "Archive")
    tree.write(
        {file("teams/two"): prompt("two 2"), file(INVALID): "- no prompt\n"},
        "Back, and one mistake",
    )
    tree("tag", "light")
    tree("branch", "-q", "-D", "side", "one", "two")
    tree("branch", "next", f"{branch}~1")
    tree("branch", "env/production", f"{branch}~2")
    return LivedIn(
        tree,
        {
            DEEP: [False, True],
            "Retail/x": [True, True],
            MOVED_FROM: [True],
            MOVED_TO: [True],
            "teams/one": [True],
            "teams/two": [True, True],
            INVALID: [False],
        },
        ["README.md", "Retail/logo.bin", "tools/check.py"],
        int(tree("rev-list", "--count", branch)),
    )
