"""Tables with one prompt per row (CSV with a header).

Options:

- `name_column`, `text_column`: by default the first of name, title, act and of prompt, text, content
  that the header has.
- `description_column`; `tags_columns`: a list (or names separated by commas). A tags cell may hold
  several tags separated by commas; a cell that reads TRUE or FALSE gives the column's name as tag,
  or none.
- `role`: `user` (default) or `system`.
- `module`: a folder for all prompts.
- `delimiter`: `,` by default.

The text is kept exactly, braces included: `{{ name }}` in it is a variable from then on, which a
note says. Write: one file `prompts.csv` with the columns name and text, and description and tags where a
prompt has them; a row holds one message.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..names import InvalidName, check_path
from ..naming import Namer, slug, stand_in
from ..parser import parse
from ..yaml_text import CannotWrite, dump
from . import BadOption, CannotConvert, Conversion, Converted, Loss, Outgoing, Source, Written
from .reading import check_options, only_file
from .templates import Left, to_ours
from .writing import Losses, Turn, turns_of

NAME = "csv"
EXTENSIONS = (".csv", ".tsv")

_OPTIONS = (
    *("name_column", "text_column", "description_column", "tags_columns"),
    *("role", "module", "delimiter"),
)
_NAME_COLUMNS = ("name", "title", "act")
_TEXT_COLUMNS = ("prompt", "text", "content")
_MAX_CELL = 1024 * 1024


def read(source: Source, options: Mapping[str, Any]) -> Conversion:
    """Convert the rows. Raises CannotConvert for a table that cannot be read, and BadOption."""
    rows = _rows(_text(source), _option(options, "delimiter", ","))
    header = next(rows, (0, []))[1]
    columns = _Columns(header, options)
    role = _option(options, "role", "user")
    if role not in ("user", "system"):
        raise BadOption(f"role must be user or system, not {role!r}")
    prefix = _prefix(options)
    namer = Namer()
    prompts: list[Converted] = []
    losses = [Loss("the header", f"column {name!r} was not chosen") for name in columns.left_over()]
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            reason = f"it has {len(row)} cells where the header has {len(header)}"
            losses.append(Loss(f"row {number}", reason))
            continue
        try:
            prompts.append(_convert(row, columns, role, prefix, namer))
        except (_BadRow, CannotWrite) as error:
            losses.append(Loss(f"row {number}", str(error)))
    return Conversion(tuple(prompts), tuple(losses))


def columns_of(source: Source, delimiter: str) -> list[str]:
    """The names in the header, to choose from. Raises CannotConvert, and BadOption for the delimiter."""
    return [cell.strip() for cell in next(_rows(_text(source), delimiter), (0, []))[1]]


def delimiter_of(source: Source) -> str:
    """What most likely stands between the columns: the one of comma, semicolon and tab that the header has most of.

    Raises CannotConvert.
    """
    header = _text(source).lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=header.count)


class _BadRow(ValueError):
    pass


class _Columns:
    """Which column holds what, by index."""

    def __init__(self, header: list[str], options: Mapping[str, Any]) -> None:
        unknown = [name for name in options if name not in _OPTIONS]
        if unknown:
            raise BadOption(f"there is no option {unknown[0]!r}; there are: {', '.join(_OPTIONS)}")
        self.header = [cell.strip() for cell in header]
        if len(set(self.header)) != len(self.header):
            raise CannotConvert(f"the header names a column twice: {', '.join(self.header)}")
        self.name = self._find(options.get("name_column"), _NAME_COLUMNS, "name_column")
        self.text = self._find(options.get("text_column"), _TEXT_COLUMNS, "text_column")
        described = options.get("description_column")
        self.description = self._index(described, "description_column") if described else None
        tags = options.get("tags_columns") or ()
        if isinstance(tags, str):
            tags = [name.strip() for name in tags.split(",")]
        self.tags = [self._index(name, "tags_columns") for name in tags]

    def left_over(self) -> list[str]:
        """The columns nothing is read from, in their order."""
        used = {self.name, self.text, self.description, *self.tags}
        return [name for index, name in enumerate(self.header) if index not in used]

    def _find(self, given: Any, usual: tuple[str, ...], option: str) -> int:
        if given:
            return self._index(given, option)
        lower = [name.lower() for name in self.header]
        for name in usual:
            if name in lower:
                return lower.index(name)
        raise BadOption(
            f"no column is called {' or '.join(usual)}: choose {option} among {', '.join(self.header)}"
        )

    def _index(self, name: str, option: str) -> int:
        if name not in self.header:
            raise BadOption(
                f"{option}: there is no column {name!r}; there are: {', '.join(self.header)}"
            )
        return self.header.index(name)


def _convert(row: list[str], columns: _Columns, role: str, prefix: str, namer: Namer) -> Converted:
    title, text = row[columns.name].strip(), row[columns.text]
    if not text.strip():
        raise _BadRow(f"the column {columns.header[columns.text]!r} is blank")
    if not title:
        raise _BadRow(f"the column {columns.header[columns.name]!r} is blank")
    wanted = slug(title) or stand_in(title)
    members: dict[str, Any] = {"name": title}
    if columns.description is not None and row[columns.description].strip():
        members["description"] = row[columns.description]
    members["messages"] = [{"role": role, "content": text}]
    tags = list(dict.fromkeys(_tags(row, columns)))
    if tags:
        members["tags"] = tags
    written = dump(members)
    parsed = parse(written)
    if parsed.file is None:
        raise _BadRow(parsed.errors[0].message)
    name = namer.take(prefix + wanted)
    notes = []
    if not slug(title):
        notes.append(f"named {wanted!r}, because {title!r} has no letter that a name may have")
    if name != prefix + wanted:
        notes.append(f"named {name!r}, because {prefix + wanted!r} is taken by an earlier row")
    if parsed.file.inputs:
        listed = ", ".join(parsed.file.inputs)
        notes.append(f"its text has variables, which become required inputs: {listed}")
    odd = sum(problem.code == "literal-braces" for problem in parsed.problems)
    if odd:
        notes.append(
            f"its text has pairs of braces that are no variables and stay as they are ({odd})"
        )
    return Converted(name, written, tuple(notes))


def _tags(row: list[str], columns: _Columns) -> Iterator[str]:
    for index in columns.tags:
        cell = row[index].strip()
        if cell.upper() in ("TRUE", "FALSE"):
            if cell.upper() == "TRUE":
                yield columns.header[index]
        else:
            yield from (tag.strip() for tag in cell.split(",") if tag.strip())


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers; the header is row 1, as a spreadsheet counts."""
    if len(delimiter) != 1:
        raise BadOption(f"delimiter must be one character, not {delimiter!r}")
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CannotConvert(f"row {number}: this is not a table in CSV: {error}") from None
        yield number, row


def _text(source: Source) -> str:
    if isinstance(source, Path):
        source = (only_file(source, "a table") if source.is_dir() else source).read_bytes()
    if isinstance(source, bytes):
        try:
            source = source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise CannotConvert(f"line {line} is not UTF-8: save the table as UTF-8") from None
    if not source.strip():
        raise CannotConvert("the table is empty: it needs a header and rows")
    return source.removeprefix("\ufeff")


def _prefix(options: Mapping[str, Any]) -> str:
    module = options.get("module")
    if not module:
        return ""
    try:
        return check_path(str(module)) + "/"
    except InvalidName as error:
        raise BadOption(f"module: {error}") from None


def _option(options: Mapping[str, Any], name: str, default: str) -> str:
    return str(options.get(name) or default)


def write(prompts: Sequence[Outgoing], options: Mapping[str, Any]) -> Written:
    """One table of all prompts. Raises BadOption."""
    check_options(options, ())
    rows: list[dict[str, str]] = []
    losses: list[Loss] = []
    for prompt in prompts:
        lost = Losses(prompt.name)
        try:
            rows.append(_row(prompt, lost))
        except Left as error:
            losses.append(Loss(prompt.name, f"not written: {error}"))
        else:
            losses += lost.found
    if not rows:
        return Written((), tuple(losses))
    more = [name for name in ("description", "tags") if any(name in row for row in rows)]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["name", "text", *more], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return Written((("prompts.csv", out.getvalue()),), tuple(losses))


def _row(prompt: Outgoing, losses: Losses) -> dict[str, str]:
    file = prompt.file
    if len(file.messages) > 1:
        raise Left(f"it has {len(file.messages)} messages, and a row holds one")
    [turn] = turns_of(prompt, losses)
    assert isinstance(turn, Turn)  # a placeholder alone was refused
    losses.uncarried(prompt, ("name", "description", "tags"), "a table")
    if turn.role != "user":
        losses.add(f"the role {turn.role} is not kept: say it on import", "messages", 0, "role")
    title = file.name.strip() or prompt.name.rpartition("/")[2]
    if file.name != file.name.strip():
        losses.add("white space around the name is dropped", "name")
    if (slug(title) or stand_in(title)) != prompt.name:
        losses.add(f"its path is not kept: the row is called {title!r}")
    row = {"name": title, "text": to_ours(turn.pieces)}
    if file.description.strip():
        row["description"] = file.description
    elif file.data.get("description") is not None:
        losses.add("a blank text is no cell", "description")
    if file.tags:
        row["tags"] = ",".join(file.tags)
        back = [tag.strip() for tag in row["tags"].split(",") if tag.strip()]
        if tuple(dict.fromkeys(back)) != file.tags or row["tags"].upper() in ("TRUE", "FALSE"):
            losses.add("a tag with a comma or white space around it is changed", "tags")
    elif file.data.get("tags") is not None:
        losses.add("an empty list is no cell", "tags")
    return row
