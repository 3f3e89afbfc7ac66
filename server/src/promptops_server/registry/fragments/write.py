"""Writing which fragments new versions include. A prompt without fragments, as most are, costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert

from promptops_server.registry.content import Content
from promptops_server.registry.model import Version
from promptops_server.registry.paths import path_fault
from promptops_server.registry.tables import fragment_use

_INSERT = insert(fragment_use)


def write_uses(
    conn: Connection, project_id: str, versions: Iterable[Version], contents: Mapping[str, Content]
) -> None:
    """One row per version, fragment and pin; `contents` by blob id. References no prompt could be at are left out."""
    rows: list[dict[str, Any]] = []
    for version in versions:
        first: dict[tuple[str, str], str] = {}
        for reference in contents[version.blob].includes:
            if not path_fault(reference.path):
                first.setdefault((reference.path, str(reference.pin)), reference.key)
        rows += [
            {
                "prompt_id": version.prompt_id,
                "number": version.number,
                "position": position,
                "project_id": project_id,
                "path": version.path,
                "fragment": fragment,
                "pin": pin,
                "key": key,
            }
            for position, ((fragment, pin), key) in enumerate(first.items())
        ]
    if rows:
        conn.execute(_INSERT, rows)
