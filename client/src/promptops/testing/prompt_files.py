"""Reading a folder of prompt files, such as a clone of a project.

Owns finding the files and putting fragments in place; leaves reading and compiling to `format`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from promptops.errors import InvalidArtifact
from promptops.format import FragmentError, PromptFile, parse, prompt_path_of, resolve_fragments


def read_prompt_files(folder: str | Path) -> dict[str, PromptFile]:
    """Every prompt file below the folder by its address without project, fragments in place.

    Raises `InvalidArtifact` naming the file at fault, or the folder when it holds none.
    """
    top = Path(folder)
    found: dict[str, PromptFile] = {}
    for file in sorted(top.rglob("*")):
        inside = file.relative_to(top)
        path = prompt_path_of(inside.as_posix())
        if path is None or not file.is_file():
            continue
        parsed = parse(file.read_bytes())
        if parsed.file is None:
            problems = "; ".join(f"line {p.line}: {p.key}: {p.message}" for p in parsed.errors)
            raise InvalidArtifact(f"{inside} is not a prompt: {problems}")
        found[path] = parsed.file
    if not found:
        raise InvalidArtifact(f"{top} holds no prompt file (*.prompt.yml)")
    return {path: _whole(path, file, found) for path, file in found.items()}


def _whole(path: str, file: PromptFile, files: Mapping[str, PromptFile]) -> PromptFile:
    def load(wanted: str, pin: object) -> PromptFile:
        if wanted not in files:
            raise InvalidArtifact(f"{path} includes {wanted}, which is not in the folder")
        return files[wanted]

    try:
        return resolve_fragments(file, load)
    except FragmentError as error:
        raise InvalidArtifact(f"{path}: {error}") from None
