"""Full text search over path, name, description, tags and message text, the same on SQLite and PostgreSQL.

Owns the rows of `prompt_search` (see `search_table`), one per prompt, and the splitting of text into words. Both engines only ever see words of letters and digits, so what a user types is never
query syntax. Matches in path or name come first, newest prompts first within each group: both are read in index order,
so a page costs the same however many prompts match.
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


_INSERT_SQLITE = text(
    "INSERT INTO prompt_search (rowid, project, title, words) VALUES (:id, :project, :title, :words)"
)
_UPDATE_SQLITE = text(
    "UPDATE prompt_search SET title = :title, words = :words"
    " WHERE rowid = :id AND (title <> :title OR words <> :words)"
)
# The project is one of the words, so that the index alone answers "in this project".
_UPSERT_POSTGRES = text(
    "INSERT INTO prompt_search (prompt_id, title, words)"
    " VALUES (:id, array_to_tsvector(CAST(:title AS text[])), array_to_tsvector(CAST(:words AS text[])))"
    " ON CONFLICT (prompt_id) DO UPDATE SET title = excluded.title, words = excluded.words"
)


def write_words(
    conn: Connection, project_id: str, new: Mapping[int, Words], changed: Mapping[int, Words]
) -> None:
    """Index prompts, by row id: `new` ones have no search row yet, `changed` ones may."""
    project = _project_word(project_id)
    if conn.dialect.name == "sqlite":
        for statement, rows in ((_INSERT_SQLITE, new), (_UPDATE_SQLITE, changed)):
            if rows:
                conn.execute(
                    statement,
                    [
                        {
                            "id": row,
                            "project": project,
                            "title": " ".join(words.title),
                            "words": " ".join(words.all),
                        }
                        for row, words in rows.items()
                    ],
                )
        return
    rows = {**new, **changed}
    if rows:
        conn.execute(
            _UPSERT_POSTGRES,
            [
                {
                    "id": row,
                    "title": [project, *words.title],
                    "words": [project, *words.all],
                }
                for row, words in rows.items()
            ],
        )


def _project_word(project_id: str) -> str:
    return "p" + "".join(c for c in project_id.lower() if c.isalnum())


_MATCH_SQLITE = (
    "SELECT prompt.id FROM prompt_search JOIN prompt ON prompt.id = prompt_search.rowid"
    " WHERE prompt_search MATCH :query AND prompt_search.rowid < :below {filters}"
    " ORDER BY prompt_search.rowid DESC LIMIT :limit"
)
_MATCH_POSTGRES = (
    "SELECT prompt.id FROM prompt_search JOIN prompt ON prompt.id = prompt_search.prompt_id"
    " WHERE {match} AND prompt_search.prompt_id < :below {filters}"
    " ORDER BY prompt_search.prompt_id DESC LIMIT :limit"
)
ABOVE_ALL = 2**62


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

    Group 0 matches in path or name, group 1 elsewhere. `after` is the last pair of the page before. `filters` is
    further SQL over `prompt`, written by the caller (never by a user), with its `params`.
    """
    terms = split_words(query)[:MAX_TERMS]
    if not terms:
        return []
    found: list[tuple[int, int]] = []
    for group in (0, 1):
        if after is not None and after[0] > group:
            continue
        below = after[1] if after is not None and after[0] == group else ABOVE_ALL
        statement, match = _statement(conn, project_id, terms, group)
        rows = conn.execute(
            text(statement.replace("{filters}", filters)),
            {**(params or {}), **match, "below": below, "limit": limit - len(found)},
        )
        found.extend((group, row[0]) for row in rows)
        if len(found) >= limit:
            break
    return found


def _statement(
    conn: Connection, project_id: str, terms: Sequence[str], group: int
) -> tuple[str, dict[str, str]]:
    project = _project_word(project_id)
    if conn.dialect.name == "sqlite":
        wanted = " AND ".join([f'"{t}"' for t in terms[:-1]] + [f'"{terms[-1]}"*'])
        in_title = " AND ".join(f"title : {t}" for t in wanted.split(" AND "))
        if group == 0:
            query = f'project : "{project}" AND {in_title}'
        else:
            in_words = " AND ".join(f"words : {t}" for t in wanted.split(" AND "))
            query = f'(project : "{project}" AND {in_words}) NOT ({in_title})'
        return _MATCH_SQLITE, {"query": query}
    wanted = " & ".join([f"'{project}'", *(f"'{t}'" for t in terms[:-1]), f"'{terms[-1]}':*"])
    title = "prompt_search.title @@ CAST(:query AS tsquery)"
    match = (
        title if group == 0 else f"prompt_search.words @@ CAST(:query AS tsquery) AND NOT {title}"
    )
    return _MATCH_POSTGRES.replace("{match}", match), {"query": wanted}
