"""What exceptions, certification and retirement share: their ports, who may decide, who wrote what is decided about.

Decisions are made by people. A service account decides nothing, and an operator's token only where the installation
says so, since whoever reads the server's files can make one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import Connection, func, select

from promptops_server.access.signing import Components
from promptops_server.access.tables import user
from promptops_server.approvals.paperwork import Paperwork
from promptops_server.approvals.signing import CheckSigner, offered, sign
from promptops_server.approvals.workflow.model import Step
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Authorise, Decision, Resource, require
from promptops_server.infra.database import Database, Transaction
from promptops_server.infra.plain_text import control_in
from promptops_server.infra.problems import Denied, Invalid
from promptops_server.registry.paths import path_fault
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.tables import prompt, version

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

TOPIC: Final = "review"
"""Topic of the outbox rows written here; their payload's `event` names what happened."""
REASON_MIN: Final = 20
"""Characters a reason needs where it sets a rule aside; elsewhere 3, as for releases."""
REASON_MAX: Final = 2_000
CHUNK: Final = 400
"""Values in one IN list: below every engine's limit on parameters."""


class Papers(Protocol):
    """What is known about versions besides their content; the answer that the gate rests on."""

    def __call__(
        self,
        conn: Connection,
        project: Project,
        environment: str,
        contents: Sequence[tuple[str, int]],
        now: int,
    ) -> Mapping[tuple[str, int], Paperwork]:
        """By path and version; `now` in microseconds."""
        ...


class Identities(Protocol):
    """The humans behind accounts; what separation of duties compares."""

    def __call__(self, conn: Connection, subjects: Collection[str], /) -> Mapping[str, str]:
        """User id to identity, for every id asked about."""
        ...


class Places(Protocol):
    """Where prompts are live; answered by `releases`."""

    def names(self, conn: Connection, project_id: str) -> Mapping[str, str]:
        """The project's environments: row id to name."""
        ...

    def gated(self, conn: Connection, project_id: str, path: str) -> Sequence[str]:
        """Names of the environments that ask for approval and in which the prompt is live."""
        ...


class Renewed(Protocol):
    """Told when the decisions about some content were confirmed anew; answered by `certification.renew`."""

    def __call__(
        self, conn: Connection, project_id: str, path: str, behaviour: str, record: str, now: int
    ) -> None:
        """Called in the certification's own transaction."""
        ...


def nobody_told(
    conn: Connection, project_id: str, path: str, behaviour: str, record: str, now: int
) -> None:
    """Where no workflow keeps requests."""


def own_identity(conn: Connection, subjects: Collection[str]) -> Mapping[str, str]:
    """Every account its own human: right where nobody has two."""
    return {subject: subject for subject in subjects}


@dataclass(frozen=True, slots=True)
class ContinuityDeps:
    """What the use cases here stand on; built by `app`."""

    db: Database
    authorise: Authorise
    papers: Papers
    places: Places
    identities: Identities = field(default=own_identity)
    operator_tokens_decide: bool = False
    """Whether decisions made with a token of the server's own machine count."""
    check_signer: CheckSigner | None = None
    """Without one nobody can sign, and what must be signed is refused."""
    renewed: Renewed = nobody_told


def find_project(deps: ContinuityDeps, actor: Actor, name: str) -> Project:
    """The project, for somebody who may read it. Raises NotFound."""
    require_readable(deps.authorise, actor, name)
    with deps.db.read() as conn:
        return get_project(conn, name)


def require_person(actor: Actor, action: Action, *, operator_tokens_decide: bool = False) -> None:
    """Refuse whoever is no person acting as such.

    Raises:
        Denied: a service account, the server, or an operator's token where those do not decide.
    """
    if actor.kind != "person":
        raise Denied(
            f"{actor.name} is no person: accounts of machines decide nothing.",
            rule="separation.person",
            remedy="Let a person decide, signed in as themselves.",
            action=action,
        )
    if actor.auth_method == "operator" and not operator_tokens_decide:
        raise Denied(
            f"{actor.name} acts with a token made on the server's machine; here those decide nothing.",
            rule="separation.operator_token",
            remedy="Sign in as yourself, or turn operator_tokens_decide on.",
            action=action,
        )


def require_decider(
    authorise: Authorise,
    actor: Actor,
    action: Action,
    resource: Resource,
    *,
    operator_tokens_decide: bool = False,
) -> Decision:
    """A person who may take this action here.

    Raises:
        Denied: no.
    """
    require_person(actor, action, operator_tokens_decide=operator_tokens_decide)
    return require(authorise, actor, action, resource)


def is_decider(
    authorise: Authorise,
    actor: Actor,
    action: Action,
    resource: Resource,
    *,
    operator_tokens_decide: bool = False,
) -> bool:
    """Whether `require_decider` would let the actor through; for lists of what waits for somebody."""
    try:
        require_person(actor, action, operator_tokens_decide=operator_tokens_decide)
    except Denied:
        return False
    return authorise(actor, action, resource).allowed


def may_decide(deps: ContinuityDeps, actor: Actor, action: Action, resource: Resource) -> bool:
    """The same as this installation is set."""
    operators = deps.operator_tokens_decide
    return is_decider(deps.authorise, actor, action, resource, operator_tokens_decide=operators)


def require_not(actor: Actor, who: Collection[str], rule: str, what: str) -> None:
    """Refuse an actor who is one of these identities; `what` says why they stand too near.

    Raises:
        Denied: under this rule's name.
    """
    if actor.identity in who:
        raise Denied(f"{actor.name} {what}.", rule=rule, remedy="Let somebody else decide.")


def from_risk(authorise: Authorise, actor: Actor, resource: Resource) -> bool:
    """Whether the actor holds the control function's role here: accepting exceptions is what that role alone opens."""
    return authorise(actor, "exception:accept", resource).allowed


def role_of(authorise: Authorise, actor: Actor, resource: Resource, step: Step) -> str:
    """The role under which a decision is recorded."""
    if step == "review":
        return "reviewer"
    if step == "validate":
        return "validator"
    return "risk" if from_risk(authorise, actor, resource) else "approver"


def authors_under(
    conn: Connection, project_id: str, scope: str, identities: Identities
) -> frozenset[str]:
    """Identities of everybody who ever wrote a version in a scope, see `in_scope`: those who acted, and those whose
    e-mail address stands in a commit."""
    query = (
        select(version.c.author, version.c.author_text)
        .distinct()
        .join(prompt, prompt.c.id == version.c.prompt_id)
        .where(prompt.c.project_id == project_id)
    )
    if scope.endswith("/"):
        query = query.where(prompt.c.path.startswith(scope, autoescape=True))
    elif scope:
        query = query.where(prompt.c.path == scope)
    return identities_of(conn, conn.execute(query).all(), identities)


def authors_of_version(
    conn: Connection, project_id: str, path: str, number: int, identities: Identities
) -> frozenset[str]:
    """Identities behind one version."""
    query = (
        select(version.c.author, version.c.author_text)
        .join(prompt, prompt.c.id == version.c.prompt_id)
        .where(
            prompt.c.project_id == project_id,
            prompt.c.path == path,
            version.c.number == number,
        )
    )
    return identities_of(conn, conn.execute(query).all(), identities)


def identities_of(
    conn: Connection, authors: Sequence[Any], identities: Identities
) -> frozenset[str]:
    """The humans behind pairs of a user id and a commit's author line."""
    subjects = {str(author) for author, _ in authors}
    addresses = sorted({mail for _, line in authors if (mail := address_of(line))})
    for at in range(0, len(addresses), CHUNK):
        rows = conn.execute(
            select(user.c.id).where(func.lower(user.c.email).in_(addresses[at : at + CHUNK]))
        )
        subjects.update(rows.scalars())
    return frozenset(identities(conn, subjects).values())


def address_of(author_line: str) -> str:
    """The e-mail address in `Name <address>`, in lower case; empty without one."""
    _, _, rest = author_line.rpartition("<")
    return rest.partition(">")[0].strip().lower() if ">" in rest else ""


def in_scope(scope: str, path: str) -> bool:
    """Whether a prompt lies in a scope: empty for the project, `claims/` for a module, else one prompt."""
    return not scope or scope == path or (scope.endswith("/") and path.startswith(scope))


def check_scope(scope: str) -> str:
    """The scope, checked.

    Raises:
        Invalid: neither empty, a module with its slash, nor a prompt's path.
    """
    fault = path_fault(scope.removesuffix("/")) if scope else ""
    if fault:
        raise Invalid(
            f"scope: {scope[:200]!r}: {fault}.",
            remedy="Leave it empty for the project; write claims/ for a module, claims/triage for a prompt.",
            slug="bad-scope",
        )
    return scope


def check_said(name: str, text: str, *, least: int = REASON_MIN) -> str:
    """A text somebody gives account with, without surrounding white space.

    Raises:
        Invalid: too short, too long, or no plain text.
    """
    said = text.strip().replace("\r\n", "\n").replace("\r", "\n")
    control = control_in(said, lines=True)
    if control is not None:
        raise Invalid(
            f"{name} holds the character {control}.", remedy="Send plain text.", slug=name
        )
    if not least <= len(said) <= REASON_MAX:
        raise Invalid(
            f"{name} has {len(said)} characters; {least} to {REASON_MAX:,} are asked for.",
            remedy="Say it in a sentence that a stranger understands in a year.",
            slug=name.replace("_", "-"),
        )
    return said


def signed(
    tx: Transaction,
    check: CheckSigner | None,
    actor: Actor,
    given: Components,
    *,
    needed: bool,
    verdict: str,
    payload: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The signature of a decision; None where none is needed and none was offered.

    Raises:
        Denied: it is needed, and the actor does not or cannot sign.
    """
    if not needed and not offered(given):
        return None
    if check is None:
        raise Denied(
            "Nobody can sign here.",
            rule="signature.impossible",
            remedy="Ask an administrator: signing is not set up on this server.",
        )
    return sign(tx, check, actor, given, verdict=verdict, payload=payload)
