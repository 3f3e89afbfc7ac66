"""Promote: publish into an environment exactly what is live in another, in one release.

The source is read inside the lock, which both environments share, so what is promoted is what was live there at that
moment. Its contents were compiled when they were published there and are taken over as they are; access, gate and
rules are those of any publish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from promptops.format.names import fold
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import BadRequest, Conflict, Invalid, TooLarge
from promptops_server.registry.paths import path_fault
from promptops_server.registry.rows import heads
from promptops_server.releases import environments
from promptops_server.releases.candidates import find_candidates
from promptops_server.releases.change import change_environment
from promptops_server.releases.intervals import suspended_versions
from promptops_server.releases.model import (
    MAX_CHANGES,
    Change,
    Content,
    Environment,
    Kept,
    Once,
    Outcome,
    Pick,
    Promoted,
)
from promptops_server.releases.plan import Plan, Request
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.preview import Preview, preview_change
from promptops_server.releases.publish import gate_contents
from promptops_server.releases.rows import AnyRow, current_rows, rows_under
from promptops_server.releases.stop import check_paths, not_live

if TYPE_CHECKING:
    from promptops_server.registry.model import Project


@dataclass(frozen=True, slots=True)
class Selection:
    """What to promote: all that is live in `source`, a module of it, or the prompts named.

    Raises:
        BadRequest: prompts together with a module or with `prune`.
        Invalid: what cannot be a path.
    """

    source: str | None = None
    """An environment; None for the one before the target in the order of promotion."""
    paths: tuple[str, ...] | None = None
    module: str = ""
    prune: bool = False
    """Also take out what is live in the target and not in the source."""
    source_release: int | None = None
    """The head of the source that was looked at; another one is refused."""

    def __post_init__(self) -> None:
        if self.paths is not None:
            if self.module or self.prune:
                raise BadRequest(
                    "`prompts` names what is promoted: it goes neither with `module` nor with `prune`.",
                    remedy="Promote everything or a module to prune what is not there.",
                    slug="promote-what",
                )
            check_paths(self.paths)
        if self.module and (fault := path_fault(self.module)):
            raise Invalid(
                f"Not a module's path: {self.module[:100]!r}: {fault}.",
                remedy="Write module or module/module.",
                slug="bad-path",
            )


def promote(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    selection: Selection,
    reason: str,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    once: Once | None = None,
) -> Outcome:
    """Make live here what is live there; `promoted` of the outcome says from which release, and what was left out.

    Left out are prompts suspended there, prompts archived on main, and (unless named) versions that were suspended
    here.

    Raises:
        Invalid: no such source, or prompts named that are not live there (all are named).
        Conflict: nothing would change, or a head is not the one given.
        TooLarge: more prompts than one release may change.
        Denied, NotFound: as `publish`.
    """
    request = Request(actor, project, environment, "publish", reason, ticket, expected_head, once)
    return change_environment(deps, request, Promotion(project, selection, reason).plan)


def preview_promote(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    environment: str,
    selection: Selection,
    *,
    ticket: str | None = None,
    expected_head: int | None = None,
    at: int | None = None,
) -> Preview:
    """What `promote` would do, without doing it.

    Raises:
        Invalid, Conflict, NotFound, TooLarge: as `promote`.
    """
    request = Request(actor, project, environment, "publish", "", ticket, expected_head)
    return preview_change(deps, request, Promotion(project, selection, "").plan, at=at)


@dataclass(frozen=True, slots=True)
class Promotion:
    """One selection of one project; `reason` stands with what is taken out."""

    project: Project
    selection: Selection
    reason: str

    def plan(self, conn: Connection, target: Environment) -> Plan:
        """The changes, from what is live in the source now. Raises as `promote`."""
        wanted = self.selection
        source = _source(conn, target, wanted)
        there = self._in_force(conn, source)
        here = self._in_force(conn, target)
        fresh, unchanged, left_out = self._sort(conn, target, there, here)
        candidates = find_candidates(
            conn, self.project, [Pick(path, row.version) for path, row in fresh.items()]
        )
        changes = [
            Change.live(path, Content(row.version, row.digest, row.extension, row.blob_oid))
            for path, row in fresh.items()
        ]
        surplus = (
            []
            if wanted.paths is not None
            else [row for path, row in here.items() if path not in there and row.state == "live"]
        )
        if wanted.prune:
            changes += [Change.removed(row.path, row.version, self.reason) for row in surplus]
        promoted = Promoted(
            source.name,
            source.head,
            tuple(left_out),
            () if wanted.prune else tuple(Pick(row.path, row.version) for row in surplus),
        )
        self._check_size(target, changes, promoted, len(unchanged))
        return Plan(
            tuple(changes),
            contents=gate_contents(conn, target, candidates),
            unchanged=tuple(unchanged),
            promoted=promoted,
        )

    def _in_force(self, conn: Connection, environment: Environment) -> dict[str, AnyRow]:
        if self.selection.paths is not None:
            return current_rows(conn, environment.id, self.selection.paths)
        return rows_under(conn, environment.id, self.selection.module)

    def _sort(
        self,
        conn: Connection,
        target: Environment,
        there: dict[str, AnyRow],
        here: dict[str, AnyRow],
    ) -> tuple[dict[str, AnyRow], list[Pick], list[Kept]]:
        """What is live there: what would change here, what is here already, and what is left out."""
        named = self.selection.paths
        missing = [path for path in named or () if path not in there]
        if missing:
            raise not_live(self.selection.source or "the environment before", missing)
        different: dict[str, AnyRow] = {}
        unchanged: list[Pick] = []
        left_out: list[Kept] = []
        for path, row in there.items():
            now = here.get(path)
            if row.state != "live":
                left_out.append(Kept(path, row.version, f"suspended there: {row.reason}"))
            elif now is not None and now.state == "live" and now.version == row.version:
                unchanged.append(Pick(path, row.version))
            else:
                different[path] = row
        stopped = suspended_versions(conn, target.id, list(different)) if named is None else {}
        known = heads(conn, self.project.id, list(different))
        fresh: dict[str, AnyRow] = {}
        for path, row in different.items():
            head = known.get(fold(path))
            if row.version in stopped.get(path, ()):
                why = f"was suspended in {target.name}; name it to publish it again"
                left_out.append(Kept(path, row.version, why))
            elif head is not None and head.archived:
                left_out.append(Kept(path, row.version, "archived on main"))
            else:
                fresh[path] = row
        return fresh, unchanged, sorted(left_out, key=lambda kept: kept.path)

    def _check_size(
        self, target: Environment, changes: Sequence[Change], promoted: Promoted, unchanged: int
    ) -> None:
        if len(changes) > MAX_CHANGES:
            raise TooLarge(
                f"{len(changes):,} prompts differ from {promoted.environment}; a release changes at most "
                f"{MAX_CHANGES:,}.",
                remedy="Promote module by module: `module`, or --module.",
            )
        if changes:
            return
        beside = "".join(
            f" {number:,} {words}."
            for number, words in (
                (len(promoted.left_out), "left out"),
                (len(promoted.only_here), f"live only in {target.name}"),
            )
            if number
        )
        raise Conflict(
            f"Nothing differs that could be promoted from {promoted.environment} (r{promoted.release}) to "
            f"{target.name}: {unchanged:,} the same.{beside}",
            remedy="Look at both environments.",
            slug="nothing-to-promote",
            current={"release": target.head, "etag": target.tag},
            left_out=[
                {"path": k.path, "version": k.version, "why": k.why} for k in promoted.left_out
            ],
            only_here=[{"path": p.path, "version": p.version} for p in promoted.only_here],
        )


def _source(conn: Connection, target: Environment, wanted: Selection) -> Environment:
    """The environment to promote from, at the head that was asserted."""
    if wanted.source is not None:
        source = environments.get(conn, target.project_id, wanted.source)
    else:
        order = environments.list_environments(conn, target.project_id)
        at = [e.id for e in order].index(target.id)
        if at == 0:
            raise Invalid(
                f"{target.name} is the first environment in the order of promotion: there is none before it.",
                remedy="Say which one to promote from.",
                slug="promote-from",
            )
        source = order[at - 1]
    if source.id == target.id:
        raise Invalid(
            f"{target.name} cannot be promoted into itself.",
            remedy="Name another environment.",
            slug="promote-from",
        )
    if wanted.source_release is not None and wanted.source_release != source.head:
        raise Conflict(
            f"{source.name} is at release {source.head} now, not {wanted.source_release}: somebody released there "
            "in between.",
            remedy="Look at what changed, then promote again.",
            slug="source-moved",
            current={"release": source.head, "etag": source.tag},
        )
    return source
