"""A prompt's variables as they are given on a command line.

Owns reading them from `NAME=VALUE`, `NAME=@FILE` and JSON files, and giving them the types that the
prompt declares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.failures import BadInput

InputsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="NAME=VALUE",
        help="A variable; NAME=@FILE takes a file's text. What is no text is written as JSON.",
    ),
]
InputsFileOption = Annotated[
    Path | None,
    typer.Option("--inputs", metavar="FILE", help="Variables as a JSON object; - for stdin."),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", help="A model or family, to choose the variant.")
]


@dataclass(frozen=True, slots=True)
class Written:
    """A value as text, whose type is not known yet."""

    text: str


def read_inputs(given: Sequence[str], file: Path | None) -> dict[str, Any]:
    """The values by name; those of `given` go before those of the file. Raises BadInput."""
    values: dict[str, Any] = {} if file is None else _read_json(file)
    for item in given:
        name, sign, text = item.partition("=")
        if not sign or not name:
            raise BadInput(f"{item!r} is no variable", remedy="write -i name=value")
        if text.startswith("@"):
            try:
                text = Path(text[1:]).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise BadInput(f"{text[1:]} cannot be read: {error}") from None
        values[name] = Written(text)
    return values


def typed(values: Mapping[str, Any], declared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values with written ones read as the type their variable has. Raises BadInput."""
    result: dict[str, Any] = {}
    for name, value in values.items():
        kind = str(declared.get(name, {}).get("type") or "string")
        if isinstance(value, Written):
            value = value.text if kind == "string" else _from_json(name, kind, value.text)
        result[name] = value
    return result


def _from_json(name: str, kind: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        example = {"boolean": "true", "array": '["a", "b"]', "object": '{"a": 1}'}.get(kind, "3")
        raise BadInput(
            f"{name} is {kind}, and {text[:60]!r} is not written as one",
            remedy=f"write it as JSON, for example -i '{name}={example}'",
        ) from None


def _read_json(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        value = json.loads(text)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadInput(f"{file} is not a JSON object of names and values")
    return value
