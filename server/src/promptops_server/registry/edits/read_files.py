"""Read files of other tools, as somebody sent them, as prompts: each by its own format.

Owns which reader takes which file, and that a file nobody can read keeps no other one out. What the formats mean is
`promptops.format.convert`. Files lie in a temporary folder while they are read, because the readers go by names.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from promptops.format.convert import (
    BadOption,
    CannotConvert,
    Converted,
    Converter,
    converter_named,
    guess,
)
from promptops.format.convert.archives import ARCHIVES, BadArchive, unpacked
from promptops.format.convert.csv import columns_of, delimiter_of
from promptops.format.convert.directory import passed_over
from promptops.format.names import InvalidName, check_path
from promptops.format.naming import stand_in, valid_name
from promptops_server.infra.problems import Invalid
from promptops_server.registry.edits.frame import refuse_too_many

_TEXTS = (".txt", ".md", ".markdown")
_MAX_NAME = 500
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with its path from where it was taken (`letters/thanks.md`)."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to read: `format` for every file instead of going by name and content; the others as of the reader of tables."""

    format: str = ""
    module: str = ""
    role: str = ""
    name_column: str = ""
    text_column: str = ""
    description_column: str = ""
    tag_columns: tuple[str, ...] = ()
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A prompt, the file it came from and the format it had there."""

    file: str
    format: str
    prompt: Converted


@dataclass(frozen=True, slots=True)
class Left:
    """What was not carried: `where` in the file (a row, a prompt; empty for the whole), `key`, and why."""

    file: str
    reason: str
    where: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file that is a table, to choose from."""

    file: str
    columns: tuple[str, ...]


@dataclass(slots=True)
class Readings:
    """Everything the files gave."""

    found: list[Found] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def read_files(uploads: Sequence[Upload], wishes: Wishes) -> Readings:
    """Read them all.

    Raises:
        Invalid: a name leads elsewhere or is given twice, or the format or module is none. What is wrong with the content
            of a file is told in the answer.
        TooLarge: more files than an edit may have prompts.
    """
    refuse_too_many(len(uploads), "An import")
    _check_names(uploads)
    _check_wishes(wishes)
    readings = Readings()
    with tempfile.TemporaryDirectory(prefix="promptops-import-") as made, ExitStack() as archives:
        for number, upload in enumerate(uploads):
            folder = Path(made) / str(number)
            folder.mkdir()
            place = folder / PurePosixPath(upload.name).name
            place.write_bytes(upload.data)
            if not upload.name.lower().endswith(ARCHIVES):
                _read_one(upload.name, upload.name, folder, place, wishes, readings)
                continue
            try:
                inside, left = archives.enter_context(unpacked(place))
            except BadArchive as error:
                remedy = f": {error.remedy}" if error.remedy else ""
                readings.left.append(Left(upload.name, f"the archive {error}{remedy}"))
                continue
            readings.left += [Left(upload.name, reason, where) for where, reason in left]
            for name, path in _files_in(inside):
                alone = Path(made) / f"{number}-{len(readings.found)}-{len(readings.left)}"
                alone.mkdir(exist_ok=True)
                moved = path.rename(alone / path.name)
                shown = f"{upload.name}: {name}"
                _read_one(shown, name, alone, moved, wishes, readings)
                moved.unlink()
    return readings


def _check_names(uploads: Sequence[Upload]) -> None:
    seen: set[str] = set()
    for number, upload in enumerate(uploads):
        parts = upload.name.split("/")
        fault = ""
        if any(part in ("", ".", "..") for part in parts) or any(c in upload.name for c in "\\\0"):
            fault = "it is no path below a folder"
        elif len(upload.name) > _MAX_NAME or any(len(part.encode()) > 255 for part in parts):
            fault = f"it is longer than {_MAX_NAME} characters, or a part of it than 255 bytes"
        elif len(parts) > _MAX_DEPTH:
            fault = f"it lies more than {_MAX_DEPTH} folders deep"
        elif upload.name in seen:
            fault = "there are two files of this name"
        if fault:
            raise Invalid(
                f"The file name {upload.name[:200]!r} cannot be read: {fault}.",
                errors=[{"field": f"files.{number}.name", "message": fault}],
            )
        seen.add(upload.name)


def _check_wishes(wishes: Wishes) -> None:
    try:
        if wishes.format:
            converter_named(wishes.format)
        if wishes.module:
            check_path(wishes.module)
    except BadOption as error:
        raise Invalid(
            f"{str(error)[:1].upper()}{str(error)[1:]}.",
            errors=[{"field": "format", "message": str(error)}],
        ) from None
    except InvalidName as error:
        raise Invalid(
            f"{wishes.module[:200]!r} cannot be a module.",
            errors=[{"field": "module", "message": str(error)}],
        ) from None


def _files_in(inside: Path) -> Iterator[tuple[str, Path]]:
    if inside.is_file():
        yield inside.name, inside
        return
    for path in sorted(inside.rglob("*")):
        relative = path.relative_to(inside)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative.as_posix(), path


def _read_one(
    shown: str, name: str, folder: Path, place: Path, wishes: Wishes, readings: Readings
) -> None:
    """Read the one file in `folder`. `shown` is what people know it as, `name` gives the prompt's modules."""
    try:
        reader = _reader(place, wishes.format)
        if isinstance(reader, str):
            readings.left.append(Left(shown, reader))
            return
        options, notes = _options(reader.name, name, place, wishes)
        if reader.name == "csv":
            columns = columns_of(place, options["delimiter"])
            readings.tables.append(Table(shown, tuple(columns)))
        done = reader.read(folder if reader.name == "directory" else place, options)
    except (BadOption, CannotConvert) as error:
        readings.left.append(Left(shown, str(error)))
        return
    for prompt in done.prompts:
        told = Converted(prompt.name, prompt.text, (*notes, *prompt.notes), prompt.extension)
        readings.found.append(Found(shown, reader.name, told))
    single = {place.name, PurePosixPath(place.name).stem, "the file"}
    readings.left += [
        Left(shown, loss.reason, "" if loss.where in single else loss.where, loss.key_text)
        for loss in done.losses
    ]
    refuse_too_many(len(readings.found), "An import")


def _reader(place: Path, forced: str) -> Converter | str:
    """The reader of a file, or why there is none."""
    if forced:
        return converter_named(forced)
    if passed_over(place.name):
        return "it speaks about its folder, and is no prompt: rename it to bring it in as one"
    found = guess(place)
    if found is not None:
        # A prompt file that is not valid comes in as it is too: the project says what is wrong with it, line by line.
        return converter_named("directory") if found.name == "github" else found
    if place.suffix.lower() in _TEXTS:
        return converter_named("directory")
    return "no format is known for it by its name or content: say what it is"


def _options(
    reader: str, name: str, place: Path, wishes: Wishes
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The options of a reader, and what to tell about folders whose names had to change."""
    folders = PurePosixPath(name).parts[:-1]
    named = [valid_name(part) or stand_in(part) for part in folders]
    notes: tuple[str, ...] = ()
    if list(folders) != named:
        notes = (f"in {'/'.join(named)!r}, because {'/'.join(folders)!r} is no valid name",)
    options: dict[str, Any] = {"module": "/".join(filter(None, [wishes.module, *named]))}
    if reader in ("csv", "directory"):
        options["role"] = wishes.role
    if reader == "csv":
        options |= {
            "delimiter": wishes.delimiter or delimiter_of(place),
            "name_column": wishes.name_column,
            "text_column": wishes.text_column,
            "description_column": wishes.description_column,
            "tags_columns": list(wishes.tag_columns),
        }
    return {key: value for key, value in options.items() if value}, notes
