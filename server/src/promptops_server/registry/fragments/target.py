"""Which version of a fragment pins are to move to."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from promptops_server.infra.problems import BadRequest, Invalid, NotFound
from promptops_server.registry.model import Project, Version
from promptops_server.registry.paths import address_path
from promptops_server.registry.versions import find_pinned, get_version

NEWEST = "newest"
_NUMBER = re.compile(r"v?([1-9][0-9]{0,8})")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def target_version(conn: Connection, project: Project, fragment: str, to: str) -> Version:
    """The valid version of a fragment that `to` means: `newest`, a number, or a behaviour digest.

    Raises:
        BadRequest: `to` is none of these, or the path breaks a rule.
        NotFound: no such prompt or version.
        Invalid: the version is no valid prompt.
    """
    address_path(fragment)
    numbered = _NUMBER.fullmatch(to)
    if to == NEWEST:
        found = get_version(conn, project, fragment)
    elif numbered:
        found = get_version(conn, project, fragment, int(numbered[1]))
    elif _DIGEST.fullmatch(to):
        by_digest = find_pinned(conn, project, fragment, to)
        if by_digest is None:
            get_version(conn, project, fragment)
            raise NotFound(f"{project.name}/{fragment} has no version with the digest {to}.")
        found = by_digest
    else:
        raise BadRequest(
            f"`to` is {to[:100]!r}: neither a version nor a digest.",
            remedy="Send newest, a version number, or sha256:… (a version's behaviour digest).",
            slug="bad-pin",
        )
    if not found.valid or found.behaviour is None:
        raise Invalid(
            f"{project.name}/{fragment}@{found.number} is not a valid prompt: nothing can include it.",
            errors=[dict(problem) for problem in found.problems],
            slug="invalid-version",
        )
    return found
