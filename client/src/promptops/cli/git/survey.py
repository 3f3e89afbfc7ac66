"""What a branch of a fetched repository holds: commits, prompts, versions, and what is wrong at its tip.

Reads with `git` and the client's own parser, so that a dry run needs nothing stored. The server's word is final: only
it resolves fragments and knows the addresses a project had before.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptops.cli.git.stock import StockGit
from promptops.format import parse
from promptops.format.names import InvalidName, prompt_path_of

MAX_FILE_BYTES = 1024 * 1024
"""Of one prompt file, on the server."""

_REGULAR = ("100644", "100755")


@dataclass(slots=True)
class Survey:
    """The tip and its history. `versions` counts changes of prompt files along first parents."""

    commits: int = 0
    prompts: int = 0
    versions: int = 0
    invalid: list[dict[str, Any]] = field(default_factory=list)
    """First problem of each invalid prompt file, with file, line, column, key, message."""
    no_prompts: list[dict[str, Any]] = field(default_factory=list)
    """Files that end like prompts and cannot be any."""
    other_files: list[str] = field(default_factory=list)
    prompt_files: set[str] = field(default_factory=set)
    """Every file of the tip that is a prompt, changed or not."""


def survey(git: StockGit, folder: Path, tip: str, since: str | None = None) -> Survey:
    """Look at the files of `tip` and the commits after `since` (all, if None).

    With `since`, only files that changed are said to be faulty.
    """
    at = ("-C", str(folder))
    span = tip if since is None else f"{since}..{tip}"
    found = Survey(commits=int(git.run(*at, "rev-list", "--count", span).out))
    found.versions = sum(1 for _ in _changes(git, folder, span))
    prompts: list[tuple[str, str, int]] = []
    for mode, oid, size, path in _files(git, folder, tip):
        try:
            is_prompt = prompt_path_of(path) is not None
        except InvalidName as error:
            found.no_prompts.append({"file": path, "message": str(error)})
            continue
        if not is_prompt:
            found.other_files.append(path)
        elif mode not in _REGULAR:
            message = "a prompt must be a regular file, not a symbolic link"
            found.no_prompts.append({"file": path, "message": message})
        elif size > MAX_FILE_BYTES:
            found.prompts += 1
            found.prompt_files.add(path)
            message = f"a prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {size:,}"
            found.invalid.append(
                {"file": path, "line": 1, "column": 1, "key": "", "message": message}
            )
        else:
            prompts.append((path, oid, size))
    found.prompts += len(prompts)
    found.prompt_files.update(path for path, _, _ in prompts)
    found.invalid += _invalid(git, folder, prompts)
    found.invalid.sort(key=lambda problem: str(problem["file"]))
    if since is not None:
        names = git.run(*at, "diff", "--name-only", "--no-renames", "-z", since, tip).out
        changed = set(names.split("\0"))
        found.invalid = [p for p in found.invalid if p["file"] in changed]
        found.no_prompts = [p for p in found.no_prompts if p["file"] in changed]
    return found


def _files(git: StockGit, folder: Path, tip: str) -> Iterator[tuple[str, str, int, str]]:
    """Mode, object id, size and path of every file of a commit."""
    listed = git.run("-C", str(folder), "ls-tree", "-r", "-l", "-z", "--full-tree", tip).out
    for line in listed.split("\0"):
        if line:
            head, _, path = line.partition("\t")
            mode, kind, oid, size = head.split()
            yield mode, oid, int(size) if kind == "blob" else 0, path


def _changes(git: StockGit, folder: Path, span: str) -> Iterator[str]:
    """The path of a prompt file, once for each first-parent commit that gave it other content."""
    command = ("-C", str(folder), "log", "--first-parent", "-m", "--root", "--raw", "--no-abbrev", "--no-renames",
               "--format=", "-z", span)  # fmt: skip
    with git.reading(*command) as process:
        assert process.stdout is not None
        fields = _split(process.stdout)
        for head in fields:
            if not head.startswith(b":"):
                continue
            path = next(fields, b"").decode("utf-8", "surrogateescape")
            _, mode, before, after, status = head.decode("ascii", "replace").split()
            if status == "D" or before == after or mode not in _REGULAR:
                continue
            try:
                if prompt_path_of(path) is not None:
                    yield path
            except InvalidName:
                continue


def _split(stream: Any) -> Iterator[bytes]:
    """The NUL-terminated parts of a stream."""
    rest = b""
    while chunk := stream.read(64 * 1024):
        *parts, rest = (rest + chunk).split(b"\0")
        yield from parts
    if rest:
        yield rest


def _invalid(
    git: StockGit, folder: Path, prompts: list[tuple[str, str, int]]
) -> Iterator[dict[str, Any]]:
    """The first problem of each file that is no valid prompt; each content is parsed once."""
    problems: dict[str, dict[str, Any] | None] = {}
    with git.reading("-C", str(folder), "cat-file", "--batch", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for path, oid, size in prompts:
            if oid not in problems:
                process.stdin.write(oid.encode() + b"\n")
                process.stdin.flush()
                process.stdout.readline()
                problems[oid] = _problem(process.stdout.read(size))
                process.stdout.read(1)
            problem = problems[oid]
            if problem is not None:
                yield {"file": path, **problem}


def _problem(data: bytes) -> dict[str, Any] | None:
    errors = [p for p in parse(data).problems if p.severity == "error"]
    if not errors:
        return None
    first = errors[0].to_dict()
    return {key: first[key] for key in ("line", "column", "key", "message", "fix")}
