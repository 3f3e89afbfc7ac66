"""A table (CSV or TSV) as a source of prompts: one row, one prompt.

Owns the choice of columns and the mapping of a row. A column that is not chosen is reported as not
carried; a row without text is an error with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptops.cli.failures import BadInput
from promptops.cli.sources.model import MAX_FILE_BYTES, Collected, Found, Loss, Renamed
from promptops.cli.sources.naming import Paths, slug
from promptops.cli.sources.prompt_file import UNWRITABLE, write_prompt_file

_NAME_GUESSES = ("name", "act", "title", "key", "id")
_TEXT_GUESSES = ("prompt", "text", "content", "template")
_DESCRIPTION_GUESSES = ("description",)
_TAG_GUESSES = ("tags", "tag")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; "" and () mean "not said": found by their usual names."""

    name: str = ""
    text: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()

    def settle(self, header: Sequence[str], source: str) -> Columns:
        """The columns to use in a table with this header. Raises BadInput naming those there are."""
        name = self.name or _guess(header, _NAME_GUESSES)
        text = self.text or _guess(header, _TEXT_GUESSES)
        if not text:
            raise BadInput(
                f"{source}: no column is chosen for the prompt's text",
                remedy=f"say --text-column; the columns are: {', '.join(header)}",
            )
        settled = Columns(
            name=name,
            text=text,
            description=self.description or _guess(header, _DESCRIPTION_GUESSES),
            tags=self.tags or tuple(filter(None, [_guess(header, _TAG_GUESSES)])),
        )
        for column in settled.chosen:
            if column not in header:
                raise BadInput(
                    f"{source} has no column {column!r}",
                    remedy=f"the columns are: {', '.join(header)}",
                )
        return settled

    @property
    def chosen(self) -> tuple[str, ...]:
        """The columns that are carried over."""
        return tuple(filter(None, (self.name, self.text, self.description, *self.tags)))


def read_table(path: Path, columns: Columns, *, role: str, module: str) -> Collected:
    """The prompts of a CSV or TSV file, below `module` ("" for the top).

    Raises BadInput when the file cannot be read as a table, or a column is missing.
    """
    source = path.name
    rows = _rows(_read_text(path), "\t" if path.suffix.lower() == ".tsv" else None, source)
    header = next(rows, (1, []))[1]
    if not any(header):
        raise BadInput(f"{path} is empty", remedy="its first line names the columns")
    used = columns.settle(header, source)
    collected = Collected()
    for column in header:
        if column and column not in used.chosen:
            collected.losses.append(Loss(source, f"column {column!r} is not carried over"))
    paths = Paths()
    prefix = f"{module}/" if module else ""
    for line, row in rows:
        if any(row):
            _add(
                collected,
                paths,
                dict(zip(header, row, strict=False)),
                used,
                role,
                prefix,
                source,
                line,
            )
        if len(row) > len(header):
            collected.errors.append(
                _error(source, line, f"{len(row)} values for {len(header)} columns", "quote commas")
            )
    return collected


def _add(
    collected: Collected,
    paths: Paths,
    row: dict[str, str],
    columns: Columns,
    role: str,
    prefix: str,
    source: str,
    line: int,
) -> None:
    origin = f"{source}:{line}"

    def value(column: str) -> str:
        return _clean(row.get(column, ""), column, origin, collected) if column else ""

    text = value(columns.text)
    if not text.strip():
        collected.errors.append(
            _error(
                source,
                line,
                f"the column {columns.text!r} is empty",
                "write a text or delete the row",
            )
        )
        return
    title = re.sub(r"\s+", " ", value(columns.name)).strip()
    wanted = slug(title)
    named = wanted or f"prompt-{line}"
    path = paths.take(prefix + named)
    if not wanted:
        why = "no letter or digit of its name fits a path" if title else "it has no name"
        collected.renamed.append(Renamed(origin, title, path, why))
    elif path != prefix + named:
        collected.renamed.append(
            Renamed(origin, title, path, "the name is taken by an earlier row")
        )
    tags = [
        tag for column in columns.tags for tag in re.split(r"\s*[,;\n]\s*", value(column).strip())
    ]
    content = write_prompt_file(
        name=title or named,
        text=text,
        role=role,
        description=value(columns.description).strip(),
        tags=list(dict.fromkeys(filter(None, tags))),
    )
    found = Found(path, content, origin)
    if found.size > MAX_FILE_BYTES:
        collected.errors.append(
            _error(source, line, "the prompt is larger than 1 MiB", "shorten it")
        )
        return
    collected.found.append(found)


def _clean(text: str, column: str, origin: str, collected: Collected) -> str:
    """`text` with line ends as \\n and without characters no prompt file can hold, reported."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned, dropped = UNWRITABLE.subn("", text)
    if dropped:
        what = f"{dropped} control character{'s' if dropped > 1 else ''} of {column!r} left out"
        collected.losses.append(Loss(origin, what))
    return cleaned


def _rows(text: str, delimiter: str | None, source: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it starts on."""
    first = text.partition("\n")[0]
    sign = delimiter or (";" if first.count(";") > first.count(",") else ",")
    csv.field_size_limit(MAX_FILE_BYTES * 2)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    line = 1
    try:
        for row in reader:
            yield line, [name.strip() for name in row] if line == 1 else row
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"{source} is not a well-formed table",
            errors=[_error(source, line, str(error), "check the quotes of this row")],
        ) from None


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{path} is not UTF-8",
            errors=[
                _error(path.name, line, f"byte 0x{error.object[error.start]:02x} is not UTF-8", "")
            ],
            remedy="save it as UTF-8",
        ) from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}") from None


def _guess(header: Sequence[str], names: Sequence[str]) -> str:
    lower = {column.lower(): column for column in reversed(header)}
    return next((lower[name] for name in names if name in lower), "")


def _error(source: str, line: int, message: str, fix: str) -> dict[str, object]:
    return {"file": source, "line": line, "message": message, "fix": fix}
