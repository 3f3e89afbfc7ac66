"""Asking the index of words: which prompts match, best first.

Matches in path or name come first, newest prompts first within each group: each group is read in index order, so a page
costs about the same however many prompts match. Words and their index are `registry.search`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, text

from promptops_server.registry.search import in_title, project_word, split_words

MAX_TERMS = 16
"""Words of a query that count."""

_MATCH_SQLITE = (
    "SELECT prompt.id, {filters} FROM prompt_search JOIN prompt ON prompt.id = prompt_search.rowid"
    " WHERE prompt_search MATCH :query AND prompt_search.rowid < :below"
    " ORDER BY prompt_search.rowid DESC LIMIT :budget"
)
_WORDS_SQLITE = text("SELECT rowid, words FROM prompt_search WHERE rowid IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_MATCH_POSTGRES = (
    "SELECT prompt.id FROM prompt_search JOIN prompt ON prompt.id = prompt_search.prompt_id"
    " WHERE prompt_search.words @@ CAST(:query AS tsquery) AND prompt_search.prompt_id < :below"
    " AND {filters} ORDER BY prompt_search.prompt_id + 0 DESC LIMIT :limit"
)
# PostgreSQL cannot know how rare a word is. Reading the newest prompts in order is best for a common one; if they hold
# few hits the word is rare, and its hits are taken from the index and sorted (adding 0 forbids the order of the primary
# key, and the other way round an expression over the words forbids their index).
_NEWEST_POSTGRES = text(
    "SELECT prompt_id FROM prompt_search WHERE prompt_id < :below AND prompt_id >= :least"
    " AND COALESCE(words, words) @@ CAST(:query AS tsquery) ORDER BY prompt_id DESC"
)
_TOP_POSTGRES = text("SELECT max(prompt_id) FROM prompt_search WHERE prompt_id < :below")
_PASSING_POSTGRES = (
    "SELECT prompt.id FROM prompt WHERE prompt.id = ANY(:ids) AND {filters} ORDER BY prompt.id DESC"
)
_GROUPS_POSTGRES = text(
    "SELECT prompt_id, COALESCE(words, words) @@ CAST(:q0 AS tsquery) AS g0,"
    " COALESCE(words, words) @@ CAST(:q1 AS tsquery) AS g1,"
    " COALESCE(words, words) @@ CAST(:q2 AS tsquery) AS g2"
    " FROM prompt_search WHERE prompt_id = ANY(:ids)"
)
WINDOW = 600
"""Prompts read in order before the index is asked."""
_WINDOWS = 5
RARE = 12
"""Hits in a window below which a word is rare."""
BUDGET = 1_500
"""Hits looked at for one page, when most of them do not pass the filters."""
ABOVE_ALL = 2**62
GROUPS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is searched: words a user typed, and what must hold besides.

    `facets` and `without` are words of facets. `module` is a module's path, whose words narrow the search; that a
    prompt is below it is for the filters. Without a `project_id`, all projects are searched, or those in `projects`.
    `filters` is a condition over `prompt` in SQL, written by the caller (never
    by a user), with its `params`.
    """

    project_id: str
    terms: tuple[str, ...]
    facets: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    module: str = ""
    filters: str = "TRUE"
    params: Mapping[str, Any] = field(default_factory=dict)
    projects: tuple[str, ...] = ()

    @property
    def must(self) -> list[str]:
        """Words every prompt found has, the groups' aside. A facet is the project's own, so the project adds nothing."""
        named = self.project_id and not self.facets
        project = (project_word(self.project_id),) if named else ()
        return [*project, *self.facets, *(in_title(word) for word in split_words(self.module))]


@dataclass(frozen=True, slots=True)
class Hits:
    """Prompts as (group, prompt id) in order. `stopped` is the last one looked at, if reading stopped before the end."""

    found: Sequence[tuple[int, int]]
    stopped: tuple[int, int] | None = None


def terms_of(query: str) -> tuple[str, ...]:
    """The words of a query that count."""
    return tuple(split_words(query)[:MAX_TERMS])


def find(
    conn: Connection,
    asked: Asked,
    *,
    after: tuple[int, int] | None,
    limit: int,
) -> Hits:
    """Prompts with every word (the last one may be a beginning).

    Group 0 matches in path or name, group 1 has the very words elsewhere, group 2 the last one as a beginning. `after`
    is the last pair of the page before.
    """
    if not asked.terms:
        return Hits([])
    found: list[tuple[int, int]] = []
    read = _sqlite_group if conn.dialect.name == "sqlite" else _postgres_group
    for group in GROUPS:
        if after is not None and after[0] > group:
            continue
        below = after[1] if after is not None and after[0] == group else ABOVE_ALL
        rows, stopped = read(conn, asked, group, below, limit - len(found))
        found.extend((group, row) for row in rows)
        if len(found) >= limit:
            break
        if stopped is not None:
            return Hits(found, (group, stopped))
    return Hits(found)


def find_among(
    conn: Connection,
    asked: Asked,
    ids: Sequence[int],
    *,
    after: tuple[int, int] | None,
    limit: int,
) -> Hits:
    """The same among a few prompts that pass the filters: those of them that match."""
    if not asked.terms or not ids:
        return Hits([])
    among = _groups_sqlite if conn.dialect.name == "sqlite" else _groups_postgres
    found = sorted(((g, row) for row, g in among(conn, asked, ids)), key=_in_order)
    if after is not None:
        found = [pair for pair in found if _in_order(pair) > _in_order(after)]
    return Hits(found[:limit])


def _in_order(pair: tuple[int, int]) -> tuple[int, int]:
    return pair[0], -pair[1]


def _groups_sqlite(conn: Connection, asked: Asked, ids: Sequence[int]) -> Iterable[tuple[int, int]]:
    must = [f" {w} " for w in asked.must]
    without = [f" {w} " for w in asked.without]
    title = [
        f" {in_title(t)}{' ' if n < len(asked.terms) - 1 else ''}"
        for n, t in enumerate(asked.terms)
    ]
    words = [f" {t} " for t in asked.terms]
    beginning = [*words[:-1], words[-1].rstrip()]
    for row in conn.execute(_WORDS_SQLITE, {"ids": list(ids)}):
        indexed = f" {row.words} "  # words are letters and digits, with a blank between
        if any(w in indexed for w in without) or not all(w in indexed for w in must):
            continue
        for group, wanted in enumerate((title, words, beginning)):
            if all(w in indexed for w in wanted):
                yield row.rowid, group
                break


def _groups_postgres(
    conn: Connection, asked: Asked, ids: Sequence[int]
) -> Iterable[tuple[int, int]]:
    queries = {f"q{group}": tsquery(asked, group) for group in GROUPS}
    for row in conn.execute(_GROUPS_POSTGRES, {**queries, "ids": list(ids)}):
        for group, matches in enumerate((row.g0, row.g1, row.g2)):
            if matches:
                yield row.prompt_id, group
                break


def _sqlite_group(
    conn: Connection, asked: Asked, group: int, below: int, limit: int
) -> tuple[Sequence[int], int | None]:
    statement = text(_MATCH_SQLITE.replace("{filters}", asked.filters))
    query = fts5_query(asked, group)
    given = {**asked.params, "query": query, "below": below, "budget": BUDGET}
    found: list[int] = []
    seen, last = 0, below
    # Row by row: the search goes on only as far as rows are taken.
    with conn.execute(statement, given) as rows:
        while len(found) < limit and (row := rows.fetchone()) is not None:
            seen, last = seen + 1, row[0]
            if row[1]:
                found.append(last)
    return found, last if seen == BUDGET and len(found) < limit else None


def _postgres_group(
    conn: Connection, asked: Asked, group: int, below: int, limit: int
) -> tuple[Sequence[int], int | None]:
    query = tsquery(asked, group)
    found: list[int] = []
    for _ in range(_WINDOWS):
        top = conn.execute(_TOP_POSTGRES, {"below": below}).scalar()
        if top is None:
            return found, None
        least = top - WINDOW + 1
        given = {"query": query, "below": below, "least": least}
        hits = conn.execute(_NEWEST_POSTGRES, given).scalars().all()
        passing = _passing(conn, asked, hits)
        found.extend(passing[: limit - len(found)])
        if len(found) == limit:
            return found, None
        below = least
        if len(hits) < RARE:
            statement = text(_MATCH_POSTGRES.replace("{filters}", asked.filters))
            rest = {**asked.params, "query": query, "below": below, "limit": limit - len(found)}
            found.extend(conn.execute(statement, rest).scalars())
            return found, None
    return found, below


def _passing(conn: Connection, asked: Asked, hits: Sequence[int]) -> Sequence[int]:
    if not hits:
        return hits
    statement = text(_PASSING_POSTGRES.replace("{filters}", asked.filters))
    return conn.execute(statement, {**asked.params, "ids": list(hits)}).scalars().all()


def fts5_query(asked: Asked, group: int) -> str:
    """The FTS5 expression of a group. Terms are words of `split_words`: letters and digits alone."""
    terms = asked.terms
    quoted = [f'"{w}"' for w in asked.must]
    if asked.projects:
        quoted.append("(" + " OR ".join(f'"{project_word(p)}"' for p in asked.projects) + ")")
    must = "".join(f"{part} AND " for part in quoted)
    titled = _all_of([f'"{in_title(t)}"' for t in terms], "*", " AND ")
    words = [f'"{t}"' for t in terms]
    if group == 0:
        found = f"{must}{titled}"
    elif group == 1:
        found = f"({must}{_all_of(words, '', ' AND ')}) NOT ({titled})"
    else:
        beginning = f"({must}{_all_of(words, '*', ' AND ')}) NOT ({titled})"
        found = f"({beginning}) NOT {words[-1]}"
    for word in asked.without:
        found = f'({found}) NOT "{word}"'
    return found


def tsquery(asked: Asked, group: int) -> str:
    """The same for PostgreSQL."""
    terms = asked.terms
    quoted = [f"'{w}'" for w in asked.must]
    if asked.projects:
        quoted.append("(" + " | ".join(f"'{project_word(p)}'" for p in asked.projects) + ")")
    must = "".join(f"{part} & " for part in quoted)
    titled = _all_of([f"'{in_title(t)}'" for t in terms], ":*", " & ")
    words = [f"'{t}'" for t in terms]
    if group == 0:
        found = f"{must}{titled}"
    elif group == 1:
        found = f"{must}{_all_of(words, '', ' & ')} & !({titled})"
    else:
        found = f"{must}{_all_of(words, ':*', ' & ')} & !({titled}) & !{words[-1]}"
    return found + "".join(f" & !'{word}'" for word in asked.without)


def _all_of(words: Sequence[str], ending: str, joint: str) -> str:
    """All words, the last one with `ending`, which makes it a beginning."""
    return joint.join([*words[:-1], words[-1] + ending])
