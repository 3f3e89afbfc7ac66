"""Sign a head again, so that followers know it still is the head. A new `as_of` is not a new release.

Any number of servers may do this at once: the project lock lets one of them, and the others find it done.
"""

from __future__ import annotations

from promptops.delivery.header import Header
from promptops_server.delivery import store
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.store import Facts
from promptops_server.infra import clock
from promptops_server.infra.database import Database
from promptops_server.infra.project_lock import hold_project

VOUCH_EVERY_US = 3600 * 1_000_000
"""Microseconds between two signatures of a head."""


def vouch(
    db: Database, keys: Keys, facts: Facts, *, every_us: int = VOUCH_EVERY_US
) -> Header | None:
    """Sign the head anew if its `as_of` is older than `every_us`, or its key was revoked.

    Returns the header, None when it is not due.

    Raises:
        Unavailable: the database did not answer.
    """
    with db.write() as tx:
        hold_project(tx.conn, facts.project_id)
        header = store.head_header(tx.conn, facts.id)
        if header is None:
            return None
        due = tx.now - clock.from_text(header.as_of) >= every_us
        if not due and header.key_id not in keys.revoked():
            return None
        as_of = clock.to_text(tx.now)
        key_id, signature = keys.sign(header.statement_text, as_of)
        store.renew_signature(
            tx.conn,
            facts.id,
            header.position.release,
            as_of=tx.now,
            key_id=key_id,
            signature=signature,
        )
    return Header(header.statement_text, as_of, key_id, signature)
