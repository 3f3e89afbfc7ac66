"""Changing unusual YAML through ruamel.yaml's round trip: the way round when `editor` cannot splice.

Owns the settings under which a file comes back nearly as it was: its indentation, quotes, order and
comments, and no re-wrapping of lines. About 20 times slower than reading, and loaded only here.
"""

from __future__ import annotations

import io
import re
from typing import Any

from . import yaml_text
from .problem import KeyPath


def edit_round_trip(text: str, path: KeyPath, value: Any, *, remove: bool) -> str:
    """The text with the value at `path` set or removed. The parent of `path` must exist."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 2**31
    yaml.allow_duplicate_keys = False
    yaml.indent(**_indentation(text))
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    root = yaml.load(text.replace("\r\n", "\n"))
    if not path:
        return yaml_text.dump(value)
    parent = root
    for part in path[:-1]:
        parent = parent[_own_key(parent, part)]
    last = _own_key(parent, path[-1])
    if remove:
        del parent[last]
    elif isinstance(parent, list) and last == len(parent):
        parent.append(_ruamel_value(value))
    else:
        parent[last] = _ruamel_value(value)
    out = io.StringIO()
    yaml.dump(root, out)
    return out.getvalue().replace("\n", end_of_line)


def _own_key(parent: Any, part: str | int) -> Any:
    """The key as ruamel holds it: it may have read `1:` as a number, where we read a text."""
    if isinstance(part, str) and part not in parent:
        return next((key for key in parent if str(key) == part), part)
    return part


def _ruamel_value(value: Any) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if isinstance(value, str):
        if "\n" in value and yaml_text.can_be_literal(value):
            return LiteralScalarString(value)
        return value if yaml_text.one_line(value) == value else DoubleQuotedScalarString(value)
    if isinstance(value, dict):
        return {key: _ruamel_value(item) for key, item in value.items()}
    return [_ruamel_value(item) for item in value] if isinstance(value, list | tuple) else value


def _indentation(text: str) -> dict[str, int]:
    """How the file indents lists under a key: `messages:` and the column of its dashes."""
    found = re.search(
        r"^( *)[^\s#-][^\n]*:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)-( +)", text, re.M
    )
    if found is None:
        return {"mapping": 2, "sequence": 4, "offset": 2}
    offset = max(0, len(found[2]) - len(found[1]))
    return {"mapping": 2, "sequence": offset + 1 + len(found[3]), "offset": offset}
