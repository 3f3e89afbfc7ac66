"""What a policy would change: the same questions asked of the policies in force and of those with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from promptops_server.access.asking import ApprovalOf, action_of, place_of
from promptops_server.access.cedar import OwnPolicy
from promptops_server.access.own_policies import store
from promptops_server.access.own_policies.change import account_actor
from promptops_server.access.policy import Policies
from promptops_server.access.users import get_user
from promptops_server.infra.authorise import Action, Decision, Resource


@dataclass(frozen=True, slots=True)
class Question:
    """A sample: might this person (by account name, signed in) do this there?"""

    who: str
    action: str
    address: str = ""
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """The two answers to a question."""

    who: str
    action: Action
    place: Resource
    before: Decision
    after: Decision

    @property
    def changed(self) -> bool:
        """Whether the policy makes a difference to it."""
        return self.before.allowed != self.after.allowed


def compare(
    conn: Connection,
    policies: Policies,
    approval_of: ApprovalOf,
    policy: OwnPolicy,
    questions: Sequence[Question],
) -> list[Effect]:
    """The answers now and with the policy, in the order of the questions.

    Raises:
        NotFound: no such user or environment.
        Invalid: a question whose action or address means nothing.
    """
    stored = store.in_force(conn)
    now = policies.with_own(stored)
    then = policies.with_own((*(p for p in stored if p.name != policy.name), policy))
    effects = []
    for question in questions:
        actor = account_actor(conn, get_user(conn, question.who))
        action = action_of(question.action)
        place = place_of(conn, actor, now, approval_of, question.address, question.environment)
        effects.append(
            Effect(actor.name, action, place, now(actor, action, place), then(actor, action, place))
        )
    return effects
