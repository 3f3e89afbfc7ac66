"""Where the texts of a redaction stand, all over a project: what a dry run shows and an approval acts upon."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from sqlalchemy import Connection

from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.registry.content import Content, forget_text, read_content
from promptops_server.registry.git import read
from promptops_server.registry.git.objects import BLOB
from promptops_server.registry.git.store import batches
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.model import SHOWN, Found
from promptops_server.registry.redaction.other_files import (
    companions_with,
    file_states,
    hides,
    in_other_form,
    names_of,
    no_file,
)
from promptops_server.registry.redaction.ports import Released, Tested
from promptops_server.registry.redaction.replace import NeverEnds, Replacer
from promptops_server.registry.redaction.rewrite import Rewrite, plan_rewrite, state_of
from promptops_server.registry.redaction.text_rows import events_holding, find_rows
from promptops_server.registry.redaction.versions import (
    Affected,
    affected_versions,
    by_path,
    holding,
)

_CHUNK = 100


@dataclass(slots=True)
class Planned:
    """The heavy part, made once: the new history, and the new files as prompts."""

    rewrite: Rewrite
    contents: dict[str, Content] = field(default_factory=dict)
    """By the new file's id."""
    other_files: list[str] = field(default_factory=list)
    """Rewritten files that are no prompts: paths on `main`, bare names of earlier states."""


def require_present(
    conn: Connection, project: Project, path: str, number: int | None, replacer: Replacer
) -> None:
    """Refuse a redaction whose texts do not stand where they were said to.

    The path is a prompt's, or that of another file, such as a suite, with its ending: any state that it ever had counts.

    Raises:
        NotFound: no such prompt, version or file.
        Invalid: the texts are not there, or only in another form.
    """
    found = holding(conn, project, path, number)
    if not found:
        if number is not None:
            raise NotFound(
                f"There is no version {f'{path}@{number}'[:200]!r} in {project.name}.",
                remedy="Only prompts have versions; name a suite or another file without one.",
            )
        _require_in_file(conn, project, path, replacer)
        return
    files = read.blobs(conn, project.id, {blob for _, blob in found})
    if any(map(replacer.in_bytes, files.values())):
        return
    for version, blob in found:
        file = read_content(files[blob], stored_as=blob).file
        if file is not None and replacer.in_value(file.data):
            raise _written_otherwise([f"{path}@{version}"])
    raise _not_there(
        path if number is None else f"{path}@{number}",
        companions_with(conn, project, path, replacer),
    )


def _require_in_file(conn: Connection, project: Project, path: str, replacer: Replacer) -> None:
    states = file_states(conn, project, path)
    if not states:
        raise no_file(project, path)
    escaped = False
    for some in batches(states, _CHUNK):
        for data in read.blobs(conn, project.id, set(some)).values():
            if replacer.in_bytes(data):
                return
            escaped = escaped or hides(data, replacer)
    raise _written_otherwise([path]) if escaped else _not_there(path, [])


def _not_there(what: str, suites: list[str]) -> Invalid:
    exactly = "Give it exactly as it stands in the file: letter case, spaces and line ends count."
    beside = f"It stands in {suites[0]}: name that file." if suites else exactly
    return Invalid(f"The text does not stand in {what}.", remedy=beside, slug="text-not-found")


def plan(conn: Connection, project: Project, replacer: Replacer) -> Planned:
    """The new history. Reads every object of the project: seconds for 10,000 commits.

    Raises:
        Invalid: the marker makes the text anew, or a file would still hold it, escaped or folded.
    """
    try:
        planned = Planned(plan_rewrite(conn, project.id, replacer))
    except NeverEnds:
        raise Invalid(
            "The marker makes one of the texts anew beside what surrounds it.",
            remedy="Choose another marker, or give more of what surrounds the text.",
        ) from None
    versions = affected_versions(conn, project.id, planned.rewrite.of_kind(BLOB))
    _read_files(versions, planned, replacer)
    prompts = {version.blob for version in versions if version.direct}
    left = in_other_form(conn, project, planned.rewrite, prompts, replacer)
    if left:
        raise _written_otherwise(left)
    names = names_of(conn, project, planned.rewrite)
    told = {name for oid, name in names.items() if oid not in prompts}
    planned.other_files = sorted(name for name in told if name and not replacer.in_text(name))
    return planned


def find(
    conn: Connection,
    project: Project,
    replacer: Replacer,
    released: Released,
    tested: Tested,
    planned: Planned | None = None,
) -> tuple[Found, Planned]:
    """Everything the redaction touches. `planned` is used if the repository is still what it was made from.

    Raises:
        Invalid: as `plan`.
    """
    if planned is None or planned.rewrite.seen != state_of(conn, project.id):
        planned = plan(conn, project, replacer)
    versions = affected_versions(conn, project.id, planned.rewrite.of_kind(BLOB))
    found = Found(
        planned.rewrite,
        versions,
        released.find(conn, project, replacer, by_path(versions)),
        find_rows(conn, project.id, replacer) | tested.find(conn, project.id, replacer),
        events_holding(conn, project.id, replacer),
        [v.address for v in versions if v.direct and v.valid and not _valid(planned, v)],
        planned.other_files,
    )
    return found, planned


def _valid(planned: Planned, version: Affected) -> bool:
    return planned.contents[planned.rewrite.ids[version.blob]].valid


def _read_files(versions: list[Affected], planned: Planned, replacer: Replacer) -> None:
    newest = {planned.rewrite.ids[v.blob] for v in versions if v.direct and v.newest}
    left: list[str] = []
    faults: dict[str, bool] = {}
    for version in versions:
        if not version.direct:
            continue
        oid = planned.rewrite.ids[version.blob]
        if oid not in planned.contents:
            file = zlib.decompress(planned.rewrite.objects[oid].z)
            content = read_content(file, stored_as=oid)
            faults[oid] = content.file is not None and replacer.in_value(content.file.data)
            keep = content.pending or oid in newest
            planned.contents[oid] = content if keep else forget_text(content)
        if faults[oid]:
            left.append(version.address)
    if left:
        raise _written_otherwise(left)


def _written_otherwise(addresses: list[str]) -> Invalid:
    return Invalid(
        "The text also stands there in another form, escaped or folded over lines: "
        + ", ".join(addresses[:5])
        + ("…" if len(addresses) > 5 else "."),
        remedy="Give that form too, exactly as it stands in the file.",
        slug="text-in-other-form",
        errors=[
            {"address": address, "message": "holds another form"} for address in addresses[:SHOWN]
        ],
    )
