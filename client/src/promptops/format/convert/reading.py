"""What readers of formats share: sources as text, YAML or JSON, options, and finishing a prompt.

Owns that a source which is not even text, YAML or JSON is a CannotConvert, and that every prompt
made is valid. What the keys of a format mean is the format's own file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..names import MAX_PATH_PARTS, InvalidName, check_path
from ..naming import Namer, slug, stand_in, valid_name
from ..parser import parse
from ..source import MAX_BYTES, decode
from ..yaml_reader import read_yaml
from ..yaml_text import CannotWrite, dump
from . import BadOption, CannotConvert, Conversion, Converted, Loss, Source
from .templates import Left, Pieces, variables_of

if TYPE_CHECKING:
    from .writing import Losses

MAX_SOURCE_BYTES = 64 * 1024 * 1024
_MAX_JSON_DEPTH = 100


def check_options(options: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise BadOption for an option this format does not have."""
    for option in options:
        if option not in known:
            there = f"; there are: {', '.join(known)}" if known else ""
            raise BadOption(f"there is no option {option!r}{there}")


def prefix_of(options: Mapping[str, Any]) -> str:
    """The option `module` as the start of paths. Raises BadOption."""
    module = options.get("module")
    if not module:
        return ""
    try:
        return check_path(str(module)) + "/"
    except InvalidName as error:
        raise BadOption(f"module: {error}") from None


def text_of(source: Source, what: str) -> str:
    """The source as text without a byte order mark; a folder stands for the one file in it. Raises CannotConvert."""
    if isinstance(source, Path):
        if source.is_dir():
            source = only_file(source, what)
        if source.stat().st_size > MAX_SOURCE_BYTES:
            raise CannotConvert(f"it is larger than {MAX_SOURCE_BYTES:,} bytes")
        source = source.read_bytes()
    if isinstance(source, bytes):
        try:
            source = source.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CannotConvert(f"byte {error.start} is not UTF-8: save it as UTF-8") from None
    if not source.strip():
        raise CannotConvert(f"it is empty: it is no {what}")
    return source.removeprefix("\ufeff")


def only_file(folder: Path, what: str) -> Path:
    """The one file of a folder, as `export` leaves it. Raises CannotConvert."""
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    if len(names) != 1 or not (folder / names[0]).is_file():
        raise CannotConvert(f"{what} is one file, and this folder holds more: name the file")
    return folder / names[0]


def yaml_of(text: str, what: str) -> dict[str, Any]:
    """A mapping in YAML (or JSON, which is YAML). Raises CannotConvert with the first fault."""
    _, report = decode(text)
    value = None if report.failed else read_yaml(report)
    if report.failed:
        raise CannotConvert(f"it is no {what}: {_first(report.problems())}")
    if not isinstance(value, dict):
        raise CannotConvert(f"it is no {what}: it must be a mapping")
    return value


def json_of(text: str, what: str) -> Any:
    """A JSON value. Raises CannotConvert."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise CannotConvert(f"it is no {what}: {where}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise CannotConvert(f"it is no {what}: {str(error)[:200]}") from None
    return value


def frontmatter(text: str, what: str) -> tuple[dict[str, Any], str]:
    """The mapping between the two `---` lines and the body after them. Raises CannotConvert."""
    text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return {}, text
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            head = "".join(line + "\n" for line in lines[1:number])
            body = "\n".join(lines[number + 1 :])
            return (yaml_of(head, what) if head.strip() else {}), body
    raise CannotConvert(f"it is no {what}: the header that starts with --- has no end")


def documents(source: Source, extensions: Sequence[str], what: str) -> Iterator[tuple[str, Source]]:
    """One file, or those in a folder that end in `extensions`: the path without it, the source.

    The path is "" where there is none. Raises CannotConvert for a folder without such a file.
    """
    if not isinstance(source, Path):
        yield "", source
        return
    if not source.is_dir():
        yield _stem(source.name, extensions), source
        return
    found = []
    for place, folders, files in os.walk(source):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = Path(place).relative_to(source)
        found += [
            PurePosixPath(inside, name)
            for name in files
            if name.lower().endswith(tuple(extensions)) and not name.startswith(".")
        ]
    if not found:
        raise CannotConvert(f"the folder has no {what} ({', '.join(extensions)})")
    for relative in sorted(found):
        if not (source / relative).is_symlink():
            yield (
                str(relative.parent / _stem(relative.name, extensions)),
                source / relative,
            )


def path_of(stem: str, title: str = "") -> str:
    """A valid path for a file's path without extension, else for a title. Raises Left."""
    if not stem:
        stem = slug(title) or (stand_in(title) if title else "prompt")
    parts = [valid_name(part) or stand_in(part) for part in stem.split("/")]
    if len(parts) > MAX_PATH_PARTS:
        raise Left(f"its path has {len(parts)} parts: at most {MAX_PATH_PARTS} are allowed")
    return "/".join(parts)


def finish(name: str, members: Mapping[str, Any], notes: Sequence[str], namer: Namer) -> Converted:
    """The prompt file with these members, valid. Raises Left."""
    try:
        text = dump({key: value for key, value in members.items() if value is not None})
    except (CannotWrite, RecursionError) as error:
        raise Left(str(error)) from None
    errors = parse(text).errors
    if errors:
        where = f"{errors[0].key}: " if errors[0].key else ""
        raise Left(f"{where}{errors[0].message}")
    if len(text.encode()) > MAX_BYTES:
        raise Left(f"it would be larger than {MAX_BYTES:,} bytes")
    taken = namer.take(name)
    renamed = [f"named {taken!r}, because {name!r} is taken"] if taken != name else []
    return Converted(taken, text, (*notes, *renamed))


def conclude(prompts: Sequence[Converted], losses: Sequence[Loss], *, single: bool) -> Conversion:
    """The conversion. A source of one document that gave nothing is a CannotConvert."""
    if single and not prompts and losses:
        raise CannotConvert(losses[0].reason)
    return Conversion(tuple(prompts), tuple(losses))


def declare(
    inputs: dict[str, Any], texts: Sequence[Pieces], placeholders: Sequence[str], notes: list[str]
) -> None:
    """Add to declared inputs what the text uses and the source did not declare."""
    if not inputs:
        return
    for name in placeholders:
        inputs.setdefault(name, {})
        inputs[name] = {**inputs[name], "type": "array"}
    for pieces in texts:
        for name in variables_of(pieces):
            if name not in inputs:
                inputs[name] = {"type": "string"}
                notes.append(f"the variable {name!r} was not declared: it is a required text now")


def as_text(value: Any) -> str | None:
    """A text, or a number or flag as text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return None


def take_text(value: Any, key: str, losses: Losses) -> str | None:
    """A text, or a number or flag as text; anything else is a loss."""
    text = as_text(value)
    if text is None and value is not None:
        losses.add(f"{key} is not carried: it is no text")
    return text


def take_texts(value: Any, key: str, losses: Losses) -> list[str]:
    """The non-blank texts of a list; anything else is a loss."""
    if value is not None and not isinstance(value, list):
        losses.add(f"{key} is not carried: it is no list")
        return []
    texts = []
    for number, item in enumerate(value or ()):
        text = as_text(item)
        if text is not None and text.strip():
            texts.append(text)
        elif item is not None:
            losses.add(f"{key}[{number}] is not carried: it is no text, or blank")
    return texts


def renamed(
    given: Mapping[str, Any],
    names: Mapping[str, str],
    members: dict[str, Any],
    where: str,
    losses: Losses,
) -> None:
    """Add model parameters under our names; one whose name is taken by then is a loss."""
    parameters = members.setdefault("modelParameters", {})
    for name, value in given.items():
        ours = names.get(name, name)
        if value is None:
            continue
        if ours in parameters and parameters[ours] != value:
            losses.add(f"{where}.{name} is not carried: {ours} is given already")
        else:
            parameters[ours] = value


def leave(given: Mapping[str, Any], prefix: str, known: Collection[str], losses: Losses) -> None:
    """Name every member that is not known and not empty."""
    for name, value in given.items():
        if name not in known and value not in (None, "", [], {}):
            losses.add(f"{prefix}{name} is not carried")


def _first(problems: Sequence[Any]) -> str:
    return str(next(problem for problem in problems if problem.severity == "error"))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _stem(name: str, extensions: Sequence[str]) -> str:
    for extension in sorted(extensions, key=len, reverse=True):
        if extension and name.lower().endswith(extension):
            return name[: -len(extension)]
    return name.partition(".")[0]
