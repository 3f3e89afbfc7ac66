"""Full text search over path, name, description, tags, owners and message text, the same on SQLite and PostgreSQL.

Owns the rows of `prompt_search` (see `search_table`), one per prompt, and the splitting of text into words. Both engines
only ever see words of letters and digits, so what a user types is never query syntax. Asking is `finding.matching`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from promptops.format.model import Message, PromptFile

MAX_WORDS = 4_000
"""Distinct words of one prompt that are indexed."""
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
    facets: tuple[str, ...] = ()
    """Facets as words (`facets.facet_word`), so that the index alone answers "and with this tag"."""

    def with_facets(self, words: Iterable[str]) -> Words:
        """These words and the facets'."""
        return Words(self.title, self.all, tuple(sorted(words)))


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
    yield from file.owners
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
    project = project_word(project_id)
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
    """The project as a word, so that the index alone answers "in this project"; then facets, title words, all."""
    return [project, *words.facets, *(in_title(word) for word in words.title), *words.all]


def in_title(word: str) -> str:
    """A word as one of path or name."""
    # An underscore is in no word, so nothing a user types meets a marked one by accident.
    return "_" + word


def facet_word(project_id: str, kind: str, value: str) -> str:
    """A facet of a project as a word; no user can type it, since no word of a text has an underscore."""
    digest = hashlib.sha256(f"{project_id}\n{kind}\n{value}".encode()).hexdigest()
    return f"__{digest[:16]}"


def project_word(project_id: str) -> str:
    """The project as a word."""
    return "__" + "".join(c for c in project_id.lower() if c.isalnum())
