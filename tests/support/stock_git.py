"""Runs the stock `git` client in a clean environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What a command answered."""

    code: int
    out: str
    err: str


class Git:
    """``git("log", cwd=folder)`` returns its output; ``git.run`` also accepts failure."""

    def __init__(self, home: Path) -> None:
        home.mkdir(exist_ok=True)
        (home / ".gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": "Ben Ito",
            "GIT_AUTHOR_EMAIL": "ben@example.org",
            "GIT_COMMITTER_NAME": "Ben Ito",
            "GIT_COMMITTER_EMAIL": "ben@example.org",
            "LC_ALL": "C.UTF-8",
            "no_proxy": "*",
        }

    def run(
        self,
        *args: str,
        cwd: Path | None = None,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        done = subprocess.run(
            ["git", *args],
            cwd=cwd,
            input=stdin,
            env={**self.env, **(env or {})},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())

    def __call__(self, *args: str, cwd: Path | None = None, stdin: bytes | None = None) -> str:
        result = self.run(*args, cwd=cwd, stdin=stdin)
        assert result.code == 0, f"git {' '.join(args)}: {result.err}{result.out}"
        return result.out.strip()
