"""The JSON form of a prompt file: its YAML members as JSON, and back to text without losing comments.

A file sent as JSON is written as the smallest edit of the text it was made from, so that comments and order survive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from promptops.format import parse
from promptops.format.editor import REMOVE, CannotEdit, edit, same
from promptops.format.source import decode
from promptops.format.yaml_reader import read_yaml
from promptops.format.yaml_text import CannotWrite, dump
from promptops_server.infra.problems import BadRequest, Invalid
from promptops_server.registry.errors import NotAcceptable

_Path = tuple[str | int, ...]


def read_json(body: bytes) -> Any:
    """A JSON body.

    Raises:
        BadRequest: it is not JSON, or holds NaN or an infinity.
    """
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            f"The body is not JSON: {error}.", remedy="Send JSON in UTF-8.", slug="bad-json"
        ) from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def text_of(data: Mapping[str, Any], base: str | None) -> str:
    """The prompt file that `data` is the JSON form of; an edit of `base` where there is one.

    Raises:
        Invalid: a value has no form in a prompt file.
    """
    try:
        if base is not None:
            before = _data(base)
            if isinstance(before, Mapping) and before:
                try:
                    return edit(base, changes(before, data))
                except CannotEdit:
                    pass  # a text too unusual to be edited is written anew
        return dump(data)
    except (CannotWrite, RecursionError) as error:
        raise Invalid(f"This cannot be written as a prompt file: {error}.") from error


def json_of(text: str) -> Mapping[str, Any]:
    """The JSON form of a prompt file.

    Raises:
        NotAcceptable: the file has no JSON form, because it is no YAML mapping.
    """
    file = parse(text).file
    data = file.data if file is not None else _data(text)
    if not isinstance(data, Mapping):
        raise NotAcceptable(
            "This version is not readable YAML, so it has no JSON form.",
            remedy="Ask for it with Accept: application/yaml.",
        )
    return data


def _data(text: str) -> Any:
    _, report = decode(text)
    data = None if report.failed else read_yaml(report)
    return None if report.failed else data


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[Sequence[str | int], Any]:
    """Key paths to new values (or `REMOVE`) that turn `before` into `after`, as deep as both have the same shape."""
    found: dict[Sequence[str | int], Any] = {}
    _compare((), before, after, found)
    return found


def _compare(path: _Path, before: Any, after: Any, found: dict[Sequence[str | int], Any]) -> None:
    if same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping) and (after or not path):
        for name, value in after.items():
            if name in before:
                _compare((*path, name), before[name], value, found)
            else:
                found[(*path, name)] = value
        for name in before:
            if name not in after:
                found[(*path, name)] = REMOVE
    elif isinstance(before, list) and isinstance(after, list) and before and after:
        for index in range(min(len(before), len(after))):
            _compare((*path, index), before[index], after[index], found)
        for index in range(len(before), len(after)):
            found[(*path, index)] = after[index]
        for index in reversed(range(len(after), len(before))):
            found[(*path, index)] = REMOVE
    else:
        found[path] = after
