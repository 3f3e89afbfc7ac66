"""What releases need from others: a signature, the projection after commit, the gate. `app` connects them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from promptops_server.approvals.continuity import Papers as PapersRead
from promptops_server.approvals.model import GateFacts, Verdict
from promptops_server.evaluation.matrix.facts import Facts, Tested
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database, Transaction
from promptops_server.registry.model import Project
from promptops_server.releases.model import Delivery


class Sign(Protocol):
    """Signs a statement as the head at `as_of`; answered by `delivery.keys`."""

    def __call__(self, statement_text: str, as_of_text: str) -> tuple[str, str]:
        """The key's id and the base64 signature over both texts. Called inside the project lock: no waiting."""
        ...


class Projection(Protocol):
    """Brings what followers read up to the newest release; answered by `delivery.projection`."""

    def __call__(self, environment_id: str) -> Delivery:
        """Called right after commit, and safe to call again. Returns within about a second, and never raises."""
        ...


class Gate(Protocol):
    """The publish gate; answered by `approvals.gate`."""

    def __call__(self, facts: GateFacts) -> Verdict:
        """A pure decision over the facts."""
        ...


class Papers(PapersRead, Protocol):
    """What is documented and decided about versions; answered by `approvals.workflow.papers`."""

    def released(
        self,
        tx: Transaction,
        project: Project,
        environment: tuple[str, str],
        live: Sequence[tuple[str, int]],
        gone: Sequence[str],
    ) -> None:
        """Note a release where approval is asked (environment id and name), in its transaction.

        The approvals of what went live are used from now on, and its review dates start; what went has none any more.
        """
        ...


class MatrixFacts(Protocol):
    """What is known of versions on targets; answered by `evaluation.matrix.facts`."""

    def __call__(
        self,
        conn: Connection,
        project: Project,
        versions: Sequence[Tested],
        targets: Sequence[str],
        *,
        suite: str | None = None,
    ) -> Facts:
        """A cell per path and target, as of now. Called inside the project lock."""
        ...


def nothing_tested(
    conn: Connection,
    project: Project,
    versions: Sequence[Tested],
    targets: Sequence[str],
    *,
    suite: str | None = None,
) -> Facts:
    """The answer of an installation without a matrix."""
    return {}


class ActorNow(Protocol):
    """Somebody who acted earlier, with what they hold now; answered by `access.standing`."""

    def __call__(
        self,
        conn: Connection,
        subject: str,
        *,
        auth_method: str,
        session: str | None,
        at: int | None = None,
    ) -> Actor:
        """Raises Denied when the person is deactivated, or the token is revoked or expired by `at` (None: now)."""
        ...


@dataclass(frozen=True, slots=True)
class ReleaseDeps:
    """What every use case here stands on."""

    db: Database
    authorise: Authorise
    sign: Sign
    projection: Projection
    gate: Gate
    actor_now: ActorNow
    papers: Papers
    matrix: MatrixFacts = nothing_tested
