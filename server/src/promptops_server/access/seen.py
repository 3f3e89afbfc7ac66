"""When accounts were last used: by a session in a browser or by one of their tokens."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from promptops_server.access.sign_in.tables import browser_session
from promptops_server.access.tables import token


def last_seen(conn: Connection, user_ids: Collection[str]) -> dict[str, int]:
    """The last use by user, in microseconds since 1970; whoever was never seen is missing."""
    found: dict[str, int] = {}
    for owner, moment in (
        (token.c.user_id, token.c.last_used_at),
        (browser_session.c.user_id, browser_session.c.seen_at),
    ):
        query = select(owner, func.max(moment)).where(owner.in_(user_ids), moment.is_not(None))
        for user_id, at in conn.execute(query.group_by(owner)):
            found[user_id] = max(found.get(user_id, 0), int(at))
    return found
