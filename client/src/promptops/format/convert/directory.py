"""Folders of prompts: prompt files are taken as they are, text and Markdown files become prompts.

Options: `module`, a folder for all prompts; `role`, of the message a text file becomes: `user`
(default) or `system`.

Files ending in `.prompt.yml` or `.prompt.yaml` are carried byte for byte with their relative path;
a file that is not valid is carried too, and a note says what is wrong with it. `.txt` and `.md`
files become a prompt of one message. `README.md`, hidden files and folders are passed over; every
other file is a loss, by name.

Write: the prompt files byte for byte; with the option `text` (`md` or `txt`) instead one text file per
prompt, which holds the text of its only message and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from ..names import EXTENSIONS as PROMPT_EXTENSIONS
from ..names import MAX_PATH_PARTS, InvalidName, check_path
from ..naming import Namer, stand_in, valid_name
from ..parser import parse
from ..source import MAX_BYTES
from ..yaml_text import CannotWrite, dump
from . import (
    BadOption,
    CannotConvert,
    Conversion,
    Converted,
    Loss,
    Outgoing,
    Source,
    Written,
    converter_for,
)
from .reading import check_options
from .templates import Left, to_ours
from .writing import Losses, Turn, turns_of

NAME = "directory"
EXTENSIONS = ("",)

_OPTIONS = ("module", "role")
_TEXTS = (".txt", ".md", ".markdown")
_PASSED_OVER = ("readme", "license", "licence", "changelog", "contributing")


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the files below a folder, in the order of their paths."""
    for option in options:
        if option not in _OPTIONS:
            raise BadOption(f"there is no option {option!r}; there are: {', '.join(_OPTIONS)}")
    role = str(options.get("role") or "user")
    if role not in ("user", "system"):
        raise BadOption(f"role must be user or system, not {role!r}")
    if not isinstance(source, Path) or not source.is_dir():
        raise CannotConvert("a folder is needed")
    prefix = _prefix(options)
    namer = Namer()
    prompts: list[Converted] = []
    losses: list[Loss] = []
    for relative in _files(source):
        try:
            found = _convert(source / relative, relative, prefix, role, namer)
        except (_Left, CannotWrite, OSError) as error:
            losses.append(Loss(str(relative), str(error)))
        else:
            if found is not None:
                prompts.append(found)
    return Conversion(tuple(prompts), tuple(losses))


class _Left(ValueError):
    """The file is left behind, and why."""


def _files(folder: Path) -> Iterator[PurePosixPath]:
    found = []
    for place, folders, files in os.walk(folder):  # links to folders are not followed
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = Path(place).relative_to(folder)
        found += [PurePosixPath(inside, name) for name in files if not name.startswith(".")]
    yield from sorted(found)


def _convert(
    file: Path, relative: PurePosixPath, prefix: str, role: str, namer: Namer
) -> Converted | None:
    extension = next((e for e in PROMPT_EXTENSIONS if relative.name.endswith(e)), "")
    kind = extension or relative.suffix.lower()
    stem = relative.name[: -len(kind)] if kind else relative.name
    if not extension:
        if stem.lower() in _PASSED_OVER:
            return None
        if kind not in _TEXTS:
            raise _Left(
                f"it is neither a prompt file nor a text or Markdown file{_hint(relative.name)}"
            )
    if file.is_symlink():
        raise _Left("it is a link")
    if file.stat().st_size > MAX_BYTES:
        raise _Left(f"it is larger than {MAX_BYTES:,} bytes")
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise _Left(f"byte {error.start} is not UTF-8: save it as UTF-8") from None
    notes = []
    if not extension:
        text = _as_prompt(text.removeprefix("\ufeff"), stem, role)
    else:
        errors = parse(text).errors
        notes += [f"it is not valid: {error}" for error in errors[:3]]
    wanted = prefix + _valid_path(PurePosixPath(*relative.parts[:-1], stem))
    name = namer.take(wanted)
    original = prefix + str(PurePosixPath(*relative.parts[:-1], stem))
    if name != original:
        why = "is taken" if name != wanted else "is not a valid name"
        notes.append(f"named {name!r}, because {original!r} {why}")
    return Converted(name, text, tuple(notes), extension or ".prompt.yml")


def passed_over(name: str) -> bool:
    """Whether a file of this name speaks about its folder (`README.md`): `read` takes no prompt from it."""
    path = PurePosixPath(name)
    return path.suffix.lower() in ("", *_TEXTS) and path.stem.lower() in _PASSED_OVER


def _hint(name: str) -> str:
    """Which format would read a file that this one leaves."""
    found = converter_for(Path(name))
    return f"; the format {found.name} reads it" if found else ""


def _as_prompt(text: str, stem: str, role: str) -> str:
    if not text.strip():
        raise _Left("it is blank")
    written = dump({"name": stem, "messages": [{"role": role, "content": text}]})
    errors = parse(written).errors
    if errors:
        raise _Left(errors[0].message)
    return written


def _valid_path(path: PurePosixPath) -> str:
    parts = [valid_name(part) or stand_in(part) for part in path.parts]
    if len(parts) > MAX_PATH_PARTS:
        raise _Left(f"its path has {len(parts)} parts: at most {MAX_PATH_PARTS} are allowed")
    return "/".join(parts)


def _prefix(options: Mapping[str, Any]) -> str:
    module = options.get("module")
    if not module:
        return ""
    try:
        return check_path(str(module)) + "/"
    except InvalidName as error:
        raise BadOption(f"module: {error}") from None


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One file per prompt. Raises BadOption."""
    check_options(options, ("text",))
    kind = options.get("text")
    if kind not in (None, "", "md", "txt"):
        raise BadOption(f"text must be md or txt, not {kind!r}")
    if not kind:
        return Written(tuple((p.name + p.extension, p.text) for p in prompts))
    files: list[tuple[str, str]] = []
    losses: list[Loss] = []
    for prompt in prompts:
        lost = Losses(prompt.name)
        try:
            text = _text_alone(prompt, lost)
        except Left as error:
            losses.append(Loss(prompt.name, f"not written: {error}"))
            continue
        files.append((f"{prompt.name}.{kind}", text))
        losses += lost.found
    return Written(tuple(files), tuple(losses))


def _text_alone(prompt: Outgoing, losses: Losses) -> str:
    if len(prompt.file.messages) > 1:
        raise Left(f"it has {len(prompt.file.messages)} messages, and a text file holds one")
    [turn] = turns_of(prompt, losses)
    assert isinstance(turn, Turn)  # a placeholder alone was refused
    losses.uncarried(prompt, (), "a text file")
    if turn.role != "user":
        losses.add(f"the role {turn.role} is not kept: say it on import", "messages", 0, "role")
    return to_ours(turn.pieces)
