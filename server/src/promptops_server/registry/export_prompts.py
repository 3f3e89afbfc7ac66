"""Prompts as files of another tool, and what its format cannot carry. What formats mean is `promptops.format.convert`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from promptops.format.convert import BadOption, Loss, Outgoing, Written, write
from promptops.format.convert.whole import whole
from promptops.format.fragment import FragmentError
from promptops.format.parser import parse
from promptops_server.infra.problems import Invalid, TooLarge
from promptops_server.registry.model import Project
from promptops_server.registry.versions import fragment_loader, get_version, version_text

MAX_PROMPTS = 1_000
MAX_TEXT = 16 * 1024 * 1024
"""Characters of all prompt files together."""
NATIVE = "directory"
"""The format that keeps prompt files as they are, fragment references included."""


def export_prompts(
    conn: Connection,
    project: Project,
    picks: Sequence[tuple[str, int | None]],
    *,
    format_name: str,
    text: str = "",
) -> Written:
    """The prompts in a format; a version of None is the newest.

    Raises:
        NotFound: no such prompt or version.
        Invalid: no such format, or it takes no such option.
        TooLarge: more than 1,000 prompts, or than 16 MiB of text.
    """
    if len(picks) > MAX_PROMPTS:
        raise TooLarge(
            f"An export has at most {MAX_PROMPTS:,} prompts; this has {len(picks):,}.",
            remedy="Export module by module, or use `promptops export`.",
        )
    load = fragment_loader(conn, project)
    prompts: list[Outgoing] = []
    losses: list[Loss] = []
    size = 0
    for path, number in picks:
        found = get_version(conn, project, path, number)
        source = version_text(conn, project.id, found)
        size += len(source)
        if size > MAX_TEXT:
            raise TooLarge(
                "The prompts are larger than 16 MiB together.", remedy="Export them in parts."
            )
        parsed = parse(source)
        if parsed.file is None:
            losses.append(Loss(path, f"not written: it is not valid: {parsed.errors[0]}"))
            continue
        file = parsed.file
        try:
            if format_name != NATIVE or text:
                file, source = whole(file, source, load)
        except FragmentError as error:
            losses.append(Loss(path, f"not written: {error}"))
            continue
        prompts.append(Outgoing(path, file, source))
    try:
        written = write(format_name, prompts, {"text": text} if text else {})
    except BadOption as error:
        raise Invalid(
            f"{str(error)[:1].upper()}{str(error)[1:]}.",
            errors=[{"field": "format", "message": str(error)}],
        ) from None
    return Written(written.files, (*losses, *written.losses))
