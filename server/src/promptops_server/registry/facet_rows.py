"""The rows of `facet` and `prompt_facet`: which prompts have which facet, and how many.

A prompt's facets are compared before and after every change, so what did not change costs nothing. `facet.prompts` is
the number of its rows in `prompt_facet`. An archived prompt has the same facets under `archived`, so that neither kind
of list reads past the other. All of it is written under the project lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from promptops_server.registry.facets import Facet, Kind, live_of, live_text, release_facets
from promptops_server.registry.rows import BATCH
from promptops_server.registry.tables import facet, prompt, prompt_facet

# The same words in both databases, which the builder of statements has one dialect each for.
_COUNT = text(
    "INSERT INTO facet (project_id, archived, kind, value, prompts)"
    " VALUES (:project, :archived, :kind, :value, :more)"
    " ON CONFLICT (project_id, archived, kind, value)"
    " DO UPDATE SET prompts = facet.prompts + excluded.prompts RETURNING id"
)
_DELETE = delete(prompt_facet).where(
    prompt_facet.c.prompt_id == bindparam("b_prompt"), prompt_facet.c.facet_id == bindparam("b_old")
)
_REPLACE = (
    update(prompt_facet)
    .where(
        prompt_facet.c.prompt_id == bindparam("b_prompt"),
        prompt_facet.c.facet_id == bindparam("b_old"),
    )
    .values(facet_id=bindparam("b_new"))
)
_INSERT = insert(prompt_facet)
_SET_LIVE = update(prompt).where(prompt.c.id == bindparam("b_id")).values(live=bindparam("b_live"))
_PLACES = select(
    prompt.c.id,
    prompt.c.path,
    prompt.c.latest,
    prompt.c.live,
    prompt.c.archived_at,
).where(prompt.c.project_id == bindparam("project_id"))
_PLACES_ONE = _PLACES.where(prompt.c.path == bindparam("path"))
_PLACES_IN = _PLACES.where(prompt.c.path.in_(bindparam("paths", expanding=True)))


class Key(NamedTuple):
    """A facet among the prompts that are archived, or among those that are not."""

    archived: bool
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """One prompt's facets before and after."""

    prompt_id: int
    path: str
    before: frozenset[Key]
    after: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Found:
    """A facet that exists, with the number of its prompts."""

    id: int
    prompts: int


def keys(facets: Iterable[Facet], archived: bool) -> frozenset[Key]:
    """The facets of one prompt, kept apart by whether it is archived."""
    return frozenset(Key(archived, kind, value) for kind, value in facets)


def write_facets(conn: Connection, project_id: str, changes: Sequence[Change]) -> None:
    """Bring the rows from each `before` to its `after`."""
    counts: Counter[Key] = Counter()
    for change in changes:
        for key in change.before ^ change.after:
            counts[key] += 1 if key in change.after else -1
    if not counts:
        return
    ids = _count(conn, project_id, counts)
    replaced: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    for change in changes:
        old = [ids[key] for key in sorted(change.before - change.after)]
        new = [ids[key] for key in sorted(change.after - change.before)]
        both = min(len(old), len(new))  # a row is moved to another facet rather than made anew
        replaced += [
            {"b_prompt": change.prompt_id, "b_old": a, "b_new": b}
            for a, b in zip(old[:both], new[:both], strict=True)
        ]
        dropped += [{"b_prompt": change.prompt_id, "b_old": a} for a in old[both:]]
        added += [
            {"prompt_id": change.prompt_id, "facet_id": b, "path": change.path} for b in new[both:]
        ]
    for statement, rows in ((_DELETE, dropped), (_REPLACE, replaced), (_INSERT, added)):
        if rows:
            conn.execute(statement, rows)


def _count(conn: Connection, project_id: str, counts: Mapping[Key, int]) -> dict[Key, int]:
    """Move the counters and give the facets' ids, making those that are new."""
    return {
        key: conn.execute(
            _COUNT,
            {
                "project": project_id,
                "archived": key.archived,
                "kind": key.kind,
                "value": key.value,
                "more": counts[key],
            },
        ).scalar_one()
        for key in sorted(counts)
    }


def find_facets(
    conn: Connection, project_id: str, facets: Iterable[Facet], archived: bool
) -> dict[Facet, Found]:
    """Those of the facets that any such prompt ever had."""
    wanted = set(facets)
    if not wanted:
        return {}
    rows = conn.execute(
        select(facet.c.id, facet.c.kind, facet.c.value, facet.c.prompts).where(
            facet.c.project_id == project_id,
            facet.c.archived.is_(archived),
            facet.c.kind.in_({kind for kind, _ in wanted}),
            facet.c.value.in_({value for _, value in wanted}),
        )
    )
    return {
        key: Found(row.id, row.prompts)
        for row in rows
        if (key := Facet(row.kind, row.value)) in wanted
    }


def note_live(
    conn: Connection, project_id: str, environment: str, now: Mapping[str, int | None]
) -> None:
    """Remember what is live in an environment: path to version, `SUSPENDED`, or None where nothing is left.

    `releases` calls it in the transaction of every release, with the paths the release changes.
    """
    changes: list[Change] = []
    texts: list[dict[str, Any]] = []
    paths = list(now)
    for at in range(0, len(paths), BATCH):
        some = paths[at : at + BATCH]
        given = {"project_id": project_id}
        rows = (
            conn.execute(_PLACES_ONE, {**given, "path": some[0]})
            if len(some) == 1
            else conn.execute(_PLACES_IN, {**given, "paths": some})
        )
        for row in rows:
            before = live_of(row.live)
            after = {k: v for k, v in before.items() if k != environment}
            version = now[row.path]
            if version is not None:
                after[environment] = version
            if after == before:
                continue
            archived = row.archived_at is not None
            texts.append({"b_id": row.id, "b_live": live_text(after)})
            changes.append(
                Change(
                    row.id,
                    row.path,
                    keys(release_facets(row.latest, before), archived),
                    keys(release_facets(row.latest, after), archived),
                )
            )
    if texts:
        conn.execute(_SET_LIVE, texts)
    write_facets(conn, project_id, changes)
