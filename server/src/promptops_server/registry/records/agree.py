"""Check a version's record against what the server knows: gathers the facts, `facts` judges them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from sqlalchemy import Connection, func, or_, select

from promptops.format.record import Examined, Finding
from promptops_server.access.identity import identities_of
from promptops_server.access.tables import user
from promptops_server.registry.model import Project, Version
from promptops_server.registry.records.facts import (
    KnownFacts,
    KnownPerson,
    Limits,
    fact_findings,
    named_people,
)
from promptops_server.registry.records.read import RecordReader
from promptops_server.registry.versions import find_version, version_bytes

_MOST = 50
"""Names asked about one version."""


class PeopleFacts(Protocol):
    """Who the names in records are."""

    def people(self, conn: Connection, names: Collection[str]) -> Mapping[str, KnownPerson]:
        """Those that are known, by the name as given (a user name or an e-mail address, any case)."""
        ...

    def identities(self, conn: Connection, subjects: Collection[str]) -> frozenset[str]:
        """The identities behind user ids."""
        ...


class LimitsOf(Protocol):
    """What an institution allows in a project."""

    def __call__(self, conn: Connection, project: Project) -> Limits: ...


class Accounts:
    """Answers `PeopleFacts` from the accounts of the installation."""

    def people(self, conn: Connection, names: Collection[str]) -> Mapping[str, KnownPerson]:
        wanted = {name.casefold(): name for name in sorted(names)[:_MOST]}
        if not wanted:
            return {}
        email = func.lower(user.c.email)
        rows = conn.execute(
            select(user.c.id, user.c.name, user.c.name_fold, email.label("mail"), user.c.kind)
            .add_columns(user.c.active, user.c.person)
            .where(or_(user.c.name_fold.in_(wanted), email.in_(wanted)))
            .order_by(user.c.name_fold)
        )
        found: dict[str, KnownPerson] = {}
        for row in rows:
            person = KnownPerson(row.name, row.person or row.id, row.active, row.kind == "person")
            if row.mail in wanted:
                found.setdefault(wanted[row.mail], person)
            if row.name_fold in wanted:
                found[wanted[row.name_fold]] = person
        return found

    def identities(self, conn: Connection, subjects: Collection[str]) -> frozenset[str]:
        return frozenset(identities_of(conn, subjects).values())


def no_limits(conn: Connection, project: Project) -> Limits:
    """Where nothing is set."""
    return Limits()


def agreement(
    conn: Connection,
    project: Project,
    version: Version,
    examined: Examined,
    people: PeopleFacts,
    limits: LimitsOf = no_limits,
    *,
    authors: frozenset[str] | None = None,
) -> tuple[Finding, ...]:
    """What a version's record says that does not agree with what is known now; warnings.

    `authors` are identities; without them whoever made this version counts alone.
    """
    known = KnownFacts(
        people=people.people(conn, named_people(examined)),
        authors=people.identities(conn, {version.author}) if authors is None else authors,
        limits=limits(conn, project),
        previous=_previous(conn, project, version),
    )
    return fact_findings(examined, known)


def _previous(conn: Connection, project: Project, version: Version) -> Examined | None:
    if version.parent is None:
        return None
    before = find_version(conn, project, version.path, version.parent)
    if before is None or not before.valid:
        return None
    data = version_bytes(conn, project.id, before)
    return RecordReader(conn, project).examine(before.path, data, before.commit)
