"""Conversion from and to other formats, one file per format.

Owns the registry and the shape of a converter: a module in this folder with

- `NAME`, how users name the format (`--format csv`), and `EXTENSIONS`, the file names it is tried for,
- `read(source, options) -> Conversion` and `write(prompts, options) -> Written`, which never lose
  anything silently: what cannot be carried is a loss that names it, what was changed is a note.

A module with a `NAME` is a converter; adding a file is all it takes. Every converter passes the
shared contract test. The text of a prompt file that a converter makes is valid when parsed.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ...errors import PromptOpsError
from ..model import PromptFile
from ..problem import KeyPath, key_text


@dataclass(frozen=True, slots=True)
class Converted:
    """One prompt: `name` is its path in a project (`module/prompt`), `text` the prompt file's text.

    `notes` say what was changed or is worth knowing, each a sentence. `extension` is that of the
    file to write.
    """

    name: str
    text: str
    notes: tuple[str, ...] = ()
    extension: str = ".prompt.yml"


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that was not carried: where it was (`row 12`, a file, a prompt) and why.

    `key` is the key of the prompt file that was lost, empty for the whole of `where`.
    """

    where: str
    reason: str
    key: KeyPath = ()

    @property
    def key_text(self) -> str:
        """The key as people write it: `messages[0].content`."""
        return key_text(self.key)

    def __str__(self) -> str:
        key = f"{self.key_text}: " if self.key else ""
        return f"{self.where}: {key}{self.reason}"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a source gave: prompts in its order, and everything that was left behind."""

    prompts: tuple[Converted, ...]
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A prompt to be written: its path in a project, its value, and its text as it is kept."""

    name: str
    file: PromptFile
    text: str
    extension: str = ".prompt.yml"


@dataclass(frozen=True, slots=True)
class Written:
    """What a format made of prompts: files as (relative path, text), and what they lack."""

    files: tuple[tuple[str, str], ...]
    losses: tuple[Loss, ...] = ()


class CannotConvert(PromptOpsError, ValueError):
    """The source as a whole cannot be read in this format; the message says why."""

    code = "cannot-convert"


class BadOption(PromptOpsError, ValueError):
    """An option is unknown or does not fit; the message names it and what there is."""

    code = "bad-option"


Source: TypeAlias = bytes | str | Path
Reader: TypeAlias = Callable[[Source, Mapping[str, Any]], Conversion]
Writer: TypeAlias = Callable[[Sequence[Outgoing], Mapping[str, Any]], Written]


@dataclass(frozen=True, slots=True)
class Converter:
    """A format found in this folder. `summary` is its docstring's first line."""

    name: str
    extensions: tuple[str, ...]
    summary: str
    read: Reader
    write: Writer


@functools.cache
def converters() -> Mapping[str, Converter]:
    """Every converter by name. Raises RuntimeError for two of one name."""
    found: dict[str, Converter] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        name = getattr(loaded, "NAME", None)
        if name is None:
            continue
        if name in found:
            raise RuntimeError(f"two converters are named {name!r}")
        summary = (loaded.__doc__ or "").strip().partition("\n")[0]
        found[name] = Converter(name, tuple(loaded.EXTENSIONS), summary, loaded.read, loaded.write)
    return found


def converter_for(path: Path) -> Converter | None:
    """The converter for a file by its name, or for a folder; None if there is none."""
    if path.is_dir():
        return converters().get("directory")
    fitting = [
        (len(extension), converter)
        for converter in converters().values()
        for extension in converter.extensions
        if extension and path.name.lower().endswith(extension)
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def guess(path: Path) -> Converter | None:
    """The converter for a file or folder by its name, else the one whose keys a JSON or YAML file has; or None.

    Raises OSError.
    """
    found = converter_for(path)
    if found is not None or path.suffix.lower() not in (".json", ".yaml", ".yml"):
        return found
    start = path.read_bytes()[:4096].decode("utf-8", "replace")
    for keys, name in _SHOWN_BY:
        if keys.search(start):
            return converters().get(name)
    return None


_SHOWN_BY = (
    (re.compile(r'(?m)^\s*["{\[\s]*"?template"?\s*:'), "mlflow"),
    (re.compile(r'(?m)^\s*["{\[\s]*"?prompts"?\s*:'), "promptfoo"),
    (re.compile(r'"prompt"\s*:'), "langfuse"),
)


def read(format_name: str, source: Source, options: Mapping[str, Any] | None = None) -> Conversion:
    """Convert a source. Raises BadOption (also for an unknown format) or CannotConvert."""
    return converter_named(format_name).read(source, options or {})


def write(
    format_name: str, prompts: Sequence[Outgoing], options: Mapping[str, Any] | None = None
) -> Written:
    """Write prompts in a format. Raises BadOption, also for an unknown format."""
    return converter_named(format_name).write(prompts, options or {})


def converter_named(format_name: str) -> Converter:
    """The converter of this name. Raises BadOption."""
    known = converters()
    if format_name not in known:
        raise BadOption(f"there is no format {format_name!r}; there are: {', '.join(known)}")
    return known[format_name]
