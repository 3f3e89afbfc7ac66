"""The project an import goes to, as a Git remote: what is there, pushing, and what became of each ref.

The token reaches git by an environment variable that a credential helper for this one address reads: it is in no
command line, no URL and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from promptops.cli.config import Target
from promptops.cli.failures import Refused, Unreachable
from promptops.cli.git.stock import GitFailed, Ran, StockGit

MAIN = "refs/heads/main"
_AT_ONCE = 500
"""Refs in one push; the server takes a few thousand."""
_TOKEN = "PROMPTOPS_GIT_TOKEN"  # noqa: S105  (a variable's name)
_HELPER = (
    f'!f() {{ test "$1" = get && printf "username=promptops\\npassword=%s\\n" "${_TOKEN}"; }}; f'
)
_LOST = ("could not resolve", "failed to connect", "couldn't connect", "connection refused", "connection reset",
         "rpc failed", "hung up", "timed out", "empty reply")  # fmt: skip


@dataclass(slots=True)
class Pushed:
    """What became of the refs of a push. `said` are the server's lines for the pusher."""

    moved: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Destination:
    """A project's remote."""

    git: StockGit
    target: Target
    project: str
    folder: Path
    """The bare repository to push from."""

    @property
    def url(self) -> str:
        return f"{self.target.url}/git/{quote(self.project)}.git"

    def refs(self) -> dict[str, str]:
        """Every ref of the project. Raises Refused, Unreachable."""
        try:
            listed = self._run("ls-remote", "--", self.url).out
        except GitFailed as failed:
            raise self._failure(failed) from None
        pairs = (line.split("\t", 1) for line in listed.splitlines() if "\t" in line)
        return {name: oid for oid, name in pairs if name.startswith("refs/") and "^" not in name}

    def push(self, specs: Sequence[str]) -> Pushed:
        """Push refspecs, none by force. Raises Refused or Unreachable when no ref's fate is known."""
        done = Pushed()
        for at in range(0, len(specs), _AT_ONCE):
            part = specs[at : at + _AT_ONCE]
            try:
                # It ends with an error when one ref of many is refused; the report names each.
                ran = self._run(
                    "push", "--porcelain", "--no-verify", self.git.progress, "--", self.url, *part
                )
            except GitFailed as failed:
                ran = failed.ran
                if not _note(ran.out, done):
                    raise self._failure(failed) from None
            else:
                _note(ran.out, done)
            done.said += _from_server(ran.said)
        return done

    def _run(self, *arguments: str) -> Ran:
        return self.git.run(*self._at(), *arguments, env=self._env())

    def _at(self) -> tuple[str, ...]:
        # An empty helper forgets those configured before, so that the token is neither asked for nor kept.
        return ("-C", str(self.folder), "-c", "credential.helper=",
                "-c", f"credential.{self.target.url}.helper={_HELPER}",
                "-c", "push.gpgSign=false", "-c", "push.followTags=false")  # fmt: skip

    def _env(self) -> dict[str, str]:
        return {
            _TOKEN: self.target.token,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
        }

    def _failure(self, failed: GitFailed) -> Refused | Unreachable:
        if any(sign in failed.ran.said.lower() for sign in _LOST):
            return Unreachable(
                f"no answer from {self.target.url}: {failed.reason}",
                remedy="nothing of an interrupted push is kept: run the same again",
            )
        return Refused(f"{self.project} did not take the push: {failed.reason}")


def _note(report: str, done: Pushed) -> bool:
    """Read what `git push --porcelain` prints; False when it says nothing of any ref."""
    known = False
    for line in report.splitlines():
        flag, _, rest = line.partition("\t")
        if len(flag) != 1 or "\t" not in rest:
            continue
        known = True
        refs, _, summary = rest.partition("\t")
        name = refs.rpartition(":")[2]
        if flag == "!":
            reason = summary.partition("(")[2].rpartition(")")[0]
            done.refused[name] = reason or summary
        else:
            done.moved.append(name)
    return known


def _from_server(said: str) -> list[str]:
    """What the server told the pusher."""
    lines = (line.rstrip() for line in said.splitlines())
    return [line.removeprefix("remote: ") for line in lines if line.startswith("remote: ")]
