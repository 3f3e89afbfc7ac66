"""What the workflow needs of others; `app` connects them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from promptops_server.approvals.signing import CheckSigner
from promptops_server.approvals.workflow.demands import Tightening
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database, Transaction
from promptops_server.registry.ports import LiveVersion

R = TypeVar("R", contravariant=True)


class Keep(Protocol[R]):
    """Called with a use case's result, last in its transaction: the answer of a request that may be repeated."""

    def __call__(self, tx: Transaction, result: R, /) -> None: ...


def keep_nothing(tx: Transaction, result: object, /) -> None:
    """For callers whose request cannot be repeated."""


@dataclass(frozen=True, slots=True)
class WorkflowDeps:
    """What every use case here stands on."""

    db: Database
    authorise: Authorise
    live: LiveVersion
    check_signer: CheckSigner
    more: Tightening
    wake: Callable[[], None] = lambda: None
    """Called after a commit that left something in the outbox."""
