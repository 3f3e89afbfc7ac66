"""Files that belong to a prompt by their names: its suites, `<prompt>.suite.yml` and `<prompt>.<name>.suite.yml` beside it.

Pure. A suite file names its prompt nowhere inside: the name alone binds it, so a companion that follows its prompt to
another name is the very same file under that name.
"""

from __future__ import annotations

from collections.abc import Collection

from .names import prompt_path_of
from .suite import suite_path_of

TEST_DATA = "testData"
"""The name of the suite that a prompt file itself holds; no suite file may have it."""


def owner_of(suite: str, prompts: Collection[str]) -> str | None:
    """The prompt that a suite belongs to, both without their endings.

    The prompt of the same name, else the longest that the name begins with before a dot: `triage.v2.suite.yml` belongs
    to a prompt `triage.v2` where there is one, and to `triage` where there is none.
    """
    name = suite
    while name:
        if name in prompts:
            return name
        folder, slash, last = name.rpartition("/")
        head, dot, _ = last.rpartition(".")
        name = folder + slash + head if dot and head else ""
    return None


def prompts_among(files: Collection[str]) -> set[str]:
    """The prompts among files, without their endings. Raises InvalidName."""
    return {path for file in files if (path := prompt_path_of(file)) is not None}


def companions_among(files: Collection[str], prompts: Collection[str]) -> dict[str, list[str]]:
    """The companions of these prompts among the files of their folders, sorted; prompts without are missing.

    Which other prompts lie beside them is read from the files. Raises InvalidName.
    """
    there = prompts_among(files)
    found: dict[str, list[str]] = {}
    for file in sorted(files):
        owner = owner_of(suite_path_of(file), there)
        if owner is not None and owner in prompts:
            found.setdefault(owner, []).append(file)
    return found


def companion_at(file: str, old: str, new: str) -> str:
    """A companion of the prompt `old` as the prompt `new` has it."""
    return new + file.removeprefix(old)
