"""Every capability's tables on the shared metadata, and which objects of a database are ours to compare."""

from __future__ import annotations

from typing import Any

# Importing them fills the metadata.
from promptops_server.access import tables as _access
from promptops_server.access.sign_in import tables as _sign_in
from promptops_server.approvals.certification import tables as _certification
from promptops_server.approvals.exceptions import tables as _exceptions
from promptops_server.approvals.retirement import tables as _retirement
from promptops_server.approvals.workflow import tables as _workflow
from promptops_server.audit import tables as _audit
from promptops_server.delivery import tables as _delivery
from promptops_server.delivery.receipts import tables as _receipts
from promptops_server.evaluation import tables as _evaluation
from promptops_server.infra.tables import metadata
from promptops_server.providers import tables as _providers
from promptops_server.registry import tables as _registry
from promptops_server.registry.finding import tables as _finding
from promptops_server.registry.mirror import tables as _mirror
from promptops_server.registry.records import tables as _records
from promptops_server.registry.redaction import tables as _redaction
from promptops_server.registry.working_copies import tables as _working_copies
from promptops_server.releases import tables as _releases
from promptops_server.releases.emergency import tables as _emergency
from promptops_server.releases.schedule import tables as _schedule

__all__ = ["is_ours", "metadata"]

_CAPABILITIES = (
    _access,
    _sign_in,
    _audit,
    _delivery,
    _receipts,
    _registry,
    _finding,
    _mirror,
    _records,
    _redaction,
    _working_copies,
    _workflow,
    _evaluation,
    _providers,
    _releases,
    _schedule,
    _exceptions,
    _certification,
    _retirement,
    _emergency,
)


def is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Full-text search differs per engine and is made by `registry.search`, outside the metadata."""
    return not (kind in ("table", "index") and name is not None and "prompt_search" in name)
