"""From what somebody picked to what may be released: versions found and judged together, then compiled.

Everything wrong with a list of picks is told at once. Compiling is the heavy part and happens before the lock.
Leaves roles and approval to the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, tuple_

from promptops.format import FragmentError, compile_artifact, parse, resolve_fragments
from promptops.format.names import fold
from promptops_server.infra.problems import Invalid
from promptops_server.registry.git import read
from promptops_server.registry.model import Project, Version
from promptops_server.registry.rows import VERSION, Head, as_version, heads
from promptops_server.registry.tables import prompt, version
from promptops_server.registry.versions import fragment_loader
from promptops_server.releases.model import Artifact, Content, Pick
from promptops_server.releases.rows import chunks

_PICKED = VERSION.where(
    prompt.c.project_id == bindparam("project_id"),
    tuple_(version.c.prompt_id, version.c.number).in_(bindparam("picked", expanding=True)),
)
_PICKED_ONE = VERSION.where(
    prompt.c.project_id == bindparam("project_id"),
    version.c.prompt_id == bindparam("picked_prompt"),
    version.c.number == bindparam("picked_number"),
)
SHOWN = 5
"""Faults told in the sentence of a refusal; all are in its `errors`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that may be released, and the ending of its file."""

    version: Version
    extension: str

    @property
    def path(self) -> str:
        """The address without the project."""
        return self.version.path

    @property
    def number(self) -> int:
        """The version's number."""
        return self.version.number

    def content(self, digest: str) -> Content:
        """What an environment holds of it, given its artifact's digest."""
        return Content(self.number, digest, self.extension, self.version.blob)


def find_candidates(conn: Connection, project: Project, picks: Sequence[Pick]) -> list[Candidate]:
    """The versions picked, in the order given; without a number the newest one.

    Raises:
        Invalid: unknown prompts or versions, archived prompts, invalid versions; `errors` names every one.
    """
    known = heads(conn, project.id, [pick.path for pick in picks])
    wanted = {
        pick.path: (head.id, pick.version or head.latest)
        for pick in picks
        if (head := known.get(fold(pick.path))) is not None and head.path == pick.path
    }
    versions = _versions(conn, project, list(wanted.values()))
    faults: list[dict[str, Any]] = []
    found: list[Candidate] = []
    for pick in picks:
        head = known.get(fold(pick.path))
        candidate = versions.get(wanted[pick.path]) if pick.path in wanted else None
        fault = _fault(project, pick, head, candidate)
        if fault is not None:
            faults.append(fault)
        elif head is not None and candidate is not None:
            found.append(Candidate(candidate, head.extension))
    if faults:
        raise refuse(faults)
    return found


def compile_candidates(
    conn: Connection, project: Project, candidates: Iterable[Candidate]
) -> dict[tuple[str, int], Artifact]:
    """The artifact of each, by path and number, with the text of fragments in place.

    Raises:
        Invalid: fragments that cannot be included; `errors` names every prompt.
    """
    candidates = list(candidates)
    blobs = read.blobs(conn, project.id, {c.version.blob for c in candidates})
    load = fragment_loader(conn, project)
    compiled: dict[tuple[str, int], Artifact] = {}
    faults: list[dict[str, Any]] = []
    for candidate in candidates:
        parsed = parse(blobs[candidate.version.blob])
        if parsed.file is None:
            faults.append(
                _told(candidate.path, candidate.number, "is not valid", _dicts(parsed.errors))
            )
            continue
        try:
            made = compile_artifact(
                resolve_fragments(parsed.file, load),
                project=project.name,
                path=candidate.path,
                version=candidate.number,
                commit=candidate.version.commit,
            )
        except FragmentError as error:
            faults.append(_told(candidate.path, candidate.number, f"cannot be compiled: {error}"))
            continue
        compiled[candidate.path, candidate.number] = Artifact(
            made.digest, made.text, tuple(made.requires)
        )
    if faults:
        raise refuse(faults)
    return compiled


def refuse(faults: Sequence[dict[str, Any]]) -> Invalid:
    """One refusal for all that is wrong with the picks."""
    told = [f"{fault['address']} {fault['message']}" for fault in faults[:SHOWN]]
    more = len(faults) - len(told)
    return Invalid(
        "Cannot be released: " + "; ".join(told) + (f"; and {more} more." if more else "."),
        remedy="Correct it or leave it out; nothing was released."
        if len(faults) == 1
        else "Correct each of them or leave it out; nothing was released.",
        slug="not-releasable",
        errors=list(faults),
    )


def _versions(
    conn: Connection, project: Project, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Version]:
    found: dict[tuple[int, int], Version] = {}
    if len(wanted) == 1:
        ((prompt_id, number),) = wanted
        one = {"project_id": project.id, "picked_prompt": prompt_id, "picked_number": number}
        row = conn.execute(_PICKED_ONE, one).first()
        return {} if row is None else {wanted[0]: as_version(project, row)}
    for some in chunks(wanted, 200):
        for row in conn.execute(_PICKED, {"project_id": project.id, "picked": some}):
            value = as_version(project, row)
            found[value.prompt_id, value.number] = value
    return found


def _fault(
    project: Project, pick: Pick, head: Head | None, found: Version | None
) -> dict[str, Any] | None:
    if head is None:
        return _told(pick.path, pick.version, f"does not exist in {project.name}")
    if head.path != pick.path:
        return _told(pick.path, pick.version, f"does not exist; there is {head.path}")
    if found is None:
        return _told(
            pick.path, pick.version, f"does not exist: its newest version is {head.latest}"
        )
    if head.archived:
        return _told(
            pick.path, found.number, "is archived: put it again on main before it is released"
        )
    if not found.valid:
        errors = [p for p in found.problems if p.get("severity") == "error"]
        return _told(
            pick.path, found.number, "is not a valid prompt file", [dict(e) for e in errors]
        )
    return None


def _told(
    path: str, number: int | None, message: str, problems: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": path if number is None else f"{path}@{number}",
        "path": path,
        "version": number,
        "message": message,
    }
    if problems:
        told["problems"] = problems
    return told


def _dicts(problems: Iterable[Any]) -> list[dict[str, Any]]:
    return [problem.to_dict() for problem in problems]
