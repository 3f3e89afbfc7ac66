"""An export, step by step: which prompts an address means, their values, and writing the files.

Owns reading versions as values with their fragments in place, and never leaving a place. Formats
are `promptops.format.convert`, showing it is the command's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptops.cli.failures import BadInput, Refused, ServerProblem
from promptops.cli.picks import environment_pages
from promptops.cli.session import Session, api
from promptops.cli.texts import VersionText, read_text
from promptops.format.names import Address, Selector

if TYPE_CHECKING:
    from promptops.format.convert import Loss, Outgoing
    from promptops.format.model import PromptFile

NATIVE = "directory"
"""The format that keeps prompt files as they are, fragment references included."""


def versions(server: Session, address: Address) -> list[VersionText]:
    """The versions an address means: of one prompt, or of all in a module or project."""
    if address.path:
        try:
            return [read_text(server, address)]
        except ServerProblem as problem:
            if problem.status != 404:
                raise
            missing = problem
    found = [read_text(server, place) for place in _inside(server, address)]
    if not found and address.path:
        raise missing
    if not found:
        raise BadInput(f"{address} holds no prompt")
    return found


def _inside(server: Session, address: Address) -> Iterator[Address]:
    project, selector = address.project, address.selector
    if selector is None:
        route = api("projects", project, "prompts")
        for item in server.pages(route, module=address.path or None):
            yield Address(project, item["path"])
        return
    if selector.environment is None:
        raise BadInput(
            f"{address} is no prompt, and a module has no versions",
            remedy="leave the version away, or name an environment",
        )
    for item in _live(server, project, selector.environment):
        path = item["path"]
        if not address.path or path.startswith(address.path + "/"):
            yield Address(project, path, Selector(version=item["version"]))


def _live(server: Session, project: str, environment: str) -> Iterator[dict[str, Any]]:
    for page in environment_pages(server, project, environment, None):
        yield from page["items"]


def outgoing(
    server: Session, found: Sequence[VersionText], *, native: bool
) -> tuple[list[Outgoing], list[Loss]]:
    """The versions as values; one that is not valid is a loss."""
    from promptops.format.convert import Loss, Outgoing
    from promptops.format.fragment import FragmentError
    from promptops.format.parser import parse

    prompts, losses = [], []
    for version in found:
        parsed = parse(version.content)
        if parsed.file is None:
            reason = f"not written: it is not valid: {parsed.errors[0]}"
            losses.append(Loss(version.path, reason))
            continue
        file, text = parsed.file, version.text
        try:
            if not native:
                file, text = _whole(server, version.project, file, text)
        except (FragmentError, ServerProblem) as error:
            losses.append(Loss(version.path, f"not written: {error}"))
            continue
        prompts.append(Outgoing(version.path, file, text))
    return prompts, losses


def _whole(server: Session, project: str, file: PromptFile, text: str) -> tuple[PromptFile, str]:
    """The file with the text of its fragments in place."""
    from promptops.format.convert.whole import whole
    from promptops.format.fragment import FragmentError
    from promptops.format.parser import parse

    def load(path: str, pin: int | str) -> PromptFile:
        if not isinstance(pin, int):
            raise FragmentError(f"the fragment {path}@{pin} is pinned by digest: pin its version")
        got = parse(read_text(server, Address(project, path, Selector(version=pin))).content)
        if got.file is None:
            raise FragmentError(f"the fragment {path}@{pin} is not valid")
        return got.file

    return whole(file, text, load)


def place_files(files: Sequence[tuple[str, str]], output: Path, *, force: bool) -> list[Path]:
    """Write the files: one into `output` if that names a file, else all below it.

    Raises Refused, before anything is written, for a file that is there and not forced.
    """
    one = len(files) == 1 and not output.is_dir() and output.suffix != ""
    places = [output if one else output / path for path, _ in files]
    there = [str(place) for place in places if place.exists() or place.is_symlink()]
    if there and not force:
        raise Refused(
            f"{', '.join(there[:5])}{' …' if len(there) > 5 else ''} exists already",
            remedy="choose another place, or say --force",
        )
    try:
        for place, (_, text) in zip(places, files, strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
    except OSError as error:
        raise BadInput(f"{place} cannot be written: {error.strerror or error}") from None
    return places
