"""A folder (or one file) of prompt files as a source: each keeps its place and its exact text.

Owns which files count. Hidden folders and links are not followed; other files are left alone and
reported by number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptops.cli.failures import BadInput
from promptops.cli.sources.model import MAX_FILE_BYTES, Collected, Found, Loss, Renamed
from promptops.cli.sources.naming import Paths, fit
from promptops.format.names import EXTENSIONS


def read_folder(root: Path, *, module: str) -> Collected:
    """The prompt files below `root`, below `module` ("" for the top). Raises BadInput for no folder."""
    collected = Collected()
    paths = Paths()
    others = 0
    for file in _files(root):
        relative = file.relative_to(root if root.is_dir() else root.parent).as_posix()
        extension = next((e for e in EXTENSIONS if relative.endswith(e)), "")
        if not extension:
            others += 1
            continue
        wanted = relative.removesuffix(extension)
        parts = [fit(part) for part in wanted.split("/")]
        if not all(parts):
            collected.errors.append(
                _error(relative, "no letter or digit of its name fits a path", "rename it")
            )
            continue
        fitting = "/".join([*([module] if module else []), *parts])
        path = paths.take(fitting)
        text = _read(file, relative, collected)
        if text is None:
            continue
        if path != fitting:
            why = "another file has this path, but for case or extension"
            collected.renamed.append(Renamed(relative, wanted, path, why))
        elif parts != wanted.split("/"):
            why = "a name has letters, digits, dots, dashes and underscores"
            collected.renamed.append(Renamed(relative, wanted, path, why))
        collected.found.append(Found(path, text, relative, extension))
    if others:
        what = f"{others} other file{'s' if others > 1 else ''} left alone"
        collected.losses.append(Loss(root.name or str(root), what))
    return collected


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    if not root.is_dir():
        raise BadInput(f"there is no file or folder {str(root)!r}")

    def refuse(error: OSError) -> None:
        raise BadInput(f"{error.filename} cannot be read: {error.strerror}") from None

    for folder, inner, names in os.walk(root, onerror=refuse):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def _read(file: Path, relative: str, collected: Collected) -> str | None:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            collected.errors.append(_error(relative, "the file is larger than 1 MiB", "split it"))
            return None
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        collected.errors.append(
            {**_error(relative, "the file is not UTF-8", "save it as UTF-8"), "line": line}
        )
    except OSError as error:
        collected.errors.append(_error(relative, f"cannot be read: {error.strerror or error}", ""))
    return None


def _error(file: str, message: str, fix: str) -> dict[str, Any]:
    return {"file": file, "message": message, "fix": fix}
