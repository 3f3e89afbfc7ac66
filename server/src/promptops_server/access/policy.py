"""The decision: may this actor do this here? Asked of Cedar; the answer names the rule that decided.

Nothing that permits means no, one policy that forbids means no, and one that fails means no as well: Cedar passes over a
policy that fails, and a `forbid` that is passed over would let through what it should stop.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import structlog

from promptops_server.access.cedar import Answer, OwnPolicy, PolicySet, ask, policy_set, statements
from promptops_server.access.roles import GRANTED_ROLES, roles_for
from promptops_server.access.words import refusal, why
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Action, Decision, Resource

log = structlog.get_logger(__name__)

MAX_REMEMBERED = 20_000
ERROR = "policy.error"
MISSING = "role.missing"
_FIRST = ("system", "admin")
"""Of the rules that permit, these are named before roles."""
_FORBIDS = (
    "scope.project",
    "scope.delivery",
    "scope.environment",
    "service.decision",
    "token.operator",
)
"""Of the rules that forbid, named in this order, then the installation's own."""


class Policies:
    """Answers `Authorise` by the shipped policies and the installation's own. One per process, for any thread.

    Args:
        own: the installation's policies; `use` replaces them.
        operator_tokens_decide: whether the decisions of tokens minted on the server's machine count.
    """

    def __init__(
        self, own: Sequence[OwnPolicy] = (), *, operator_tokens_decide: bool = True
    ) -> None:
        self._operator_tokens_decide = operator_tokens_decide
        self._state = _State(policy_set(own), tuple(own))

    @property
    def version(self) -> str:
        """SHA-256 over the texts of all policies in force, in hexadecimal."""
        return self._state.policies.version

    @property
    def own(self) -> tuple[OwnPolicy, ...]:
        """The installation's policies in force."""
        return self._state.own

    @property
    def speaks_of_paths(self) -> bool:
        """Whether a policy of the installation may tell paths of one folder apart."""
        return self._state.speaks_of_paths

    def use(self, own: Sequence[OwnPolicy]) -> None:
        """Decide by these policies of the installation from now on.

        Raises:
            ValueError: a text is no Cedar; what was in force stays.
        """
        if tuple(own) != self._state.own:
            self._state = _State(policy_set(own), tuple(own))

    def with_own(self, own: Sequence[OwnPolicy]) -> Policies:
        """The same questions put to other policies, to see what they would change."""
        return Policies(own, operator_tokens_decide=self._operator_tokens_decide)

    def __call__(self, actor: Actor, action: Action, resource: Resource) -> Decision:
        """Yes or no, with the rule and, for a no, what would satisfy it. Never raises."""
        state = self._state
        key = (
            actor.subject,
            actor.name,
            actor.kind,
            actor.admin,
            actor.roles,
            actor.scope,
            actor.auth_method,
            action,
            resource,
        )
        known = state.known.get(key)
        if known is None:
            known = self._decide(state, actor, action, resource)
            # Emptied as a whole: what is asked again is soon known again, and looking costs no order to keep.
            if len(state.known) >= MAX_REMEMBERED:
                state.known.clear()
            state.known[key] = known
        return known

    def uncached(self, actor: Actor, action: Action, resource: Resource) -> Decision:
        """The same decision, worked out anew."""
        return self._decide(self._state, actor, action, resource)

    def _decide(self, state: _State, actor: Actor, action: Action, resource: Resource) -> Decision:
        held = roles_for(actor.roles, action, resource)
        try:
            answer = self._ask(state, actor, action, resource, held)
        except Exception as error:
            answer = Answer(False, (), (str(error),))
        if answer.errors:
            log.error("policy_failed", action=action, errors=answer.errors[:3])
            decision = Decision(False, ERROR, *why(ERROR, actor, action, resource, state.own))
        elif answer.allowed:
            decision = Decision(True, _named(answer.rules, _FIRST))
        elif answer.rules:
            rule = _named(answer.rules, _FORBIDS)
            decision = Decision(False, rule, *why(rule, actor, action, resource, state.own))
        else:
            opening = self._opening(state, action, resource)
            decision = Decision(False, MISSING, *refusal(actor, action, resource, held, opening))
        return dataclasses.replace(decision, policy_version=state.policies.version)

    def _ask(
        self,
        state: _State,
        actor: Actor,
        action: Action,
        resource: Resource,
        held: frozenset[str],
    ) -> Answer:
        scope = actor.scope
        granted = held if scope.role is None else held & {scope.role}
        roles = set(granted)
        if scope.role is not None and (actor.admin or scope.role == "delivery"):
            # An administrator may be narrowed to any role; a delivery token needs no grant.
            roles.add(scope.role)
        return ask(
            state.policies,
            principal={
                "id": actor.subject,
                "attrs": {"name": actor.name, "kind": actor.kind, "admin": actor.admin},
            },
            action=action,
            place={
                "project": resource.project or "",
                "path": resource.path or "",
                "environment": resource.environment or "",
                "approval_required": resource.approval_required,
            },
            context={
                "roles": sorted(roles),
                "granted": sorted(granted),
                "token": {
                    "role": scope.role or "",
                    "project": scope.project or "",
                    "environment": scope.environment or "",
                    "operator": actor.auth_method == "operator",
                },
                "operator_tokens_decide": self._operator_tokens_decide,
            },
        )

    def _opening(self, state: _State, action: Action, resource: Resource) -> tuple[str, ...]:
        """The roles that would open an action here, asked of the policies themselves."""
        key = (action, resource.approval_required)
        known = state.opening.get(key)
        if known is None:
            place = Resource("a", approval_required=resource.approval_required)
            known = tuple(
                role
                for role in GRANTED_ROLES
                if self._ask(_SHIPPED, _NOBODY, action, place, frozenset({role})).allowed
            )
            state.opening[key] = known
        return known


class _State:
    """What decides now: replaced as a whole, so that a decision never sees half a change."""

    __slots__ = ("known", "opening", "own", "policies", "speaks_of_paths")

    def __init__(self, policies: PolicySet, own: tuple[OwnPolicy, ...]) -> None:
        self.policies = policies
        self.own = own
        # Looked for in what was parsed, where no spelling of the attribute hides it.
        self.speaks_of_paths = any(
            '"path"' in json.dumps(statements(policy.text)) for policy in own
        )
        self.known: dict[Any, Decision] = {}
        self.opening: dict[tuple[Action, bool], tuple[str, ...]] = {}


def _named(rules: Sequence[str], order: Sequence[str]) -> str:
    return min(rules, key=lambda rule: (order.index(rule) if rule in order else len(order), rule))


_NOBODY = Actor("", "", auth_method="password")
_SHIPPED = _State(policy_set(()), ())

authorise = Policies()
"""The decision by the shipped policies alone, for tools that run without an installation's settings."""
