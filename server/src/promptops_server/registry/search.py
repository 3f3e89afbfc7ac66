"""Full text search over path, name, description, tags and message text, the same on SQLite and PostgreSQL.

Owns the rows of `prompt_search` (see `search_table`), one per prompt, and the splitting of text into words. Both engines
only ever see words of letters and digits, so what a user types is never query syntax. Matches in path or name come
first, newest prompts first within each group: each group is read in index order, so a page costs about the same
however many prompts match.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from promptops.format.model import Message, PromptFile

MAX_WORDS = 4_000
"""Distinct words of one prompt that are indexed."""
MAX_TERMS = 16
"""Words of a query that count."""
_MAX_WORD = 60
_MAX_TEXT = 400_000

# A run of letters and digits is a word; scripts written without spaces are split into characters.
_WORD = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The indexed words of a prompt: those of its path and name, and all of them."""

    title: tuple[str, ...]
    all: tuple[str, ...]


def split_words(source: str) -> list[str]:
    """The words of a text, lower case, without accents, in order."""
    if not source.isascii():
        source = "".join(
            c for c in unicodedata.normalize("NFKD", source) if not unicodedata.combining(c)
        )
        source = unicodedata.normalize("NFC", source)
    return [word[:_MAX_WORD] for word in _WORD.findall(source.lower())]


def words_of(path: str, file: PromptFile | None) -> Words:
    """What is indexed of a prompt; of an invalid file only its path."""
    title = dict.fromkeys(split_words(path))
    everything = dict(title)
    if file is not None:
        title.update(dict.fromkeys(split_words(file.name)))
        everything.update(title)
        budget = _MAX_TEXT
        for piece in _texts(file):
            everything.update(dict.fromkeys(split_words(piece[:budget])))
            budget -= len(piece)
            if budget <= 0 or len(everything) >= MAX_WORDS:
                break
    return Words(tuple(title)[:MAX_WORDS], tuple(everything)[:MAX_WORDS])


def _texts(file: PromptFile) -> Iterable[str]:
    yield file.description
    yield from file.tags
    groups = [file.messages, *(v.messages for v in file.variants.values() if v.messages)]
    for messages in groups:
        for message in messages:
            if isinstance(message, Message):
                if isinstance(message.content, str):
                    yield message.content
                else:
                    for part in message.content or ():
                        body = part.value.get("text")
                        if isinstance(body, str):
                            yield body


_INSERT_SQLITE = text("INSERT INTO prompt_search (rowid, words) VALUES (:id, :words)")
_UPDATE_SQLITE = text(
    "UPDATE prompt_search SET words = :words WHERE rowid = :id AND words <> :words"
)
_UPSERT_POSTGRES = text(
    "INSERT INTO prompt_search (prompt_id, words)"
    " VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
    " ON CONFLICT (prompt_id) DO UPDATE SET words = excluded.words"
)


def write_words(
    conn: Connection, project_id: str, new: Mapping[int, Words], changed: Mapping[int, Words]
) -> None:
    """Index prompts, by row id: `new` ones have no search row yet, `changed` ones may."""
    project = _project_word(project_id)
    if conn.dialect.name == "sqlite":
        for statement, rows in ((_INSERT_SQLITE, new), (_UPDATE_SQLITE, changed)):
            if rows:
                values = [
                    {"id": row, "words": " ".join(_indexed(project, words))}
                    for row, words in rows.items()
                ]
                conn.execute(statement, values)
        return
    rows = {**new, **changed}
    if rows:
        conn.execute(
            _UPSERT_POSTGRES,
            [{"id": row, "words": _indexed(project, words)} for row, words in rows.items()],
        )


def _indexed(project: str, words: Words) -> list[str]:
    """The project as a word, so that the index alone answers "in this project"; then title words, then all."""
    return [project, *(_in_title(word) for word in words.title), *words.all]


def _in_title(word: str) -> str:
    # An underscore is in no word, so nothing a user types meets a marked one by accident.
    return "_" + word


def _project_word(project_id: str) -> str:
    return "__" + "".join(c for c in project_id.lower() if c.isalnum())


_MATCH_SQLITE = (
    "SELECT prompt.id FROM prompt_search JOIN prompt ON prompt.id = prompt_search.rowid"
    " WHERE prompt_search MATCH :query AND prompt_search.rowid < :below {filters}"
    " ORDER BY prompt_search.rowid DESC LIMIT :limit"
)
_MATCH_POSTGRES = (
    "SELECT prompt.id FROM prompt_search JOIN prompt ON prompt.id = prompt_search.prompt_id"
    " WHERE prompt_search.words @@ CAST(:query AS tsquery) AND prompt_search.prompt_id < :below"
    " {filters} ORDER BY {order} DESC LIMIT :limit"
)
# PostgreSQL cannot know how rare a word is. Reading the newest prompts in order is best for a common one; if they do
# not fill the page the word is rare, and its hits are taken from the index and sorted (adding 0 forbids the order of
# the primary key).
_NEWEST_POSTGRES = _MATCH_POSTGRES.replace("{order}", "prompt_search.prompt_id").replace(
    "{filters}",
    " AND prompt_search.prompt_id >="
    " LEAST(:below, (SELECT max(prompt_id) FROM prompt_search)) - :window {filters}",
)
_ANY_POSTGRES = _MATCH_POSTGRES.replace("{order}", "prompt_search.prompt_id + 0")
WINDOW = 600
"""Prompts read in order before the index is asked."""
ABOVE_ALL = 2**62
GROUPS = (0, 1, 2)


def find(
    conn: Connection,
    project_id: str,
    query: str,
    *,
    after: tuple[int, int] | None,
    limit: int,
    filters: str = "",
    params: Mapping[str, Any] | None = None,
) -> list[tuple[int, int]]:
    """Prompts with every word of `query` (the last one may be a beginning), as (group, prompt id).

    Group 0 matches in path or name, group 1 has the very words elsewhere, group 2 the last one as a beginning. `after`
    is the last pair of the page before. `filters` is further SQL over `prompt`, written by the caller (never by a
    user), with its `params`.
    """
    terms = split_words(query)[:MAX_TERMS]
    if not terms:
        return []
    found: list[tuple[int, int]] = []
    for group in GROUPS:
        if after is not None and after[0] > group:
            continue
        below = after[1] if after is not None and after[0] == group else ABOVE_ALL
        given = {**(params or {}), "below": below, "limit": limit - len(found)}
        rows = _in_group(conn, project_id, terms, group, filters, given)
        found.extend((group, row) for row in rows)
        if len(found) >= limit:
            break
    return found


def _in_group(
    conn: Connection,
    project_id: str,
    terms: Sequence[str],
    group: int,
    filters: str,
    given: Mapping[str, Any],
) -> list[int]:
    if conn.dialect.name == "sqlite":
        statement = text(_MATCH_SQLITE.replace("{filters}", filters))
        query = fts5_query(project_id, terms, group)
        return list(conn.execute(statement, {**given, "query": query}).scalars())
    query = tsquery(project_id, terms, group)
    newest = text(_NEWEST_POSTGRES.replace("{filters}", filters))
    found = conn.execute(newest, {**given, "query": query, "window": WINDOW}).scalars().all()
    if len(found) == given["limit"]:
        return list(found)
    every = text(_ANY_POSTGRES.replace("{filters}", filters))
    return list(conn.execute(every, {**given, "query": query}).scalars())


def fts5_query(project_id: str, terms: Sequence[str], group: int) -> str:
    """The FTS5 expression of a group. `terms` are words of `split_words`: letters and digits alone."""
    project = f'"{_project_word(project_id)}"'
    in_title = _all_of([f'"{_in_title(t)}"' for t in terms], "*", " AND ")
    words = [f'"{t}"' for t in terms]
    if group == 0:
        return f"{project} AND {in_title}"
    if group == 1:
        return f"({project} AND {_all_of(words, '', ' AND ')}) NOT ({in_title})"
    beginning = f"({project} AND {_all_of(words, '*', ' AND ')}) NOT ({in_title})"
    return f"({beginning}) NOT {words[-1]}"


def tsquery(project_id: str, terms: Sequence[str], group: int) -> str:
    """The same for PostgreSQL."""
    project = f"'{_project_word(project_id)}'"
    in_title = _all_of([f"'{_in_title(t)}'" for t in terms], ":*", " & ")
    words = [f"'{t}'" for t in terms]
    if group == 0:
        return f"{project} & {in_title}"
    if group == 1:
        return f"{project} & {_all_of(words, '', ' & ')} & !({in_title})"
    return f"{project} & {_all_of(words, ':*', ' & ')} & !({in_title}) & !{words[-1]}"


def _all_of(words: Sequence[str], ending: str, joint: str) -> str:
    """All words, the last one with `ending`, which makes it a beginning."""
    return joint.join([*words[:-1], words[-1] + ending])
