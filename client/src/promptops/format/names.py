"""Names, paths and addresses of prompts: their grammar, and how they map to file paths.

Owns the grammar of DESIGN terms `project/module/prompt@selector`. Whether an address exists, and
which version a selector means, is the registry's knowledge, not ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..errors import PromptOpsError

NAME_RULE = "a name is 1 to 100 letters, digits, dots, underscores or dashes, and starts with a letter or digit"
MAX_PATH_PARTS = 16
"""Folders and prompt together. Real collections nest 3 to 6 deep."""

EXTENSIONS = (".prompt.yml", ".prompt.yaml")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_MAX_VERSION_DIGITS = 9
_MIN_COMMIT_DIGITS, _MAX_COMMIT_DIGITS = 7, 40


class InvalidName(PromptOpsError, ValueError):
    """A name or path breaks the grammar. The message says what is wrong and the rule."""

    code = "invalid-name"


class InvalidAddress(PromptOpsError, ValueError):
    """An address or its selector breaks the grammar. The message says what is wrong and the rule."""

    code = "invalid-address"


SelectorKind: TypeAlias = Literal["version", "environment", "commit"]


@dataclass(frozen=True, slots=True)
class Selector:
    """Which content of an address is meant: exactly one of version, environment or commit."""

    version: int | None = None
    environment: str | None = None
    commit: str | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.version, self.environment, self.commit) if v is not None]
        if len(given) != 1:
            raise ValueError("a selector is exactly one of version, environment or commit")

    @property
    def kind(self) -> SelectorKind:
        if self.version is not None:
            return "version"
        return "environment" if self.environment is not None else "commit"

    @property
    def maybe_commit(self) -> str | None:
        """The start of a commit's id, if this may be one: one in 27 has seven digits and no letter."""
        if self.version is not None:
            return str(self.version) if self.version >= 10 ** (_MIN_COMMIT_DIGITS - 1) else None
        return self.commit

    @property
    def number(self) -> int | None:
        """The version, if it can be nothing else."""
        return None if self.maybe_commit is not None else self.version

    def __str__(self) -> str:
        if self.version is not None:
            return str(self.version)
        return self.environment or self.commit or ""


@dataclass(frozen=True, slots=True)
class Address:
    """`project/module/prompt@selector`; `path` is "" for a project alone."""

    project: str
    path: str = ""
    selector: Selector | None = None

    def __str__(self) -> str:
        text = f"{self.project}/{self.path}" if self.path else self.project
        return text if self.selector is None else f"{text}@{self.selector}"


def check_name(name: str) -> str:
    """Return `name` if it is one valid name of a project, module or prompt; else raise InvalidName."""
    if _NAME.fullmatch(name) is None:
        raise InvalidName(f"{_wrong_with(name)}: {NAME_RULE}")
    return name


def check_path(path: str) -> str:
    """Return `path` (`module/…/prompt`, no project, no extension) if valid; else raise InvalidName."""
    if not path:
        raise InvalidName("the path is empty: write module/prompt")
    parts = path.split("/")
    if len(parts) > MAX_PATH_PARTS:
        raise InvalidName(f"the path has {len(parts)} parts: at most {MAX_PATH_PARTS} are allowed")
    for part in parts:
        if not part:
            raise InvalidName(
                f"{path!r} has an empty part: write names separated by single slashes"
            )
        check_name(part)
    return path


def check_environment(name: str) -> str:
    """Return `name` if an environment may be called so; else raise InvalidName.

    An environment is never `main` (the line of versions) and never all-hexadecimal (that would
    read as a version or a commit in an address).
    """
    check_name(name)
    if name.lower() == "main":
        raise InvalidName("'main' is the line of versions and cannot name an environment")
    if _HEX.fullmatch(name):
        raise InvalidName(
            f"{name!r} is all hexadecimal and would read as a version or commit: "
            "an environment name needs another character"
        )
    return name


def fold(path: str) -> str:
    """The key under which two paths are case twins of each other, and may not both exist."""
    return path.lower()


def file_path_of(path: str, extension: str = ".prompt.yml") -> str:
    """The repository file of the prompt at `path`. Raises InvalidName."""
    if extension not in EXTENSIONS:
        raise InvalidName(f"a prompt file ends with {' or '.join(EXTENSIONS)}, not {extension!r}")
    return check_path(path) + extension


def prompt_path_of(file_path: str) -> str | None:
    """The prompt path of a repository file, or None for a file that is not a prompt (README.md).

    Raises InvalidName for a prompt file whose folders or name break the grammar.
    """
    for extension in EXTENSIONS:
        if file_path.endswith(extension):
            path = file_path[: -len(extension)]
            if not path or path.endswith("/"):
                raise InvalidName(f"{file_path!r} has no name before {extension}: {NAME_RULE}")
            return check_path(path)
    return None


def parse_selector(text: str) -> Selector:
    """Read what stands after `@`: digits = version, hexadecimal = commit, else environment.

    Digits that cannot be a version (a zero in front, too many) but are as long as a commit's id are a commit; seven to
    nine digits may be either, see `Selector.maybe_commit`. Raises InvalidAddress.
    """
    if not text:
        raise InvalidAddress("nothing follows '@': write a version, an environment or a commit")
    as_commit = _MIN_COMMIT_DIGITS <= len(text) <= _MAX_COMMIT_DIGITS
    version_like = text[0] != "0" and len(text) <= _MAX_VERSION_DIGITS
    if _DIGITS.fullmatch(text) and (version_like or not as_commit):
        if text[0] == "0":
            raise InvalidAddress(
                f"{text!r} is not a version: versions count from 1, without leading zeros"
            )
        if len(text) > _MAX_VERSION_DIGITS:
            raise InvalidAddress(
                f"version {text[:12]}… is too large: at most {_MAX_VERSION_DIGITS} digits"
            )
        return Selector(version=int(text))
    if _HEX.fullmatch(text):
        if not as_commit:
            raise InvalidAddress(
                f"{text[:48]!r} is hexadecimal but not 7 to 40 digits long: give more digits of the "
                "commit; environment names are never all hexadecimal"
            )
        return Selector(commit=text.lower())
    try:
        return Selector(environment=check_environment(text))
    except InvalidName as error:
        raise InvalidAddress(str(error)) from None


def parse_address(text: str) -> Address:
    """Read `project[/module…/prompt][@selector]`. Raises InvalidAddress."""
    body, at, selector_text = text.partition("@")
    if not body:
        raise InvalidAddress("the address is empty: write project/module/prompt")
    if "@" in selector_text:
        raise InvalidAddress(f"{text!r} has more than one '@': one selector may follow the path")
    project, slash, path = body.partition("/")
    try:
        check_name(project)
        if slash:
            check_path(path)
    except InvalidName as error:
        raise InvalidAddress(f"{text[:200]!r} is not an address: {error}") from None
    selector = parse_selector(selector_text) if at else None
    return Address(project, path, selector)


def _wrong_with(name: str) -> str:
    if not name:
        return "the name is empty"
    if len(name) > 100:
        return f"{name[:20]!r}… has {len(name)} characters"
    for character in name:
        if not (character.isascii() and (character.isalnum() or character in "._-")):
            return f"{name!r} contains {character!r}"
    return f"{name!r} starts with {name[0]!r}"
