"""Who wrote what a version holds: everybody who contributed since the last approved version.

The pusher and whoever the commit's author e-mail belongs to both count. A prompt that moved brings its authors along.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, tuple_

from promptops_server.access.users import identities_of, people_by_email
from promptops_server.approvals.workflow.store import CHUNK, approved_versions
from promptops_server.infra.tables import installation
from promptops_server.registry.git.store import batches
from promptops_server.registry.model import Project, Version
from promptops_server.registry.tables import prompt, version

_Key = tuple[str, int]
_Span = tuple[int, int, int]
"""Prompt id, the version before the first and the last one."""

_WRITTEN = select(
    version.c.prompt_id,
    version.c.number,
    version.c.author,
    version.c.author_text,
    version.c.moved_from,
).where(tuple_(version.c.prompt_id, version.c.number).in_(bindparam("versions", expanding=True)))

MAX_MOVES = 10
"""Addresses a prompt is followed back through."""


@dataclass(frozen=True, slots=True)
class Authors:
    """Identities of the authors, and the e-mail addresses that belong to nobody here."""

    identities: frozenset[str]
    unmapped: tuple[str, ...]


@dataclass(slots=True)
class _Said:
    subjects: set[str]
    emails: set[str]


def authors_of(
    conn: Connection, project: Project, versions: Sequence[Version]
) -> dict[tuple[str, int], Authors]:
    """The authors of each version, by path and number."""
    said = {(v.path, v.number): _Said(set(), set()) for v in versions}
    approved = approved_versions(conn, {v.prompt_id for v in versions})
    spans = [
        (
            (v.path, v.number),
            (v.prompt_id, _baseline(approved.get(v.prompt_id, ()), v.number), v.number),
        )
        for v in versions
    ]
    for _ in range(MAX_MOVES):
        moved = _read(conn, spans, said)
        if not moved:
            break
        spans = _sources(conn, project, moved)
    server = conn.execute(select(installation.c.id)).scalar()
    subjects = {s for each in said.values() for s in each.subjects}
    emails = {e for each in said.values() for e in each.emails}
    own = {e for e in emails if server and e.endswith(f"@{server}")}
    subjects |= {e.rpartition("@")[0] for e in own}
    identity = identities_of(conn, subjects)
    people = people_by_email(conn, emails - own)
    return {key: _authors(each, own, identity, people) for key, each in said.items()}


def _authors(
    said: _Said, own: Collection[str], identity: Mapping[str, str], people: Mapping[str, str]
) -> Authors:
    found = {identity.get(s, s) for s in said.subjects}
    unmapped = []
    for email in sorted(said.emails):
        if email in own:
            subject = email.rpartition("@")[0]
            found.add(identity.get(subject, subject))
        elif email in people:
            found.add(people[email])
        else:
            unmapped.append(email)
    return Authors(frozenset(found), tuple(unmapped))


def _baseline(approved: Sequence[int], number: int) -> int:
    return max((n for n in approved if n < number), default=0)


def _read(
    conn: Connection, spans: Sequence[tuple[_Key, _Span]], said: Mapping[_Key, _Said]
) -> list[tuple[_Key, str]]:
    """Note the authors of the versions in each span; returns the addresses that moved prompts came from."""
    moved: list[tuple[_Key, str]] = []
    asked: dict[tuple[int, int], list[_Key]] = {}
    for key, (prompt_id, low, high) in spans:
        for number in range(low + 1, high + 1):
            asked.setdefault((prompt_id, number), []).append(key)
    for some in batches(asked, CHUNK):
        for row in conn.execute(_WRITTEN, {"versions": some}):
            author = _email(row.author_text)
            for key in asked[row.prompt_id, row.number]:
                said[key].subjects.add(row.author)
                if author:
                    said[key].emails.add(author)
                if row.moved_from:
                    moved.append((key, row.moved_from))
    return moved


def _email(line: str) -> str:
    """The address in a commit's author line; the whole line where there is none, so that it belongs to nobody."""
    _, opened, rest = line.rpartition("<")
    found = rest.partition(">")[0] if opened else line
    return (found.strip() or line.strip()).lower()


def _sources(
    conn: Connection, project: Project, moved: Sequence[tuple[_Key, str]]
) -> list[tuple[_Key, _Span]]:
    """The spans at the addresses that prompts had before."""
    wanted: list[tuple[_Key, str, int]] = []
    for key, source in moved:
        path, _, number = source.rpartition("@")
        if number.isdigit():
            wanted.append((key, path, int(number)))
    ids: dict[str, int] = {}
    paths = sorted({path for _, path, _ in wanted})
    for start in range(0, len(paths), CHUNK):
        query = select(prompt.c.id, prompt.c.path).where(
            prompt.c.project_id == project.id, prompt.c.path.in_(paths[start : start + CHUNK])
        )
        ids.update({row.path: row.id for row in conn.execute(query)})
    approved = approved_versions(conn, set(ids.values()))
    found: dict[tuple[_Key, _Span], None] = {}
    for key, path, at in wanted:
        prompt_id = ids.get(path)
        if prompt_id is not None and at not in approved.get(prompt_id, ()):
            found[key, (prompt_id, _baseline(approved.get(prompt_id, ()), at), at)] = None
    return list(found)
