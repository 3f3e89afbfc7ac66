"""The papers of versions, read inside the project lock: what the gate judges, and what people are shown before.

Answers the port `Papers` of `releases`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from promptops_server.approvals.certification.model import PRODUCT as CADENCE
from promptops_server.approvals.certification.model import Cadence, Published, end_of_day
from promptops_server.approvals.certification.note import note_gone, note_release
from promptops_server.approvals.paperwork import Gap, Paperwork, Waiver
from promptops_server.approvals.workflow.agreement import disagreements
from promptops_server.approvals.workflow.authors import Authors, authors_of
from promptops_server.approvals.workflow.demands import DAY_US, Tightening, demands_of
from promptops_server.approvals.workflow.model import Binding, Tier
from promptops_server.approvals.workflow.progress import Progress, progress
from promptops_server.approvals.workflow.store import (
    DecisionRow,
    RequestRow,
    decisions_of,
    mark_used,
    newest_of_content,
    revoked_contents,
)
from promptops_server.infra.database import Transaction
from promptops_server.registry.model import Project, Version
from promptops_server.registry.records.document import documentation_of, store_documentation
from promptops_server.registry.records.documentation import Documentation
from promptops_server.registry.redaction.versions import redacted_versions
from promptops_server.registry.versions import versions_at

Key = tuple[str, int]
Waivers = Callable[
    [Connection, str, Sequence[str], str, int], Mapping[str, tuple[list[Waiver], list[Waiver]]]
]
"""Connection, project id, paths, environment, now → per path the exceptions in force and the expired ones."""


@dataclass(frozen=True, slots=True)
class Around:
    """What else stands about prompts, per path; each reads many paths at once."""

    waivers: Waivers
    overdue: Callable[[Connection, str, Sequence[str], int], Mapping[str, int]]
    retired: Callable[[Connection, str, Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Case:
    """One version with its documentation, its authors and the newest request about exactly this content."""

    version: Version
    documentation: Documentation | None
    authors: Authors
    request: RequestRow | None
    decisions: tuple[DecisionRow, ...]
    progress: Progress | None
    revoked_by: int | None = None
    """Number of the request whose approval was revoked, unless the content was approved anew since."""
    disagreements: tuple[Gap, ...] = ()
    """What the record says that does not agree with people and limits as they are now, where the tier minds."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the record misses or has wrong, each with what to do."""
        documentation = self.documentation
        if documentation is None:
            return (Gap("file", "file", "the file is not valid", "Correct it in a new version."),)
        own = () if documentation.complete else documentation.findings
        return (
            *(Gap(f.id or "record", f.key or "record", f.message, f.fix) for f in own),
            *self.disagreements,
        )

    @property
    def binding(self) -> Binding | None:
        """What a decision about it is bound to; None while the file is invalid or the tier unknown."""
        return binding_of(self.version, self.documentation)


def binding_of(version: Version, documentation: Documentation | None) -> Binding | None:
    """The content, documentation and tier of a version."""
    if version.behaviour is None or documentation is None or documentation.tier is None:
        return None
    return Binding(version.behaviour, documentation.digest, cast(Tier, documentation.tier))


def cases_of(
    conn: Connection,
    project: Project,
    versions: Sequence[Version],
    *,
    more: Tightening,
    now: int,
) -> dict[Key, Case]:
    """Where each version stands, by path and number."""
    documented = documentation_of(conn, project, versions)
    authors = authors_of(conn, project, versions)
    contents = {
        (v.path, v.number): (v.prompt_id, v.behaviour or "", d.digest)
        for v in versions
        if (d := documented.get((v.path, v.number))) is not None
    }
    requests = newest_of_content(conn, set(contents.values()))
    revocable = {key: (*content, key[1]) for key, content in contents.items()}
    revoked = revoked_contents(conn, set(revocable.values()))
    decisions = decisions_of(conn, {row.id for row in requests.values()})
    people = {key: each.identities for key, each in authors.items()}
    disagree = disagreements(conn, project, versions, documented, people)
    found: dict[Key, Case] = {}
    for v in versions:
        key = (v.path, v.number)
        row = requests.get(contents[key]) if key in contents else None
        made = tuple(decisions[row.id]) if row is not None else ()
        documentation = documented.get(key)
        standing = None
        bound = binding_of(v, documentation)
        if row is not None and bound is not None and documentation is not None:
            standing = progress(
                row.request,
                [d.decision for d in made],
                now_bound_to=bound,
                authors=authors[key].identities,
                demands=demands_of(bound.tier, documentation.sectors, more),
                now=now,
                lapse_us=more.lapse_days * DAY_US,
            )
        revoked_by = revoked.get(revocable[key]) if key in revocable else None
        found[key] = Case(
            v, documentation, authors[key], row, made, standing, revoked_by, disagree.get(key, ())
        )
    return found


class PaperReader:
    """Reads papers; one per process."""

    def __init__(self, more: Tightening, around: Around, cadence: Cadence = CADENCE) -> None:
        self._more = more
        self._around = around
        self._cadence = cadence
        # What the gate read in a transaction is what the release notes at its end: the lock lets nothing change between.
        self._read: WeakKeyDictionary[Connection, tuple[int, frozenset[Key], dict[Key, Case]]] = (
            WeakKeyDictionary()
        )

    def __call__(
        self,
        conn: Connection,
        project: Project,
        environment: str,
        contents: Sequence[Key],
        now: int,
    ) -> Mapping[Key, Paperwork]:
        """The papers of versions given by path and number; unknown ones are left out."""
        cases = self._cases(conn, project, contents, now)
        paths = sorted({path for path, _ in contents})
        around = self._around
        waivers = around.waivers(conn, project.id, paths, environment, now)
        overdue = around.overdue(conn, project.id, paths, now)
        retired = around.retired(conn, project.id, paths)
        redacted = redacted_versions(conn, project.id, paths)
        return {
            key: self._paperwork(
                case,
                waivers.get(key[0], ([], [])),
                overdue.get(key[0]),
                retired.get(key[0]),
                key[1] in redacted.get(key[0], ()),
            )
            for key, case in cases.items()
        }

    def released(
        self,
        tx: Transaction,
        project: Project,
        environment: tuple[str, str],
        live: Sequence[Key],
        gone: Sequence[str],
    ) -> None:
        """Mark the approvals of what went live as used, and start its review dates; end those of what went."""
        cases = self._cases(tx.conn, project, live, tx.now)
        store_documentation(
            tx,
            project,
            [c.version for c in cases.values()],
            {k: c.documentation for k, c in cases.items()},
        )
        approved = [c for c in cases.values() if c.request is not None and _in_force(c)]
        mark_used(tx, [c.request.id for c in approved if c.request is not None])
        note_release(
            tx,
            project.id,
            environment[0],
            [p for c in cases.values() if (p := _published(c)) is not None],
            cadence=self._cadence,
        )
        note_gone(tx, environment[0], gone)

    def _cases(
        self, conn: Connection, project: Project, contents: Sequence[Key], now: int
    ) -> dict[Key, Case]:
        wanted = frozenset(contents)
        before = self._read.get(conn)
        if before is not None and before[:2] == (now, wanted):
            return before[2]
        versions = versions_at(conn, project, contents)
        cases = cases_of(conn, project, versions, more=self._more, now=now)
        self._read[conn] = (now, wanted, cases)
        return cases

    def _paperwork(
        self,
        case: Case,
        waivers: tuple[list[Waiver], list[Waiver]],
        overdue_since: int | None,
        retired: str | None,
        redacted: bool,
    ) -> Paperwork:
        documentation = case.documentation
        if documentation is None:
            return Paperwork(
                None, gaps=case.gaps, authors=case.authors.identities, redacted=redacted
            )
        bound = case.binding
        return Paperwork(
            tier=cast("Tier | None", documentation.tier),
            residual_tier=cast("Tier | None", documentation.residual_tier),
            tier_missing=documentation.tier_missing,
            gaps=case.gaps,
            not_applicable=documentation.not_applicable,
            demands=demands_of(bound.tier, documentation.sectors, self._more) if bound else None,
            request=case.request.number if case.request else None,
            progress=case.progress,
            authors=case.authors.identities,
            unmapped_authors=case.authors.unmapped,
            retired=retired,
            redacted=redacted,
            revoked_by=case.revoked_by,
            overdue_since=overdue_since,
            waivers=tuple(waivers[0]),
            expired_waivers=tuple(waivers[1]),
        )


def _in_force(case: Case) -> bool:
    return case.progress is not None and case.progress.state == "approved"


def _published(case: Case) -> Published | None:
    """What the review dates are told of a version; None for a file that is not valid."""
    version, documentation = case.version, case.documentation
    if documentation is None or version.behaviour is None:
        return None
    due = documentation.review_due
    return Published(
        version.path,
        version.number,
        version.behaviour,
        documentation.digest,
        cast("Tier | None", documentation.tier),
        case.progress.approved_at if case.progress is not None and _in_force(case) else None,
        end_of_day(due.isoformat()) if due is not None else None,
    )
