"""The addresses an edit of many prompts reads and writes: their newest contents, and whether a target is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from promptops.format.names import fold
from promptops_server.infra.problems import Conflict, Invalid
from promptops_server.registry.content import Content, read_content, with_fragments
from promptops_server.registry.edits.frame import EXTENSION
from promptops_server.registry.git import read
from promptops_server.registry.model import Project
from promptops_server.registry.paths import file_error, path_fault, twin_error
from promptops_server.registry.rows import Head
from promptops_server.registry.versions import fragment_loader, spellings


def stored_contents(
    conn: Connection, project: Project, heads: Iterable[Head]
) -> dict[str, Content]:
    """The newest contents of these addresses, read and judged by today's rules, by blob id."""
    load = fragment_loader(conn, project)
    blobs = read.blobs(conn, project.id, {head.blob for head in heads})
    return {
        oid: with_fragments(read_content(data, stored_as=oid), load) for oid, data in blobs.items()
    }


def target_faults(
    conn: Connection, project_id: str, targets: Iterable[str], heads: Mapping[str, Head]
) -> dict[str, dict[str, Any]]:
    """Why addresses cannot be given a prompt that is not there yet, by path; free ones are left out.

    `heads` are those of all targets that exist in any case, by folded path. An archived address may be taken again.
    """
    spelled = spellings(conn, project_id, heads)
    faults: dict[str, dict[str, Any]] = {}
    given: set[str] = set()
    for path in targets:
        fault = path_fault(path)
        head = heads.get(fold(path))
        file = path[:200] + EXTENSION
        if fault:
            faults[path] = file_error(file, "bad-path", f"this cannot be a prompt: {fault}")
        elif path in given:
            faults[path] = file_error(file, "given-twice", "two prompts would get this address")
        elif head is not None and head.path == path and not head.archived:
            faults[path] = file_error(
                file,
                "address-taken",
                f"there is a prompt at {path}, at version {head.latest}",
                "archive it first, or choose another address",
            )
        elif head is None or head.path != path:
            clash = spelled.clash(path)
            if clash is not None:
                faults[path] = twin_error(file, *clash)
        given.add(path)
    return faults


def refuse_targets(faults: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Conflict when an address is taken, Invalid for other faults; `errors` has all of them."""
    if not faults:
        return
    errors = [dict(fault) for fault in faults.values()]
    first = errors[0]["message"]
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    detail = f"{first[:1].upper()}{first[1:]}{more}. Nothing was changed."
    codes = {error["code"] for error in errors}
    if codes & {"address-taken", "given-twice"}:
        raise Conflict(
            detail, remedy=errors[0]["fix"] or "See `errors`.", slug="address-taken", errors=errors
        )
    slug = "case-twins" if codes == {"case-twins"} else "bad-path"
    raise Invalid(detail, remedy=errors[0]["fix"], slug=slug, errors=errors)
