"""The repository an import comes from: which addresses are taken, what refs it has, fetching them.

Owns the temporary bare repository's filling. What is in it is `survey`'s matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promptops.cli.failures import BadInput
from promptops.cli.git.stock import GitFailed, StockGit, without_secrets

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SCHEMES = ("file", "git", "http", "https", "ssh", "git+ssh", "ssh+git")
_HEADS, _TAGS = "refs/heads/", "refs/tags/"


@dataclass(frozen=True, slots=True)
class Source:
    """A repository and its refs. `head` is the branch its HEAD names, "" for none."""

    address: str
    head: str
    refs: Mapping[str, str]
    """Full name to object id, tags as they stand (annotated ones unpeeled)."""

    @property
    def shown(self) -> str:
        """The address without what is nobody's business."""
        return without_secrets(self.address)

    @property
    def branches(self) -> list[str]:
        """Short names."""
        return [name.removeprefix(_HEADS) for name in self.refs if name.startswith(_HEADS)]

    @property
    def tags(self) -> list[str]:
        """Short names."""
        return [name.removeprefix(_TAGS) for name in self.refs if name.startswith(_TAGS)]


def check_address(given: str) -> str:
    """The address as git is given it: a folder as an absolute path. Raises BadInput."""
    if not given.strip() or given.startswith("-") or not given.isprintable():
        raise BadInput(
            f"{given[:200]!r} is no address of a repository",
            remedy="give a folder, or a URL like https://example.com/prompts.git",
        )
    if _HELPER.match(given):
        raise BadInput(
            f"{given.partition('::')[0]}:: is a helper program of git, and none is run here",
            remedy="give a folder, or an https, ssh or file URL",
        )
    scheme = _URL.match(given)
    if scheme is not None:
        if scheme[1].lower() not in _SCHEMES:
            raise BadInput(
                f"{scheme[1]}:// is no way to reach a repository here",
                remedy="give a folder, or an https, ssh or file URL",
            )
        return given
    if Path(given).exists():
        if not Path(given).is_dir():
            raise BadInput(f"{given} is a file", remedy="give the repository's folder")
        return str(Path(given).resolve())
    if ":" in given.partition("/")[0]:
        return given  # host:path, as ssh takes it
    raise BadInput(f"there is no folder {given!r}")


def look_at(git: StockGit, address: str) -> Source:
    """The refs of a repository. Raises BadInput when it cannot be read or is empty."""
    try:
        listed = git.run("ls-remote", "--symref", "--", address).out
    except GitFailed as failed:
        raise _unreadable(address, failed) from None
    head, refs = "", {}
    for line in listed.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            head = value.removeprefix(f"ref: {_HEADS}")
        elif name.startswith("refs/") and not name.endswith("^{}"):
            refs[name] = value
    found = Source(address, head, refs)
    if not found.branches:
        raise BadInput(
            f"{found.shown} has no branch, so no commit either",
            remedy="commit something there first, or name another repository",
        )
    return found


def choose_branch(source: Source, wanted: str) -> str:
    """The branch that becomes `main`: the wanted one, else the one its HEAD names. Raises BadInput."""
    known = ", ".join(sorted(source.branches)[:20])
    if wanted:
        if wanted not in source.branches:
            raise BadInput(
                f"{source.shown} has no branch {wanted!r}", remedy=f"choose one of: {known}"
            )
        return wanted
    if source.head in source.branches:
        return source.head
    raise BadInput(
        f"{source.shown} does not say which branch is its default",
        remedy=f"choose one with --branch: {known}",
    )


def fetch(git: StockGit, source: Source, folder: Path, branch: str, *, everything: bool) -> None:
    """Copy a branch, or all branches and tags, with their history into a new bare repository. Raises BadInput."""
    kinds = (f"{_HEADS}*", f"{_TAGS}*") if everything else (_HEADS + branch,)
    git.run("init", "--quiet", "--bare", str(folder))
    at = ("-C", str(folder), "-c", "gc.auto=0")
    try:
        git.run(*at, "fetch", git.progress, "--no-tags", "--", source.address,
                *(f"+{kind}:{kind}" for kind in kinds))  # fmt: skip
    except GitFailed as failed:
        raise _unreadable(source.address, failed) from None
    # git takes no ref whose history is cut off, and calls that a success.
    try:
        git.run("-C", str(folder), "rev-parse", "--verify", _HEADS + branch)
    except GitFailed:
        raise BadInput(
            f"{source.shown} is a shallow clone: the beginning of its history is not in it",
            remedy="run `git fetch --unshallow` there, or name the repository it was cloned from",
        ) from None


def _unreadable(address: str, failed: GitFailed) -> BadInput:
    return BadInput(
        f"{without_secrets(address)} cannot be read: {failed.reason}",
        remedy="try `git ls-remote` with the same address",
    )
