"""What an import would come to, judged here before anything is sent.

Owns the rules that need only the prompts and the list of what the project has: paths, sizes,
validity, case twins, what `--on-conflict` means. Fragments that pin versions of the project are the
server's to resolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from promptops.cli.texts import MAX_FILE_BYTES
from promptops.format.names import InvalidName, check_path, fold

if TYPE_CHECKING:
    from promptops.format.convert import Converted

_MAX_PARTS = 10
_MAX_LENGTH = 500


class SameText(Protocol):
    """Whether the newest version at this path has exactly this text."""

    def __call__(self, path: str, text: str) -> bool: ...


def plan_import(
    prompts: Sequence[Converted],
    there: Iterable[Mapping[str, Any]],
    *,
    on_conflict: str,
    allow_invalid: bool,
    same_text: SameText,
) -> list[dict[str, Any]]:
    """One item per prompt: `path`, `exists` (its newest version), `notes`, and for one that would
    be refused `reason` and `problems`.

    `there` is every prompt that the project has or had, archived ones included.
    """
    known = {str(item["path"]): item for item in there}
    spelled = _spellings(known)
    taken: set[str] = set()
    plan = []
    for prompt in prompts:
        found = known.get(prompt.name)
        live = found is not None and not found.get("archived_at")
        item: dict[str, Any] = {
            "path": prompt.name,
            "exists": found["version"] if found is not None and live else None,
            "notes": list(prompt.notes),
        }
        problems = _problems(prompt, allow_invalid)
        reason = _path_fault(prompt.name) or _twice(prompt.name, taken) or _too_large(prompt.text)
        if not reason and not problems:
            reason = _twin(prompt.name, spelled)
        kept_out = live and on_conflict == "refuse" and not reason and not problems
        if kept_out and not same_text(prompt.name, prompt.text):
            reason = f"it exists, at version {item['exists']}"
        if reason or problems:
            item["reason"] = reason or problems[0]["message"]
            item["problems"] = [{"file": prompt.name + prompt.extension, **p} for p in problems]
        taken.add(prompt.name)
        plan.append(item)
    return plan


def _problems(prompt: Converted, allow_invalid: bool) -> list[dict[str, Any]]:
    from promptops.format import parse

    if allow_invalid:
        return []
    data = prompt.text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_FILE_BYTES:
        return []
    return [problem.to_dict() for problem in parse(data).errors]


def _path_fault(path: str) -> str:
    from promptops.format.names import EXTENSIONS

    try:
        check_path(path)
    except InvalidName as error:
        return f"{path[:200]!r} cannot be the path of a prompt: {error}"
    parts = path.split("/")
    if len(parts) > _MAX_PARTS:
        return f"{path[:200]!r} cannot be the path of a prompt: more than {_MAX_PARTS} parts"
    if len(path) > _MAX_LENGTH:
        return f"{path[:200]!r} cannot be the path of a prompt: over {_MAX_LENGTH} characters"
    if any(part.lower().endswith(EXTENSIONS) for part in parts):
        return f"{path[:200]!r} cannot be the path of a prompt: a name ends like a prompt file"
    return ""


def _twice(path: str, taken: set[str]) -> str:
    return "this path is in the import twice; the first one counts" if path in taken else ""


def _too_large(text: str) -> str:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size <= MAX_FILE_BYTES:
        return ""
    return f"a prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {size:,}"


def _parts(path: str) -> list[str]:
    """Every module above a path, with a closing slash, and the path."""
    names = path.split("/")
    return ["/".join(names[:end]) + "/" for end in range(1, len(names))] + [path]


def _spellings(paths: Iterable[str]) -> dict[str, str]:
    return {fold(part): part for path in paths for part in _parts(path)}


def _twin(path: str, spelled: dict[str, str]) -> str:
    """The part that differs only by case from another, in words; else its spelling is taken up."""
    for part in _parts(path):
        other = spelled.get(fold(part), part)
        if other != part:
            return f"{part.rstrip('/')!r} differs only by case from {other.rstrip('/')!r}"
    spelled.update((fold(part), part) for part in _parts(path))
    return ""
