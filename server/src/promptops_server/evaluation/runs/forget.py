"""Forget requests and replies of old runs. Verdicts, scores, usage and cost stay; such answers are not used again."""

from __future__ import annotations

from promptops_server.evaluation.runs import store
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database

DAY_US = 86_400 * 1_000_000
_AT_ONCE = 1_000


def forget_old_texts(db: Database, keep_days: float) -> int:
    """Drop the texts of runs that ended longer ago than this, some at a time; returns of how many results."""
    before = now_us() - int(keep_days * DAY_US)
    count = 0
    while True:
        with db.write() as tx:
            done = store.forget_texts(tx.conn, before, _AT_ONCE)
        if not done:
            return count
        count += done
