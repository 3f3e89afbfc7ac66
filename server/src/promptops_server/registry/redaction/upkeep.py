"""What redactions leave to be done later: requests that expire, and what lies outside of a transaction's reach.

After a redaction the database file still has the old bytes where rows were freed, and Redis the old artifacts. Both are
dealt with right after the commit, and again until it succeeded.
"""

from __future__ import annotations

import structlog

from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.projects import get_project_by_id
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.cancel import end
from promptops_server.registry.redaction.deps import RedactionDeps

log = structlog.get_logger(__name__)

TABLES = (
    *("git_object", "git_commit", "version", "prompt", "prompt_search", "facet", "artifact"),
    *("release", "working_copy", "idempotency_key", "outbox", "redaction"),
    *("version_documentation", "review_request", "review_decision", "review_comment"),
    *("rule_exception", "certification_due", "certification_decision", "emergency_release"),
    *("emergency_decision", "prompt_retirement", "test_run", "test_result", "test_cell"),
    "suite_reading",
)
"""Those a redaction changes; what PostgreSQL is to vacuum."""


def clean(deps: RedactionDeps, project_id: str, redaction_id: str) -> None:
    """Make followers' stores and the database's free space forget, and note that it is done. Idempotent.

    Raises:
        Exception: what Redis or the database answered; it is to be tried again.
    """
    deps.served(project_id)
    deps.db.scrub(TABLES)
    with deps.db.write() as tx:
        lock_project(tx.conn, project_id)
        store.change(tx.conn, redaction_id, {"cleaned_at": tx.now})


def look_after(deps: RedactionDeps) -> None:
    """Close requests past their time, and clean up after redactions where that has not succeeded yet."""
    with deps.db.read() as conn:
        late = store.overdue(conn, now_us())
        unclean = store.uncleaned(conn)
    for redaction_id, project_id in late:
        with deps.db.write() as tx:
            lock_project(tx.conn, project_id)
            project = get_project_by_id(tx.conn, project_id)
            request = store.get(tx.conn, project, redaction_id)
            if request.state == "expired" and request.ended_at is None:
                end(tx, SYSTEM, project, request, "expired")
    for redaction_id, project_id in unclean:
        try:
            clean(deps, project_id, redaction_id)
        except Exception as error:
            log.warning("redaction_not_cleaned", redaction=redaction_id, error=type(error).__name__)
