"""What the routes of working copies need, and the entity tags they read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request

from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.http import if_match
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.working_copies.model import Seen

_TAG = re.compile(r"w([1-9][0-9]{0,8})(?:\.([0-9a-f]{8}))?")


@dataclass(frozen=True, slots=True)
class WorkingCopyDeps:
    """Built by `app`. `keep_days` is how long an untouched copy is kept."""

    db: Database
    authorise: Authorise
    keep_days: float


def seen_state(request: Request) -> Seen | None:
    """The state named by `If-Match`, None without the header.

    Raises:
        BadRequest: the header is no entity tag of a working copy.
    """
    tag = if_match(request)
    if tag is None:
        return None
    match = _TAG.fullmatch(tag)
    if match is None:
        raise BadRequest(
            f"If-Match is {tag!r}, not the entity tag of a working copy.",
            remedy='Send the ETag of the state you changed, e.g. If-Match: "w12".',
        )
    return Seen(int(match[1]), match[2] or "")
