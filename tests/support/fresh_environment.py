"""A virtual environment as an application has it: the client comes as a wheel from a running server, nothing from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FreshEnvironment:
    """`python` runs in it; libraries come from the environment of the tests, which needs no network."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of this process without what leads to the checkout or to another server."""
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("PROMPTOPS_", "PYTHONPATH"))
        }
        return {
            **kept,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def pip(self, command: str, *arguments: str) -> None:
        """A command of pip about it, without dependencies and without any index but those named."""
        done = subprocess.run(
            [sys.executable, "-m", "pip", "--python", str(self.python), "--isolated", "--disable-pip-version-check",
             command, "--quiet", "--no-deps", "--no-cache-dir", "--retries", "0", *arguments],
            env={**self.variables, "PIP_CONFIG_FILE": os.devnull}, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def run(
        self,
        *arguments: str,
        variables: dict[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run Python in it to its end."""
        return subprocess.run(
            [str(self.python), *arguments], env={**self.variables, **(variables or {})}, cwd=cwd,
            capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip


def fresh_environment(folder: Path, *pip_arguments: str) -> FreshEnvironment:
    """Make one with what pip installs by these arguments, then let it see the libraries of the tests.

    Its own packages come first, and a folder named in a `.pth` file adds no `.pth` files of its own: so not the checkout.
    """
    venv.create(folder, symlinks=True)
    made = FreshEnvironment(folder)
    made.pip("install", *pip_arguments)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shared = {path for path in sys.path if path.endswith("site-packages")}
    (folder / "lib" / version / "site-packages" / "libraries.pth").write_text(
        "\n".join(sorted(shared)) + "\n"
    )
    return made
