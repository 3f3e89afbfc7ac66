"""The contents of a push's versions: each file read, checked and digested once, its text forgotten again.

A first push may bring tens of thousands of versions, so one text is in memory at a time. Fragments are resolved after
numbering, since they may be pinned to versions of this very push; their files are read anew, with the recent ones kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import lru_cache

from promptops.format import FragmentError, PromptFile, parse
from promptops.format.fragment import Pin
from promptops_server.infra.courtesy import Courtesy
from promptops_server.registry.content import (
    MAX_FILE_BYTES,
    Card,
    Content,
    card_of,
    forget_text,
    read_content,
    too_large,
)
from promptops_server.registry.git.objects import BLOB, PreparedBlob
from promptops_server.registry.git.view import ObjectView
from promptops_server.registry.model import Project
from promptops_server.registry.planned import resolve_planned
from promptops_server.registry.steps import Numbering
from promptops_server.registry.versions import fragment_loader

_BATCH = 32
"""Stored files in one SELECT: each may have a megabyte."""
_FRAGMENTS = 256
"""Parsed fragments that are remembered."""


def read_contents(
    view: ObjectView, numbering: Numbering
) -> tuple[dict[str, Content], dict[str, Card]]:
    """Every content of the plan, by blob id, and the cards of each address's newest."""
    shown: dict[str, list[str]] = {}
    for path, oid in {v.path: v.blob for v in numbering.versions}.items():
        shown.setdefault(oid, []).append(path)
    contents: dict[str, Content] = {}
    cards: dict[str, Card] = {}
    courtesy = Courtesy()
    for blob in _blobs(view, list({v.blob: None for v in numbering.versions})):
        content = _content(blob)
        for path in shown.get(blob.oid, ()):
            cards[path] = card_of(path, content)
        contents[blob.oid] = forget_text(content)
        courtesy()
    return contents, cards


def resolve_contents(
    view: ObjectView, project: Project, numbering: Numbering, contents: dict[str, Content]
) -> dict[str, Content]:
    """The contents with their fragments resolved, or invalid with the reason."""
    if not any(content.pending for content in contents.values()):
        return contents
    blobs = {(v.path, v.number): v.blob for v in numbering.versions}

    @lru_cache(_FRAGMENTS)
    def planned(path: str, pin: Pin) -> PromptFile:
        oid = blobs[path, int(pin)]
        file = parse(view.blob(oid)).file if contents[oid].valid else None
        if file is None:
            raise FragmentError(f"{path}@{pin} is not a valid prompt")
        return file

    def again(oid: str) -> Content:
        return read_content(view.blob(oid), stored_as=oid)

    stored = lru_cache(_FRAGMENTS)(fragment_loader(view.conn, project))
    return resolve_planned(numbering, contents, stored, planned, again)


def _blobs(view: ObjectView, oids: list[str]) -> Iterator[PreparedBlob]:
    for at in range(0, len(oids), _BATCH):
        yield from view.require(oids[at : at + _BATCH], BLOB)


def _content(blob: PreparedBlob) -> Content:
    if blob.size > MAX_FILE_BYTES:
        return too_large(blob.oid, blob.size)
    return read_content(zlib.decompress(blob.z), stored_as=blob.oid)
