"""Which disagreements between a record and what is known here keep a version from review, by tier.

People and limits change while a version does not, so they are no part of its completeness; `record check` shows all of
them as warnings. At tier low none blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from promptops_server.approvals.paperwork import Gap
from promptops_server.approvals.workflow.model import Tier
from promptops_server.registry.git import read
from promptops_server.registry.model import Project, Version
from promptops_server.registry.records.agree import Accounts, agreement
from promptops_server.registry.records.documentation import Documentation
from promptops_server.registry.records.read import RecordReader

_MEDIUM: Final = frozenset(
    {"same-person", "inactive-person", "class-too-low", "retired", "not-allowed-here"}
)
BLOCKING: Final[Mapping[Tier, frozenset[str]]] = {
    "low": frozenset(),
    "medium": _MEDIUM,
    "high": _MEDIUM
    | {"unknown-person", "no-person", "author", "unresolved", "no-ai-named", "no-way-to-a-person"},
}
"""Codes of `registry.records.facts` that block, by tier."""


def disagreements(
    conn: Connection,
    project: Project,
    versions: Sequence[Version],
    documented: Mapping[tuple[str, int], Documentation | None],
    authors: Mapping[tuple[str, int], frozenset[str]],
) -> dict[tuple[str, int], tuple[Gap, ...]]:
    """Per version what blocks it; versions without are left out."""
    asked = [
        (v, BLOCKING[d.tier])  # type: ignore[index]
        for v in versions
        if (d := documented.get((v.path, v.number))) is not None and d.tier in ("medium", "high")
    ]
    if not asked:
        return {}
    reader = RecordReader(conn, project)
    data = read.blobs(conn, project.id, {v.blob for v, _ in asked})
    found: dict[tuple[str, int], tuple[Gap, ...]] = {}
    for version, blocking in asked:
        examined = reader.examine(version.path, data[version.blob], version.commit)
        if examined is None:
            continue
        key = (version.path, version.number)
        told = agreement(
            conn, project, version, examined, Accounts(), authors=authors.get(key, frozenset())
        )
        gaps = tuple(
            Gap(f.id or "record", f.key or "record", f.message, f.fix)
            for f in told
            if f.code in blocking
        )
        if gaps:
            found[key] = gaps
    return found
