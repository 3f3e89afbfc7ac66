"""How results and failures are written: for a person, for a pipe, or as JSON.

Results go to stdout, everything said about them (notes, questions, failures) to stderr. On a
terminal lists are tables; into a pipe they are one tab-separated line each, so that `cut` and
`grep` work. Colour only on a terminal, never with NO_COLOR. Text from the server cannot steer the
terminal: control characters are shown, not sent.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, TextIO

import typer

from promptops.cli.failures import problem_lines

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """`text` with control characters and direction overrides written out; line ends and tabs stay."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\r\n", "\n"))


def coloured(stream: TextIO) -> bool:
    """Whether colour may be written to this stream."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def is_terminal(stream: Any) -> bool:
    """Whether a person looks at this stream, or types into it."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def paint(text: str, colour: str | None, stream: TextIO, *, bold: bool = False) -> str:
    """`text` in a colour, where the stream may have colour."""
    if (colour is None and not bold) or not coloured(stream):
        return text
    return typer.style(text, fg=colour, bold=bold or None)


def write(stream: TextIO, text: str) -> None:
    """Write and flush, so that a reader that went away is noticed here and not at exit.

    A character the stream's encoding lacks is written as an escape instead of failing.
    """
    try:
        stream.write(text)
    except UnicodeEncodeError as error:
        encoding = error.encoding
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def note(text: str) -> None:
    """Say something beside the result."""
    write(sys.stderr, visible(text) + "\n")


def warn(text: str) -> None:
    """Say something beside the result that deserves a look."""
    write(sys.stderr, paint("warning:", "yellow", sys.stderr, bold=True) + f" {visible(text)}\n")


def report_failure(document: Mapping[str, Any], *, as_json: bool) -> None:
    """Write a problem document to stderr."""
    if as_json:
        write(sys.stderr, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return
    lines = [visible(line) for line in problem_lines(document)]
    lines[0] = paint("error:", "red", sys.stderr, bold=True) + lines[0].removeprefix("error:")
    if isinstance(document.get("diff"), str):  # the two sides of a conflict
        lines[1:1] = _diff_lines(document["diff"], sys.stderr)
    write(sys.stderr, "\n".join(lines) + "\n")


class Output:
    """The result of one command. With `as_json` only `json` writes; else only the other methods.

    `aside` writes to stderr: for what is shown before a question.
    """

    def __init__(self, as_json: bool, *, aside: bool = False) -> None:
        self.as_json = as_json
        self._aside = aside

    @property
    def stream(self) -> TextIO:
        """Where this writes, now: tests and pipes replace it."""
        return sys.stderr if self._aside else sys.stdout

    def json(self, value: Any) -> None:
        """The whole result, for programs."""
        if self.as_json:
            write(self.stream, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def line(self, text: str = "", colour: str | None = None) -> None:
        """One line (or several)."""
        if not self.as_json:
            write(self.stream, paint(visible(text), colour, self.stream) + "\n")

    def exact(self, content: bytes) -> None:
        """A text file: byte for byte into a pipe, made harmless on a terminal."""
        if self.as_json:
            return
        if is_terminal(self.stream):
            text = visible(content.decode("utf-8", "replace"))
            write(self.stream, text + ("" if text.endswith("\n") else "\n"))
        else:
            self.stream.flush()
            self.stream.buffer.write(content)
            self.stream.buffer.flush()

    def fields(self, pairs: Iterable[tuple[str, Any]]) -> None:
        """Names and values, one a line; empty values are left out."""
        if self.as_json:
            return
        shown = [(name, cell(value)) for name, value in pairs if value not in (None, "", [], ())]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            label = paint(f"{name}:".ljust(width + 1), None, self.stream, bold=True)
            body = visible(value).replace("\n", "\n" + " " * (width + 2))
            write(self.stream, f"{label} {body}\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
        """A list; `empty` is the note for a list without rows."""
        if self.as_json:
            return
        texts = [[visible(cell(value)) for value in row] for row in rows]
        if not texts:
            note(empty)
        elif is_terminal(self.stream):
            _rich_table(self.stream, columns, texts)
        else:
            flat = ("\t".join(re.sub(r"[\t\n]+", " ", text) for text in row) for row in texts)
            write(self.stream, "\n".join(flat) + "\n")

    def diff(self, text: str) -> None:
        """A unified diff, coloured on a terminal."""
        if self.as_json:
            return
        lines = _diff_lines(text, self.stream)
        if lines:
            write(self.stream, "\n".join(lines) + "\n")


def cell(value: Any) -> str:
    """A value as a person reads it: nothing for null, yes/no, items joined by commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def when(text: Any) -> str:
    """A server time cut to seconds: `2026-01-02 03:04:05Z`."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z", str(text or ""))
    return f"{found[1]} {found[2]}Z" if found else cell(text)


def _diff_lines(text: str, stream: TextIO) -> list[str]:
    return [paint(visible(line), _diff_colour(line), stream) for line in text.splitlines()]


def _diff_colour(line: str) -> str | None:
    if line.startswith(("+++", "---")):
        return "bright_black"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])


def _rich_table(stream: TextIO, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, no_color=not coloured(stream), highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    console.print(table)
