"""What the routes of working copies need, and the entity tags they read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import Request

from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.http import tag_like
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
    send = "Send the ETag of the state you changed"
    found = tag_like(request, _TAG, "a working copy", example="w12", send=send)
    return None if found is None else Seen(int(found[1]), found[2] or "")
