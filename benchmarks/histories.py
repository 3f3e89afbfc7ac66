"""Repositories of a size to measure with: prompt files six folders deep, two or three changed by each commit."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

from benchmarks.stage import prompt_text

PROMPTS = 300
_START = 1_500_000_000


def make_history(folder: Path, commits: int, prompts: int = PROMPTS) -> Path:
    """A packed bare repository with one line of commits; the same one for the same arguments."""
    rng = random.Random(1)
    paths = [
        f"Team{n % 3}/area-{n % 5}/group{n % 7}/topic{n % 11}/K{n % 13}/p{n}.prompt.yml"
        for n in range(prompts)
    ]
    stream = bytearray(_commit(0, {path: prompt_text(f"{path} 0") for path in paths}))
    for number in range(1, commits):
        changed = rng.sample(paths, 2 + number % 2)
        stream += _commit(number, {path: prompt_text(f"{path} {number}") for path in changed})
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder)], check=True)
    git(folder, "fast-import", "--quiet", stdin=bytes(stream))
    git(folder, "repack", "-adfq")
    return folder


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    """Run stock git in a repository; returns what it prints."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=stdin,
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
    )
    return done.stdout.decode().strip()


def clone_seconds(url: str, into: Path) -> float:
    """How long `git clone --bare` takes."""
    begin = time.perf_counter()
    subprocess.run(["git", "clone", "-q", "--bare", url, str(into)], check=True)
    return time.perf_counter() - begin


def _commit(number: int, files: dict[str, str]) -> bytes:
    out = bytearray(
        b"commit refs/heads/main\ncommitter Ben <ben@example.org> %d +0100\ndata 7\nChange\n\n"
        % (_START + number * 600)
    )
    for path, text in files.items():
        data = text.encode()
        out += b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
    return bytes(out)
